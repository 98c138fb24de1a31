"""What one firm knows of an order: its own jobs, what it has heard, and what follows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from gateway.core.work import Job, JobState, Substate
from gateway.network.arrivals import Arrivals, Departures, arrivals
from gateway.network.calendar import WorkingTime
from gateway.network.forecast import Forecast, rounded, spread
from gateway.network.order import JointOrder, Level, WorkPackage
from gateway.network.plan import makeable
from gateway.network.report import Lamp, PackageState, Report

MINUTE = timedelta(minutes=1)
INSTANT = timedelta(microseconds=1)
"""The shortest time there is."""


@dataclass(frozen=True, slots=True)
class Heard:
    """The last report on a partner's package (or the lead firm's summary), made at ``at``.

    ``basis`` is the package as the report's version of the order knew it: it may have had more
    lots then.
    """

    level: Level
    report: Report
    at: timedelta
    basis: WorkPackage | None = None

    @property
    def date(self) -> Report | None:
        """The report, where dates are agreed (L2)."""
        return self.report if self.report.level >= Level.L2 else None

    @property
    def quantity(self) -> Report | None:
        """The report, where quantities are agreed (L3)."""
        return self.report if self.report.level >= Level.L3 else None

    @property
    def end(self) -> timedelta | None:
        """When it is expected to end, None where that is not agreed or not known."""
        return self.report.forecast

    @property
    def lamp(self) -> Lamp:
        """The lamp, which every level has."""
        return self.report.lamp


@dataclass(frozen=True, slots=True)
class Work:
    """A firm's own job for a package; ``counted`` is when its good count last changed.

    ``unseen`` is since when its machine does not answer (None: it does), ``in_vain`` since when
    we have been asking it, which begins anew when the gateway does. What a machine does meanwhile
    is not known, so it makes nothing later either: work is looked at as it was then.
    """

    job: Job | None
    counted: timedelta | None = None
    unseen: timedelta | None = None
    in_vain: timedelta | None = None

    def seen(self, now: timedelta) -> timedelta:
        """When it was last looked at, or booked; what is held stays held, seen or not."""
        if self.unseen is None or (self.job is not None and self.job.substate is Substate.HELD):
            return now
        return min(now, max(self.unseen, self.counted or self.unseen))


@dataclass(frozen=True, slots=True)
class Own:
    """An own package: its job, its forecast, and what may be disclosed of it.

    ``waits`` is up to when the forecast waits for a partner's first word (None: for none).
    """

    job: Job | None
    forecast: Forecast
    state: PackageState
    waits: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a partner lets us see; ``withdrawn`` is when it took something back."""

    level: Level
    withdrawn: datetime | None = None


