"""The newest batches in memory: all that were promised, and hardly more."""

from __future__ import annotations

import pytest

from gateway.journal.recent import Recent
from tests.journal.conftest import counted


@pytest.fixture
def filled():
    """A memory of at least 1,000 values after each of 10,000: how many it holds, and what."""
    recent = Recent(1000)
    held = []

    def reach(seq: int) -> int:
        return next(n for n in range(1, seq) if recent.after(seq - n - 1, 1) is None)

    for number in range(1, 10_001):
        recent.add([counted(0, number)])
        if number > 3000 and number % 7 == 0:
            held.append(reach(number))
    return recent, held


def test_it_holds_what_was_promised_and_at_most_a_sixteenth_more(filled):
    _, held = filled
    assert min(held) >= 1000
    assert max(held) <= 1063


def test_it_gives_the_newest_in_order_and_nothing_where_it_does_not_reach(filled):
    recent, _ = filled
    assert [judged.last_seq for judged in recent.after(9500, 3)] == [9501, 9502, 9503]
    assert [judged.last_seq for judged in recent.after(9998, 10)] == [9999, 10_000]
    assert recent.after(10_000, 10) == []
    assert recent.after(8000, 10) is None
