"""The joint order of the demo, as its file says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import read_model
from gateway.network.files import OrderFile
from gateway.network.order import JointOrder

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(scope="session")
def fair() -> JointOrder:
    return read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order()
