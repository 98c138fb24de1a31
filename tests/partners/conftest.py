"""A real broker for firms to talk over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.drivers.brokers import RunningBroker, embedded, mosquitto, running


@pytest.fixture(params=["mosquitto", "embedded"])
async def any_broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[RunningBroker]:
    """Both brokers of the house: a test with this fixture runs on each."""
    made = mosquitto(tmp_path) if request.param == "mosquitto" else embedded()
    async with running(made) as broker:
        yield broker


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[RunningBroker]:
    """Mosquitto."""
    async with running(mosquitto(tmp_path)) as broker:
        yield broker
