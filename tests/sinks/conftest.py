"""What the tests of the sinks share."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import SiteConfig
from tests.sinks.small_firm import firm


@pytest.fixture
def site(tmp_path: Path) -> SiteConfig:
    return firm(tmp_path)
