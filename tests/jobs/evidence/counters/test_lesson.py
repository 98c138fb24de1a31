"""What is learnt from three strokes: counts for each stroke, and what the counter's habits are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.evidence.counters import CountersConfig
from gateway.jobs.evidence.counters.lesson import CountersLesson
from gateway.jobs.evidence.lesson import NotLearnable, Verdict
from gateway.jobs.evidence.recording import Recording, read, written
from gateway.jobs.learning import LESSONS, lacking, why_lacking

LESSON = CountersLesson()


def pressed(
    *counts: int, apart: float = 3.0, every: float = 0.25, drift: int = 0, contact: bool = False
) -> Recording:
    """Half a minute still, then strokes that add ``counts`` each, so many seconds ``apart``."""
    found, shown, t = Recording(("good-count", "running")), 4711, 0.0
    found.begin("still", 0.0)
    while t < 30:
        values: dict[str, float | None] = {"good-count": shown + drift * int(t / 10), "running": 0}
        found.add(t, values)
        t += every
    shown += drift * 2
    begun = t
    found.begin("strokes", begun)
    while t < begun + apart * (len(counts) + 2) + 5:
        done = min(len(counts), int((t - begun) / apart))
        closed = contact and 0 < (t - begun) % apart < apart / 2 and t - begun > apart
        found.add(t, {"good-count": shown + sum(counts[:done]), "running": float(closed)})
        t += every
    return found


def verdict_on(recording: Recording, every: float = 0.25) -> Verdict:
    return LESSON.judge(recording, CountersConfig.model_validate(LESSON.learn(recording)), every)


@given(
    apart=st.floats(0.3, 15),
    every=st.sampled_from([0.25, 1.0]),
    top=st.sampled_from([0, 1]),
)
def test_three_strokes_are_three_counts_at_any_pace(apart: float, every: float, top: int) -> None:
    recording = pressed(1, 1, 1, apart=apart, every=every)
    found = verdict_on(recording, every * (1 + top))
    assert sum(one.level or 0 for one in found.pieces) == 3
    assert found.as_announced
    assert found.doubts == ()


def test_two_strokes_a_second_are_counted_though_it_is_polled_once_a_second() -> None:
    found = verdict_on(pressed(1, 1, 1, apart=0.5), 1.0)
    assert sum(one.level or 0 for one in found.pieces) == 3
    assert "No part is lost" in found.expects[0].en


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((2, 2, 2), "counts 2 for each stroke"),
        ((0, 0, 0), "did not move"),
        ((1, 1), "2 instead of 3"),
        ((1, 3, 1), "seems to bounce"),
    ],
)
def test_another_count_is_told_with_its_cure(counts: tuple[int, ...], says: str) -> None:
    found = verdict_on(pressed(*counts))
    assert any(says in one.en for one in found.doubts)
    assert not found.as_announced


def test_a_counter_that_moves_while_the_machine_stands_is_none_of_parts() -> None:
    found = verdict_on(pressed(1, 1, 1, drift=5))
    assert any("while the machine stood" in one.en for one in found.doubts)


def test_a_contact_that_was_not_seen_closing_is_told_and_harms_nothing() -> None:
    unseen = verdict_on(pressed(1, 1, 1))
    assert unseen.as_announced
    assert any("seen closed only 0 times" in one.en for one in unseen.expects)
    seen = verdict_on(pressed(1, 1, 1, contact=True))
    assert not any("seen closed only" in one.en for one in seen.expects)


def test_a_slow_machine_stands_only_after_a_long_time() -> None:
    slow = CountersConfig.model_validate(LESSON.learn(pressed(1, 1, 1, apart=60)))
    quick = CountersConfig.model_validate(LESSON.learn(pressed(1, 1, 1, apart=1)))
    assert (quick.idle_after.total_seconds(), slow.idle_after.total_seconds()) == (30, 300)


def test_nothing_recorded_is_refused() -> None:
    with pytest.raises(NotLearnable, match="too short"):
        LESSON.learn(Recording(("good-count",)))


def test_a_stored_recording_keeps_all_its_columns() -> None:
    recording = pressed(1, 1, 1, contact=True)
    stored = read(written(recording, "press-1"), "power")
    assert stored.roles == ("good-count", "running")
    assert list(stored.looks()) == list(recording.looks())


def test_a_contact_alone_is_refused_with_where_the_counter_is() -> None:
    lesson = LESSONS["counters"]
    lacks = lacking(lesson, {"running"})
    assert lacks == ["good-count"]
    assert "module's own counter counts" in why_lacking(lesson, lacks, {"running"}).en
