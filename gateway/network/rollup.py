"""From reports to the whole: own forecasts, the lead firm's plan, and what an offer would bring."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from gateway.network.disclosure import Lamp
from gateway.network.forecast import Forecast, Inbound, forecast
from gateway.network.knowledge import (
    Knowledge,
    Own,
    Work,
    departed_lots,
    end_agreed,
    expected_departures,
)
from gateway.network.order import JointOrder, Prepared, WorkPackage
from gateway.network.plan import Departures, Known, Plan, deliveries, plan
from gateway.network.split import split
from gateway.network.state import package_state


def own_packages(knowledge: Knowledge, now: timedelta) -> dict[str, Own]:
    """Every own package with its forecast, from own jobs and from what reaches them."""
    order = knowledge.order
    leaving = _leaving(knowledge, now)
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
        hidden = _hidden_inbound(knowledge, found, package, now)
        state = package_state(order, package, work.job, ahead, hidden)
        found[package.id] = Own(work.job, ahead, state)
    return found


def _hidden_inbound(
    knowledge: Knowledge, own: Mapping[str, Own], package: WorkPackage, now: timedelta
) -> list[Lamp]:
    """The lamps of what reaches a package without an agreed date; hatched where none is told."""
    lamps: list[Lamp] = []
    for source in (s for need in package.needs for s in knowledge.order.sources(need)):
        if source.id in own:
            state = own[source.id].state
            lamps += [state.lamp] if state.forecast is None else []
        elif not end_agreed(knowledge, source):
            heard = knowledge.heard.get(source.id)
            silent = heard is None or knowledge.stale(source.id, now)
            lamps.append(Lamp.HATCHED if heard is None or silent else heard.lamp)
    return lamps


def _leaving(knowledge: Knowledge, now: timedelta) -> dict[str, Mapping[int, timedelta]]:
    """When lots of partners leave. The lead firm knows the graph, which speaks for the silent."""
    if not knowledge.leads:
        return dict(expected_departures(knowledge))
    departures = plan(knowledge.order, _known(knowledge, {}, now)).departures()
    own = {package.id for package in knowledge.order.of(knowledge.firm)}
    return {name: lots for name, lots in departures.items() if name not in own}


def inbound_of(order: JointOrder, package: WorkPackage, leaving: Departures) -> Inbound:
    """The lots that reach a package, for each of its needs."""
    return [(need, deliveries(order, package, need, leaving)) for need in package.needs]


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
    gone = tuple(lot.end for lot in before.lots if lot.departed)
    if any(lot.departed and lot.number in lots for lot in before.lots):
        raise ValueError(f"{package}: lots that have left cannot be given away")
    # The lots that stay move up into the times of those that go.
    times = tuple(lot.end for lot in before.lots if not lot.departed)
    known[package] = Known(gone, times[: len(left) - len(gone)])
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


def _known(knowledge: Knowledge, own: Mapping[str, Own], now: timedelta) -> dict[str, Known]:
    leaving = expected_departures(knowledge)
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
            tuple(left[lot.number] for lot in package.lots() if lot.number in gone),
            tuple(left[lot.number] for lot in package.lots() if lot.number not in gone),
            silent=knowledge.stale(package.id, now),
        )
    return known


def _known_own(ahead: Forecast) -> Known:
    return Known(
        tuple(lot.leaves for lot in ahead.lots if lot.departed),
        tuple(lot.leaves for lot in ahead.lots if not lot.departed),
    )


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
