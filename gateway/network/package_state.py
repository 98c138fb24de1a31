"""A firm's own package in one picture: its job, its forecast, and the lamp that follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.core.work import Job, JobState, Substate
from gateway.network.fields import told_date
from gateway.network.forecast import Forecast, rounded
from gateway.network.order import JointOrder, WorkPackage
from gateway.network.report import Coarse, DelayReason, DepartedLot, Lamp, PackageState, worst


def package_state(
    order: JointOrder,
    package: WorkPackage,
    job: Job | None,
    forecast: Forecast,
    hidden: Sequence[Lamp] = (),
    *,
    unmeasured: bool = False,
    by_calendar: bool = False,
    resting: bool = False,
) -> PackageState:
    """What the firm knows of its package; without a job it is only planned.

    ``hidden`` are the lamps of suppliers whose dates are not agreed. As long as it is not done the
    package then has no forecast, and its lamp is no better than theirs. Of a package that is
    ``unmeasured``, because its machine does not answer, the last forecast stands, and nothing
    says that it holds. A date that rests on a calendar is told in coarse steps, and so is the lamp.
    While it is ``resting``, because its shift is over or has only begun, that it stands is no stop.
    """
    done = job is not None and job.state is JobState.ENDED
    known = done or not hidden
    unmeasured = unmeasured and not done
    blind = [Lamp.HATCHED] if unmeasured else []
    coarse = None
    if by_calendar and not done:
        planned = package.baseline
        coarse = Coarse(order.calendar_step, None if planned is None else planned.end)
    stopped = not resting and _held(job)
    end = told_date(forecast.end, order.step, coarse)
    own = lamp(order, package, job, end, stopped=stopped)
    why = reason(order, job, forecast, known=known, stopped=stopped)
    return PackageState(
        state=JobState.PLANNED if job is None else job.state,
        substate=Substate.NONE if job is None else job.substate,
        good=0 if job is None else job.good,
        planned=package.quantity,
        forecast=forecast.end if known else None,
        lamp=worst(own, *blind, *(() if known else hidden)),
        reason=DelayReason.NONE_GIVEN if unmeasured else why,
        lots=_departed(forecast),
        scrap=0 if job is None else job.scrap,
        per_piece=(package.per_piece or timedelta()) if job is None else job.per_piece,
        own_delay=forecast.own_delay,
        inbound_delay=forecast.inbound_delay,
        machine="" if job is None else job.machine,
        because="" if job is None else job.because.en,
        unmeasured=unmeasured,
        coarse=coarse,
    )


def _departed(forecast: Forecast) -> tuple[DepartedLot, ...]:
    package, left = forecast.package, forecast.leaves[: forecast.gone]
    return tuple(map(DepartedLot, package.lot_numbers, package.sizes, left))


def _held(job: Job | None) -> bool:
    return job is not None and (job.state, job.substate) == (JobState.INTERRUPTED, Substate.HELD)


def lamp(
    order: JointOrder, package: WorkPackage, job: Job | None, end: timedelta, *, stopped: bool
) -> Lamp:
    """The lamp of a package, by its forecast as it would be told.

    Red: so late that the order misses its due time. Yellow: its slack is used up by a report
    interval, or it was ``stopped`` by its own cause; waiting for a delivery on plan is neither.
    """
    state = JobState.PLANNED if job is None else job.state
    if state is JobState.ENDED:
        return Lamp.DONE
    if state is JobState.ABORTED:
        return Lamp.RED
    late = lamp_by_date(order, package, end)
    if late is not None:
        return late
    if stopped:
        return Lamp.YELLOW
    return Lamp.GREY if state in (JobState.PLANNED, JobState.RELEASED) else Lamp.GREEN


def lamp_by_date(order: JointOrder, package: WorkPackage, end: timedelta) -> Lamp | None:
    """Red or yellow where the end alone says so, None where it does not."""
    told, planned = rounded(end, order.step), package.baseline
    if planned is None:
        return None
    if told > planned.due:
        return Lamp.RED
    return Lamp.YELLOW if told >= max(planned.keeps, planned.end) + order.interval else None


def reason(
    order: JointOrder, job: Job | None, forecast: Forecast, *, known: bool, stopped: bool
) -> DelayReason | None:
    """Why a package is late, as a class: what reaches it, or its own; None while it is on plan.

    While it is not ``known`` when its input comes, only what the machine itself shows is its own.
    """
    if job is not None and job.state is JobState.ENDED:
        return None
    held = stopped or (job is not None and job.state is JobState.ABORTED)
    late = forecast.own_delay + forecast.inbound_delay
    if not known and not held:
        own = DelayReason.INTERNAL if job and job.degraded else DelayReason.NONE_GIVEN
        return own if late >= order.interval else None
    if held or (late >= order.interval and forecast.own_delay >= forecast.inbound_delay):
        return DelayReason.INTERNAL
    return DelayReason.SUPPLY if late >= order.interval else None
