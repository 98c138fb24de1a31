"""A gateway in a process of its own whose files change while it works, and who looks on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import orjson

from gateway.config import machine_files
from gateway.drivers.mqtt import Broker, MqttClient, Protocol
from tests.api.running import API, TOKEN, free_port
from tests.api.test_metrics import figures
from tests.drivers.brokers import RunningBroker

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
FIRM = "workshop"

SIMULATION = """
schema: 1
start: day 1 06:00
transport: 1h
machines:
"""
SIMULATED = """\
  - name: {name}
    firm: workshop
    listen: "127.0.0.1:{port}"
    model: {{type: drill, loading: 200ms, drilling: 400ms, batch: 1000, pause: 1s}}
    devices:
      - {{template: sdm630, unit: 1, counters: {{energy: 318.6}}}}
      - {{template: sdm630, unit: 2, counters: {{energy: 11.5}}}}
"""
SITE = """\
schema: 1
firm: workshop
name: {name}
simulated: true
state: state
machines:
{machines}
web:
  listen: "127.0.0.1:{web}"
  demo_token: ${{DEMO_TOKEN}}
  metrics_token: ${{KEY}}
sinks:
{sinks}
jobs:
  - id: B-1
    machine: drill-1
    item: {{de: Lochplatte, en: Drilled plate}}
    quantity: 100000
    per_piece: 1s
"""
EVIDENCE = """\
evidence:
  type: power-runs
  off_below: 20
  standby_below: 120
  run_above: 400
  run_below: 300
  pieces_per_run: 1
  min_run: 100ms
  min_pause: 50ms
  settle: 5s
