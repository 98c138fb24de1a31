"""A job as it is kept: its rate, its gaps, what input it has, and its sentence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.core.text import Text
from gateway.core.work import Gap, ItemState, JobState, Origin, Substate
from gateway.jobs.commands import AbovePlan
from gateway.jobs.job.progress import Standing, above_plan, settled
from gateway.jobs.job.record import JobRecord, public, sentence, with_cycle, with_gap

BEGAN = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)


def record(**changed: Any) -> JobRecord:
    """100 pieces in lots of 30, planned 10 s each at ten times the speed."""
    job = JobRecord(
        id="J-1", machine="m-1", order=None, package=None, item=Text("Teil", "part"), planned=100,
        lot=30, pieces_per_run=1, planned_per_piece=10.0, needs_input=False, lapse=10,
        simulated=False, state=JobState.RUNNING, substate=Substate.NONE,
        because=Text("gehalten", "held"),
    )  # fmt: skip
    return replace(job, **changed)


def test_good_pieces_are_those_of_every_origin_and_never_less_than_none() -> None:
    assert record().good == 0
    origins = {Origin.MEASURED: 12, Origin.COUNTED: 5, Origin.SIMULATED: 3}
    assert record(origins=origins).good == 20
    assert record(origins={Origin.MEASURED: 5, Origin.COUNTED: -9}).good == 0


@pytest.mark.parametrize(("left", "gone"), [(0, 0), (1, 30), (3, 90), (4, 100)])
def test_the_last_lot_that_leaves_is_smaller(left: int, gone: int) -> None:
    assert record(departures=(BEGAN,) * left).gone == gone


def test_a_piece_takes_less_real_time_in_time_lapse() -> None:
    assert record().real_per_piece == 1.0


@pytest.mark.parametrize(
    ("inbound", "good", "scrap", "exhausted"),
    [
        (None, 0, 0, True),
        (11, 0, 0, True),
        (12, 0, 0, False),
        (24, 12, 0, False),
        (24, 12, 1, True),
        (98, 96, 0, True),
        (100, 96, 0, False),  # four are missing, less than a run
        (100, 100, 0, True),
        (101, 100, 0, False),
    ],
)
def test_input_is_used_up_when_it_is_not_enough_for_the_next_run(
    inbound: int | None, good: int, scrap: int, exhausted: bool
) -> None:
    made = {Origin.MEASURED: good}
    job = record(needs_input=True, pieces_per_run=12, inbound=inbound, origins=made, scrap=scrap)
    assert job.exhausted is exhausted
    assert replace(job, needs_input=False).exhausted is False


@pytest.mark.parametrize(
    ("cycles", "rate"),
    [
        ((), 10.0),
        ((20.0,) * 4, 10.0),  # not enough to believe it
        ((20.0,) * 5, 20.0),
        ((11.0,) * 5, 10.0),  # within ten percent
        ((11.5,) * 5, 11.5),
        ((9.0,) * 5, 10.0),
        ((8.5,) * 5, 8.5),
        ((20.0, 20.0, 20.0, 5.0, 900.0), 20.0),  # the middle one
    ],
)
def test_the_plan_holds_until_five_cycles_say_otherwise(
    cycles: tuple[float, ...], rate: float
) -> None:
    assert record(cycles=cycles).per_piece == rate


def test_a_declared_or_confirmed_rate_takes_the_place_of_the_plan() -> None:
    job = record(pieces_per_run=4)
    assert (job.per_piece, job.per_run) == (10.0, 40.0)
    slower = replace(job, degraded_run=60.0)
    assert (slower.per_piece, slower.per_run) == (15.0, 60.0)
    confirmed = replace(slower, confirmed_run=80.0)
    assert (confirmed.per_piece, confirmed.per_run) == (20.0, 80.0)
    assert replace(confirmed, cycles=(21.0,) * 5).per_piece == 20.0
    assert replace(confirmed, cycles=(23.0,) * 5).per_piece == 23.0


def test_the_last_nine_cycles_stand_behind_the_rate() -> None:
    job = record()
    for cycle in range(1, 13):
        job = with_cycle(job, float(cycle))
    assert job.cycles == (4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0, 12.0)


def gap(start: float, end: float, why: str = "late") -> Gap:
    minute = timedelta(minutes=1)
    return Gap(BEGAN + start * minute, BEGAN + end * minute, Text(why, why))


def test_gaps_that_touch_are_one_and_keep_the_first_reason() -> None:
    job = with_gap(record(), gap(0, 5))
    assert with_gap(job, gap(5, 9, "restart")).gaps == (gap(0, 9),)
    assert with_gap(job, gap(2, 3)).gaps == (gap(0, 5),)
    assert with_gap(job, gap(5.1, 9, "restart")).gaps == (gap(0, 5), gap(5.1, 9, "restart"))
    two = with_gap(job, gap(6, 7))
    assert with_gap(two, gap(7, 8)).gaps == (gap(0, 5), gap(6, 8))


def test_a_hundred_gaps_are_kept_and_of_more_the_oldest_become_one() -> None:
    job = record()
    for number in range(100):
        job = with_gap(job, gap(10 * number, 10 * number + 1))
    assert len(job.gaps) == 100
    assert job.gaps[0] == gap(0, 1)
    job = with_gap(job, gap(1000, 1001))
    assert len(job.gaps) == 100
    first = job.gaps[0]
    assert (first.start, first.end) == (gap(0, 1).start, gap(10, 11).end)
    assert first.why == Text(
        "Mehrere Lücken, hier zu einer zusammengefasst.", "Several gaps, summed up into one."
    )
    assert job.gaps[1:] == tuple(gap(10 * n, 10 * n + 1) for n in range(2, 101))


SLOW = Text("Ein Element ist aus, {run} statt {usual}.", "one element is off, {run} not {usual}.")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": JobState.INTERRUPTED}, Text("gehalten", "held")),
        (
            {},
            Text(
                "In Arbeit: 0 von 100 Stück sind fertig, 10 s je Stück (Plan 10 s).",
                "Running: 0 of 100 pieces are done, 10 s a piece (plan 10 s).",
            ),
        ),
        (
            {"cycles": (12.0,) * 5, "origins": {Origin.MEASURED: 40}},
            Text(
                "In Arbeit: 40 von 100 Stück sind fertig, 12 s je Stück (Plan 10 s).",
                "Running: 40 of 100 pieces are done, 12 s a piece (plan 10 s).",
            ),
        ),
        (
            {"cycles": (12.0,) * 5, "pieces_per_run": 4},
            Text(
                "In Arbeit: 0 von 100 Stück sind fertig, 4 Stück in 48 s (Plan 40 s).",
                "Running: 0 of 100 pieces are done, 4 pieces in 48 s (plan 40 s).",
            ),
        ),
        (
            {"pieces_per_run": 2},
            Text(
                "In Arbeit: 0 von 100 Stück sind fertig, 2 Stück in 20 s (Plan 20 s).",
                "Running: 0 of 100 pieces are done, 2 pieces in 20 s (plan 20 s).",
            ),
        ),
        (
            {"degraded": "phase_lost", "degraded_run": 60.0, "pieces_per_run": 4,
             "degraded_because": SLOW, "origins": {Origin.MEASURED: 4}},
            Text(
                "In Arbeit, aber langsamer: Ein Element ist aus, 1 min statt 40 s. "
                "4 von 100 Stück sind fertig.",
                "Running, but slower: one element is off, 1 min not 40 s. "
                "4 of 100 pieces are done.",
            ),
        ),
        (
            {"degraded": "phase_lost", "degraded_run": 20.0},
            Text(
                "In Arbeit, aber langsamer: Ein Lauf dauert 20 s statt 10 s. "
                "0 von 100 Stück sind fertig.",
                "Running, but slower: a run takes 20 s instead of 10 s. "
                "0 of 100 pieces are done.",
            ),
        ),
    ],
)  # fmt: skip
def test_while_it_runs_a_job_says_how_far_it_is_and_how_fast(
    changed: dict[str, Any], said: Text
) -> None:
    assert sentence(record(**changed)) == said


def test_a_job_that_is_shown_names_its_machine() -> None:
    assert (public(record()).id, public(record()).machine) == ("J-1", "m-1")


def test_scrap_alone_is_never_more_than_planned() -> None:
    above_plan(record(origins={Origin.COUNTED: 120}), 0, sure=False)
    with pytest.raises(AbovePlan):
        above_plan(record(origins={Origin.COUNTED: 120}), 1, sure=False)


def test_a_machine_that_is_out_of_service_holds_its_job_also_where_nothing_says_why() -> None:
    held, _ = settled(record(), Standing(ItemState.OUT_OF_SERVICE, 5.0), BEGAN, grace=60.0)
    assert held.because == Text(
        "Angehalten. Die Maschine ist gestört.", "Held. The machine is out of service."
    )
