"""Numbering, backoff, the clocks and the bounded log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batches import BOOT_SPAN, Clock
from gateway.core.text import Text
from gateway.flow import moment
from gateway.flow.backoff import Backoff
from gateway.flow.line_log import FREE, LineLog
from gateway.flow.numbering import Numbering


def test_numbers_follow_each_other_without_a_gap():
    numbering = Numbering(3)
    assert [numbering.take(2), numbering.take(5), numbering.take(1)] == [
        3 * BOOT_SPAN,
        3 * BOOT_SPAN + 2,
        3 * BOOT_SPAN + 7,
    ]


def test_a_later_boot_never_reissues_a_number():
    assert Numbering(4).take(1) > Numbering(3).take(1) + 2**39


def test_waits_double_up_to_the_most():
    backoff = Backoff(1.0, 5.0, jitter=0)
    assert [backoff.failed(0.0) for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]


def test_unless_told_otherwise_a_peer_is_tried_again_after_one_second_and_every_five_at_most():
    longest = Backoff(chance=lambda: 1.0)
    assert [longest.failed(0.0) for _ in range(4)] == [1.2, 2.4, 4.8, 5.0]
    shortest = Backoff(chance=lambda: 0.0)
    assert shortest.failed(0.0) == 1.0


def test_named_steps_are_waited_one_after_the_other_and_the_last_one_again_and_again():
    backoff = Backoff(steps=(0.0, 3.0, 10.0), jitter=0)
    assert [backoff.failed(100.0) for _ in range(5)] == [0.0, 3.0, 10.0, 10.0, 10.0]
    assert backoff.next_try == 110.0
    backoff.succeeded()
    assert [backoff.failed(200.0) for _ in range(2)] == [0.0, 3.0]
    assert Backoff(steps=(10.0,), chance=lambda: 1.0).failed(0.0) == 12.0, "jittered, too"


def test_it_is_time_to_try_again_from_the_very_moment_on():
    backoff = Backoff(1.0, 5.0, jitter=0)
    assert backoff.next_try is None
    assert backoff.ready(0.0)
    backoff.failed(10.0)
    assert backoff.next_try == 11.0
    assert not backoff.ready(10.999)
    assert backoff.ready(11.0)
    backoff.succeeded()
    assert backoff.next_try is None


def test_success_forgets_the_failures():
    backoff = Backoff(1.0, 5.0, jitter=0)
    backoff.failed(0.0)
    backoff.failed(0.0)
    backoff.succeeded()
    assert backoff.ready(0.0)
    assert backoff.failed(0.0) == 1.0


@given(st.floats(0.1, 10), st.floats(1, 50), st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_a_wait_is_never_below_the_first_nor_above_the_most(start, factor, chances):
    most = start * factor * 1.2
    draws = iter(chances)
    backoff = Backoff(start, most, chance=lambda: next(draws))
    for _ in chances:
        wait = backoff.failed(100.0)
        assert start * 0.999 <= wait <= most * 1.001
        assert not backoff.ready(100.0 + wait * 0.999)
        assert backoff.ready(100.0 + wait * 1.001)


def test_the_present_moment_is_the_same_on_both_clocks():
    now = moment.SystemTime()
    first, second = now(), now()
    assert first.at.tzinfo is UTC
    assert second.mono >= first.mono
    assert abs((datetime.now(UTC) - second.at).total_seconds()) < 5


def test_the_kernel_is_asked_rarely(monkeypatch):
    asked = []
    monkeypatch.setattr(moment, "synchronised", lambda: asked.append(1) or True)
    now = moment.SystemTime()
    assert {now().clock for _ in range(100)} == {Clock.SYNCED}
    assert len(asked) == 1


def test_a_kernel_that_does_not_answer_counts_as_unsynchronised(monkeypatch):
    monkeypatch.setattr(moment, "_adjtimex", lambda: lambda _: -1)
    assert not moment.synchronised()
    monkeypatch.setattr(moment, "_adjtimex", lambda: None)
    assert not moment.synchronised()


def test_a_flapping_peer_cannot_flood_the_log(caplog):
    seconds = iter(range(600))
    log = LineLog(logging.getLogger("test.lines"), lambda: float(next(seconds)))
    for _ in range(600):
        log.line("mill-1", Text("mill-1 verloren", "mill-1 lost"))
    minutes = 10
    assert len(caplog.records) <= FREE + 2 * minutes
    assert "changes not shown" in caplog.text


LOST = Text("mill-1 verloren", "mill-1 lost")


def test_a_peer_that_has_calmed_down_is_shown_again_with_what_was_held_back(caplog):
    at = 0.0
    log = LineLog(logging.getLogger("test.lines"), lambda: at)
    for _ in range(9):
        log.line("mill-1", LOST)
    assert [record.getMessage() for record in caplog.records] == ["mill-1 lost"] * 5
    at = 60.0
    log.line("mill-1", LOST)
    log.line("mill-1", Text("mill-1 antwortet wieder", "mill-1 answers again"))
    log.line("mill-1", LOST)
    assert [record.getMessage() for record in caplog.records[5:]] == [
        "mill-1 lost (4 changes not shown)",
        "mill-1 answers again",
    ], "two a minute"
    at = 660.0
    log.line("mill-1", LOST)
    at = 661.0
    for _ in range(9):
        log.line("mill-1", LOST)
    shown = [record.getMessage() for record in caplog.records[7:]]
    assert shown[0] == "mill-1 lost (1 changes not shown)"
    assert shown[1:] == ["mill-1 lost"] * 4, "after ten minutes the first five are free again"


def test_another_peer_is_not_held_back(caplog):
    log = LineLog(logging.getLogger("test.lines"))
    for _ in range(50):
        log.line("mill-1", Text("mill-1 verloren", "mill-1 lost"))
    log.line("press-1", Text("press-1 verloren", "press-1 lost"))
    assert "press-1 lost" in caplog.text
