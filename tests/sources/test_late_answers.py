"""Where answers come late, no value stands under the name of another: on every kind of line.

Each register tells where it stands, so a value under a wrong signal shows. Late answers come 0.35
to 3 s after the question, on lines whose time runs faster than ours, many of them at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.flow.figures import LoopLag
from gateway.sources.device import Unit
from gateway.sources.line.base import ModbusConnect
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.source import ModbusSource
from simulators.modbus.bus import Bus
from simulators.modbus.gateway import Gateway
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import Asked, words_told_by
from simulators.modbus.port import SerialPort
from simulators.modbus.script import WELL, Fate
from simulators.modbus.serial_server import SerialServer
from tests.sources.fault_line import FaultLine, told
from tests.sources.line_reading import HandClock
from tests.sources.plain_templates import words_template

SPEED = 8
"""So many times faster does the time of the lines run."""
TIMEOUT = timedelta(milliseconds=300)
LINES = 50
LATE = 0.05
EVERY = 1.0
"""Seconds of the line from poll to poll."""
PACE = Pace(38_400, "none", 1)

LOOSE = words_template(0, 200, 400, 401)
STRICT = words_template(
    0,
    200,
    400,
    readable=[
        {"table": "holding-registers", "first": first, "last": first} for first in (0, 200, 400)
    ],
)
"""All in one length, and in no other."""

Reach = Callable[[int], ModbusConnect]


def lateness(seed: int) -> Callable[[Asked], Fate]:
    chance = random.Random(seed)
    return lambda _: Fate(late=chance.uniform(0.35, 3.0)) if chance.random() < LATE else WELL


def bus_of(units: int, seed: int, *, queues: bool) -> Bus:
    def unit(number: int):
        return words_told_by(lambda address: told(number, address))

    return Bus(
        {number: unit(number) for number in range(1, units + 1)},
        PACE,
        script=lateness(seed),
        speed=SPEED,
        queues=queues,
    )


@asynccontextmanager
async def on_a_serial_port(units: int, seed: int, folder: Path, *, queues: bool):
    port = folder / f"port-{seed}"
    async with SerialPort(bus_of(units, seed, queues=queues), port):
        yield lambda unit: ModbusRtuConnect(
            port=str(port), baud=PACE.baud, unit=unit, timeout=TIMEOUT / SPEED
        )


@asynccontextmanager
async def through_a_converter(units: int, seed: int, folder: Path, *, queues: bool):
    async with SerialServer(bus_of(units, seed, queues=queues)) as server:
        host, port = server.host, server.port
        yield lambda unit: ModbusRtuOverTcpConnect(
            host=host, port=port, baud=PACE.baud, unit=unit, timeout=TIMEOUT / SPEED
        )


def behind_a_gateway(**how: bool):
    @asynccontextmanager
    async def reached(units: int, seed: int, folder: Path, *, queues: bool):
        gateway = Gateway(bus_of(units, seed, queues=queues), waits=1.0, **how)
        async with gateway:
            host, port = gateway.host, gateway.port
            yield lambda unit: ModbusTcpConnect(
                host=host, port=port, unit=unit, timeout=TIMEOUT / SPEED, behind="gateway"
            )

    return reached


@asynccontextmanager
async def on_its_own_connection(units: int, seed: int, folder: Path, *, queues: bool):
    line, chance = FaultLine(units=set(range(1, units + 1))), random.Random(seed)

    def answer(asked):
        whole = line.answer(asked)
        if chance.random() >= LATE:
            return whole
        writer, seconds = line._writers[-1], chance.uniform(0.35, 3.0)
        asyncio.get_running_loop().call_later(seconds / SPEED, writer.write, whole)
        return None

    line.misbehave = answer
    await line.start()
    yield lambda unit: ModbusTcpConnect(
        host="127.0.0.1", port=line.port, unit=unit, timeout=TIMEOUT / SPEED
    )
    await line.stop()


LINKS = {
    "TCP": on_its_own_connection,
    "RTU": on_a_serial_port,
    "RTU over TCP": through_a_converter,
    "gateway that flushes": behind_a_gateway(flushes=True),
    "gateway that does not": behind_a_gateway(flushes=False),
    "gateway that takes any length": behind_a_gateway(flushes=False, measures=False),
}


class Polled:
    """What came of so many polls of devices."""

    def __init__(self) -> None:
        self.polls = 0
        self.good = 0
        self.values = 0
        self.wrong: list[object] = []

    async def poll(self, source: ModbusSource, clock: HandClock, polls: int) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for count in range(-(-polls // len(source.units))):
            await asyncio.sleep(began + count * EVERY / SPEED - loop.time())
            async for batch in source.batches(source.signals):
                self.polls += 1
                self.values += len(batch.values)
                for signal, value in zip(batch.signals, batch.values, strict=True):
                    unit, address = int(batch.machine[1:]), int(signal.partition("/w")[2])
                    self.good += value is not None
                    if value not in (None, told(unit, address)):
                        self.wrong.append((signal, value))
            clock.mono += 1
        await source.close()


@pytest.mark.timeout(1800)
@pytest.mark.size(polls=(2000, 100_000))
@pytest.mark.parametrize("link", LINKS)
async def test_no_late_answer_is_published_as_a_value(link, polls, tmp_path):
    """One unit or three, that may be asked in any length or in one, deaf while busy or not."""
    seen, lag = Polled(), LoopLag()
    watching = asyncio.create_task(lag.watch())
    async with AsyncExitStack() as lines:
        polling = []
        for seed in range(LINES):
            units, template = (1, 3)[seed % 2], (LOOSE, STRICT)[seed // 2 % 2]
            way = LINKS[link](units, seed, tmp_path, queues=seed % 8 > 3)
            reach = await lines.enter_async_context(way)
            devices = [Unit(f"m{n}", reach(n), template) for n in range(1, units + 1)]
            clock = HandClock()
            source = ModbusSource(devices, now=clock)
            polling.append(seen.poll(source, clock, polls // LINES))
        await asyncio.gather(*polling)
    watching.cancel()
    assert seen.polls >= polls
    # lines and gateway share this loop: where it is late by a second, "3 s late" are many more
    assert seen.wrong == [], f"with a loop that was {lag.worst:.2f} s late at worst"
    assert seen.good > 0.1 * seen.values, "a line on which answers come late is still read"
