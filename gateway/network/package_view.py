"""A work package as the pages and the API show it; what was not agreed is absent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gateway.network.arrivals import Departures, arrivals
from gateway.network.fields import HIDDEN, told_date
from gateway.network.forecast import rounded
from gateway.network.knowledge import (
    Agreed,
    Heard,
    Own,
    end_agreed,
    expected_end,
)
from gateway.network.order import JointOrder, Level, WorkPackage
from gateway.network.package_state import lamp_by_date
from gateway.network.report import SEEN_AS, Lamp
from gateway.network.snapshot import Snapshot

Json = dict[str, Any]
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


def package_view(
    snapshot: Snapshot, package: WorkPackage, leaving: Departures, now: timedelta
) -> Json:
    """One package as this firm knows it at order time ``now``."""
    knowledge, own = snapshot.knowledge, snapshot.own.get(package.id)
    order, firm = knowledge.order, knowledge.firm
    agreed = Agreed(Level.L3) if own else knowledge.agreed.get(package.firm, Agreed(Level.L0))
    shown: Json = {
        "id": package.id,
        "title": package.title.as_json(),
        "item": package.item.as_json(),
        "firm": package.firm,
        "firm_name": snapshot.names.get(package.firm, package.firm),
        "needs": _needs(order, package),
        "weight": package.weight,
        "planned": package.quantity,
        "own": package.firm == firm,
        "level": agreed.level.value,
        "not_agreed": list(HIDDEN[agreed.level]),
        "withdrawn": iso(agreed.withdrawn),
    }
    if package.baseline is not None:
        shown["plan_start_s"] = seconds(package.baseline.start)
        shown["plan_end_s"] = seconds(package.baseline.end)
    if _measured(snapshot, package) and snapshot.plan is not None:
        ahead = snapshot.plan.packages[package.id]
        shown["critical"] = ahead.critical
        shown["slack_s"] = None if ahead.slack is None else seconds(ahead.slack)
    off = snapshot.clocks.get(order.lead if own is not None else package.firm)
    if off is not None:
        shown["clock_off_s"] = seconds(off)
    arrivals = _arrivals(order, package, leaving)
    if own is not None:
        return shown | _own(snapshot, package, own, arrivals, now)
    return shown | _heard(snapshot, package, agreed, arrivals, now)


def _measured(snapshot: Snapshot, package: WorkPackage) -> bool:
    """Whether slack says anything: both ends that it lies between are more than the plan."""
    knowledge, whole = snapshot.knowledge, snapshot.whole
    if whole is None or whole.forecast is None:
        return False
    told = end_agreed(knowledge, package) and knowledge.waits([package]) is None
    return package.id in snapshot.own or told


def _own(
    snapshot: Snapshot,
    package: WorkPackage,
    own: Own,
    arrivals: Mapping[int, timedelta],
    now: timedelta,
) -> Json:
    order, state = snapshot.knowledge.order, own.state
    shown: Json = {
        "status": state.state.value,
        "substate": state.substate.value,
        "lamp": state.lamp.value,
        "progress": round(state.share, 4),
        "good": state.good,
        "age_s": 0,
        "stale": False,
    }
    if state.forecast is None:
        shown["not_agreed"] = [] if own.waits is not None else ["forecast_s"]
    else:
        end = rounded(state.forecast, MINUTE)
        shown |= {
            "forecast_s": seconds(end),
            "band_s": [seconds(end - order.step), seconds(end + order.step)],
            "own_delay_s": seconds(rounded(state.own_delay, MINUTE)),
            "inbound_delay_s": seconds(rounded(state.inbound_delay, MINUTE)),
        }
        if state.coarse is not None:
            shown["told_s"] = seconds(told_date(state.forecast, order.step, state.coarse))
    shown["lots"] = [
        _lot(e.number, e.quantity, leaves, arrivals, now, departed=e.departed)
        for e in own.forecast.lots
        for leaves in [e.leaves if e.departed or state.forecast is not None else None]
    ]
    if state.reason is not None:
        shown["reason"] = state.reason.value
    if state.unmeasured:
        shown["unmeasured"] = True
    title = snapshot.titles.get(package.id)
    return shown if title is None else shown | {"machine_title": title.as_json()}


def _heard(
    snapshot: Snapshot,
    package: WorkPackage,
    agreed: Agreed,
    arrivals: Mapping[int, timedelta],
    now: timedelta,
) -> Json:
    knowledge = snapshot.knowledge
    if agreed.level is Level.L0:
        return {}
    stale = knowledge.stale(package.id, now)
    heard = knowledge.heard.get(package.id)
    if heard is None:
        silent: Json = {"stale": stale, "lamp": "hatched" if stale else "grey"}
        return silent | {"status": "no_news"} if stale else silent
    age = max(timedelta(), now - heard.at)
    end = expected_end(knowledge, package)
    shown: Json = {
        "age_s": seconds(age),
        "stale": stale,
        "lamp": "hatched" if stale else _lamp(knowledge.order, package, heard, end).value,
    }
    date = heard.date
    if date is not None:
        status = SEEN_AS[date.status]
        shown["status"] = "no_news" if stale else status.value
        if date.progress is not None:
            shown["progress"] = date.progress / 100
        if end is None:
            shown["not_agreed"] = [*HIDDEN[agreed.level], "forecast_s"]
        else:
            wider = age if stale else timedelta()
            shown["forecast_s"] = seconds(end)
            shown["band_s"] = [seconds(end - date.precision), seconds(end + date.precision + wider)]
        if date.reason is not None:
            shown["reason"] = date.reason.value
        if date.unmeasured:
            shown["unmeasured"] = True
    if heard.quantity is not None:
        departed = {lot.number for lot in heard.quantity.lots}
        leaves = knowledge.expected.get(package.id, {})
        if end is None:
            leaves = {number: left for number, left in leaves.items() if number in departed}
        if heard.quantity.good is not None:
            shown["good"] = heard.quantity.good
            shown["progress"] = round(min(1.0, heard.quantity.good / package.quantity), 4)
        shown["lots"] = [
            _lot(e.number, e.quantity, leaves.get(e.number), arrivals, now,
                 departed=e.number in departed)
            for e in package.lots()
        ]  # fmt: skip
    return shown


def _lamp(order: JointOrder, package: WorkPackage, heard: Heard, end: timedelta | None) -> Lamp:
    """The lamp that was told; one that told of lots given away since is judged by those left."""
    basis = heard.basis
    if basis is None or end is None or heard.end is None or basis.same_lots(package):
        return heard.lamp
    if heard.lamp is not lamp_by_date(order, basis, heard.end):
        return heard.lamp
    return lamp_by_date(order, package, end) or Lamp.GREEN


def _lot(
    number: int,
    quantity: int,
    leaves: timedelta | None,
    arrivals: Mapping[int, timedelta],
    now: timedelta,
    *,
    departed: bool,
) -> Json:
    shown: Json = {"number": number, "quantity": quantity}
    if leaves is None:
        return shown
    if not departed:
        return shown | {"expected_s": seconds(leaves)}
    shown["departed_s"] = seconds(leaves)
    arrives = arrivals.get(number)
    if arrives is not None and arrives <= now:
        shown["arrived_s"] = seconds(arrives)
    return shown


def leaving_of(snapshot: Snapshot) -> Departures:
    """When lots leave, own and others, as far as it is known here."""
    own = {name: entry.forecast.by_number for name, entry in snapshot.own.items()}
    return {**snapshot.knowledge.expected, **own}


def _arrivals(order: JointOrder, package: WorkPackage, leaving: Departures) -> dict[int, timedelta]:
    """When each lot of ``package`` arrives where it is worked on next, by agreement."""
    numbers, found = package.lot_numbers, dict[int, timedelta]()
    for consumer in order.consumers(package):
        for need in consumer.needs:
            if need.package not in (package.id, package.part_of):
                continue
            coming = arrivals(order, consumer, need, {package.id: leaving.get(package.id, {})})
            found |= zip((numbers[place] for place in coming.places), coming.times, strict=True)
    return found


def _needs(order: JointOrder, package: WorkPackage) -> list[Json]:
    return [
        {"package": source.id, "per": need.per}
        for need in package.needs
        for source in order.sources(need)
    ]


def seconds(time: timedelta) -> int:
    """Order time as JSON carries it."""
    return rounded(time, SECOND) // SECOND


def iso(at: datetime | None) -> str | None:
    """A UTC time as JSON carries it."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
