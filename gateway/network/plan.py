"""The plan of a joint order, lot by lot: when each lot leaves, slack, and the critical path.

A lot starts when everything it needs has arrived and the lot before it is done; lots are worked
on in order of arrival. What has happened, or what a firm expects of its own package, takes the
place of what the plan would say, so no delay is counted twice.

An order may have ten thousand lots, and is looked at several times a second: everything here is
linear in them. What is known of lots stands in columns beside each other, a lot is its place;
where each lot passes, two times are compared, because ``max`` costs three times as much.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate

from gateway.network.arrivals import Arrivals, arrivals
from gateway.network.order import Baseline, JointOrder, WorkPackage

NONE = timedelta()


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
    """One package. ``slack`` is how far it can slip without moving the order's end (None: done).

    ``starts``, ``ends`` and ``latest`` stand beside the package's lots, of which the first
    ``gone`` have left.
    """

    package: WorkPackage
    starts: tuple[timedelta, ...]
    ends: tuple[timedelta, ...]
    latest: tuple[timedelta, ...]
    gone: int
    slack: timedelta | None
    critical: bool

    @property
    def lots(self) -> tuple[LotPlan, ...]:
        """Every lot by itself."""
        columns = zip(self.package.lots(), self.starts, self.ends, self.latest, strict=True)
        return tuple(
            LotPlan(lot.number, lot.quantity, start, end, index < self.gone, latest)
            for index, (lot, start, end, latest) in enumerate(columns)
        )

    @property
    def start(self) -> timedelta:
        """When work on the first lot starts."""
        return self.starts[0]

    @property
    def end(self) -> timedelta:
        """When the last lot leaves."""
        return max(self.ends)


@dataclass(frozen=True, slots=True)
class Plan:
    """All packages; ``end`` is when the last one is done, ``slack`` what is left until due."""

    packages: Mapping[str, PackagePlan]
    end: timedelta
    slack: timedelta

    def departures(self) -> dict[str, dict[int, timedelta]]:
        """When each lot leaves, by package and number."""
        return {
            name: _by_number(entry.package, entry.ends) for name, entry in self.packages.items()
        }


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A package while the plan is being made: its lots forward, and what each of them waits for."""

    package: WorkPackage
    inbound: Sequence[Arrivals]
    starts: Sequence[timedelta]
    ends: Sequence[timedelta]
    gone: int


