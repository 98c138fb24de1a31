"""The evidence that a page hands back is the one of a machine's file, or is refused in words."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from fastapi import HTTPException

from gateway.api.learning_bodies import evidence_of
from gateway.assistant.entry import evidence_lines

RUNS: dict[str, Any] = {
    "type": "power-runs",
    "off_below": 20,
    "standby_below": 120.5,
    "run_above": 400,
    "run_below": 300,
    "min_run": "9s",
    "min_pause": "4500ms",
}
CHARGES: dict[str, Any] = {
    "type": "charges",
    "pieces": 144,
    "hot": 860.0,
    "temper": 250,
    "cold": 1e2,
    "phases": {
        "ramp": "14min",
        "soak": "5min",
        "quench": "2min",
        "temper": "6min",
        "handling": "0s",
    },
}


@pytest.mark.parametrize("evidence", [RUNS, CHARGES])
def test_the_lines_say_what_the_mapping_says(evidence: dict[str, Any]) -> None:
    lines = evidence_lines(evidence, indent=4)
    assert lines.startswith("    evidence:\n      type: ")
    read = yaml.safe_load(lines)["evidence"]
    assert evidence_of(read) == evidence_of(evidence)


def test_a_small_or_large_number_has_no_exponent() -> None:
    assert evidence_lines({"a": 1e-7, "b": 1e20, "c": 5.0}) == (
        "evidence:\n  a: 0.0000001\n  b: 100000000000000000000\n  c: 5\n"
    )


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": "levers"}, "power-runs"),
        ({"run_above": 200}, "off_below < standby_below <= run_below < run_above"),
        ({"min_run": "soon"}, "min_run"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_what_is_no_evidence_is_refused_with_what_is_wrong(
    change: dict[str, Any], says: str
) -> None:
    with pytest.raises(HTTPException) as refused:
        evidence_of(RUNS | change)
    assert refused.value.status_code == 422
    assert says in str(refused.value.detail)


def test_a_mistake_inside_a_table_names_its_place() -> None:
    with pytest.raises(HTTPException) as refused:
        evidence_of(CHARGES | {"phases": CHARGES["phases"] | {"soak": "long"}})
    assert "phases.soak" in str(refused.value.detail)
