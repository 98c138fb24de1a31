"""What a firm says of its own package: the lamp, whose delay it is, and what has left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.work import Job, JobState, Substate
from gateway.network.forecast import Forecast
from gateway.network.order import JointOrder
from gateway.network.package_state import lamp_by_date, package_state
from gateway.network.report import DelayReason, DepartedLot, Lamp, PackageState
from tests.network.large import BEGAN, a_job

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLANNED_END = 27 * HOUR + 40 * MINUTE
"""The furnace's fourth charge; the order can bear an hour and five minutes more."""


def seen(
    fair: JointOrder,
    job: Job | None = None,
    *hidden: Lamp,
    late: int = 0,
    inbound: int = 0,
    unmeasured: bool = False,
) -> PackageState:
    """The furnace's package, ``late`` by its own minutes and by ``inbound`` ones."""
    furnace = fair.package("AP3")
    end = PLANNED_END + (late + inbound) * MINUTE
    leaves = tuple(end - left * 4.5 * HOUR for left in (3, 2, 1, 0))
    gone = 0 if job is None else len(job.departures)
    ahead = Forecast(furnace, leaves, gone, late * MINUTE, inbound * MINUTE)
    return package_state(fair, furnace, job, ahead, hidden, unmeasured=unmeasured)


def job_of(fair: JointOrder, state: JobState, substate: Substate = Substate.NONE) -> Job:
    return replace(a_job(fair.package("AP3")), state=state, substate=substate)


@pytest.mark.parametrize(
    ("late", "lamp"),
    [(0, None), (12, None), (13, Lamp.YELLOW), (67, Lamp.YELLOW), (68, Lamp.RED)],
)
def test_the_lamp_follows_the_date_as_it_is_told(
    fair: JointOrder, late: int, lamp: Lamp | None
) -> None:
    """Told in steps of five minutes: yellow from a report interval on, red past what is due."""
    assert lamp_by_date(fair, fair.package("AP3"), PLANNED_END + late * MINUTE) is lamp


def test_a_package_without_a_promise_is_neither_yellow_nor_red(fair: JointOrder) -> None:
    unpromised = replace(fair.package("AP3"), baseline=None)
    assert lamp_by_date(fair, unpromised, 100 * PLANNED_END) is None


@pytest.mark.parametrize(
    ("state", "substate", "lamp"),
    [
        (JobState.PLANNED, Substate.NONE, Lamp.GREY),
        (JobState.RELEASED, Substate.NONE, Lamp.GREY),
        (JobState.RUNNING, Substate.NONE, Lamp.GREEN),
        (JobState.INTERRUPTED, Substate.SUSPENDED, Lamp.GREEN),
        (JobState.INTERRUPTED, Substate.HELD, Lamp.YELLOW),
        (JobState.ENDED, Substate.NONE, Lamp.DONE),
        (JobState.ABORTED, Substate.NONE, Lamp.RED),
    ],
)
def test_on_plan_the_lamp_is_that_of_the_work(
    fair: JointOrder, state: JobState, substate: Substate, lamp: Lamp
) -> None:
    assert seen(fair, job_of(fair, state, substate)).lamp is lamp


def test_who_is_late_is_late_whether_it_works_or_not(fair: JointOrder) -> None:
    for state in (JobState.PLANNED, JobState.RUNNING, JobState.INTERRUPTED):
        assert seen(fair, job_of(fair, state), late=68).lamp is Lamp.RED
    assert seen(fair, job_of(fair, JobState.ENDED), late=68).lamp is Lamp.DONE


@pytest.mark.parametrize(
    ("late", "inbound", "reason"),
    [
        (0, 0, None),
        (14, 0, None),
        (15, 0, DelayReason.INTERNAL),
        (7, 8, DelayReason.SUPPLY),
        (8, 8, DelayReason.INTERNAL),
        (0, 14, None),
        (0, 15, DelayReason.SUPPLY),
    ],
)
def test_from_a_report_interval_on_the_larger_part_is_the_reason(
    fair: JointOrder, late: int, inbound: int, reason: DelayReason | None
) -> None:
    for job in (None, job_of(fair, JobState.RUNNING)):
        assert seen(fair, job, late=late, inbound=inbound).reason is reason


