from __future__ import annotations

from pathlib import Path

import pytest

from gateway.history import Series


@pytest.fixture
def series(tmp_path: Path):
    made = Series(tmp_path)
    made.open()
    yield made
    made.close()
