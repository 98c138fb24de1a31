from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from gateway.sources.source import ModbusSource
from tests.sources.fault_line import FaultLine
from tests.sources.line_reading import HandClock, on


@pytest.fixture
async def line() -> AsyncIterator[FaultLine]:
    server = FaultLine()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
async def reading(line, clock):
    sources = []

    def make(*units):
        source = ModbusSource(on(line, *units), now=clock)
        sources.append(source)
        return source

    yield make
    for source in sources:
        await source.close()
