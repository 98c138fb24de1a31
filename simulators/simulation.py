"""A running simulation: the plant and its Modbus endpoints, and the process around them."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from gateway.config import Endpoint as Address
from gateway.config import read_model
from gateway.core.errors import WerkverbundError
from simulators import memory, plant_state
from simulators.device import Device
from simulators.lines import Line, lines
from simulators.memory import Memory
from simulators.modbus.tally import Tally
from simulators.plant import Plant, PlantError
from simulators.simulation_file import SimulationFile


class Simulation:
    """All machines of a file at their addresses; does no I/O before ``open``.

    With ``state``, a file, they go on after the death of their process where they were.
    """

    def __init__(
        self,
        file: SimulationFile,
        now: Callable[[], datetime] | None = None,
        state: Path | None = None,
    ) -> None:
        self.plant = Plant(file, now or _utc)
        self._state = state
        self._pulled: set[tuple[str, int]] = set()
        self.tally = Tally()
        self.lines = lines(self.plant, self.tally)

    async def open(self) -> None:
        """Listen on every address. Raises WerkverbundError when one is taken."""
        remembered = memory.load(self._state) if self._state is not None else None
        if remembered is not None:
            remembered.recall(self.plant)
            for machine, unit in remembered.unplugged:
                with suppress(PlantError):  # the file knows it no more
                    self.unplug(machine, unit)
        for line in self.lines.values():
            if not all((name, device.unit) in self._pulled for name, device in line.devices):
                await line.server.open()

    def keep(self) -> None:
        """Remember how things stand, after a command."""
        if self._state is not None:
            memory.save(self._state, Memory.of(self.plant, tuple(sorted(self._pulled))))

    def close(self) -> None:
        """Stop listening; safe twice and before ``open``."""
        for line in self.lines.values():
            line.server.close()

    def unplug(self, machine: str, unit: int | None = None) -> None:
        """Pull a machine's cables. Machines and units on the same line go on."""
        for device in self._devices(machine, unit):
            device.change(silent=True)
            self._pulled.add((machine, device.unit))
        for line in self._lines_of(machine):
            if unit is None and line.silent:
                line.server.close()

    async def replug(self, machine: str, unit: int | None = None) -> None:
        """Put a machine's cables back."""
        for device in self._devices(machine, unit):
            device.change(silent=False)
            self._pulled.discard((machine, device.unit))
        for line in self._lines_of(machine):
            if not line.silent:
                await line.server.open()

    def brief(self) -> dict[str, object]:
        """How the clock stands."""
        return plant_state.brief(self.plant)

    def state(self) -> dict[str, object]:
        """Everything that the control tells."""
        plant = self.plant
        return plant_state.brief(plant) | {
            "machines": [
                plant_state.machine(plant, name, plugged=self.plugged(name))
                for name in plant.machines
            ],
            "lots": plant_state.lots(plant),
            "function_codes": {str(code): n for code, n in sorted(self.tally.functions.items())},
            "refused_writes": self.tally.writes,
            "connections": self.tally.connections,
            "crowded": self.tally.crowded,
            "garbled": self.tally.garbled,
        }

    def plugged(self, machine: str) -> bool:
        """Whether a machine can be reached."""
        return any(
            line.server.plugged and not device.quirks.silent
            for line in self._lines_of(machine)
            for name, device in line.devices
            if name == machine
        )

    def _lines_of(self, machine: str) -> list[Line]:
        """The lines that a machine's devices are on."""
        return [
            line for line in self.lines.values() if machine in {name for name, _ in line.devices}
        ]

    def _devices(self, machine: str, unit: int | None) -> list[Device]:
        devices = [d for d in self.plant.machine(machine).devices if unit in (None, d.unit)]
        if not devices:
            raise PlantError(f"{machine} has no unit {unit}")
        return devices


async def simulate(
    path: Path,
    control: Address,
    env: Mapping[str, str],
    *,
    seed: int | None = None,
    state: Path | None = None,
    ready: Callable[[Simulation], None] | None = None,
) -> None:
    """Serve the machines of the file at ``path`` until SIGTERM or SIGINT.

    ``seed`` takes the place of the file's. With the file ``state`` they go on where they were when
    their process died. ``ready`` is called once everything listens. Raises ConfigError for a file
    with mistakes and WerkverbundError for an address that is taken.
    """
    from simulators.control import app  # noqa: PLC0415 - the control knows the simulation

    if not control.loopback:
        raise WerkverbundError(f"the control stays on this computer: {control} is not loopback")
    file = read_model(path, SimulationFile, env)
    if seed is not None:
        file = file.model_copy(update={"seed": seed})
    simulation = Simulation(file, state=state)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with _listening(control) as listening:
        server = _Server(
            uvicorn.Config(app(simulation), log_config=None, access_log=False, lifespan="off")
        )
        try:
            await simulation.open()
            serving = loop.create_task(server.serve(sockets=[listening]), name="control")
            if ready is not None:
                ready(simulation)
            await stop.wait()
            server.should_exit = True
            await serving
        finally:
            simulation.close()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: the process stops in one place."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield


@contextmanager
def _listening(address: Address) -> Iterator[socket.socket]:
    """A socket that listens on ``address``. Raises WerkverbundError when it is taken."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((address.host, address.port))
        except OSError as cause:
            raise WerkverbundError(f"nobody can listen on {address}: {cause.strerror}") from cause
        yield listening


def _utc() -> datetime:
    return datetime.now(UTC)
