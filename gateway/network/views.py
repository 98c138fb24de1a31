"""An order as the pages and the API show it: JSON in which what was not agreed is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.core.text import Text
from gateway.core.work import JobState
from gateway.network.disclosure import SEEN_AS
from gateway.network.forecast import rounded
from gateway.network.order import JointOrder, Level, Prepared, WorkPackage
from gateway.network.plan import Departures, Plan, deliveries
from gateway.network.rollup import (
    Agreed,
    Heard,
    Knowledge,
    Own,
    complete,
    expected_departures,
    progress,
)

Json = dict[str, Any]
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)

HIDDEN: Mapping[Level, tuple[str, ...]] = {
    Level.L0: ("lamp", "status", "progress", "forecast_s", "reason", "good", "lots"),
    Level.L1: ("status", "progress", "forecast_s", "reason", "good", "lots"),
    Level.L2: ("good", "lots"),
    Level.L3: (),
    Level.L4: (),
}
"""What a package's view lacks at each level."""

HIDDEN_ORDER: Mapping[Level, tuple[str, ...]] = {
    Level.L0: ("lamp", "progress", "forecast_s", "complete"),
    Level.L1: ("progress", "forecast_s", "complete"),
    Level.L2: ("complete",),
    Level.L3: (),
    Level.L4: (),
}
"""The same for the order as a whole, which other firms know from the lead firm's summary."""


