"""From reports to the whole: own forecasts, the lead firm's plan, and what an offer would bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from gateway.network.arrivals import Departures, arrivals
from gateway.network.forecast import Forecast, GoodsIn, forecast
from gateway.network.knowledge import (
    Knowledge,
    Own,
    Work,
    departed_lots,
    end_agreed,
)
from gateway.network.order import JointOrder, Prepared, WorkPackage
from gateway.network.package_state import package_state
from gateway.network.plan import Known, Plan, departures, plan
from gateway.network.report import Lamp
from gateway.network.split import split

HOUR = timedelta(hours=1)


def own_packages(knowledge: Knowledge, now: timedelta) -> dict[str, Own]:
    """Every own package with its forecast, from own jobs and from what reaches them."""
    order = knowledge.order
    leaving = _leaving(knowledge, now)
    found: dict[str, Own] = {}
    for package in order.in_turn():
        if package.firm != knowledge.firm:
            continue
        work = knowledge.work.get(package.id, Work(None))
        inbound = inbound_of(order, package, leaving)
        ahead = _ahead(knowledge, package, inbound, work.seen(now))
        # It is told only where it matters, and no sooner than work that is not counted yet.
        waited = now - (now if work.in_vain is None else max(work.in_vain, work.seen(now)))
        unmeasured = waited >= order.interval and (
            _ahead(knowledge, package, inbound, now).leaves != ahead.leaves
        )
        leaving[package.id] = ahead.by_number
        hidden = _hidden_inbound(knowledge, found, package, now)
        state = package_state(
            order,
            package,
            work.job,
            ahead,
            hidden,
            unmeasured=unmeasured,
            by_calendar=_by_calendar(knowledge, found, package),
            resting=_resting(knowledge, package, work, now),
        )
        waits = _waits(knowledge, found, package) if state.forecast is None else None
        found[package.id] = Own(work.job, ahead, state, waits)
    return found


def _ahead(
    knowledge: Knowledge, package: WorkPackage, inbound: GoodsIn, now: timedelta
) -> Forecast:
    work = knowledge.work.get(package.id, Work(None))
    return forecast(
        knowledge.order,
        package,
        work.job,
        inbound,
        now=now,
        counted=work.counted,
        hours=knowledge.hours.get(package.id),
    )


def _resting(knowledge: Knowledge, package: WorkPackage, work: Work, now: timedelta) -> bool:
    """Whether a machine with a calendar may stand without that being a stop.

    That it stands is told when it has for an hour of one shift: else every evening would be told.
    """
    hours = knowledge.hours.get(package.id)
    if hours is None:
        return False
    last = max(now - HOUR, work.counted or now - HOUR)
    return hours.between(last, now) < HOUR


def _by_calendar(knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage) -> bool:
    """Whether the date of an own package rests on a calendar: its own, or one before it here."""
    sources = (s.id for need in package.needs for s in knowledge.order.sources(need))
    before = (own[source].state.coarse for source in sources if source in own)
    return package.id in knowledge.hours or any(coarse is not None for coarse in before)


def _hidden_inbound(
    knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage, now: timedelta
) -> list[Lamp]:
    """The lamps of what reaches a package without a known date; hatched where none is told."""
    lamps: list[Lamp] = []
    for source in (s for need in package.needs for s in knowledge.order.sources(need)):
        if source.id in own:
            state = own[source.id].state
            lamps += [state.lamp] if state.forecast is None else []
        elif not end_agreed(knowledge, source) or knowledge.waits([source]) is not None:
            heard = knowledge.heard.get(source.id)
            silent = heard is None or knowledge.stale(source.id, now)
            lamps.append(Lamp.HATCHED if heard is None or silent else heard.lamp)
    return lamps


def _waits(knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage) -> timedelta | None:
    """Up to when the forecast of ``package`` waits for the first word of those it rests on."""
    sources = [source for need in package.needs for source in knowledge.order.sources(need)]
    until = [own[source.id].waits for source in sources if source.id in own]
    return max(filter(None, [*until, knowledge.waits(sources)]), default=None)


def _leaving(knowledge: Knowledge, now: timedelta) -> dict[str, Mapping[int, timedelta]]:
    """When lots of partners leave. The lead firm knows the graph, which speaks for the silent."""
    if not knowledge.leads:
        return dict(knowledge.expected)
    leaving = departures(knowledge.order, _known(knowledge, {}, now))
    own = {package.id for package in knowledge.order.of(knowledge.firm)}
    return {name: lots for name, lots in leaving.items() if name not in own}


def inbound_of(order: JointOrder, package: WorkPackage, leaving: Departures) -> GoodsIn:
    """The lots that reach a package, for each of its needs."""
    return [arrivals(order, package, need, leaving) for need in package.needs]


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
    left = len(changed.package(package).lot_numbers)
    known = _known(knowledge, own, now)
    before = departures(knowledge.order, known)[package]
    gone = len(known[package].departed) if package in known else 0
    if set(list(before)[:gone]) & set(lots):
        raise ValueError(f"{package}: lots that have left cannot be given away")
    # The lots that stay move up into the times of those that go.
    times = tuple(before.values())
    known[package] = Known(times[:gone], times[gone:left])
    for later in _after(changed, package):
        if later in own:
            leaving = departures(changed, known)
            entry = changed.package(later)
            work = knowledge.work.get(later, Work(None))
            inbound = inbound_of(changed, entry, leaving)
            ahead = _ahead(replace(knowledge, order=changed), entry, inbound, work.seen(now))
            known[later] = _known_own(ahead)
        elif later in known:
            known[later] = Known(known[later].departed)
    return plan(changed, known).end


def _known(knowledge: Knowledge, own: Mapping[str, Own], now: timedelta) -> dict[str, Known]:
    leaving = knowledge.expected
    known: dict[str, Known] = {}
    for package in knowledge.order.packages:
        if package.id in own:
            known[package.id] = _known_own(own[package.id].forecast)
            continue
        heard = knowledge.heard.get(package.id)
        if heard is None or heard.end is None:
            continue
        left = leaving[package.id]
        gone = departed_lots(heard)
        if heard.quantity is None:  # lots are not agreed: what should have left counts as left
            gone = {number: leaves for number, leaves in left.items() if leaves <= now}
        known[package.id] = Known(
            tuple(left[number] for number in package.lot_numbers if number in gone),
            tuple(left[number] for number in package.lot_numbers if number not in gone),
            silent=knowledge.stale(package.id, now),
        )
    return known


def _known_own(ahead: Forecast) -> Known:
    return Known(ahead.leaves[: ahead.gone], ahead.leaves[ahead.gone :])


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
