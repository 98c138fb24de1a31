"""The plan of a joint order, lot by lot: when each lot leaves, slack, and the critical path.

A lot starts when everything it needs has arrived and the lot before it is done; lots are worked
on in order of arrival. What has happened, or what a firm expects of its own package, takes the
place of what the plan would say, so no delay is counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gateway.network.order import Baseline, JointOrder, Need, WorkPackage

Departures = Mapping[str, Mapping[int, timedelta]]
"""When each lot leaves, by package and lot number."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A lot on its way to one consumer: it arrives ``lasts`` after it left its firm."""

    package: str
    lot: int
    pieces: int
    departs: timedelta
    arrives: timedelta


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a package: lots that left, and what its firm expects of the rest.

    Of a ``silent`` firm the expectation is old: it may be later, as the graph tells, not earlier.
    """

    departed: tuple[timedelta, ...] = ()
    expected: tuple[timedelta, ...] | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class LotPlan:
    """One lot: when work on it starts, and when it leaves."""

    number: int
    quantity: int
    start: timedelta
    end: timedelta
    departed: bool
    latest: timedelta
    """The latest time it may leave without moving what the plan was asked to keep."""


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """One package. ``slack`` is how far it can slip without moving the order's end (None: done)."""

    package: str
    lots: tuple[LotPlan, ...]
    slack: timedelta | None
    critical: bool

    @property
    def start(self) -> timedelta:
        """When work on the first lot starts."""
        return self.lots[0].start

    @property
    def end(self) -> timedelta:
        """When the last lot leaves."""
        return max(lot.end for lot in self.lots)

    @property
    def latest(self) -> timedelta:
        """The latest end that moves nothing."""
        return self.end + (self.slack or timedelta())


@dataclass(frozen=True, slots=True)
class Plan:
    """All packages; ``end`` is when the last one is done, ``slack`` what is left until due."""

    packages: Mapping[str, PackagePlan]
    end: timedelta
    slack: timedelta

    def departures(self) -> dict[str, dict[int, timedelta]]:
        """When each lot leaves, by package and number."""
        return {
            name: {lot.number: lot.end for lot in package.lots}
            for name, package in self.packages.items()
        }


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


def makeable(inbound: Sequence[tuple[Need, Sequence[Delivery]]], now: timedelta) -> int | None:
    """How many pieces can be made of what has arrived by ``now``; None where nothing is needed."""
    counts = [
        sum(entry.pieces for entry in arriving if entry.arrives <= now) // need.per
        for need, arriving in inbound
    ]
    return min(counts) if counts else None


def plan(order: JointOrder, known: Mapping[str, Known] | None = None) -> Plan:
    """When each lot leaves, given what is ``known``; slack is measured from the order's end."""
    lots = _forward(order, known or {})
    end = max(lot.end for package in lots.values() for lot in package)
    _backward(lots, end)
    packages = {name: _package_plan(order, name, entry) for name, entry in lots.items()}
    return Plan(packages, end, order.due - end)


def latest_ends(order: JointOrder, target: timedelta) -> dict[str, timedelta]:
    """The latest end of each package that still lets the order end by ``target``."""
    lots = _forward(order, {})
    _backward(lots, target)
    return {name: entry[-1].latest for name, entry in lots.items()}


def promised(order: JointOrder) -> JointOrder:
    """The order with the plan written into it: what was promised before anything happened.

    Packages that have a promise keep its times; the limits are those of the present packages.
    """
    fresh = plan(order)
    end = order.planned_end or fresh.end
    keeps, due = latest_ends(order, end), latest_ends(order, order.due)
    packages = []
    for entry in order.packages:
        now = fresh.packages[entry.id]
        start, leaves = now.start, tuple(lot.end for lot in now.lots)
        if entry.baseline is not None:
            start, leaves = entry.baseline.start, entry.baseline.departures
        baseline = Baseline(start, leaves, keeps[entry.id], due[entry.id])
        packages.append(replace(entry, baseline=baseline))
    return replace(order, packages=tuple(packages), planned_end=end)


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


def _package_plan(order: JointOrder, name: str, lots: list[_Lot]) -> PackagePlan:
    open_lots = [lot.latest - lot.end for lot in lots if not lot.departed]
    slack = max(timedelta(), min(open_lots)) if open_lots else None
    return PackagePlan(
        name,
        tuple(
            LotPlan(lot.number, lot.quantity, lot.start, lot.end, lot.departed, lot.latest)
            for lot in lots
        ),
        slack,
        # Forecasts travel in steps and reports in intervals: a slack below one interval is none.
        slack is not None and slack < order.interval,
    )
