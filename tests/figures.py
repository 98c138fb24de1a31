"""How figures are printed: one JSON line each, with name, value and unit."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from statistics import median
from typing import Any


def tell(figure: str, value: float, unit: str, **more: Any) -> None:
    """Print one figure; ``more`` says at what size, and what was promised."""
    line: dict[str, Any] = {"figure": figure, "value": value, "unit": unit, **more}
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in line.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")
    sys.stdout.flush()


def tell_all(figure: str, values: Sequence[float], unit: str, **more: Any) -> None:
    """Print the median of what was measured several times, with the least and the most."""
    spread = {"least": min(values), "most": max(values), "of": len(values)}
    tell(figure, median(values), unit, **spread, **more)
