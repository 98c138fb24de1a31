"""A real gateway at the reference load (10 meters, 200 values/s), and what it takes of a computer.

Processes of their own on free ports of this computer: the simulated meters, the gateway and, where
Mosquitto is installed, a broker. For figures and for what is watched over time.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parent.parent
METERS = 10
EVERY = 0.333
VALUES = METERS * (4 / EVERY + 8)
"""Values in a second, 200: of each meter four points three times a second, eight once."""
TOKEN = "a-token-for-the-reference-load"
API = "/api/v1"
PATIENCE = 120.0

PLAYED = """
  - name: drill-{n}
    firm: reference
    listen: "127.0.0.1:{port}"
    model: {{type: drill, loading: 6s, drilling: 12s, batch: 20, pause: 40s}}
    devices: [{{template: sdm630, unit: 1, counters: {{energy: 318.6}}}}]
"""
MACHINE = """
  - name: drill-{n}
    title: {{de: Bohrmaschine {n}, en: Drill {n}}}
    template: sdm630
    connect: {{type: modbus-tcp, host: 127.0.0.1, port: {port}, unit: 1}}
    every: 333ms
    evidence:
      {{type: power-runs, off_below: 20, standby_below: 120, run_above: 400, run_below: 300,
        pieces_per_run: 1, min_run: 5s, min_pause: 1s, settle: 5s}}
"""
SITE = """
schema: 1
firm: reference
name: Messplatz
simulated: true
state: {state}
web: {{listen: "127.0.0.1:{web}", demo_token: "${{DEMO_TOKEN}}"}}
sinks: [{sinks}]
machines:{machines}
jobs:
  - {{id: B-1, machine: drill-0, item: {{de: Platte, en: Plate}}, quantity: 100000, per_piece: 18s}}
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What ``what`` gives once it gives something."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.05)
    return found


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


@contextlib.contextmanager
def program(
    log: Path, *command: str, checkout: Path = ROOT, **env: str
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is asked to end in the end."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            cwd=checkout,
            env={**os.environ, "PYTHONPATH": str(checkout), **env},
            stdout=out,
            stderr=out,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            process.kill()


@dataclass(frozen=True)
class Reference:
    """Where everything is; the gateway is that of ``checkout``, with OPC UA unless it is off."""

    folder: Path
    checkout: Path = ROOT
    with_opcua: bool = True
    meters: list[int] = field(default_factory=lambda: [free_port() for _ in range(METERS)])
    web: int = field(default_factory=free_port)
    opcua: int = field(default_factory=free_port)
    mqtt: int = field(default_factory=free_port)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.web}"

    @contextlib.contextmanager
    def around(self) -> Iterator[None]:
        """The meters and the broker."""
        played = self.folder / "simulation.yaml"
        machines = "".join(PLAYED.format(n=n, port=port) for n, port in enumerate(self.meters))
        played.write_text(
            f"schema: 1\nstart: day 1 06:00\ntransport: 1h\nmachines:{machines}", "utf-8"
        )
        control = f"127.0.0.1:{free_port()}"
        simulate = (sys.executable, "-m", "gateway", "simulate", str(played), "--control", control)
        with contextlib.ExitStack() as stack:
            log = self.folder / "meters.log"
            meters = stack.enter_context(program(log, *simulate))
            if (mosquitto := broker()) is not None:
                config = self.folder / "broker.conf"
                config.write_text(f"listener {self.mqtt} 127.0.0.1\nallow_anonymous true\n")
                stack.enter_context(
                    program(self.folder / "broker.log", mosquitto, "-c", str(config))
                )
                until(lambda: listens(self.mqtt))
            until(lambda: listens(self.meters[-1]) or meters.poll() is not None)
            assert meters.poll() is None, log.read_text("utf-8")
            yield

    @contextlib.contextmanager
    def gateway(self, *by: str) -> Iterator[subprocess.Popen[bytes]]:
        """The gateway, at work: its pages answer and its OPC UA server listens."""
        machines = "".join(MACHINE.format(n=n, port=port) for n, port in enumerate(self.meters))
        sinks = []
        if self.with_opcua:
            sinks.append(f'{{type: opcua, listen: "127.0.0.1:{self.opcua}", open: true}}')
        if broker() is not None:
            sinks.append(f'{{type: mqtt, broker: "mqtt://127.0.0.1:{self.mqtt}"}}')
        site = self.folder / "site.yaml"
        site.write_text(
            SITE.format(
                state=self.folder / "state",
                web=self.web,
                sinks=", ".join(sinks),
                machines=machines,
            ),
            "utf-8",
        )
        command = (sys.executable, *(by or ("-m", "gateway")), "run", str(site))
        log = self.folder / "gateway.log"
        with program(log, *command, checkout=self.checkout, DEMO_TOKEN=TOKEN) as process:
            until(lambda: self._well() or process.poll() is not None)
            assert process.poll() is None, log.read_text("utf-8")
            yield process

    def page(self) -> httpx.Client:
        """A browser of the owner."""
        headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "owner"}
        return httpx.Client(base_url=self.base + API, headers=headers, timeout=30)

    def _well(self) -> bool:
        with contextlib.suppress(httpx.TransportError), self.page() as page:
            parts = page.get("/health").json()["parts"]
            return {part["state"] for part in parts} <= {"ok", "absent"}
        return False


def broker() -> str | None:
    """Mosquitto, where it is installed."""
    return shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


@dataclass(frozen=True)
class Footprint:
    """What a process and all below it take of the computer."""

    processes: int
    memory: float  # MB, resident
    share: float  # MB, what is shared with others by its share
    files: int
    threads: int
    written: float  # MB given to the disk so far
    cpu: float  # seconds so far


def footprint(root: int) -> Footprint:
    """As ``/proc`` tells."""
    memory = share = files = threads = written = 0
    cpu = 0.0
    pids = tree(root)
    for pid in pids:
        place = Path(f"/proc/{pid}")
        status = dict(
            line.split(":", 1) for line in (place / "status").read_text("utf-8").splitlines()
        )
        memory += int(status["VmRSS"].split()[0])
        rolled_up = (place / "smaps_rollup").read_text("utf-8")
        share += int(rolled_up.partition("\nPss:")[2].split()[0])
        threads += int(status["Threads"])
        files += len(list((place / "fd").iterdir()))
        counted = dict(line.split(": ") for line in (place / "io").read_text("utf-8").splitlines())
        written += int(counted["write_bytes"])
        times = (place / "stat").read_text("utf-8").rpartition(")")[2].split()
        cpu += (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")
    return Footprint(len(pids), memory / 1024, share / 1024, files, threads, written / 2**20, cpu)


def tree(root: int) -> list[int]:
    """A process and all below it."""
    found = [root]
    for pid in found:
        for task in Path(f"/proc/{pid}/task").iterdir():
            found += [int(child) for child in (task / "children").read_text("utf-8").split()]
    return found
