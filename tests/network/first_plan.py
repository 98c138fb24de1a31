"""Plan and forecast as they were first written: lot by lot, quadratic, and easy to believe.

They are the measure of the linear ones in ``gateway.network``: see ``test_sizes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from gateway.core.work import Job, JobState, Substate
from gateway.network.arrivals import Departures
from gateway.network.forecast import order_time
from gateway.network.order import JointOrder, Need, WorkPackage
from gateway.network.plan import Known


@dataclass(frozen=True, slots=True)
class Delivery:
    """A lot on its way to one consumer: it arrives ``lasts`` after it left its firm."""

    package: str
    lot: int
    pieces: int
    departs: timedelta
    arrives: timedelta


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan: of each package its lots, slack and whether it is critical."""

    packages: Mapping[str, tuple[list[_Lot], timedelta | None, bool]]
    end: timedelta

    def departures(self) -> dict[str, dict[int, timedelta]]:
        return {
            name: {lot.number: lot.end for lot in lots}
            for name, (lots, _, _) in self.packages.items()
        }


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A forecast: when each lot leaves, how many have left, and the two delays."""

    leaves: list[timedelta]
    gone: int
    own_delay: timedelta
    inbound_delay: timedelta


@dataclass(slots=True)
class _Lot:
    """A lot while the plan is being made: forward first, then backward."""

    package: WorkPackage
    number: int
    quantity: int
    start: timedelta
    end: timedelta
    departed: bool
    feeds: list[tuple[_Lot, timedelta]] = field(default_factory=list)
    """The lots that wait for this one, each with the time on the way."""
    latest: timedelta = timedelta.max


def deliveries(
    order: JointOrder, consumer: WorkPackage, need: Need, departures: Departures
) -> list[Delivery]:
    """The lots that reach ``consumer`` for one need, in order of arrival."""
    found: list[Delivery] = []
    for source in order.sources(need):
        way = order.transport if source.firm != consumer.firm else timedelta()
        leaving = departures.get(source.id, {})
        for lot in source.lots():
            left = leaving.get(lot.number)
            wanted = need.lots is None or source.id != need.package or lot.number in need.lots
            if left is None or not wanted:
                continue
            arrives = left + way
            if need.via is not None and need.accepted is not None and left <= need.accepted:
                arrives = max(arrives, need.accepted) + order.transport
            found.append(Delivery(source.id, lot.number, lot.quantity, left, arrives))
    return sorted(found, key=lambda entry: (entry.arrives, entry.package, entry.lot))


def plan(order: JointOrder, known: Mapping[str, Known]) -> Planned:
    lots = _forward(order, known)
    end = max(lot.end for package in lots.values() for lot in package)
    _backward(lots, end)
    return Planned({name: _package_plan(order, entry) for name, entry in lots.items()}, end)


def _forward(order: JointOrder, known: Mapping[str, Known]) -> dict[str, list[_Lot]]:
    made: dict[str, list[_Lot]] = {}
    leaving: dict[str, dict[int, timedelta]] = {}
    for package in order.in_turn():
        inbound = [(need, deliveries(order, package, need, leaving)) for need in package.needs]
        lots = _package_lots(order, package, inbound, known.get(package.id, Known()))
        made[package.id] = lots
        leaving[package.id] = {lot.number: lot.end for lot in lots}
        _connect(made, package, inbound)
    return made


def _package_lots(
    order: JointOrder,
    package: WorkPackage,
    inbound: Sequence[tuple[Need, Sequence[Delivery]]],
    known: Known,
) -> list[_Lot]:
    lots: list[_Lot] = []
    free = max(order.start, package.earliest_start or order.start)
    through = 0
    for index, lot in enumerate(package.lots()):
        through += lot.quantity
        start = max([free, *(_ready(need, found, through) for need, found in inbound)])
        departed = index < len(known.departed)
        ahead = index - len(known.departed)
        if departed:
            end = known.departed[index]
        elif known.expected is not None and ahead < len(known.expected):
            end = known.expected[ahead]
            if known.silent:
                end = max(end, start + _time(package, lot.quantity))
        else:
            end = start + _time(package, lot.quantity)
        lots.append(_Lot(package, lot.number, lot.quantity, min(start, end), end, departed))
        free = end
    return lots


def _time(package: WorkPackage, quantity: int) -> timedelta:
    time = package.time_for(quantity)
    if time is None:
        raise ValueError(f"{package.id}: how long a lot takes is not known here")
    return time


def _ready(need: Need, arriving: Sequence[Delivery], through: int) -> timedelta:
    """When enough has arrived for the first ``through`` pieces."""
    pieces = 0
    for entry in arriving:
        pieces += entry.pieces
        if pieces >= through * need.per:
            return entry.arrives
    raise ValueError(f"{need.package} does not make enough: {pieces} of {through * need.per}")


def _connect(
    made: Mapping[str, list[_Lot]],
    package: WorkPackage,
    inbound: Sequence[tuple[Need, Sequence[Delivery]]],
) -> None:
    """Tell each delivered lot which lot of ``package`` is the first to wait for it."""
    for need, arriving in inbound:
        pieces, through = 0, 0
        ahead = iter(made[package.id])
        waiting = next(ahead, None)
        for entry in arriving:
            while waiting is not None and pieces >= (through + waiting.quantity) * need.per:
                through += waiting.quantity
                waiting = next(ahead, None)
            if waiting is None:
                break
            source = next(lot for lot in made[entry.package] if lot.number == entry.lot)
            source.feeds.append((waiting, entry.arrives - entry.departs))
            pieces += entry.pieces
    before: _Lot | None = None
    for lot in made[package.id]:
        if before is not None:
            before.feeds.append((lot, timedelta()))
        before = lot


def _backward(lots: Mapping[str, list[_Lot]], target: timedelta) -> None:
    """The latest end of each lot. ``lots`` stand in turn, so the last ones come first here."""
    for package in reversed(list(lots.values())):
        for lot in reversed(package):
            latest = target
            for later, way in lot.feeds:
                latest = min(latest, later.latest - (later.end - later.start) - way)
            lot.latest = latest


def _package_plan(order: JointOrder, lots: list[_Lot]) -> tuple[list[_Lot], timedelta | None, bool]:
    open_lots = [lot.latest - lot.end for lot in lots if not lot.departed]
    slack = max(timedelta(), min(open_lots)) if open_lots else None
    return lots, slack, slack is not None and slack < order.interval


GoodsIn = Sequence[tuple[Need, Sequence[Delivery]]]


def forecast(
    order: JointOrder,
    package: WorkPackage,
    job: Job | None,
    inbound: GoodsIn,
    *,
    now: timedelta,
    counted: timedelta | None = None,
) -> Foreseen:
    """When the lots of ``package`` leave; ``counted`` is when its good count last changed."""
    leaving = _departed(order, job)
    ahead = _Ahead(order, package, job, now, counted)
    lots: list[timedelta] = []
    through = 0
    for index, lot in enumerate(package.lots()):
        through += lot.quantity
        if index < len(leaving):
            leaves = leaving[index]
            ahead.passed(leaves)
        else:
            leaves = ahead.finish(through - lot.quantity, through, _all_ready(inbound, through))
        lots.append(leaves)
    end = max(lots)
    inbound_delay = _inbound_delay(package, inbound)
    planned = package.baseline.end if package.baseline else end
    own_delay = max(timedelta(), end - planned - inbound_delay)
    late = min(inbound_delay, max(timedelta(), end - planned))
    return Foreseen(lots, min(len(leaving), len(lots)), own_delay, late)


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


def _all_ready(inbound: GoodsIn, through: int) -> timedelta | None:
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


def _inbound_delay(package: WorkPackage, inbound: GoodsIn) -> timedelta:
    """How late the package would end if its own machine kept exactly to the plan."""
    planned = package.baseline
    if planned is None or not inbound or package.per_piece is None:
        return timedelta()
    free, through = planned.start, 0
    for lot in package.lots():
        through += lot.quantity
        ready = _all_ready(inbound, through)
        free = max(free, ready or free) + (package.time_for(lot.quantity) or timedelta())
    return max(timedelta(), free - planned.end)
