from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.sources.fault_line import FaultLine


@pytest.fixture
async def line() -> AsyncIterator[FaultLine]:
    server = FaultLine()
    await server.start()
    yield server
    await server.stop()
