"""A device's counter: what could have been made counts, what could not is a question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.evidence.counters import device_counter
from gateway.jobs.evidence.counters.course import NEW, Counter, Most, Note
from gateway.jobs.evidence.counters.device_counter import read
from gateway.jobs.moments import Moment

BCD4 = 9999
UINT16 = 65535
UINT32 = 2**32 - 1
BEGAN = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)


def moment(seconds: float, run: int) -> Moment:
    return Moment(BEGAN + timedelta(seconds=seconds), 1000.0 + seconds, run, synced=False)


@dataclass
class Told:
    """A counter that is read every ``every`` seconds, of a machine that makes ``pace`` a second."""

    top: int = UINT32
    every: float = 1.0
    pace: float = 4.0
    renewed: float = 0.0
    run: int = 0
    time: float = 0.0
    total: int = 0
    counter: Counter = NEW
    notes: list[Note] = field(default_factory=list)

    def reads(self, *values: int) -> Told:
        for value in values:
            self.counter, more, notes = read(
                self.counter,
                value,
                moment(self.time, self.run),
                top=self.top,
                most=Most(self.pace, max(self.every, self.renewed)),
            )
            assert more >= 0
            self.total += more
            self.notes += notes
            self.time += self.every
        return self

    @property
    def happened(self) -> list[str]:
        return [note.what for note in self.notes]

    @property
    def open(self) -> int:
        """What is asked: questions that a glitch has answered are gone."""
        asked: dict[str, int] = {}
        for note in self.notes:
            if note.what == "jumped":
                asked[note.question] = asked.get(note.question, 0) + note.counts
            elif note.what in ("glitch", "made"):
                asked.pop(note.question, None)
        return sum(asked.values())


def test_first_reading_is_the_baseline() -> None:
    assert Told().reads(41_000).total == 0


def test_differences_add_up() -> None:
    assert Told().reads(10, 11, 11, 15).total == 5


@pytest.mark.parametrize(
    ("readings", "top", "counts", "asked", "happened"),
    [
        pytest.param([5002, 0, 0, 5006, 5007], UINT32, 5, 0, ["glitch"], id="reads zero"),
        pytest.param(
            [5002, 0, 2, 4, 5008, 5009], UINT32, 7, 0, ["reset", "glitch"], id="counts on from 0"
        ),
        pytest.param([60000, 0, 2, 5], UINT16, 5, 0, ["reset"], id="16 bit, power lost"),
        pytest.param([9000, 0, 1], BCD4, 1, 0, ["reset"], id="four digits, power lost"),
        pytest.param([4294000000, 0, 3], UINT32, 3, 0, ["reset"], id="32 bit, power lost"),
        pytest.param([9998, 1, 3], BCD4, 5, 0, ["rollover"], id="four digits roll over"),
        pytest.param([65534, 65535, 1, 2], UINT16, 4, 0, ["rollover"], id="16 bit roll over"),
        pytest.param([UINT32 - 1, 0, 0, 2], UINT32, 4, 0, ["rollover"], id="32 bit roll over"),
        pytest.param([1000, 412345, 412346], UINT32, 1, 411345, ["jumped"], id="module exchanged"),
        pytest.param(
            [100, 50000, 50000, 101, 102], UINT32, 2, 0, ["jumped", "glitch"], id="wrong twice"
        ),
        pytest.param([40000, 61000, 40001], UINT16, 1, 0, ["glitch"], id="wrong once"),
        pytest.param([40000, 39990, 39993], UINT32, 3, 39990, ["jumped"], id="set by hand"),
        pytest.param([40000, 10000, 20000], UINT32, 0, 20000, ["jumped"], id="rises from below"),
    ],
)
def test_rule_read_every_second(
    readings: list[int], top: int, counts: int, asked: int, happened: list[str]
) -> None:
    told = Told(top).reads(*readings)
    assert (told.total, told.open, told.happened) == (counts, asked, happened)


def test_question_that_grows_is_withdrawn_from_where_it_first_left() -> None:
    told = Told().reads(1000, 50_000, 90_000, 130_000, 170_000)
    assert [(note.before, note.after, note.counts) for note in told.notes] == [
        (1000, 90_000, 89_000),
        (90_000, 170_000, 80_000),
    ]
    assert len({note.question for note in told.notes}) == 1
    assert (told.total, told.open) == (0, 169_000)
    told.reads(1001, 1002, 1003)
    assert (told.total, told.open) == (3, 0)
    glitch = told.notes[-1]
    assert (glitch.what, glitch.before, glitch.after) == ("glitch", 50_000, 1002)


def test_machine_that_stands_answers_the_question_about_a_glitch_too() -> None:
    told = Told().reads(1000, 50000, 50000, *[1000] * 8)
    assert (told.total, told.open, told.happened) == (0, 0, ["jumped", "glitch"])


def test_old_value_shown_once_more_counts_nothing_twice() -> None:
    told = Told().reads(7999, 0, 1, 2, 3, 4, 7999, 5, 6, 7)
    assert told.total == 7
    assert Told().reads(7999, 0, 1, 2, 3, 4, 7999, 7999, 5, 6, 7).total == 7


def test_slow_polls_count_all_that_the_machine_makes() -> None:
    told = Told(every=60, pace=2).reads(*range(0, 1201, 120))
    assert (told.total, told.happened) == (1200, [])


def test_leap_within_milliseconds_is_a_question() -> None:
    told = Told(every=0.1).reads(2, 30002, 30002)
    assert (told.total, told.open) == (0, 30000)


def test_pace_that_nobody_believes_is_one_question_that_grows() -> None:
    told = Told(every=60, pace=0.01).reads(*range(0, 6001, 600))
    assert (told.total, told.open) == (0, 6000)
    assert len({note.question for note in told.notes}) == 1


def lumps(told: Told, values: Iterable[int], *, polls: int = 60) -> Told:
    for value in values:
        told.reads(*[value] * polls)
    return told


def test_device_that_renews_its_counter_once_a_minute_is_asked_about_twice() -> None:
    told = lumps(Told(pace=2), range(0, 1201, 120))
    assert (told.total, told.open, told.happened) == (8 * 120, 2 * 120, ["jumped"] * 2)
    assert told.counter.refresh == 60.0


def test_questions_about_lumps_answer_themselves_once_the_machine_could_have_made_all() -> None:
    told = lumps(Told(pace=8), range(0, 1201, 120))
    assert (told.total, told.open, told.happened) == (1200, 0, ["jumped", "made"] * 2)


def test_device_of_which_the_file_says_so_is_not_asked_at_all() -> None:
    told = Told(pace=2, renewed=60)
    lumps(told, range(0, 1201, 120))
    assert (told.total, told.happened) == (1200, [])


def test_lumps_that_the_machine_could_not_have_made_stay_questions() -> None:
    told = lumps(Told(pace=2), range(0, 1501, 150))
    assert (told.total, told.open) == (0, 1500)
    assert told.counter.refresh == 0.0


def test_two_lumps_are_no_habit_nor_are_leaps_after_hours_of_standing() -> None:
    assert lumps(Told(pace=2), [0, 120, 240]).counter.refresh == 0.0
    assert lumps(Told(pace=2), [0, 120, 240, 360, 480], polls=1000).counter.refresh == 0.0


def test_habit_of_lumps_believes_one_lump_however_long_the_machine_has_stood() -> None:
    told = lumps(Told(pace=2), [0, 120, 240, 360, 480])
    assert told.counter.refresh == 60.0
    counted, asked = told.total, told.open
    lumps(told, [480] * 20)
    told.reads(1000, 1000, 1001)
    assert (told.total - counted, told.open - asked) == (1, 520)


def test_lump_that_was_a_glitch_is_no_sign_of_a_habit() -> None:
    told = lumps(Told(pace=2), [0])
    for _ in range(4):
        told.reads(100, 100, 0, 0, 0, 0, 0, 0, *[0] * 52)
    assert (told.total, told.open, told.counter.refresh) == (0, 0, 0.0)


def test_reading_that_may_be_a_reset_is_weighed_by_all_that_it_would_count() -> None:
    told = Told().reads(10, 50_000, 50_000, 30, 31, 32, 33)
    assert told.total == 33 - 10
    assert told.open == 49_990 + 10


def test_absence_is_as_long_as_it_was() -> None:
    told = Told().reads(100)
    told.time += 3600
    told.reads(100 + 4 * 3600)
    assert (told.total, told.happened) == (4 * 3600, [])


def test_zero_that_stays_is_a_reset() -> None:
    told = Told(every=60).reads(5000, *[0] * 12, 1, 2)
    assert (told.total, told.happened) == (2, ["reset"])


def test_exchange_that_has_settled_is_the_counter_now() -> None:
    told = Told(every=60).reads(1000, *range(70000, 70020), 1001, 1003)
    assert told.total == 19 + 2
    assert told.happened == ["jumped", "jumped"]
    assert len({note.question for note in told.notes}) == 2


def test_reset_or_glitch_of_a_small_counter_takes_the_smaller_and_asks_for_the_rest() -> None:
    told = Told().reads(5, 0, 6, 7)
    assert (told.total, told.open) == (2, 5)


def test_glitch_while_a_jump_is_asked_leaves_the_question() -> None:
    told = Told().reads(1000, 412345, 412346, 0, 412348)
    assert (told.total, told.open) == (3, 411345)


def test_round_while_nobody_knows_how_long_nobody_looked_is_a_question() -> None:
    """The computer was off and its clock knows nothing: from 990 to 3, or begun anew at 0?"""
    told = Told(BCD4).reads(9990)
    told.run += 1
    told.reads(0, 1, 2, 3)
    assert (told.total, told.open, told.happened) == (3, 10, ["reset", "jumped"])
    assert {(note.before, note.after) for note in told.notes} == {(9990, 1)}


@pytest.mark.parametrize("top", [BCD4, UINT16, UINT32])
@given(start=st.integers(0), steps=st.lists(st.integers(0, 8), min_size=1, max_size=200))
def test_every_count_is_found_through_any_number_of_rollovers(
    top: int, start: int, steps: list[int]
) -> None:
    shown = first = top - start % 100
    told = Told(top).reads(shown)
    for step in [*steps, 1, 1]:
        shown += step
        told.reads(shown % (top + 1))
    while shown % (top + 1) < 3:  # two readings that agree, 0 alone says nothing
        shown += 1
        told.reads(shown % (top + 1))
    assert told.total == shown - first
    assert set(told.happened) <= {"rollover"}


@given(
    st.lists(
        st.tuples(
            st.one_of(st.integers(-2, 9), st.sampled_from([-300, 300, 20_000])),
            st.sampled_from([0.1, 1.0, 60.0, 90_000.0]),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_short_way_of_an_ordinary_reading_says_what_all_rules_say(
    steps: list[tuple[int, float]],
) -> None:
    value, shortly, by_all_rules = 5000, Told(top=UINT16), Told(top=UINT16)
    for step, seconds in steps:
        value = (value + step) % (UINT16 + 1)
        shortly.reads(value)
        with mock.patch.object(device_counter, "_plain", return_value=None):
            by_all_rules.reads(value)
        assert shortly == by_all_rules
        shortly.time = by_all_rules.time = shortly.time + seconds


def test_ordinary_readings_go_the_short_way() -> None:
    told = Told().reads(10)
    with mock.patch.object(device_counter, "_fits", side_effect=AssertionError("the long way")):
        assert told.reads(10, 11, 11, 15).total == 5


@given(st.lists(st.integers(0, UINT32), min_size=1, max_size=60))
def test_nothing_that_a_counter_says_takes_counts_back(readings: list[int]) -> None:
    told = Told().reads(*readings)
    assert told.counter.last is not None
    assert len(told.counter.courses) <= 3


@given(last=st.integers(0, UINT16), odd=st.integers(0, UINT16), more=st.integers(0, 8))
def test_one_odd_reading_never_counts(last: int, odd: int, more: int) -> None:
    back = min(last + more, UINT16)
    if last <= odd <= last + 9 or odd <= back <= odd + 9:
        return
    told = Told(UINT16).reads(last, odd)
    assert told.total == 0
    assert told.reads(back).total == back - last