def makeable(inbound: Sequence[Arrivals], now: timedelta) -> int | None:
    """How many pieces can be made of what has arrived by ``now``; None where nothing is needed."""
    counts = [arriving.pieces_by(now) // arriving.per for arriving in inbound]
    return min(counts) if counts else None


def plan(order: JointOrder, known: Mapping[str, Known] | None = None) -> Plan:
    """When each lot leaves, given what is ``known``; slack is measured from the order's end."""
    ahead = _forward(order, known or {})
    end = max(max(entry.ends) for entry in ahead.values())
    latest = _backward(ahead, end)
    packages = {name: _package_plan(order, entry, latest[name]) for name, entry in ahead.items()}
    return Plan(packages, end, order.due - end)


def departures(order: JointOrder, known: Mapping[str, Known]) -> dict[str, dict[int, timedelta]]:
    """When each lot leaves, by package and number; no slack is asked for."""
    ahead = _forward(order, known)
    return {name: _by_number(entry.package, entry.ends) for name, entry in ahead.items()}


def latest_ends(order: JointOrder, target: timedelta) -> dict[str, timedelta]:
    """The latest end of each package that still lets the order end by ``target``."""
    return {name: latest[-1] for name, latest in _backward(_forward(order, {}), target).items()}


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
        start, leaves = now.start, now.ends
        if entry.baseline is not None:
            start, leaves = entry.baseline.start, entry.baseline.departures
        baseline = Baseline(start, leaves, keeps[entry.id], due[entry.id])
        packages.append(replace(entry, baseline=baseline))
    return replace(order, packages=tuple(packages), planned_end=end)


def _by_number(package: WorkPackage, ends: Sequence[timedelta]) -> dict[int, timedelta]:
    return dict(zip(package.lot_numbers, ends, strict=True))


def _forward(order: JointOrder, known: Mapping[str, Known]) -> dict[str, _Ahead]:
    made: dict[str, _Ahead] = {}
    leaving: dict[str, dict[int, timedelta]] = {}
    for package in order.in_turn():
        inbound = [arrivals(order, package, need, leaving) for need in package.needs]
        made[package.id] = entry = _package(order, package, inbound, known.get(package.id, Known()))
        leaving[package.id] = _by_number(package, entry.ends)
    return made


def _package(
    order: JointOrder, package: WorkPackage, inbound: Sequence[Arrivals], known: Known
) -> _Ahead:
    times = _times(package)
    free = max(order.start, package.earliest_start or order.start)
    ready = _ready(package, inbound) or [timedelta.min] * len(times)
    gone = min(len(known.departed), len(times))
    told = (*known.departed, *(known.expected or ()))[: len(times)]
    starts, ends = list[timedelta](), list[timedelta]()
    for there, end in zip(ready, told, strict=False):
        start = there if there > free else free  # noqa: FURB136
        free = end
        if known.silent and len(ends) >= gone:
            free = max(end, start + _sure(package, times[len(ends)]))
        starts.append(start if start < free else free)  # noqa: FURB136
        ends.append(free)
    for there, time in zip(ready[len(told) :], times[len(told) :], strict=True):
        start = there if there > free else free  # noqa: FURB136
        free = start + _sure(package, time)
        starts.append(start)
        ends.append(free)
    return _Ahead(package, inbound, starts, ends, gone)


def _times(package: WorkPackage) -> list[timedelta | None]:
    """How long the plan gives each lot; None where it is not known here."""
    sizes = package.sizes
    return [package.time_for(package.lot)] * (len(sizes) - 1) + [package.time_for(sizes[-1])]


def _sure(package: WorkPackage, time: timedelta | None) -> timedelta:
    if time is None:
        raise ValueError(f"{package.id}: how long a lot takes is not known here")
    return time


def _ready(package: WorkPackage, inbound: Sequence[Arrivals]) -> list[timedelta] | None:
    """When all is there for each lot; None where nothing is needed."""
    through = list(accumulate(package.sizes))
    columns: list[list[timedelta]] = []
    for need in inbound:
        pieces, wanted = need.through, through[-1] * need.per
        there = pieces[-1] if pieces else 0
        if there < wanted:
            raise ValueError(f"{need.package} does not make enough: {there} of {wanted}")
        times = need.times
        columns.append([times[bisect_left(pieces, count * need.per)] for count in through])
    return list(map(max, *columns)) if len(columns) > 1 else next(iter(columns), None)


def _backward(ahead: Mapping[str, _Ahead], target: timedelta) -> dict[str, list[timedelta]]:
    """The latest end of each lot. ``ahead`` stands in turn, so the last ones come first here."""
    latest = {name: [target] * len(entry.ends) for name, entry in ahead.items()}
    for name, entry in reversed(list(ahead.items())):
        mine, begins = latest[name], list[timedelta]()
        bound = target
        for index in range(len(mine) - 1, -1, -1):
            held = mine[index]
            bound = mine[index] = bound if bound < held else held  # noqa: FURB136
            bound -= entry.ends[index] - entry.starts[index]
            begins.append(bound)
        begins.reverse()
        through = list(accumulate(entry.package.sizes))
        for arriving in entry.inbound:
            _hold(latest, arriving, through, begins)
    return latest


def _hold(
    latest: Mapping[str, list[timedelta]],
    arriving: Arrivals,
    through: Sequence[int],
    begins: Sequence[timedelta],
) -> None:
    """Each delivered lot may leave no later than the first lot that waits for it can bear."""
    wanted = [count * arriving.per for count in through]
    before = 0
    for source, place, arrives, departs, pieces in zip(
        arriving.sources, arriving.places, arriving.times, arriving.departs, arriving.through,
        strict=True,
    ):  # fmt: skip
        waiting = bisect_right(wanted, before)
        if waiting == len(wanted):
            return
        bound = begins[waiting] - (arrives - departs)
        if bound < latest[source][place]:  # noqa: PLR1730
            latest[source][place] = bound
        before = pieces


def _package_plan(order: JointOrder, ahead: _Ahead, latest: Sequence[timedelta]) -> PackagePlan:
    left = [
        last - end for last, end in zip(latest[ahead.gone :], ahead.ends[ahead.gone :], strict=True)
    ]
    slack = max(NONE, min(left)) if left else None
    return PackagePlan(
        ahead.package,
        tuple(ahead.starts),
        tuple(ahead.ends),
        tuple(latest),
        ahead.gone,
        slack,
        # Forecasts travel in steps and reports in intervals: a slack below one interval is none.
        slack is not None and slack < order.interval,
    )
