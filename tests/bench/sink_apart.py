"""What the OPC UA server costs: CPU per value, memory, start; one JSON line per figure.

    .venv/bin/python -m tests.bench.sink_apart [--seconds 30] [--rounds 3] [CHECKOUT ...]

Real gateways at 200 values/s (ten simulated meters), each checkout in turn and by this Python, so
that "before" and "after" stand beside each other in one run: this one, and those named. CPU and
memory are those of the gateway and all processes below it; memory is the proportional share (PSS).
With ``listening``, one client subscribes to every value at its own pace.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from asyncua import Client, ua

MACHINES = 10
EVERY = 0.333
"""Seconds; four of a meter's points are read so often, eight each second: 200 values/s in all."""
VALUES = MACHINES * (4 / EVERY + 8)
WARM_UP = 8.0
HERE = Path(__file__).parents[2]

MACHINE = """
  - name: drill-{n}
    title: {{de: Bohrmaschine, en: Drill}}
    template: sdm630
    connect: {{type: modbus-tcp, host: 127.0.0.1, port: {port}, unit: 1}}
    every: 333ms
    evidence:
      {{type: power-runs, off_below: 20, standby_below: 120, run_above: 400, run_below: 300,
        pieces_per_run: 1, min_run: 5s, min_pause: 1s, settle: 5s}}
"""
PLAYED = """
  - name: drill-{n}
    firm: bench
    listen: "127.0.0.1:{port}"
    model: {{type: drill, loading: 6s, drilling: 12s, batch: 20, pause: 40s}}
    devices: [{{template: sdm630, unit: 1, counters: {{energy: 318.6}}}}]
"""
SITE = """
schema: 1
firm: bench
name: Messplatz
simulated: true
state: {state}
web: {{listen: "127.0.0.1:{web}"}}
sinks: {sinks}
machines:{machines}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tree(root: int) -> list[int]:
    """The process and everything below it."""
    found = [root]
    for pid in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu(pids: list[int]) -> float:
    """CPU seconds so far, as the scheduler counts them (in ns)."""
    tasks = (task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir())
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def memory(pids: list[int]) -> float:
    """Megabytes, shared pages by their share."""
    total = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


@contextlib.contextmanager
def program(checkout: Path, log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *arguments], cwd=checkout, stdout=out, stderr=out
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)


def listens(port: int, within: float = 60.0) -> float:
    """Seconds until somebody listens there."""
    began = time.monotonic()
    while time.monotonic() - began < within:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return time.monotonic() - began
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens at {port}")


def measured(
    checkout: Path, folder: Path, ports: list[int], seconds: float, sink: str
) -> dict[str, Any]:
    """One gateway, from its start to its end."""
    web, opcua = free_port(), free_port()
    site = folder / "site.yaml"
    sinks = "[]" if sink == "off" else f'[{{type: opcua, listen: "127.0.0.1:{opcua}", open: true}}]'
    machines = "".join(MACHINE.format(n=n, port=port) for n, port in enumerate(ports))
    state = Path(tempfile.mkdtemp(dir=folder))
    site.write_text(SITE.format(state=state, web=web, sinks=sinks, machines=machines), "utf-8")
    found: dict[str, Any] = {}
    with program(checkout, folder / "gateway.log", "run", str(site)) as gateway:
        found["pages up s"] = listens(web)
        if sink != "off":
            found["opcua up s"] = found["pages up s"] + listens(opcua)
        listener = None
        if sink == "listening":
            listener = subprocess.Popen(
                [sys.executable, __file__, "--listen", str(opcua)], cwd=HERE
            )
        time.sleep(WARM_UP)
        pids = tree(gateway.pid)
        before, began = cpu(pids), time.monotonic()
        first = cpu(pids[:1])
        time.sleep(seconds)
        spent, lasted = cpu(pids) - before, time.monotonic() - began
        found["cpu us per value"] = spent / (VALUES * lasted) * 1e6
        found["of these in the gateway"] = (cpu(pids[:1]) - first) / (VALUES * lasted) * 1e6
        found["memory MB"] = memory(pids)
        found["processes"] = len(pids)
        if listener is not None:
            listener.terminate()
            listener.wait(10)
    return found


def listen(port: int) -> None:
    """Subscribe to every variable of every machine."""

    class Heard:
        def datachange_notification(self, *_: object) -> None:
            pass

    async def subscribed() -> None:
        async with Client(f"opc.tcp://127.0.0.1:{port}", timeout=20) as client:
            subscription = await client.create_subscription(500, Heard())
            points = [
                "voltage-l1",
                "voltage-l2",
                "voltage-l3",
                "current-l1",
                "current-l2",
                "current-l3",
                "power",
                "energy",
            ]
            index = await client.get_namespace_index("urn:werkverbund:bench")
            nodes = [
                client.get_node(ua.NodeId(f"drill-{n}.{point}", index))
                for n in range(MACHINES)
                for point in points
            ]
            await subscription.subscribe_data_change(nodes)
            await asyncio.Event().wait()

    asyncio.run(subscribed())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--listen", type=int)
    parser.add_argument("--sinks", nargs="*", default=["off", "alone", "listening"])
    parser.add_argument("checkouts", nargs="*", type=Path)
    wanted = parser.parse_args()
    if wanted.listen:
        listen(wanted.listen)
        return
    with contextlib.nullcontext("/tmp/b") as place:
        folder = Path(place)
        ports = [free_port() for _ in range(MACHINES)]
        machines = "".join(PLAYED.format(n=n, port=port) for n, port in enumerate(ports))
        played = folder / "simulation.yaml"
        played.write_text(
            f"schema: 1\nstart: day 1 06:00\ntransport: 1h\nmachines:{machines}", "utf-8"
        )
        control = f"127.0.0.1:{free_port()}"
        with program(HERE, folder / "sim.log", "simulate", str(played), "--control", control):
            listens(ports[-1])
            for sink in wanted.sinks:
                rounds: dict[str, list[dict[str, Any]]] = {}
                for _ in range(wanted.rounds):
                    for checkout in (*wanted.checkouts, HERE):
                        found = measured(checkout, folder, ports, wanted.seconds, sink)
                        rounds.setdefault(checkout.name, []).append(found)
                for name, all_found in rounds.items():
                    figure = {
                        key: round(median(one[key] for one in all_found), 2) for key in all_found[0]
                    }
                    print(json.dumps({"checkout": name, "opcua": sink, **figure}), flush=True)


if __name__ == "__main__":
    main()
