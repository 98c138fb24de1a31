import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from gateway import resources
from gateway.config import read_model
from simulators.plant import Plant
from simulators.simulation import Simulation
from simulators.simulation_file import SimulationFile

HOUR = 3600.0
BEGAN = datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@dataclass
class RealTime:
    """The wall clock of a test: it stands until it is moved."""

    at: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def read_simulation(name: str, env: dict[str, str] | None = None) -> SimulationFile:
    path = resources.configs() / name / "simulation.yaml"
    return read_model(path, SimulationFile, env or {})


@pytest.fixture(scope="session")
def fair() -> SimulationFile:
    return read_simulation("demo")


@pytest.fixture(scope="session")
def mini() -> SimulationFile:
    return read_simulation("mini")


@pytest.fixture
def real() -> RealTime:
    return RealTime()


@pytest.fixture
def plant(fair: SimulationFile, real: RealTime) -> Plant:
    return Plant(fair, real)


@pytest.fixture
def small_plant(mini: SimulationFile, real: RealTime) -> Plant:
    return Plant(mini, real)


@pytest.fixture
def clock() -> Callable[[str], float]:
    """Order time in seconds of a time of day, e.g. ``2 05:55``."""

    def seconds(moment: str) -> float:
        day, time = moment.split()
        hours, minutes = time.split(":")
        return (int(day) - 1) * 24 * HOUR + int(hours) * HOUR + int(minutes) * 60

    return seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def ports() -> dict[str, str]:
    """Free ports for every machine, as the environment of a simulation file."""
    names = ("MILL_1", "PRESS_1", "FURNACE_1", "LASER_1", "BENCH_1", "FURNACE_2", "DRILL_1")
    with ExitStack() as held:  # all at once, so that none is given twice
        probes = [held.enter_context(socket.socket()) for _ in names]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return {
            f"MODBUS_{name}": str(probe.getsockname()[1])
            for name, probe in zip(names, probes, strict=True)
        }


@pytest.fixture
async def simulation(ports: dict[str, str], real: RealTime) -> AsyncIterator[Simulation]:
    """The mini order's machines at free ports, at the time of the test's clock."""
    opened = Simulation(read_simulation("mini", ports), real)
    await opened.open()
    yield opened
    opened.close()


class Line:
    """A bare Modbus TCP client: sends what it is told, even what no client should send."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.transaction = 0

    def send(self, unit: int, content: bytes) -> int:
        self.transaction += 1
        head = struct.pack(">HHHB", self.transaction, 0, len(content) + 1, unit)
        self.writer.write(head + content)
        return self.transaction

    async def receive(self, patience: float = 5.0) -> tuple[int, int, bytes]:
        async with asyncio.timeout(patience):
            transaction, _, length, unit = struct.unpack(">HHHB", await self.reader.readexactly(7))
            return transaction, unit, await self.reader.readexactly(length - 1)

    async def ask(self, unit: int, content: bytes) -> bytes:
        sent = self.send(unit, content)
        transaction, answering, answer = await self.receive()
        assert (transaction, answering) == (sent, unit)
        return answer

    async def registers(self, unit: int, function: int, address: int, count: int) -> list[int]:
        answer = await self.ask(unit, struct.pack(">BHH", function, address, count))
        assert answer[0] == function, f"exception {answer[1]}"
        return list(struct.unpack(f">{answer[1] // 2}H", answer[2:]))


@pytest.fixture
async def line() -> AsyncIterator[Callable[[Simulation, str], Awaitable[Line]]]:
    writers: list[asyncio.StreamWriter] = []

    async def connect(simulation: Simulation, machine: str) -> Line:
        listen = simulation.plant.machine(machine).model.listen
        reader, writer = await asyncio.open_connection(listen.host, listen.port)
        writers.append(writer)
        return Line(reader, writer)

    yield connect
    for writer in writers:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def free() -> Callable[[], int]:
    return free_port
