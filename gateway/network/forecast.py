"""A firm's forecast of its own package, from its own job and from what reaches it.

The job says how fast it is: as planned until the measured rate differs by more than 10 %, or as
its evidence declared, which holds for the running run at once. A run that is overdue moves the
end with the clock. Work that is not counted yet is believed for one report interval, because
counts may be kept in coarse steps; after that the forecast moves with the clock, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.work import Job, JobState, Substate
from gateway.network.order import Baseline, JointOrder, Need, WorkPackage
from gateway.network.plan import Delivery

Inbound = Sequence[tuple[Need, Sequence[Delivery]]]
"""For each need of a package, the lots that have arrived or are expected, in order of arrival."""


@dataclass(frozen=True, slots=True)
class LotForecast:
    """A transfer lot: when it left, or is expected to leave."""

    number: int
    quantity: int
    leaves: timedelta
    departed: bool


@dataclass(frozen=True, slots=True)
class Forecast:
    """The lots of a package; delays against the plan, told apart by where they come from."""

    lots: tuple[LotForecast, ...]
    own_delay: timedelta
    inbound_delay: timedelta

    @property
    def end(self) -> timedelta:
        """When the last lot leaves."""
        return max(lot.leaves for lot in self.lots)

    @property
    def departed(self) -> tuple[LotForecast, ...]:
        """The lots that have left."""
        return tuple(lot for lot in self.lots if lot.departed)


def order_time(order: JointOrder, real: datetime) -> timedelta:
    """A real moment on the order's clock, in whole seconds: finer is only how lapse divides."""
    return rounded(order.clock.order(real), timedelta(seconds=1))


def rounded(at: timedelta, step: timedelta) -> timedelta:
    """The nearest whole step; exactly between two it is the later one."""
    return step * ((at + step / 2) // step)


def forecast(
    order: JointOrder,
    package: WorkPackage,
    job: Job | None,
    inbound: Inbound,
    *,
    now: timedelta,
    counted: timedelta | None = None,
) -> Forecast:
    """When the lots of ``package`` leave; ``counted`` is when its good count last changed."""
    leaving = _departed(order, job)
    ahead = _Ahead(order, package, job, now, counted)
    lots: list[LotForecast] = []
    through = 0
    for index, lot in enumerate(package.lots()):
        through += lot.quantity
        if index < len(leaving):
            leaves = leaving[index]
            ahead.passed(leaves)
        else:
            leaves = ahead.finish(through - lot.quantity, through, _ready(inbound, through))
        lots.append(LotForecast(lot.number, lot.quantity, leaves, index < len(leaving)))
    end = max(lot.leaves for lot in lots)
    inbound_delay = _inbound_delay(package, inbound)
    planned = package.baseline.end if package.baseline else end
    own_delay = max(timedelta(), end - planned - inbound_delay)
    return Forecast(tuple(lots), own_delay, min(inbound_delay, max(timedelta(), end - planned)))


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
    ) -> None:
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
            self._free = max(began + _run(job, self._per_piece), now)
            self._made = self._good + job.pieces_per_run

    def passed(self, left: timedelta) -> None:
        """A lot that has left: the next one starts after it."""
        self._free = max(self._free, left) if self._made == self._good else self._free

    def finish(self, before: int, through: int, ready: timedelta | None) -> timedelta:
        """When the lot that ends with piece ``through`` is done."""
        if self._good >= through:
            return self._now  # full, it leaves any moment
        if self._made < through:
            waits = ready is not None and self._made <= before
            start = max(self._free, ready) if waits and ready is not None else self._free
            self._free = start + self._per_piece * (through - max(self._made, before))
            self._made = through
        return max(self._free, self._now)


def _run(job: Job, per_piece: timedelta) -> timedelta:
    """How long the running run takes in all."""
    if job.degraded is None and job.run_expected is not None:
        return job.run_expected
    return per_piece * job.pieces_per_run


def _departed(order: JointOrder, job: Job | None) -> list[timedelta]:
    if job is None:
        return []
    return [order_time(order, left) for left in job.departures]


def _ready(inbound: Inbound, through: int) -> timedelta | None:
    """When all input for the first ``through`` pieces is there; None where none is needed."""
    times: list[timedelta] = []
    for need, arriving in inbound:
        pieces = 0
        for entry in arriving:
            pieces += entry.pieces
            times.append(entry.arrives)
            if pieces >= through * need.per:
                break
    return max(times) if times else None


def _inbound_delay(package: WorkPackage, inbound: Inbound) -> timedelta:
    """How late the package would end if its own machine kept exactly to the plan."""
    planned = package.baseline
    if planned is None or not inbound or package.per_piece is None:
        return timedelta()
    free, through = planned.start, 0
    for lot in package.lots():
        through += lot.quantity
        ready = _ready(inbound, through)
        free = max(free, ready or free) + (package.time_for(lot.quantity) or timedelta())
    return max(timedelta(), free - planned.end)
