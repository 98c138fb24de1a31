"""The polling grid: nothing missed silently, nothing made up for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.flow.schedule import Schedule
from tests.flow.test_quality import signal


def schedule(*periods, start=1000.0):
    return Schedule([signal(f"m/{every}", every=every) for every in periods], start)


def test_everything_is_due_at_the_start():
    it = schedule(0.1, 1.0)
    assert it.next == 1000.0
    assert it.take(1000.0).signals == ("m/0.1", "m/1.0")


def test_each_rate_keeps_its_own_grid():
    it = schedule(0.1, 0.25)
    polls = []
    for _ in range(12):
        now = it.next
        polls.append((round(now - 1000, 3), it.take(now).signals))
    assert polls[:6] == [
        (0.0, ("m/0.1", "m/0.25")),
        (0.1, ("m/0.1",)),
        (0.2, ("m/0.1",)),
        (0.25, ("m/0.25",)),
        (0.3, ("m/0.1",)),
        (0.4, ("m/0.1",)),
    ]


def test_rates_that_meet_are_one_poll_even_after_hours():
    it = schedule(0.1, 1.0)
    it.take(1000.0 + 7 * 3600)
    for _ in range(30):
        due = it.take(it.next)
        assert due.signals in (("m/0.1",), ("m/0.1", "m/1.0"))
        assert due.skipped == 0


def test_a_late_poll_is_made_and_counted():
    it = schedule(0.1)
    it.take(1000.0)
    due = it.take(1000.15)
    assert (due.signals, due.late, due.skipped) == (("m/0.1",), True, 0)
    assert it.next == pytest.approx(1000.2)


def test_overtaken_polls_are_skipped_and_counted():
    it = schedule(0.1)
    it.take(1000.0)
    due = it.take(1000.35)
    assert (due.late, due.skipped) == (True, 2)
    assert it.next == pytest.approx(1000.4)


def test_a_small_delay_is_not_late():
    it = schedule(0.1)
    it.take(1000.0)
    assert not it.take(1000.105).late


def test_too_early_is_nothing():
    it = schedule(0.1)
    it.take(1000.0)
    due = it.take(1000.05)
    assert (due.signals, due.late, due.skipped) == ((), False, 0)


@given(
    st.lists(st.sampled_from([0.05, 0.1, 0.25, 1.0, 5.0]), min_size=1, max_size=3, unique=True),
    st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60),
    st.floats(0, 1e6),
)
def test_every_tick_is_polled_or_counted_as_skipped(periods, delays, start):
    it = schedule(*periods, start=start)
    polled = dict.fromkeys(periods, 0)
    skipped, now = 0, start
    for delay in delays:
        now = max(now, it.next) + delay
        due = it.take(now)
        skipped += due.skipped
        for name in due.signals:
            polled[float(name[2:])] += 1
        assert it.next > now - 0.002
    ticks = sum(int((now - start + 0.001) // every) + 1 for every in periods)
    assert sum(polled.values()) + skipped == ticks