@dataclass(frozen=True, slots=True)
class Offered:
    """Lots of a package that a firm was asked to take; ``state``: open, accepted, declined,
    expired.
    """

    id: str
    package: str
    lots: tuple[int, ...]
    to: str
    by: str
    state: str
    earliest_start: timedelta | None = None
    forecast_with: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """When the forecast first passed the due time."""

    at: timedelta
    before_due: timedelta


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that a view of an order is made of."""

    knowledge: Knowledge
    own: Mapping[str, Own]
    agreed: Mapping[str, Agreed]
    names: Mapping[str, str]
    titles: Mapping[str, Text]
    role: str
    simulated: bool
    plan: Plan | None = None
    summary: Heard | None = None
    offers: Sequence[Offered] = ()
    prepared: Prepared | None = None
    forecast_with: timedelta | None = None
    warned: Warned | None = None


def view(picture: Picture, now: timedelta) -> Json:
    """The order as this firm knows it at order time ``now``."""
    order, firm = picture.knowledge.order, picture.knowledge.firm
    clock = order.clock
    shown: Json = {
        "id": order.id,
        "version": order.version,
        "item": order.item.as_json(),
        "quantity": order.quantity,
        "unit": order.unit.as_json(),
        "lead": order.lead,
        "simulated": picture.simulated,
        "lapse": order.lapse,
        "clock": {"began": _iso(clock.began), "at_s": _s(clock.at)},
        "start_s": _s(order.start),
        "due_s": _s(order.due),
        "threshold_s": _s(order.threshold),
        "interval_s": _s(order.interval),
        "stale_s": _s(order.stale),
        "opening": clock.at > order.start,
        "you": {
            "firm": firm,
            "role": picture.role,
            "packages": [package.id for package in order.of(firm)],
        },
    }
    if order.planned_end is not None:
        shown["plan_end_s"] = _s(order.planned_end)
    shown |= _whole(picture) if picture.plan is not None else _summary(picture, now)
    leaving = _leaving(picture)
    shown["packages"] = [_package(picture, entry, leaving, now) for entry in order.packages]
    shown["offers"] = [_offer(entry) for entry in picture.offers]
    if picture.prepared is not None:
        shown["prepared"] = _prepared(picture, picture.prepared)
    shown["warned"] = _warned(picture.warned)
    return shown


def _whole(picture: Picture) -> Json:
    """The order as its lead firm knows it."""
    knowledge, plan = picture.knowledge, picture.plan
    if plan is None:
        return {}
    order = knowledge.order
    end = rounded(plan.end, order.step)
    shown: Json = {
        "level": Level.L3.value,
        "not_agreed": [],
        "progress": round(progress(knowledge, picture.own), 4),
        "forecast_s": _s(end),
        "slack_s": _s(order.due - end),
        "late": end > order.due,
    }
    sets = complete(knowledge, picture.own)
    return shown if sets is None else shown | {"complete": sets}


def _summary(picture: Picture, now: timedelta) -> Json:
    """The order as its lead firm tells it."""
    order = picture.knowledge.order
    agreed = picture.agreed.get(order.lead, Agreed(Level.L0))
    shown: Json = {
        "level": agreed.level.value,
        "not_agreed": list(HIDDEN_ORDER[agreed.level]),
        "withdrawn": _iso(agreed.withdrawn),
    }
    summary = picture.summary
    if summary is None or agreed.level is Level.L0:
        return shown
    shown["age_s"] = _s(max(timedelta(), now - summary.at))
    shown["stale"] = now - summary.at > order.stale
    shown["lamp"] = "hatched" if shown["stale"] else summary.lamp.value
    if summary.date is not None:
        end = summary.date.forecast
        shown |= {
            "progress": summary.date.progress / 100,
            "forecast_s": _s(end),
            "slack_s": _s(order.due - end),
            "late": end > order.due,
        }
    if summary.quantity is not None:
        shown["complete"] = summary.quantity.good
    return shown


def _package(picture: Picture, package: WorkPackage, leaving: Departures, now: timedelta) -> Json:
    order, firm = picture.knowledge.order, picture.knowledge.firm
    own = picture.own.get(package.id)
    agreed = Agreed(Level.L3) if own else picture.agreed.get(package.firm, Agreed(Level.L0))
    shown: Json = {
        "id": package.id,
        "title": package.title.as_json(),
        "item": package.item.as_json(),
        "firm": package.firm,
        "firm_name": picture.names.get(package.firm, package.firm),
        "needs": _needs(order, package),
        "weight": package.weight,
        "planned": package.quantity,
        "own": package.firm == firm,
        "level": agreed.level.value,
        "not_agreed": [] if own else list(HIDDEN[agreed.level]),
        "withdrawn": _iso(agreed.withdrawn),
    }
    if package.baseline is not None:
        shown["plan_start_s"] = _s(package.baseline.start)
        shown["plan_end_s"] = _s(package.baseline.end)
    if picture.plan is not None:
        ahead = picture.plan.packages[package.id]
        shown["critical"] = ahead.critical
        shown["slack_s"] = None if ahead.slack is None else _s(ahead.slack)
    arrivals = _arrivals(order, package, leaving)
    if own is not None:
        return shown | _own(picture, package, own, arrivals, now)
    return shown | _heard(picture, package, agreed, arrivals, now)


def _own(
    picture: Picture,
    package: WorkPackage,
    own: Own,
    arrivals: Mapping[int, timedelta],
    now: timedelta,
) -> Json:
    order, state = picture.knowledge.order, own.state
    end = rounded(own.forecast.end, MINUTE)
    shown: Json = {
        "status": state.state.value,
        "substate": state.substate.value,
        "lamp": state.lamp.value,
        "progress": round(min(1.0, state.good / state.planned), 4),
        "good": state.good,
        "forecast_s": _s(end),
        "band_s": [_s(end - order.step), _s(end + order.step)],
        "own_delay_s": _s(rounded(state.own_delay, MINUTE)),
        "inbound_delay_s": _s(rounded(state.inbound_delay, MINUTE)),
        "age_s": 0,
        "stale": False,
        "lots": [
            _lot(e.number, e.quantity, e.leaves, arrivals, now, departed=e.departed)
            for e in own.forecast.lots
        ],
    }
    if state.reason is not None:
        shown["reason"] = state.reason.value
    title = picture.titles.get(package.id)
    return shown if title is None else shown | {"machine_title": title.as_json()}


def _heard(
    picture: Picture,
    package: WorkPackage,
    agreed: Agreed,
    arrivals: Mapping[int, timedelta],
    now: timedelta,
) -> Json:
    knowledge = picture.knowledge
    if agreed.level is Level.L0:
        return {}
    stale = knowledge.stale(package.id, now)
    heard = knowledge.heard.get(package.id)
    if heard is None:
        silent: Json = {"stale": stale, "lamp": "hatched" if stale else "grey"}
        return silent | {"status": "no_news"} if stale else silent
    age = max(timedelta(), now - heard.at)
    shown: Json = {
        "age_s": _s(age),
        "stale": stale,
        "lamp": "hatched" if stale else heard.lamp.value,
    }
    date = heard.date
    if date is not None:
        end, wider = date.forecast, age if stale else timedelta()
        status = SEEN_AS[date.status]
        shown |= {
            "status": "no_news" if stale and status is not JobState.ENDED else status.value,
            "progress": date.progress / 100,
            "forecast_s": _s(end),
            "band_s": [_s(end - date.precision), _s(end + date.precision + wider)],
        }
        if date.reason is not None:
            shown["reason"] = date.reason.value
    if heard.quantity is not None:
        departed = {lot.number for lot in heard.quantity.lots}
        leaves = expected_departures(knowledge).get(package.id, {})
        shown["good"] = heard.quantity.good
        shown["progress"] = round(min(1.0, heard.quantity.good / package.quantity), 4)
        shown["lots"] = [
            _lot(e.number, e.quantity, leaves.get(e.number), arrivals, now,
                 departed=e.number in departed)
            for e in package.lots()
        ]  # fmt: skip
    if stale and date is not None and SEEN_AS[date.status] is JobState.ENDED:
        shown |= {"stale": False, "lamp": heard.lamp.value}  # nothing more is to be said
    return shown


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
        return shown | {"expected_s": _s(leaves)}
    shown["departed_s"] = _s(leaves)
    arrives = arrivals.get(number)
    if arrives is not None and arrives <= now:
        shown["arrived_s"] = _s(arrives)
    return shown


def _leaving(picture: Picture) -> Departures:
    own = {
        name: {lot.number: lot.leaves for lot in entry.forecast.lots}
        for name, entry in picture.own.items()
    }
    return {**expected_departures(picture.knowledge), **own}


def _arrivals(order: JointOrder, package: WorkPackage, leaving: Departures) -> dict[int, timedelta]:
    """When each lot of ``package`` arrives where it is worked on next, by agreement."""
    return {
        entry.lot: entry.arrives
        for consumer in order.consumers(package)
        for need in consumer.needs
        for entry in deliveries(order, consumer, need, leaving)
        if entry.package == package.id
    }


def _needs(order: JointOrder, package: WorkPackage) -> list[Json]:
    return [
        {"package": source.id, "per": need.per}
        for need in package.needs
        for source in order.sources(need)
    ]


def _offer(offer: Offered) -> Json:
    shown: Json = {
        "id": offer.id,
        "package": offer.package,
        "lots": list(offer.lots),
        "to": offer.to,
        "from": offer.by,
        "state": offer.state,
    }
    if offer.earliest_start is not None:
        shown["earliest_start_s"] = _s(offer.earliest_start)
    if offer.forecast_with is not None:
        shown["forecast_with_s"] = _s(offer.forecast_with)
    return shown


def _prepared(picture: Picture, prepared: Prepared) -> Json:
    shown: Json = {
        "firm": prepared.firm,
        "firm_name": picture.names.get(prepared.firm, prepared.firm),
        "package": prepared.package,
        "lots": list(prepared.lots),
        "earliest_start_s": _s(prepared.earliest_start),
    }
    if picture.forecast_with is not None:
        shown["forecast_with_s"] = _s(picture.forecast_with)
    return shown


def _warned(warned: Warned | None) -> Json | None:
    if warned is None:
        return None
    hours = warned.before_due / timedelta(hours=1)
    return {"at_s": _s(warned.at), "hours_before_due": round(hours, 1)}


def _s(time: timedelta) -> int:
    return rounded(time, SECOND) // SECOND


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
