"""A real gateway with a real simulated machine, in a thread of its own, on free ports."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from gateway.cli.rooms import variants
from gateway.config import Files, SiteConfig, read_model
from gateway.run import Gateway
from simulators.simulation import Simulation
from simulators.simulation_file import SimulationFile

API = "/api/v1"
TOKEN = "a-token-for-the-tests-of-the-api"
CODE = re.compile(r"\b(\d{4}-\d{4}-\d{4})\b")

SIMULATION = """
schema: 1
start: day 1 06:00
transport: 1h
machines:
  - name: drill-1
    firm: workshop
    listen: "127.0.0.1:{modbus}"
    model: {{type: drill, loading: 200ms, drilling: 400ms, batch: 1000, pause: 1s}}
    devices:
      - {{template: sdm630, unit: 1, counters: {{energy: 318.6}}}}
      - {{template: sdm630, unit: 2, counters: {{energy: 11.5}}}}
"""
SITE = """
schema: 1
firm: workshop
name: Werkstatt am Markt
simulated: {simulated}
state: {state}
machines:
  - name: drill-1
    title: {{de: Ständerbohrmaschine, en: Bench drill}}
    built: 1979
    template: sdm630
    connect: {{type: modbus-tcp, host: 127.0.0.1, port: {modbus}, unit: 1, timeout: 300ms}}
    every: 50ms
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
web:
  listen: "127.0.0.1:{web}"
{more}
jobs:
  - id: B-1
    machine: drill-1
    item: {{de: Lochplatte, en: Drilled plate}}
    quantity: 100000
    pieces_per_run: 1
    per_piece: 1s
  - id: B-2
    machine: drill-1
    item: {{de: Winkel, en: Bracket}}
    quantity: 10
    per_piece: 1s
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What ``what`` gives once it gives something."""
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not (found := what()):
        assert time.monotonic() < end, "it did not happen in time"
        pause.wait(0.05)
    return found


class RunningGateway:
    """A gateway at work; ``web`` asks as nobody, ``as_role`` with the demo's token."""

    def __init__(
        self, site: SiteConfig, simulation: Simulation | None, files: Files | None = None
    ) -> None:
        self.site = site
        self.simulation = simulation
        self.console: list[str] = []
        self.gateway = Gateway(
            site, announce=lambda text, _link: self.console.append(text.de), files=files
        )
        self.base = f"http://{site.web.listen}"
        self._ended: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="gateway under test")

    def start(self) -> None:
        self._thread.start()
        until(self._serves, 60)

    def stop(self) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self.gateway.stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive(), "the gateway did not stop"
        if self._ended is not None:
            raise self._ended

    def call(self, what: Callable[[], Any]) -> Any:
        """Do something on the gateway's own loop."""
        assert self._loop is not None

        async def doing() -> Any:
            return what()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(10)

    def unplug(self, machine: str) -> None:
        """Pull the cable of a simulated machine."""
        assert self.simulation is not None
        simulation = self.simulation
        self.call(lambda: simulation.unplug(machine))

    def replug(self, machine: str) -> None:
        """Put it back."""
        assert self.simulation is not None
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self.simulation.replug(machine), self._loop).result(10)

    @property
    def setup_code(self) -> str:
        """The code that stands on the console."""
        found = [match.group(1) for line in self.console if (match := CODE.search(line))]
        return found[-1]

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except BaseException as error:  # noqa: BLE001 - told to the test
            self._ended = error

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        if self.simulation is not None:
            await self.simulation.open()
        try:
            await self.gateway.run()
        finally:
            if self.simulation is not None:
                self.simulation.close()

    def _serves(self) -> bool:
        if self._ended is not None:
            raise self._ended
        try:
            return httpx.get(f"{self.base}{API}/session").is_success
        except httpx.TransportError:
            return False


def a_workshop(folder: Path, *, demo: bool, more: str = "") -> RunningGateway:
    """One firm, one simulated drill, no consortium; nothing is started."""
    ports = {"modbus": free_port(), "web": free_port()}
    simulation = folder / "simulation.yaml"
    simulation.write_text(SIMULATION.format(**ports), "utf-8")
    token = "  demo_token: ${DEMO_TOKEN}\n" if demo else ""
    file = folder / "workshop.yaml"
    file.write_text(
        SITE.format(
            **ports,
            state=folder / "state",
            simulated="true" if demo else "false",
            more=token + more,
        ),
        "utf-8",
    )
    files = Files(file, variants(), {"DEMO_TOKEN": TOKEN, "KEY": "k"})
    simulated = Simulation(read_model(simulation, SimulationFile, {}))
    return RunningGateway(files.read(), simulated, files)


@contextmanager
def at_work(gateway: RunningGateway) -> Iterator[RunningGateway]:
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def client(base: str, headers: Mapping[str, str] | None = None) -> httpx.Client:
    return httpx.Client(base_url=base, headers=headers, timeout=20)


def demo_client(base: str, role: str) -> httpx.Client:
    """Somebody whom the stage vouches for."""
    return client(base, {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": role})
