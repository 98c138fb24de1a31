"""A firm's forecast of its own package, from its own job and from what reaches it.

The job says how fast it is: as planned until the measured rate differs by more than 10 %, or as
its evidence declared, which holds for the running run at once. A run that is overdue moves the
end with the clock. Work that is not counted yet is believed for one report interval, because
counts may be kept in coarse steps; after that the forecast moves with the clock, too.

Where the machine has a calendar, what is left to do is laid over its working time, and so is the
plan that delays are measured against: that nobody works on Sunday is no delay.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from gateway.core.work import Job, JobState, Substate
from gateway.network.arrivals import Arrivals
from gateway.network.calendar import WorkingTime
from gateway.network.order import Baseline, JointOrder, WorkPackage

GoodsIn = Sequence[Arrivals]
"""For each need of a package, the lots that have arrived or are expected."""
NONE = timedelta()
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class LotForecast:
    """A transfer lot: when it left, or is expected to leave."""

    number: int
    quantity: int
    leaves: timedelta
    departed: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The lots of a package; delays against the plan, told apart by where they come from.

    ``leaves`` stands beside the package's lots, of which the first ``gone`` have left.
    """

    package: WorkPackage
    leaves: tuple[timedelta, ...]
    gone: int
    own_delay: timedelta
    inbound_delay: timedelta

    @property
    def lots(self) -> tuple[LotForecast, ...]:
        """Every lot by itself."""
        columns = zip(self.package.lot_numbers, self.package.sizes, self.leaves, strict=True)
        return tuple(
            LotForecast(number, quantity, leaves, index < self.gone)
            for index, (number, quantity, leaves) in enumerate(columns)
        )

    @property
    def end(self) -> timedelta:
        """When the last lot leaves."""
        return max(self.leaves)

    @property
    def by_number(self) -> dict[int, timedelta]:
        """When each lot leaves, by its number."""
        return dict(zip(self.package.lot_numbers, self.leaves, strict=True))


def order_time(order: JointOrder, real: datetime) -> timedelta:
    """A real moment on the order's clock, in whole seconds: finer is only how lapse divides."""
    return rounded(order.clock.order(real), SECOND)