@dataclass(frozen=True)
class Knowledge:
    """What one firm has of an order: its own jobs, and what it has heard, by package.

    ``summary`` is what the lead firm has told of the order as a whole, ``agreed`` what each firm
    lets us see. ``hours`` is the working time of own packages' machines, where it is not round the
    clock.
    """

    order: JointOrder
    firm: str
    work: Mapping[str, Work]
    heard: Mapping[str, Heard]
    summary: Heard | None = None
    agreed: Mapping[str, Agreed] = field(default_factory=dict)
    hours: Mapping[str, WorkingTime] = field(default_factory=dict)

    @property
    def leads(self) -> bool:
        """Whether this firm leads the order and so knows the whole plan."""
        return self.order.lead == self.firm

    @property
    def done(self) -> bool:
        """Whether the whole order is done: the lead firm says so, or all packages are.

        Of an order that is done only changes are told. Until then who has finished reports on:
        a silence would look the same as a line that is cut.
        """
        if self.summary is not None and self.summary.lamp is Lamp.DONE:
            return True
        packages = self.order.packages
        return bool(packages) and all(self._ended(package) for package in packages)

    def _ended(self, package: WorkPackage) -> bool:
        if package.firm == self.firm:
            job = self.work.get(package.id, Work(None)).job
            return job is not None and job.state is JobState.ENDED
        heard = self.heard.get(package.id)
        return heard is not None and heard.lamp is Lamp.DONE

    @cached_property
    def expected(self) -> Departures:
        """When lots of partners' packages leave, as far as their reports and their plans tell."""
        found: dict[str, dict[int, timedelta]] = {}
        for package in self.order.packages:
            if package.firm == self.firm or package.baseline is None:
                continue
            heard = self.heard.get(package.id)
            basis, baseline = package, package.baseline
            if heard is not None and heard.basis is not None and heard.basis.baseline is not None:
                basis, baseline = heard.basis, heard.basis.baseline
            end = heard.end if heard else None
            leaving = spread(baseline, basis.lot_numbers, departed_lots(heard), end)
            present = set(package.lot_numbers)
            found[package.id] = {lot: left for lot, left in leaving.items() if lot in present}
        return found

    def level(self, firm: str) -> Level:
        """What a firm lets us see; nothing where nothing was agreed."""
        return self.agreed.get(firm, Agreed(Level.L0)).level

    def stale(self, package: str, now: timedelta) -> bool:
        """Whether the last report is too old; what was never heard of is stale after a while."""
        heard = self.heard.get(package)
        if heard is not None and heard.lamp is Lamp.DONE and self.done:
            return False
        return now > self._good_until(package) or self._unheard(package)

    def waits(self, packages: Iterable[WorkPackage]) -> timedelta | None:
        """Up to when we wait for the first word on some of these; None where each has its own.

        An order that is opened in its middle had things done by then, and the plan does not know
        which: what rests on a package is not known before its firm has said how far it is.
        """
        unheard = [package.id for package in packages if self._unheard(package.id)]
        return max(map(self._good_until, unheard), default=None)

    def holds_until(self, now: timedelta) -> timedelta:
        """Up to when what follows from this follows from it still, if nothing else is heard.

        A forecast that moves with the clock is told in minutes; a firm falls silent at its time.
        """
        minute = (now // MINUTE + 1) * MINUTE
        silent = [self._good_until(p.id) for p in self.order.packages if p.firm != self.firm]
        return min([minute, *(at + INSTANT for at in silent if at >= now)])

    def _good_until(self, package: str) -> timedelta:
        """Up to when the last report is not too old."""
        heard = self.heard.get(package)
        return (heard.at if heard is not None else self._asked(package)) + self.order.stale

    def _unheard(self, package: str) -> bool:
        """Whether a partner's package was worked on before the order began here, unheard of."""
        if package in self.heard or self._asked(package) > self.order.clock.at:
            return False
        firm = self.order.package(package).firm
        in_the_middle = self.order.clock.at > self.order.start
        return in_the_middle and firm != self.firm and self.level(firm) is not Level.L0

    def _asked(self, package: str) -> timedelta:
        """Since when a firm could have reported: from the beginning, or since it took the lots."""
        taken = [need.accepted for need in self.order.package(package).needs if need.accepted]
        return max([self.order.clock.at, *taken])


def end_agreed(knowledge: Knowledge, package: WorkPackage) -> bool:
    """Whether a partner lets us see when its package ends; before its first word the plan counts.

    That a package is done its lamp tells, too.
    """
    heard = knowledge.heard.get(package.id)
    if heard is None:
        return knowledge.level(package.firm) >= Level.L2
    return heard.end is not None or heard.lamp is Lamp.DONE


def expected_end(knowledge: Knowledge, package: WorkPackage) -> timedelta | None:
    """When a partner's package ends by its last word; None where that is not agreed or not known.

    A report from before lots were given away counts for those that are left.
    """
    heard = knowledge.heard.get(package.id)
    if heard is None or heard.end is None:
        return None
    leaving = knowledge.expected.get(package.id)
    if leaving is None or heard.basis is None or heard.basis.same_lots(package):
        return heard.end
    return rounded(max(leaving.values()), knowledge.order.step)


def goods_in(knowledge: Knowledge, package: WorkPackage) -> list[Arrivals]:
    """What has left for a package, for each need of which we are told the lots.

    Where a partner's lots are not agreed, nobody tells us what has left: then goods receipt is
    not known here, and holds nothing up.
    """
    order, found = knowledge.order, list[Arrivals]()
    for need in package.needs:
        sources = order.sources(need)
        if all(_tells_lots(knowledge, source) for source in sources):
            left = {source.id: _left(knowledge, source) for source in sources}
            found.append(arrivals(order, package, need, left))
    return found


def arrived(knowledge: Knowledge, package: WorkPackage, now: timedelta) -> int | None:
    """How many pieces can be made of what has arrived; None where nothing is needed."""
    if not package.needs:
        return None
    found = makeable(goods_in(knowledge, package), now)
    return package.quantity if found is None else min(package.quantity, found)


def departed_lots(heard: Heard | None) -> dict[int, timedelta]:
    """The lots that have left, as far as that is agreed, with their times."""
    told = heard.quantity if heard else None
    return {lot.number: lot.departed for lot in told.lots} if told else {}


def _tells_lots(knowledge: Knowledge, source: WorkPackage) -> bool:
    if source.firm == knowledge.firm:
        return True
    heard = knowledge.heard.get(source.id)
    return heard is None or heard.level >= Level.L3


def _left(knowledge: Knowledge, source: WorkPackage) -> Mapping[int, timedelta]:
    """The lots of ``source`` that have left for certain."""
    if source.firm != knowledge.firm:
        return departed_lots(knowledge.heard.get(source.id))
    work = knowledge.work.get(source.id, Work(None))
    times = work.job.departures if work.job is not None else ()
    clock = knowledge.order.clock
    return {
        number: clock.order(left) for number, left in zip(source.lot_numbers, times, strict=False)
    }
