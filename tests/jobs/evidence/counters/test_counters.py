"""Parts from device counters: exact through kills, rollovers and resets; states from movement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Variant
from gateway.core.batches import Clock
from gateway.core.events import EventKind
from gateway.core.text import Text
from gateway.core.work import ItemState, JobState, Origin
from gateway.jobs.commands import AbovePlan, Answer, End, NotPossible, Opening
from gateway.jobs.evidence.counters import CountersConfig
from gateway.jobs.tracker import JobTracker, MachineSpec
from simulators.physics.press import Press
from tests.jobs.one_machine import Line, press_evidence

UINT32 = 2**32


def look(line: Line, real: float, shots: int, rejects: int = 0, *, fault: bool = False) -> None:
    shots, rejects = shots % UINT32, rejects % UINT32
    line.see(real, good_count=shots, reject_count=rejects, running=False, fault=fault)


def test_baseline_counts_nothing(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 81_234, 512)
    assert (press.job.good, press.job.scrap) == (0, 0)
    assert press.of(EventKind.COUNTED) == []


def test_good_is_counts_times_pieces_less_rejects(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100, 10)
    look(press, 0.3, 102, 13)
    assert (press.job.good, press.job.scrap) == (5, 3)
    assert press.job.origins == {Origin.COUNTED: 5}
    (event,) = press.of(EventKind.COUNTED)
    assert event.details == {"good": 5, "scrap": 3}
    assert press.job.runs_completed == 2


def test_reworked_rejects_are_not_lost() -> None:
    evidence = CountersConfig(rejects="rework", idle_after=timedelta(minutes=40))
    line = Line(evidence)
    line.add(planned=400, lot=100, per_run=1, per_piece=45)
    look(line, 0, 10, 1)
    look(line, 6, 30, 4)
    assert (line.job.good, line.job.scrap) == (20, 0)


def test_reject_seen_before_its_part_waits_and_takes_nothing_back(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100, 0)
    look(press, 0.3, 101, 0)
    look(press, 0.6, 101, 3)
    assert (press.job.good, press.job.scrap) == (4, 3)
    look(press, 0.9, 102, 3)
    assert press.job.good == 5  # 2 x 4 - 3


def test_what_ran_while_the_gateway_was_dead_is_counted(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100)
    look(press, 0.3, 101)
    press.restart(0.3, 60)
    look(press, 60.2, 371)
    look(press, 60.4, 371)  # a leap of 270 is believed when a second look agrees
    assert press.job.good == 4 * 271
    assert press.job.gaps == ()
    assert press.of(EventKind.GAP) == []


def test_rollover_is_an_event_and_loses_nothing(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, UINT32 - 2)
    look(press, 0.3, UINT32 + 1)
    look(press, 0.6, UINT32 + 1)
    assert press.job.good == 12
    (event,) = press.of(EventKind.COUNTER_ROLLOVER)
    assert event.details == {"signal": "good-count", "before": UINT32 - 2, "after": 1}
    assert press.job.gaps == ()


def test_reset_is_an_event_with_a_gap(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 5_000)
    look(press, 0.3, 5_001)
    look(press, 5.0, 2)
    look(press, 5.3, 3)
    assert press.job.good == 4 * (1 + 3)
    (event,) = press.of(EventKind.COUNTER_RESET)
    assert event.details == {"signal": "good-count", "before": 5_001, "after": 3}
    assert press.job.gaps[0].why.de.startswith("Der Zähler wurde zurückgestellt")


def test_declared_top_of_the_counter_is_where_it_rolls_over(press: Line) -> None:
    counters = tuple(replace(signal, wraps_after=9_999) for signal in press.signals)
    press.tracker = JobTracker([MachineSpec("m-1", counters, press.evidence)], 144)
    press.state = press.tracker.initial()
    press.add(per_run=4, per_piece=8)
    for real, shown in ((0, 9_998), (0.3, 9_999), (0.6, 0), (0.9, 1)):
        look(press, real, shown)
    assert press.job.good == 12
    assert len(press.of(EventKind.COUNTER_ROLLOVER)) == 1


def test_counter_that_may_have_gone_round_unread_is_a_gap(press: Line) -> None:
    """Four digits, a week without an answer: what it shows counts, one more round may be lost."""
    counters = tuple(replace(signal, wraps_after=9_999) for signal in press.signals)
    press.tracker = JobTracker([MachineSpec("m-1", counters, press.evidence)], 144)
    press.state = press.tracker.initial()
    press.add(planned=1_000_000, lot=1_000_000, per_run=4, per_piece=8)
    look(press, 0, 100)
    look(press, 0.3, 101)
    look(press, 7 * 86_400, 105)
    assert press.job.good == 4 * 5
    rounds = [e for e in press.of(EventKind.GAP) if e.details["why"] == "counter_round"]
    assert rounds
    assert rounds[0].details["why_de"] == (
        "Der Zähler war so lange nicht abzulesen, dass er einmal ganz herumgelaufen sein kann; "
        "diese Runde wäre nicht gezählt."
    )
    assert press.of(EventKind.COUNTER_ROLLOVER, EventKind.COUNTER_RESET) == []


def test_a_contact_alone_tells_of_movement_without_a_count(press: Line) -> None:
    for real, running in ((0, False), (0.2, False)):
        press.see(real, good_count=None, reject_count=None, running=running, fault=False)
    state = press.state.machines["m-1"]
    rule = press.evidence.bind(press.signals)
    assert rule.explain(state.evidence, state.t, 0.0) == Text(
        "Steht: Bisher keine Bewegung gesehen.", "Standing: no movement seen so far."
    )


def test_state_from_movement_and_standing_after_idle(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100)
    assert press.status(0).state is ItemState.NOT_EXECUTING
    look(press, 0.25, 101)
    assert press.status(0.25).state is ItemState.EXECUTING
    assert press.job.state is JobState.RUNNING
    look(press, 1.0, 101)
    assert press.status(1.0).state is ItemState.EXECUTING
    look(press, 1.1, 101)  # 2 min of order time after the last movement
    assert press.status(1.1).state is ItemState.NOT_EXECUTING
    assert press.status(1.1).because.de == (
        "Steht: Seit 2 min 2 s hat sich weder Zähler noch Kontakt bewegt, Zählerstand 101."
    )


def test_press_that_counts_on_works_on_however_long(press: Line) -> None:
    """Two minutes of order time are 0.83 s: it counts every second one of them, for a minute."""
    for number in range(120):
        look(press, number * 0.5, 100 + number)
    assert press.status(59.5).state is ItemState.EXECUTING
    assert len(press.of(EventKind.STATE)) == 2, "standing at first, and working ever since"
    assert "letzte Bewegung vor weniger als 1 s" in press.status(59.5).because.de


def test_closing_contact_shows_work_before_the_first_count(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    press.see(0, good_count=7, reject_count=0, running=False, fault=False)
    assert press.job.state is JobState.RELEASED
    press.see(0.1, good_count=7, reject_count=0, running=True, fault=False)
    assert press.job.state is JobState.RUNNING


def test_contact_that_was_closed_from_the_start_is_no_work(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    for i in range(5):
        press.see(i * 0.1, good_count=7, reject_count=0, running=True, fault=False)
    assert press.status(0.5).state is ItemState.NOT_EXECUTING
    assert press.job.state is JobState.RELEASED


def test_fault_lamp_is_out_of_service_and_holds_the_job(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100)
    look(press, 0.2, 101)
    look(press, 0.4, 101, fault=True)
    assert press.status(0.4).state is ItemState.EXECUTING  # one look is not enough
    look(press, 0.6, 101, fault=True)
    assert press.status(0.6).state is ItemState.OUT_OF_SERVICE
    assert press.job.state is JobState.INTERRUPTED
    assert press.job.because.de == "Angehalten. Gestört: Die Störlampe ist an."
    look(press, 0.8, 102, fault=False)
    assert press.job.state is JobState.RUNNING


def test_lost_connection_loses_no_count(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    look(press, 0, 100)
    look(press, 0.2, 101)
    for i in range(20):
        press.see(0.4 + i, good_count=None, reject_count=None, running=None, fault=None)
    assert not press.status(20).known
    look(press, 21, 150)
    assert press.status(21).known
    assert press.job.good == 4 * 50
    assert press.of(EventKind.GAP) == []


def test_pace_over_a_quarter_of_an_hour_moves_the_rate_when_it_differs(press: Line) -> None:
    press.add(planned=100_000, lot=600, per_run=4, per_piece=8)
    for i in range(400):  # a shot every 40 s of order time instead of 32 s
        look(press, i * 40 / 144, 100 + i)
    assert press.job.per_piece == timedelta(seconds=10)


def test_opening_keeps_the_baseline(press: Line) -> None:
    look(press, 0, 700)
    press.add(opening=Opening(good=1200, scrap=14, runs=304), per_run=4, per_piece=8, real=0.1)
    look(press, 0.3, 701)
    assert press.job.good == 1204
    assert press.job.origins == {Origin.SIMULATED: 1200, Origin.COUNTED: 4}
    assert press.job.runs_completed == 305


def test_counts_from_before_an_order_begins_are_not_its_own(press: Line) -> None:
    """The press had made more than was read when it was placed anew."""
    look(press, 0, 700)
    press.add(opening=Opening(good=1200, scrap=14, runs=304), per_run=4, per_piece=8, real=2.0)
    look(press, 0.3, 705)
    assert press.job.good == 1200
    look(press, 2.1, 706)
    assert press.job.good == 1204


@pytest.mark.parametrize("good", [1200, 2400])
def test_sentence_shows_the_devices_counter_and_no_movement_from_before_an_opening(
    press: Line, good: int
) -> None:
    """2400 is the whole quantity: such a job is over by its opening."""
    look(press, 0, 700)
    look(press, 0.2, 701)
    look(press, 200, 701)
    press.add(opening=Opening(good=good), per_run=4, per_piece=8, real=202, heard=200)
    look(press, 205, 701)
    assert press.status(205).because == Text(
        "Steht: Bisher keine Bewegung gesehen, Zählerstand 701.",
        "Standing: no movement seen so far, counter at 701.",
    )


def test_movement_before_an_order_begins_is_not_older_than_the_order(press: Line) -> None:
    look(press, 0, 700)
    press.add(opening=Opening(good=1200), per_run=4, per_piece=8, real=3)
    for real, count in ((1.0, 701), (4.0, 701)):
        look(press, real, count)
    assert press.status(4.0).because.de == (
        "Steht: Seit 2 min 24 s hat sich weder Zähler noch Kontakt bewegt, Zählerstand 701."
    )


def test_movement_for_the_order_before_does_not_begin_the_next(press: Line) -> None:
    look(press, 0, 700)
    look(press, 0.2, 701)
    press.add(per_run=4, per_piece=8, real=0.3)
    look(press, 0.4, 701)
    assert press.status(0.4).state is ItemState.EXECUTING  # it moved just now
    assert press.job.state is JobState.RELEASED  # but not for this job
    look(press, 0.6, 702)
    assert press.job.state is JobState.RUNNING


@pytest.mark.parametrize("seed", range(4))
def test_press_with_kills_at_random_instants_counts_exactly(press: Line, seed: int) -> None:
    physics, chance = Press(), Random(seed)
    good = scrap = shots = rejects = 0
    press.add(planned=10**6, lot=600, per_run=4, per_piece=8)
    real, last = 0.0, 0.0
    look(press, real, 4_294_967_000)
    while real < 300:
        step = chance.uniform(0.1, 0.3)
        if chance.random() < 0.02:
            step += chance.uniform(1, 20)
            press.restart(last, real + step)
        real += step
        while shots < int(real * 144 / physics.cycle):
            outcome = physics.outcome(1987, shots, shots)
            good, scrap = good + outcome.good, scrap + outcome.rejected
            shots, rejects = shots + 1, rejects + outcome.rejected
        look(press, real, 4_294_967_000 + shots, rejects)
        last = real
    look(press, real + 0.1, 4_294_967_000 + shots, rejects)
    assert (press.job.good, press.job.scrap) == (good, scrap)
    assert len(press.of(EventKind.COUNTER_ROLLOVER)) == 1


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["count", "reset", "odd", "dead", "kill"]),
            st.integers(0, 3_000),
            st.integers(0, 40),
        ),
        max_size=40,
    ),
    st.integers(0, UINT32 - 1),
)
def test_totals_never_fall_whatever_the_counter_does(
    steps: list[tuple[str, int, int]], start: int
) -> None:
    line = Line(press_evidence())
    line.add(planned=10**9, lot=10**6, per_run=4, per_piece=8)
    shots, rejects, real = start, 0, 0.0
    look(line, real, shots, rejects)
    good = scrap = 0
    for kind, more, bad in steps:
        real += 0.3
        if kind == "reset":
            shots, rejects = 0, 0
        elif kind == "odd":
            look(line, real, more, bad)
            real += 0.1
        elif kind == "dead":
            line.see(real, good_count=None, reject_count=None, running=None, fault=None)
        elif kind == "kill":
            line.restart(real - 0.3, real + 5)
            real += 5
        if kind in ("count", "dead", "kill"):
            shots, rejects = shots + more, rejects + bad
        look(line, real, shots, rejects)
        look(line, real + 0.1, shots, rejects)
        real += 0.1
        assert line.job.good >= good
        assert line.job.scrap >= scrap
        good, scrap = line.job.good, line.job.scrap
    finished = sum(int(e.details["good"]) for e in line.of(EventKind.COUNTED))  # type: ignore[arg-type]
    assert finished == line.job.good


def work(line: Line, polls: int, shown: int, real: float = 0.0, every: float = 0.25) -> float:
    """A shot at every poll."""
    for step in range(polls):
        look(line, real + step * every, shown + step)
    return real + polls * every


def jump(line: Line) -> None:
    """A module is exchanged: 1,003 becomes 412,345, and goes on."""
    line.add(planned=2_000_000, lot=1_000_000, per_run=4, per_piece=8)
    real = work(line, 4, 1_000)
    work(line, 3, 412_345, real)


def test_jump_counts_nothing_and_is_a_question_with_both_readings(press: Line) -> None:
    jump(press)
    assert press.job.good == 4 * (3 + 2)
    (event,) = press.of(EventKind.COUNTER_JUMPED)
    (question,) = press.tracker.questions(press.state)
    assert event.details == {
        "signal": "good-count",
        "before": 1_003,
        "after": 412_345,
        "counts": 411_342,
        "question": question.id,
    }
    assert (question.before, question.after, question.job) == (1_003, 412_345, "j-1")
    assert (question.good, question.scrap) == (4 * 411_342, 0)
    (gap,) = press.job.gaps
    assert (gap.start, gap.end) == (question.start, question.end)
    assert gap.why.de.startswith("Der Zähler ist weiter gesprungen")


def test_confirmed_question_is_booked_as_entered_and_only_once(press: Line) -> None:
    jump(press)
    (question,) = press.tracker.questions(press.state)
    press.tell(Answer(question.id, confirm=True, at=press.at(2.0)))
    assert press.job.origins == {Origin.COUNTED: 20, Origin.ENTERED: 4 * 411_342}
    assert press.job.runs_completed == 5 + 411_342
    assert press.tracker.questions(press.state) == ()
    (answer,) = press.of(EventKind.COUNTER_ANSWERED)
    assert answer.details["confirmed"] is True
    for confirm in (True, False):
        with pytest.raises(NotPossible, match="not open any more"):
            press.tell(Answer(question.id, confirm=confirm, at=press.at(3.0)))


def test_refused_question_counts_nothing_and_leaves_its_gap(press: Line) -> None:
    jump(press)
    (question,) = press.tracker.questions(press.state)
    press.tell(Answer(question.id, confirm=False, at=press.at(2.0)))
    assert press.job.origins == {Origin.COUNTED: 20}
    assert press.tracker.questions(press.state) == ()
    assert len(press.job.gaps) == 1
    look(press, 2.25, 412_350)
    assert press.job.good == 4 * 8


def test_counter_that_comes_back_answers_its_question_itself(press: Line) -> None:
    press.add(per_run=4, per_piece=8)
    for step, shown in enumerate((1_000, 50_000, 50_000, 1_001, 1_002)):
        look(press, step * 0.25, shown)
    assert press.job.good == 8
    assert press.tracker.questions(press.state) == ()
    assert [event.details["after"] for event in press.of(EventKind.COUNTER_GLITCH)] == [1_002]


def test_question_outlives_a_restart_of_the_gateway(press: Line) -> None:
    jump(press)
    asked = press.tracker.questions(press.state)
    press.restart(2.0, 5.0)
    assert press.tracker.questions(press.state) == asked


def test_question_of_a_job_that_has_ended_can_still_be_answered(press: Line) -> None:
    jump(press)
    press.tell(End("j-1", press.at(2.0)))
    (question,) = press.tracker.questions(press.state)
    press.tell(Answer(question.id, confirm=True, at=press.at(3.0)))
    assert press.job.good == 20 + 4 * 411_342
    assert press.job.state is JobState.ENDED


def test_question_above_the_plan_is_asked_back(press: Line) -> None:
    press.add(planned=2_400, per_run=4, per_piece=8)
    work(press, 3, 412_345, work(press, 4, 1_000))
    (question,) = press.tracker.questions(press.state)
    with pytest.raises(AbovePlan):
        press.tell(Answer(question.id, confirm=True, at=press.at(2.0)))
    assert press.tracker.questions(press.state) == (question,)
    press.tell(Answer(question.id, confirm=True, at=press.at(2.0), above_plan=True))
    assert press.job.state is JobState.ENDED


def test_jump_without_a_job_asks_nobody(press: Line) -> None:
    work(press, 3, 412_345, work(press, 4, 1_000))
    assert press.tracker.questions(press.state) == ()
    assert len(press.of(EventKind.COUNTER_JUMPED)) == 1


def test_rejects_that_jump_are_scrap_once_confirmed(press: Line) -> None:
    press.add(planned=2_000_000, lot=1_000_000, per_run=4, per_piece=8)
    for step, rejects in enumerate((5, 6, 90_000, 90_001)):
        look(press, step * 0.25, 1_000 + step, rejects)
    assert (press.job.good, press.job.scrap) == (4 * 3 - 2, 2)
    (question,) = press.tracker.questions(press.state)
    assert (question.role, question.good, question.scrap) == ("reject-count", 0, 89_994)
    press.tell(Answer(question.id, confirm=True, at=press.at(2.0)))
    assert press.job.scrap == 2 + 89_994
    assert press.job.good == 10  # it never falls; good parts wait until they have made up for it


def test_pace_of_the_job_says_what_is_believed(new_line: Callable[[Variant, int], Line]) -> None:
    """Two parts a second, read once a minute: by a plan of so many they count, else are asked."""
    for per_piece, good, asked in ((0.5, 1_200, 0), (60.0, 0, 1_200)):
        line = new_line(CountersConfig(idle_after=timedelta(minutes=2)), 1)
        slow = tuple(replace(signal, every=60.0) for signal in line.signals)
        line.tracker = JobTracker([MachineSpec("m-1", slow, line.evidence)])
        line.state = line.tracker.initial()
        line.add(planned=10**6, lot=10**6, per_run=1, per_piece=per_piece)
        for minute in range(11):
            look(line, minute * 60.0, 120 * minute)
        assert line.job.good == good
        assert sum(one.counts for one in line.tracker.questions(line.state)) == asked
        assert line.status(600).state is ItemState.EXECUTING


def test_pace_of_the_file_says_what_is_believed(new_line: Callable[[Variant, int], Line]) -> None:
    for min_cycle, good in ((timedelta(seconds=0.5), 120), (timedelta(minutes=1), 0)):
        evidence = CountersConfig(idle_after=timedelta(minutes=2), min_cycle=min_cycle)
        line = new_line(evidence, 1)
        line.add(planned=10**6, lot=10**6, per_run=1, per_piece=60)
        for real, shown in ((0.0, 0), (60.0, 120), (61.0, 120)):
            look(line, real, shown)
        assert line.job.good == good


def test_confirmed_pace_is_believed_from_then_on(new_line: Callable[[Variant, int], Line]) -> None:
    line = new_line(CountersConfig(idle_after=timedelta(minutes=2)), 1)
    line.add(planned=10**6, lot=10**6, per_run=1, per_piece=60)
    for minute in range(4):
        look(line, minute * 60.0, 120 * minute)
    (question,) = line.tracker.questions(line.state)
    line.tell(Answer(question.id, confirm=True, at=line.at(190)))
    before = line.job.good
    for minute in range(4, 8):
        look(line, minute * 60.0, 120 * minute)
    assert line.job.good == before + 4 * 120 + 120  # and of the one reading in between
    assert line.tracker.questions(line.state) == ()


def renewed_each_minute(evidence: CountersConfig) -> Line:
    """A part a second, planned one in two; its module renews the count once a minute."""
    line = Line(evidence, 1)
    line.add(planned=10**6, lot=10**6, per_run=1, per_piece=2)
    for second in range(600):
        look(line, second, 60 * (second // 60))
    return line


def test_device_that_renews_its_count_rarely_is_known_after_some_questions() -> None:
    line = renewed_each_minute(CountersConfig(idle_after=timedelta(minutes=2)))
    assert line.job.good == 9 * 60
    assert line.tracker.questions(line.state) == ()
    asked, answered = line.of(EventKind.COUNTER_JUMPED), line.of(EventKind.COUNTER_ANSWERED)
    assert [event.details["counts"] for event in asked] == [60, 60]
    assert [event.details["question"] for event in answered] == [
        event.details["question"] for event in asked
    ]
    assert {event.details["confirmed"] for event in answered} == {True}
    assert line.status(600).because == Text(
        "Arbeitet: letzte Bewegung vor 1 min, Zählerstand 540 (das Gerät erneuert ihn nur etwa "
        "alle 1 min); als Stillstand gelten 2 min.",
        "Working: last movement 1 min ago, counter at 540 (the device renews it only about every "
        "1 min); it counts as standing after 2 min.",
    )


def test_device_that_renews_its_count_rarely_as_the_file_says_is_never_asked() -> None:
    minute = timedelta(minutes=1)
    line = renewed_each_minute(CountersConfig(idle_after=2 * minute, refresh=minute))
    assert line.job.good == 9 * 60
    assert line.of(EventKind.COUNTER_JUMPED) == []


def test_leap_that_a_person_has_confirmed_is_not_counted_again_when_the_counter_goes_on() -> None:
    line = Line(CountersConfig(idle_after=timedelta(minutes=2)), 1)
    line.add(planned=10**6, lot=10**6, per_run=1, per_piece=2)
    for second, shown in ((0, 0), (1, 60), (2, 60)):
        look(line, second, shown)
    (question,) = line.tracker.questions(line.state)
    line.tell(Answer(question.id, confirm=True, at=line.at(2.5)))
    assert line.job.good == 60
    for second in range(3, 100):
        look(line, second, 60 if second < 60 else 120)
    assert line.job.good + sum(q.counts for q in line.tracker.questions(line.state)) == 120


def test_clock_that_cannot_know_makes_a_night_a_question_not_a_loss(press: Line) -> None:
    """The computer was off, and comes back with a time behind its last reading."""
    press.add(planned=2_000_000, lot=1_000_000, per_run=4, per_piece=8)
    real = work(press, 4, 1_000)
    press.restart(real, real + 1)
    for step in range(2):
        judged = press.batch(
            real - 600 + step, {"good-count": 1_900, "reject-count": 0, "running": 0, "fault": 0}
        )
        press.take(replace(judged, batch=replace(judged.batch, clock=Clock.UNSYNCED)))
    assert press.job.good == 12
    assert [one.counts for one in press.tracker.questions(press.state)] == [897]


def test_pace_of_the_file_gives_way_to_a_faster_one_that_was_seen() -> None:
    line = Line(CountersConfig(idle_after=timedelta(hours=1), min_cycle=timedelta(minutes=1)), 1)
    line.add(planned=10**6, lot=10**6, per_run=1, per_piece=60)
    for real, shown in ((0.0, 0), (60.0, 120), (61.0, 120)):
        look(line, real, shown)
    (question,) = line.tracker.questions(line.state)
    line.tell(Answer(question.id, confirm=True, at=line.at(62)))
    (answered,) = line.of(EventKind.COUNTER_ANSWERED)
    assert answered.details["counts"] == 120
    for real, shown in ((121.0, 220), (122.0, 220)):
        look(line, real, shown)
    assert line.job.good == 220


def test_counters_of_which_nothing_is_known_say_so(press: Line) -> None:
    press.see(0.0, good_count=None, reject_count=0, fault=0)
    assert press.tracker.machines(press.state, press.at(0))[0].because == Text(
        "Noch keine Antwort von der Maschine.", "No answer from the machine yet."
    )
    rule = press.evidence.bind(press.signals)
    assert rule.explain(rule.initial(), 0.0, 0.0) == Text(
        "Noch kein Messwert da.", "No measured value yet."
    )


def test_a_gap_is_told_to_the_millisecond(press: Line) -> None:
    press.add(real=0.0)
    press.see(0.0, good_count=1000, reject_count=0, running=0, fault=0)
    press.see(1.0, good_count=900_000, reject_count=0, running=0, fault=0)
    press.see(1.2345678, good_count=900_000, reject_count=0, running=0, fault=0)
    assert press.of(EventKind.GAP)[0].details["seconds"] == 1.235


def test_all_pieces_of_a_cycle_may_be_rejected_at_once(
    new_line: Callable[[Variant, int], Line],
) -> None:
    """Eight cavities, a shot a minute, read each second: the first after a stop are scrap."""
    evidence = CountersConfig(pieces_per_count=8, idle_after=timedelta(minutes=2))
    line = new_line(evidence, 1)
    line.add(planned=10**6, lot=10**6, per_run=8, per_piece=7.5)
    for second in range(600):
        look(line, second, second // 60, 8 * (second // 60))
    assert line.tracker.questions(line.state) == ()
    assert (line.job.good, line.job.scrap) == (0, 72)
