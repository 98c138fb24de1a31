"""What the OPC UA server costs, and how long the gateway's loop is held; one JSON line per figure.

    .venv/bin/python tests/bench/sink_apart.py [--quick] [--rounds 3] [CHECKOUT ...]

Real gateways at 200 values/s (ten simulated meters), each checkout in turn and by this Python, so
that "before" and "after" stand beside each other in one run: this one, and those named. CPU and
memory are those of the gateway and all processes below it; memory is the proportional share (PSS).
With ``listening``, one client subscribes to every value, published twice a second. The loop is
looked at in a run of its own: its lag (wall time) and its longest callback (CPU of its thread), in
the first five seconds and at rest.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
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
POINTS = ("voltage-l1", "voltage-l2", "voltage-l3", "current-l1", "current-l2", "current-l3",
          "power-l1", "power-l2", "power-l3", "power", "frequency", "energy")  # fmt: skip
HERE = Path(__file__).parents[2]
LOOKED_AT = HERE / "tests" / "system" / "looked_at.py"

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
def program(
    checkout: Path, log: Path, *arguments: str, by: tuple[str, ...] = ("-m", "gateway")
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *by, *arguments],
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout)},
            stdout=out,
            stderr=out,
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


def site(folder: Path, ports: list[int], web: int, opcua: int | None) -> str:
    """The file of a firm with ten meters."""
    sinks = "[]"
    if opcua is not None:
        sinks = f'[{{type: opcua, listen: "127.0.0.1:{opcua}", open: true}}]'
    machines = "".join(MACHINE.format(n=n, port=port) for n, port in enumerate(ports))
    state = tempfile.mkdtemp(dir=folder)
    file = folder / "site.yaml"
    file.write_text(SITE.format(state=state, web=web, sinks=sinks, machines=machines), "utf-8")
    return str(file)


def cost(
    checkout: Path, folder: Path, ports: list[int], seconds: float, sink: str
) -> dict[str, Any]:
    """CPU and memory of one gateway."""
    web, opcua = free_port(), free_port()
    file = site(folder, ports, web, None if sink == "off" else opcua)
    found: dict[str, Any] = {}
    with program(checkout, folder / "gateway.log", "run", file) as gateway:
        began = time.monotonic()
        listens(web)
        found["pages up s"] = time.monotonic() - began
        listener = None
        if sink != "off":
            listens(opcua)
            found["opcua up s"] = time.monotonic() - began
        if sink == "listening":
            listener = subprocess.Popen([sys.executable, __file__, "--listen", str(opcua)])
        time.sleep(WARM_UP)
        pids = tree(gateway.pid)
        before, own, began = cpu(pids), cpu(pids[:1]), time.monotonic()
        time.sleep(seconds)
        values = VALUES * (time.monotonic() - began)
        found["cpu us per value"] = (cpu(pids) - before) / values * 1e6
        found["of these in the gateway"] = (cpu(pids[:1]) - own) / values * 1e6
        found["memory MB"] = memory(pids)
        found["processes"] = len(pids)
        if listener is not None:
            listener.terminate()
            listener.wait(10)
    return found


def lag(checkout: Path, folder: Path, ports: list[int], seconds: float) -> dict[str, Any]:
    """How long the loop of one gateway is held."""
    web, looked = free_port(), folder / "looked"
    file = site(folder, ports, web, free_port())
    with program(
        *(checkout, folder / "gateway.log", str(looked), "run", file), by=(str(LOOKED_AT),)
    ):
        listens(web)
        time.sleep(5 + seconds)
    notes = [json.loads(line) for line in looked.read_text("utf-8").splitlines()]
    found: dict[str, Any] = {}
    for part in ("start", "rest"):
        lags = [note["lag"] for note in notes if note.get("part") == part]
        held = [n["cpu"] for n in notes if "cpu" in n and (n["at"] < 5) == (part == "start")]
        found[f"lag at {part} ms"] = max(lags, default=0.0) * 1000
        found[f"longest callback at {part} ms of CPU"] = max(held, default=0.0) * 1000
    return found


async def listen(port: int) -> None:
    """Subscribe to the values of every machine, until ended."""

    class Heard:
        def datachange_notification(self, *_: object) -> None:
            pass

    async with Client(f"opc.tcp://127.0.0.1:{port}", timeout=20) as client:
        subscription = await client.create_subscription(500, Heard())
        index = await client.get_namespace_index("urn:werkverbund:bench")
        nodes = [
            client.get_node(ua.NodeId(f"drill-{n}.{point}", index))
            for n in range(MACHINES)
            for point in POINTS
        ]
        await subscription.subscribe_data_change(nodes)
        await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--listen", type=int)
    parser.add_argument("--kinds", nargs="*", default=["off", "alone", "listening", "lag"])
    parser.add_argument("checkouts", nargs="*", type=Path)
    wanted = parser.parse_args()
    if wanted.listen:
        asyncio.run(listen(wanted.listen))
        return
    seconds, rounds = (5.0, 1) if wanted.quick else (30.0, wanted.rounds)
    with tempfile.TemporaryDirectory() as place, plant(Path(place)) as ports:
        for kind in wanted.kinds:
            found: dict[str, list[dict[str, Any]]] = {}
            for _ in range(rounds):  # each checkout in turn: what else goes on here hits them alike
                for checkout in (*wanted.checkouts, HERE):
                    one = (
                        lag(checkout, Path(place), ports, seconds)
                        if kind == "lag"
                        else cost(checkout, Path(place), ports, seconds, kind)
                    )
                    found.setdefault(checkout.name, []).append(one)
            for name, all_found in found.items():
                figures = {
                    key: round(median(one[key] for one in all_found), 1) for key in all_found[0]
                }
                print(json.dumps({"checkout": name, "opcua": kind, **figures}), flush=True)


@contextlib.contextmanager
def plant(folder: Path) -> Iterator[list[int]]:
    """Ten simulated meters; their ports."""
    ports = [free_port() for _ in range(MACHINES)]
    machines = "".join(PLAYED.format(n=n, port=port) for n, port in enumerate(ports))
    played = folder / "simulation.yaml"
    played.write_text(f"schema: 1\nstart: day 1 06:00\ntransport: 1h\nmachines:{machines}", "utf-8")
    control = f"127.0.0.1:{free_port()}"
    with program(HERE, folder / "sim.log", "simulate", str(played), "--control", control):
        listens(ports[-1])
        yield ports


if __name__ == "__main__":
    main()