"""


def machine_text(
    name: str, port: int, unit: int = 1, *, every: str = "100ms", evidence: bool = True
) -> str:
    text = (
        f"name: {name}\n"
        f"title: {{de: Bohrmaschine {name}, en: Drill {name}}}\n"
        "template: sdm630\n"
        f"connect: {{type: modbus-tcp, host: 127.0.0.1, port: {port}, unit: {unit}, "
        "timeout: 300ms}\n"
        f"every: {every}\n"
    )
    return text + (EVIDENCE if evidence else "")


def as_entry(text: str) -> str:
    head, *rest = text.splitlines()
    return "\n".join([f"  - {head}", *(f"    {line}" for line in rest)])


@dataclass
class Firm:
    """The files of a firm, its simulated machines by name, and its gateway's process."""

    folder: Path
    ports: dict[str, int]
    sinks: str = ""
    name: str = "Werkstatt am Markt"
    web: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.write()

    @property
    def file(self) -> Path:
        return self.folder / "firm.yaml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write(self, *more: str, name: str | None = None, tail: str = "") -> None:
        """The firm's own file: the first drill stands in it, and always did."""
        entries = [machine_text("drill-1", self.ports["drill-1"]), *more]
        text = SITE.format(
            name=name or self.name,
            machines="\n".join(map(as_entry, entries)),
            web=self.web,
            sinks=self.sinks or "  - {type: mqtt, broker: 'mqtt://127.0.0.1:1'}",
        )
        self.file.write_text(text + tail, "utf-8")

    def machine(self, name: str, text: str) -> Path:
        return machine_files.write(self.state, name, text)

    def gone(self, name: str) -> None:
        (self.state / "machines" / f"{name}.yaml").unlink()

    @contextmanager
    def running(self, *before: str) -> Iterator[Firm]:
        command = [*before, sys.executable, "-P", "-m", "gateway", "--lang", "en", "run"]
        env = {**os.environ, "DEMO_TOKEN": TOKEN, "KEY": "k"}
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [*command, str(self.file)], cwd=ROOT, env=env, stdout=log, stderr=log
            )
        try:
            yield self
        finally:
            self.process.kill()
            self.process.wait()

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def hang_up(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    async def command(self, *more: str) -> tuple[int, str]:
        """``werkverbund reload``: its exit code and all that it prints."""
        asked = (sys.executable, "-P", "-m", "gateway", "--lang", "en", "reload", str(self.file))
        process = await asyncio.create_subprocess_exec(
            *asked,
            *more,
            cwd=ROOT,
            env={**os.environ, "DEMO_TOKEN": TOKEN, "KEY": "k"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode is not None
        return process.returncode, out.decode()

    async def ask(self, method: str, path: str, role: str = "owner") -> httpx.Response:
        headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": role}
        async with httpx.AsyncClient(timeout=20) as web:
            at = f"http://127.0.0.1:{self.web}{API}{path}"
            return await web.request(method, at, headers=headers)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        return answer.json() if answer.is_success else None

    async def part(self, name: str) -> Any:
        health = await self.get("/health")
        found = (part for part in health["parts"] if part["name"] == name)
        return next(found, None)

    async def figures(self) -> dict[str, float]:
        async with httpx.AsyncClient(timeout=20) as web:
            at = f"http://127.0.0.1:{self.web}/metrics"
            answer = await web.get(at, headers={"authorization": "Bearer k"})
        return figures(answer.text)

    def line(self, machine: str, what: str) -> str:
        return f'werkverbund_{what}{{line="127.0.0.1:{self.ports[machine]}"}}'

    async def serves(self) -> None:
        await eventually(self._answers, self)

    async def _answers(self) -> bool:
        try:
            return (await self.ask("GET", "/health")).is_success
        except httpx.TransportError:
            return False

    async def known(self) -> set[str]:
        """The machines that answer."""
        machines = await self.get("/machines") or []
        return {
            one["name"] for one in machines if any(s["quality"] == "good" for s in one["signals"])
        }

    async def works(self, *names: str) -> None:
        """These machines are the ones there are, and each has said something."""

        async def so() -> bool:
            return await self.known() == set(names)

        await eventually(so, self)


async def eventually(what: Callable[[], Any], firm: Firm | None = None) -> Any:
    """What ``what`` gives (or its coroutine) once it gives something."""
    until = time.monotonic() + PATIENCE
    while True:
        found = what()
        found = await found if asyncio.iscoroutine(found) else found
        if found:
            return found
        assert time.monotonic() < until, f"it did not happen in time\n{firm and firm.log}"
        if firm is not None and firm.process is not None:
            assert firm.process.poll() is None, f"it has ended\n{firm.log}"
        await asyncio.sleep(0.05)


@contextmanager
def simulated(folder: Path, ports: dict[str, int]) -> Iterator[subprocess.Popen[bytes]]:
    """The machines, in a process of their own."""
    file = folder / "simulation.yaml"
    machines = (SIMULATED.format(name=name, port=port) for name, port in ports.items())
    file.write_text(SIMULATION + "".join(machines), "utf-8")
    control = f"127.0.0.1:{free_port()}"
    command = (sys.executable, "-P", "-m", "gateway", "simulate", str(file), "--control", control)
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


class Ear:
    """Hears everything that the firm publishes: by topic, what came last; and of readings, when."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}
        self.count: dict[str, int] = {}
        self.times: dict[str, list[int]] = {}

    def take(self, topic: str, payload: bytes) -> None:
        machine, _, what = topic.rpartition("/")
        said = orjson.loads(payload) if payload else None
        self.last[topic] = said
        self.count[topic] = self.count.get(topic, 0) + 1
        if what == "readings" and said is not None:
            self.times.setdefault(machine, []).append(said["at"])

    def longest_gap(self, machine: str, since: int = 0) -> float:
        """Seconds between two batches of a machine, the most."""
        times = self.times[f"main/{machine}"][since:]
        return max(after - before for before, after in pairwise(times)) / 1000


@asynccontextmanager
async def listening(broker: RunningBroker) -> AsyncIterator[Ear]:
    ear, root = Ear(), f"wv/v1/{FIRM}/main/"
    client = MqttClient(Broker.parse(broker.url, protocol=Protocol(broker.speaks)), "ear")
    await client.connect()
    await client.subscribe(f"{root}#")

    async def hear() -> None:
        async for message in client.messages():
            ear.take(message.topic.removeprefix(root), message.payload)

    hearing = asyncio.create_task(hear())
    try:
        yield ear
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await client.close()
