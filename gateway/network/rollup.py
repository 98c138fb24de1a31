"""From reports to the whole: what a firm knows of an order, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.work import Job, JobState, Substate
from gateway.network.disclosure import (
    SEEN_AS,
    DateReport,
    Lamp,
    PackageState,
    QuantityReport,
    Report,
)
from gateway.network.forecast import Forecast, Inbound, forecast, rounded, spread
from gateway.network.order import JointOrder, Level, Prepared, WorkPackage
from gateway.network.plan import Departures, Known, Plan, deliveries, makeable, plan
from gateway.network.split import split
from gateway.network.state import package_state


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
    def date(self) -> DateReport | None:
        """The part of level L2, where it is agreed."""
        if isinstance(self.report, QuantityReport):
            return self.report.date
        return self.report if isinstance(self.report, DateReport) else None

    @property
    def quantity(self) -> QuantityReport | None:
        """The part of level L3, where it is agreed."""
        return self.report if isinstance(self.report, QuantityReport) else None

    @property
    def lamp(self) -> Lamp:
        """The lamp, which every level has."""
        report = self.report
        return report.date.lamp if isinstance(report, QuantityReport) else report.lamp


@dataclass(frozen=True, slots=True)
class Work:
    """A firm's own job for a package; ``counted`` is when its good count last changed."""

    job: Job | None
    counted: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """An own package: its job, its forecast, and what may be disclosed of it."""

    job: Job | None
    forecast: Forecast
    state: PackageState


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a partner lets us see; ``withdrawn`` is when it took something back."""

    level: Level
    withdrawn: datetime | None = None


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What one firm has of an order: its own jobs, and what it has heard, by package."""

    order: JointOrder
    firm: str
    work: Mapping[str, Work]
    heard: Mapping[str, Heard]

    @property
    def leads(self) -> bool:
        """Whether this firm leads the order and so knows the whole plan."""
        return self.order.lead == self.firm

    def stale(self, package: str, now: timedelta) -> bool:
        """Whether the last report is too old; what was never heard of is stale after a while."""
        heard = self.heard.get(package)
        since = heard.at if heard is not None else self.order.clock.at
        return now - since > self.order.stale


def own_packages(knowledge: Knowledge, now: timedelta) -> dict[str, Own]:
    """Every own package with its forecast, from own jobs and from what reaches them."""
    order = knowledge.order
    leaving = dict(expected_departures(knowledge))
    found: dict[str, Own] = {}
    for package in order.in_turn():
        if package.firm != knowledge.firm:
            continue
        work = knowledge.work.get(package.id, Work(None))
        ahead = forecast(
            order,
            package,
            work.job,
            inbound_of(order, package, leaving),
            now=now,
            counted=work.counted,
        )
        leaving[package.id] = {lot.number: lot.leaves for lot in ahead.lots}
        found[package.id] = Own(work.job, ahead, package_state(order, package, work.job, ahead))
    return found


def inbound_of(order: JointOrder, package: WorkPackage, leaving: Departures) -> Inbound:
    """The lots that reach a package, for each of its needs."""
    return [(need, deliveries(order, package, need, leaving)) for need in package.needs]


def expected_departures(knowledge: Knowledge) -> Departures:
    """When lots of partners' packages leave, as far as their reports and their plans tell."""
    found: dict[str, dict[int, timedelta]] = {}
    for package in knowledge.order.packages:
        if package.firm == knowledge.firm or package.baseline is None:
            continue
        heard = knowledge.heard.get(package.id)
        date = heard.date if heard else None
        basis, baseline = package, package.baseline
        if heard is not None and heard.basis is not None and heard.basis.baseline is not None:
            basis, baseline = heard.basis, heard.basis.baseline
        numbers = [lot.number for lot in basis.lots()]
        end = date.forecast if date else None
        leaving = spread(baseline, numbers, _departed(heard), end)
        present = {lot.number for lot in package.lots()}
        found[package.id] = {lot: left for lot, left in leaving.items() if lot in present}
    return found


def arrived(knowledge: Knowledge, package: WorkPackage, now: timedelta) -> int | None:
    """How many pieces can be made of what has arrived; None where nothing is needed.

    Where a partner's lots are not agreed, nobody tells us what has left: then goods receipt is
    not known here, and holds nothing up.
    """
    order = knowledge.order
    counts = [package.quantity]
    for need in package.needs:
        sources = order.sources(need)
        if not all(_tells_lots(knowledge, source) for source in sources):
            continue
        left = {source.id: _left(knowledge, source) for source in sources}
        found = makeable([(need, deliveries(order, package, need, left))], now)
        counts.append(found if found is not None else package.quantity)
    return min(counts) if package.needs else None


def whole_plan(knowledge: Knowledge, own: Mapping[str, Own], now: timedelta) -> Plan:
    """The lead firm's plan: what firms expect of themselves, the graph where they are silent."""
    return plan(knowledge.order, _known(knowledge, own, now))