def test_what_is_held_or_aborted_is_its_own_cause_although_it_is_on_plan(
    fair: JointOrder,
) -> None:
    for state, substate, reason in (
        (JobState.INTERRUPTED, Substate.HELD, DelayReason.INTERNAL),
        (JobState.ABORTED, Substate.NONE, DelayReason.INTERNAL),
        (JobState.INTERRUPTED, Substate.SUSPENDED, None),
    ):
        assert seen(fair, job_of(fair, state, substate)).reason is reason
    assert seen(fair, job_of(fair, JobState.ENDED), late=60).reason is None


def test_while_the_input_is_hidden_a_firm_names_no_cause_but_what_it_sees(
    fair: JointOrder,
) -> None:
    running = job_of(fair, JobState.RUNNING)
    assert seen(fair, running, Lamp.GREEN, late=14).reason is None
    assert seen(fair, running, Lamp.GREEN, late=15).reason is DelayReason.NONE_GIVEN
    assert seen(fair, None, Lamp.GREEN, inbound=15).reason is DelayReason.NONE_GIVEN
    slow = replace(running, degraded="phase_lost")
    assert seen(fair, slow, Lamp.GREEN, late=15).reason is DelayReason.INTERNAL
    held = job_of(fair, JobState.INTERRUPTED, Substate.HELD)
    assert seen(fair, held, Lamp.GREEN).reason is DelayReason.INTERNAL


def test_a_hidden_input_hides_the_date_until_the_package_is_done(fair: JointOrder) -> None:
    running = seen(fair, job_of(fair, JobState.RUNNING), Lamp.YELLOW)
    assert (running.forecast, running.lamp) == (None, Lamp.YELLOW)
    done = seen(fair, job_of(fair, JobState.ENDED), Lamp.YELLOW)
    assert (done.forecast, done.lamp) == (PLANNED_END, Lamp.DONE)


def test_without_its_machine_a_package_says_that_nobody_looks(fair: JointOrder) -> None:
    blind = seen(fair, job_of(fair, JobState.RUNNING), unmeasured=True)
    assert (blind.lamp, blind.reason) == (Lamp.HATCHED, DelayReason.NONE_GIVEN)
    assert blind.unmeasured is True
    assert blind.forecast == PLANNED_END
    done = seen(fair, job_of(fair, JobState.ENDED), unmeasured=True)
    assert (done.lamp, done.reason, done.unmeasured) == (Lamp.DONE, None, False)
    assert seen(fair, unmeasured=True).unmeasured is True
    assert seen(fair).unmeasured is False


def test_before_a_job_is_there_the_package_is_as_planned(fair: JointOrder) -> None:
    assert seen(fair, late=20, inbound=10) == PackageState(
        state=JobState.PLANNED,
        substate=Substate.NONE,
        good=0,
        planned=2400,
        forecast=PLANNED_END + 30 * MINUTE,
        lamp=Lamp.YELLOW,
        reason=DelayReason.INTERNAL,
        lots=(),
        scrap=0,
        per_piece=timedelta(seconds=27),
        own_delay=20 * MINUTE,
        inbound_delay=10 * MINUTE,
        machine="",
        because="",
        unmeasured=False,
    )


def test_with_a_job_the_package_is_as_the_job_says(fair: JointOrder) -> None:
    job = replace(
        job_of(fair, JobState.INTERRUPTED, Substate.SUSPENDED),
        good=1200, scrap=7, machine="furnace-1", per_piece=timedelta(seconds=30),
        departures=(BEGAN, BEGAN),
    )  # fmt: skip
    state = seen(fair, job)
    assert (state.state, state.substate) == (JobState.INTERRUPTED, Substate.SUSPENDED)
    assert (state.good, state.planned, state.scrap) == (1200, 2400, 7)
    assert (state.machine, state.per_piece) == ("furnace-1", timedelta(seconds=30))
    assert state.because == job.because.en
    assert state.lots == (
        DepartedLot(1, 600, PLANNED_END - 13.5 * HOUR),
        DepartedLot(2, 600, PLANNED_END - 9 * HOUR),
    )
