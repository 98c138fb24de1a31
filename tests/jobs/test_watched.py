"""Machines of the demo, watched badly: nothing is doubled, and missed only what cannot be seen.

``tests/bench/counts.py`` prints the same for all machines, speeds and ways.
"""

from __future__ import annotations

import pytest

from tests.bench.counts import WAYS, watch


@pytest.mark.parametrize("way", WAYS)
def test_a_mill_in_time_lapse_loses_a_run_only_where_it_cannot_be_seen(way: str) -> None:
    seen = watch("AP1", 144, way, 3.0, seed=2)
    assert seen.runs >= 40
    assert seen.doubled == 0
    assert seen.missed <= seen.holes + seen.spikes
    assert seen.pieces_off == 12 * seen.missed
    assert not seen.missed or seen.gaps or seen.spikes


@pytest.mark.parametrize(
    ("package", "lapse", "hours", "runs"),
    [("AP1", 1, 0.5, 5), ("AP2", 1, 0.5, 50), ("AP2", 144, 8.0, 600), ("AP3", 144, 10.0, 2)],
)
def test_what_sampling_allows_is_counted_exactly(
    package: str, lapse: int, hours: float, runs: int
) -> None:
    seen = watch(package, lapse, "all of it", hours, seed=2)
    assert seen.runs >= runs
    assert (seen.missed, seen.doubled, seen.pieces_off) == (0, 0, 0)
    assert seen.holes == 0
    assert seen.gaps == 0