def what_if(
    knowledge: Knowledge,
    own: Mapping[str, Own],
    reserve: Prepared,
    lots: tuple[int, ...],
    now: timedelta,
) -> timedelta:
    """When the order would end if ``reserve`` took these lots now. Raises ValueError."""
    package = reserve.package
    changed = split(knowledge.order, package, lots, reserve, accepted=now)
    left = [lot.number for lot in changed.package(package).lots()]
    before = whole_plan(knowledge, own, now).packages[package]
    known = _known(knowledge, own, now)
    stays = [lot for lot in before.lots if lot.number in left]
    known[package] = Known(
        tuple(lot.end for lot in stays if lot.departed),
        tuple(lot.end for lot in stays if not lot.departed),
    )
    for later in _after(changed, package):
        if later in own:
            leaving = plan(changed, known).departures()
            entry = changed.package(later)
            work = knowledge.work.get(later, Work(None))
            ahead = forecast(
                changed,
                entry,
                work.job,
                inbound_of(changed, entry, leaving),
                now=now,
                counted=work.counted,
            )
            known[later] = _known_own(ahead)
        elif later in known:
            known[later] = Known(known[later].departed)
    return plan(changed, known).end


def progress(knowledge: Knowledge, own: Mapping[str, Own]) -> float:
    """Order progress: the packages' shares of good pieces, by weight; scrap never counts."""
    done = sum(
        package.weight * share(knowledge, own, package.id) for package in knowledge.order.packages
    )
    return done / sum(package.weight for package in knowledge.order.packages)


def share(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> float:
    """The share of good pieces of one package, as exactly as it is agreed; unknown counts as 0."""
    good = good_of(knowledge, own, package)
    quantity = knowledge.order.package(package).quantity
    if good is not None:
        return min(1.0, good / quantity)
    heard = knowledge.heard.get(package)
    date = heard.date if heard else None
    return date.progress / 100 if date else 0.0


def good_of(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> int | None:
    """The good quantity of a package, None where it is not agreed or not heard of yet."""
    if package in own:
        return own[package].state.good
    heard = knowledge.heard.get(package)
    told = heard.quantity if heard else None
    return told.good if told else None


def complete(knowledge: Knowledge, own: Mapping[str, Own]) -> int | None:
    """Complete sets that have passed the last firm; None where that is not agreed."""
    order = knowledge.order
    last = [package.id for package in order.packages if not order.consumers(package)]
    counts = [good_of(knowledge, own, package) for package in last]
    return None if None in counts or not counts else min(c for c in counts if c is not None)


def order_state(knowledge: Knowledge, own: Mapping[str, Own], whole: Plan) -> PackageState:
    """The order as a whole, as the lead firm's summary discloses it."""
    order = knowledge.order
    states = [_seen_state(knowledge, own, package.id) for package in order.packages]
    end = rounded(whole.end, order.step)
    ended = all(state is JobState.ENDED for state in states)
    waiting = all(state in (JobState.PLANNED, JobState.RELEASED) for state in states)
    lamp = Lamp.GREY if waiting else Lamp.GREEN
    if order.planned_end is not None and end >= order.planned_end + order.interval:
        lamp = Lamp.YELLOW
    if end > order.due:
        lamp = Lamp.RED
    if ended:
        lamp = Lamp.DONE
    reasons = [own[name].state.reason for name in own] + [
        heard.date.reason for heard in knowledge.heard.values() if heard.date
    ]
    late = lamp in (Lamp.YELLOW, Lamp.RED)
    return PackageState(
        state=JobState.ENDED if ended else JobState.PLANNED if waiting else JobState.RUNNING,
        substate=Substate.NONE,
        good=complete(knowledge, own) or 0,
        planned=order.quantity,
        forecast=whole.end,
        lamp=lamp,
        reason=next((reason for reason in reasons if reason and late), None),
        lots=(),
        share=progress(knowledge, own),
    )


def _seen_state(knowledge: Knowledge, own: Mapping[str, Own], package: str) -> JobState:
    if package in own:
        return own[package].state.state
    heard = knowledge.heard.get(package)
    if heard is None:
        return JobState.PLANNED
    if heard.date is not None:
        return SEEN_AS[heard.date.status]
    by_lamp = {Lamp.DONE: JobState.ENDED, Lamp.GREY: JobState.PLANNED}
    return by_lamp.get(heard.lamp, JobState.RUNNING)


def _known(knowledge: Knowledge, own: Mapping[str, Own], now: timedelta) -> dict[str, Known]:
    leaving = expected_departures(knowledge)
    known: dict[str, Known] = {}
    for package in knowledge.order.packages:
        if package.id in own:
            known[package.id] = _known_own(own[package.id].forecast)
            continue
        heard = knowledge.heard.get(package.id)
        if heard is None or heard.date is None:
            continue
        departed = _departed(heard)
        left = leaving[package.id]
        known[package.id] = Known(
            tuple(left[lot.number] for lot in package.lots() if lot.number in departed),
            tuple(left[lot.number] for lot in package.lots() if lot.number not in departed),
            silent=knowledge.stale(package.id, now),
        )
    return known


def _known_own(ahead: Forecast) -> Known:
    return Known(
        tuple(lot.leaves for lot in ahead.lots if lot.departed),
        tuple(lot.leaves for lot in ahead.lots if not lot.departed),
    )


def _departed(heard: Heard | None) -> dict[int, timedelta]:
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
        return _departed(knowledge.heard.get(source.id))
    work = knowledge.work.get(source.id, Work(None))
    times = work.job.departures if work.job is not None else ()
    return {
        lot.number: knowledge.order.clock.order(left)
        for lot, left in zip(source.lots(), times, strict=False)
    }


def _after(order: JointOrder, package: str) -> list[str]:
    """Everything that waits for ``package``, directly or not, in turn."""
    reached = {package}
    found: list[str] = []
    for entry in order.in_turn():
        inputs = {s.id for need in entry.needs for s in order.sources(need)}
        if inputs & reached and entry.id not in reached and entry.part_of != package:
            reached.add(entry.id)
            found.append(entry.id)
    return found