def rounded(at: timedelta, step: timedelta) -> timedelta:
    """The nearest whole step; exactly between two it is the later one."""
    return step * ((at + step / 2) // step)


def forecast(
    order: JointOrder,
    package: WorkPackage,
    job: Job | None,
    inbound: GoodsIn,
    *,
    now: timedelta,
    counted: timedelta | None = None,
    hours: WorkingTime | None = None,
) -> Forecast:
    """When the lots of ``package`` leave; ``counted`` is when its good count last changed.

    ``hours`` is its machine's working time, None: round the clock.
    """
    sizes = package.sizes
    through, ready = list(accumulate(sizes)), _ready(package, inbound)
    lots = _departed(order, job)[: len(sizes)]
    gone = len(lots)
    ahead = _Ahead(order, package, job, now, counted, hours=hours)
    for left in lots:
        ahead.passed(left)
    for size, pieces, there in zip(sizes[gone:], through[gone:], ready[gone:], strict=True):
        lots.append(ahead.finish(pieces - size, pieces, there))
    end = max(lots)
    planned = end if package.baseline is None else _planned_end(package, package.baseline, hours)
    inbound_delay = _inbound_delay(package, ready, planned, hours) if inbound else NONE
    own_delay = max(NONE, end - planned - inbound_delay)
    late = min(inbound_delay, max(NONE, end - planned))
    return Forecast(package, tuple(lots), gone, own_delay, late)


def spread(
    baseline: Baseline,
    lots: Sequence[int],
    departed: Mapping[int, timedelta],
    end: timedelta | None,
) -> dict[int, timedelta]:
    """When the lots of a partner's package leave: those that left, and the rest up to ``end``.

    The time left is divided as the plan divides it. Without an end the plan is all we know.
    """
    found: dict[int, timedelta] = {}
    planned, actual = baseline.start, baseline.start
    for number, promised in zip(lots, baseline.departures, strict=True):
        if number in departed:
            found[number] = departed[number]
            planned, actual = promised, departed[number]
        elif end is None:
            found[number] = promised
        else:
            whole = baseline.end - planned
            share = (promised - planned) / whole if whole > timedelta() else 1.0
            found[number] = max(actual, actual + (end - actual) * share)
    return found


class _Ahead:
    """Walks through the lots that have not left, from what the machine does now."""

    def __init__(
        self,
        order: JointOrder,
        package: WorkPackage,
        job: Job | None,
        now: timedelta,
        counted: timedelta | None,
        *,
        hours: WorkingTime | None,
    ) -> None:
        self._hours = hours
        planned = package.per_piece or timedelta()
        self._per_piece = planned if job is None else job.per_piece
        self._good = 0 if job is None else job.good
        self._made = self._good
        self._now = now
        held = job is not None and (job.state is JobState.ABORTED or job.substate is Substate.HELD)
        believed = now if held else now - order.interval
        first = max(order.start, package.earliest_start or order.start)
        self._free = max(counted if counted is not None else first, believed)
        if job is not None and job.run_began is not None:
            began = order_time(order, job.run_began)
            self._free = max(_later(hours, began, _run(job, self._per_piece)), now)
            self._made = self._good + job.pieces_per_run

    def passed(self, left: timedelta) -> None:
        """A lot that has left: the next one starts after it."""
        self._free = max(self._free, left) if self._made == self._good else self._free

    def finish(self, before: int, through: int, ready: timedelta) -> timedelta:
        """When the lot that ends with piece ``through`` is done."""
        if self._good >= through:
            return self._now  # full, it leaves any moment
        if self._made < through:
            start = ready if self._made <= before and ready > self._free else self._free
            work = self._per_piece * (through - max(self._made, before))
            self._free = _later(self._hours, start, work)
            self._made = through
        return max(self._now, self._free)


def _later(hours: WorkingTime | None, begin: timedelta, work: timedelta) -> timedelta:
    return begin + work if hours is None else hours.later(begin, work)


def _run(job: Job, per_piece: timedelta) -> timedelta:
    """How long the running run takes in all."""
    if job.degraded is None and job.run_expected is not None:
        return job.run_expected
    return per_piece * job.pieces_per_run


def _departed(order: JointOrder, job: Job | None) -> list[timedelta]:
    if job is None or not job.departures:
        return []
    clock, half = order.clock, SECOND / 2
    return [SECOND * ((clock.order(left) + half) // SECOND) for left in job.departures]


def _ready(package: WorkPackage, inbound: GoodsIn) -> list[timedelta]:
    """When all input for each lot is there, or what comes of it; long ago where none comes."""
    through = list(accumulate(package.sizes))
    columns = [[timedelta.min] * len(through)]
    for arriving in inbound:
        pieces, times, last = arriving.through, arriving.times, len(arriving.times) - 1
        if times:
            places = (bisect_left(pieces, count * arriving.per) for count in through)
            columns.append([times[min(place, last)] for place in places])
    return list(map(max, *columns)) if len(columns) > 2 else columns[-1]


def _planned_end(package: WorkPackage, planned: Baseline, hours: WorkingTime | None) -> timedelta:
    """When the plan ends, laid over the machine's working time; never before what was promised."""
    if hours is None or package.per_piece is None:
        return planned.end
    free = planned.start
    for leaves, quantity in zip(planned.departures, package.sizes, strict=True):
        time = package.time_for(quantity) or NONE
        free = hours.later(max(free, leaves - time), time)
    return max(free, planned.end)


def _inbound_delay(
    package: WorkPackage,
    ready: Sequence[timedelta],
    planned: timedelta,
    hours: WorkingTime | None,
) -> timedelta:
    """How late the package would end if its own machine kept exactly to the plan."""
    if package.baseline is None or package.per_piece is None:
        return NONE
    free, usual = package.baseline.start, package.time_for(package.lot) or NONE
    for there, quantity in zip(ready, package.sizes, strict=True):
        start = there if there > free else free  # noqa: FURB136 - see ``plan``
        time = usual if quantity == package.lot else package.time_for(quantity) or NONE
        free = _later(hours, start, time)
    return max(NONE, free - planned)
