"""A work package as this firm knows it; what was not agreed is absent. How it becomes JSON: in api.

What the table of ``fields`` shows stands in ``told``, under the table's keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Literal

from gateway.core.text import Text
from gateway.core.work import Substate
from gateway.network.arrivals import Departures, arrivals
from gateway.network.fields import FIELDS, HIDDEN, told_date
from gateway.network.forecast import rounded
from gateway.network.knowledge import MINUTE, Agreed, Heard, Own, end_agreed, expected_end
from gateway.network.order import JointOrder, Level, WorkPackage
from gateway.network.package_state import lamp_by_date
from gateway.network.report import SEEN_AS, Lamp
from gateway.network.snapshot import Snapshot


class Untold(Enum):
    """Where nothing was agreed, or nothing is known: the key is missing. None is said as null."""

    UNTOLD = "absent"


UNTOLD: Literal[Untold.UNTOLD] = Untold.UNTOLD
"""What a view leaves out."""


@dataclass(frozen=True, slots=True)
class NeedView:
    """What one piece of a package takes of another."""

    package: str
    per: int


@dataclass(frozen=True, slots=True)
class LotView:
    """A transfer lot: expected to leave, or departed, or arrived."""

    number: int
    quantity: int
    expected: timedelta | Untold = UNTOLD
    departed: timedelta | Untold = UNTOLD
    arrived: timedelta | Untold = UNTOLD


@dataclass(frozen=True, slots=True)
class PackageView:
    """A package as this firm knows it; ``not_agreed`` names what is absent from ``told``."""

    id: str
    title: Text
    item: Text
    firm: str
    firm_name: str
    needs: Sequence[NeedView]
    weight: int
    planned: int
    own: bool
    level: Level
    not_agreed: Sequence[str]
    withdrawn: datetime | None
    plan_start: timedelta | Untold = UNTOLD
    plan_end: timedelta | Untold = UNTOLD
    critical: bool | Untold = UNTOLD
    slack: timedelta | Untold | None = UNTOLD
    clock_off: timedelta | Untold = UNTOLD
    substate: Substate | Untold = UNTOLD
    age: timedelta | Untold = UNTOLD
    stale: bool | Untold = UNTOLD
    band: tuple[timedelta, timedelta] | Untold = UNTOLD
    own_delay: timedelta | Untold = UNTOLD
    inbound_delay: timedelta | Untold = UNTOLD
    told_at: timedelta | Untold = UNTOLD
    """The date that partners are told, where it leaves coarser than it is known here."""
    unmeasured: bool | Untold = UNTOLD
    machine_title: Text | Untold = UNTOLD
    told: Mapping[str, Any] = field(default_factory=dict)


def package_view(
    snapshot: Snapshot, package: WorkPackage, leaving: Departures, now: timedelta
) -> PackageView:
    """One package as this firm knows it at order time ``now``."""
    knowledge, own = snapshot.knowledge, snapshot.own.get(package.id)
    order, firm = knowledge.order, knowledge.firm
    agreed = Agreed(Level.L3) if own else knowledge.agreed.get(package.firm, Agreed(Level.L0))
    planned, ahead = package.baseline, None
    if _measured(snapshot, package) and snapshot.plan is not None:
        ahead = snapshot.plan.packages[package.id]
    clock_off = snapshot.clocks.get(order.lead if own is not None else package.firm)
    shown = PackageView(
        id=package.id,
        title=package.title,
        item=package.item,
        firm=package.firm,
        firm_name=snapshot.names.get(package.firm, package.firm),
        needs=_needs(order, package),
        weight=package.weight,
        planned=package.quantity,
        own=package.firm == firm,
        level=agreed.level,
        not_agreed=HIDDEN[agreed.level],
        withdrawn=agreed.withdrawn,
        plan_start=UNTOLD if planned is None else planned.start,
        plan_end=UNTOLD if planned is None else planned.end,
        critical=UNTOLD if ahead is None else ahead.critical,
        slack=UNTOLD if ahead is None else ahead.slack,
        clock_off=UNTOLD if clock_off is None else clock_off,
    )
    arrives = _arrivals(order, package, leaving)
    if own is not None:
        return _own(shown, snapshot, package, own, arrives, now=now)
    return _heard(shown, snapshot, package, arrives, now)


def _measured(snapshot: Snapshot, package: WorkPackage) -> bool:
    """Whether slack says anything: both ends that it lies between are more than the plan."""
    knowledge, whole = snapshot.knowledge, snapshot.whole
    if whole is None or whole.forecast is None:
        return False
    told = end_agreed(knowledge, package) and knowledge.waits([package]) is None
    return package.id in snapshot.own or told


def _by_table(values: Mapping[str, Any]) -> dict[str, Any]:
    """What the table shows by itself of these values, by the view's keys."""
    return {
        row.package: row.show(values[row.key])
        for row in FIELDS
        if row.package is not None and row.show is not None and values.get(row.key) is not None
    }


def _own(
    shown: PackageView,
    snapshot: Snapshot,
    package: WorkPackage,
    own: Own,
    arrives: Mapping[int, timedelta],
    *,
    now: timedelta,
) -> PackageView:
    step, state = snapshot.knowledge.order.step, own.state
    told = _by_table({row.key: row.take(state, step) for row in FIELDS if row.show is not None}) | {
        "lamp": state.lamp,
        "status": state.state,
        "progress": round(state.share, 4),
        "lots": [
            _lot(e.number, e.quantity, leaves, arrives, now, departed=e.departed)
            for e in own.forecast.lots
            for leaves in [e.leaves if e.departed or state.forecast is not None else None]
        ],
    }
    title = snapshot.titles.get(package.id)
    shown = replace(
        shown,
        substate=state.substate,
        age=timedelta(),
        stale=False,
        unmeasured=state.unmeasured or UNTOLD,
        machine_title=UNTOLD if title is None else title,
        told=told,
    )
    if state.forecast is None:
        return replace(shown, not_agreed=() if own.waits is not None else ("forecast_s",))
    end = rounded(state.forecast, MINUTE)
    return replace(
        shown,
        band=(end - step, end + step),
        own_delay=rounded(state.own_delay, MINUTE),
        inbound_delay=rounded(state.inbound_delay, MINUTE),
        told_at=UNTOLD if state.coarse is None else told_date(state.forecast, step, state.coarse),
        told=told | {"forecast_s": end},
    )


def _heard(
    shown: PackageView,
    snapshot: Snapshot,
    package: WorkPackage,
    arrives: Mapping[int, timedelta],
    now: timedelta,
) -> PackageView:
    knowledge = snapshot.knowledge
    if shown.level is Level.L0:
        return shown
    stale = knowledge.stale(package.id, now)
    heard = knowledge.heard.get(package.id)
    if heard is None:
        silent = {"lamp": Lamp.HATCHED, "status": "no_news"} if stale else {"lamp": Lamp.GREY}
        return replace(shown, stale=stale, told=silent)
    age = max(timedelta(), now - heard.at)
    end = expected_end(knowledge, package)
    told = _by_table(heard.report.told)
    told["lamp"] = Lamp.HATCHED if stale else _lamp(knowledge.order, package, heard, end)
    shown = replace(shown, age=age, stale=stale, told=told)
    date = heard.date
    if date is None:
        return shown
    told["status"] = "no_news" if stale else SEEN_AS[date.status]
    if heard.quantity is not None:
        told |= _quantities(snapshot, package, heard, end, arrives, now=now)
    shown = replace(shown, unmeasured=date.unmeasured or UNTOLD)
    if end is None:
        return replace(shown, not_agreed=(*shown.not_agreed, "forecast_s"))
    told["forecast_s"] = end
    wider = age if stale else timedelta()
    return replace(shown, band=(end - date.precision, end + date.precision + wider))


def _quantities(
    snapshot: Snapshot,
    package: WorkPackage,
    heard: Heard,
    end: timedelta | None,
    arrives: Mapping[int, timedelta],
    *,
    now: timedelta,
) -> dict[str, Any]:
    """Lots, and progress as exactly as the good quantity tells it."""
    departed = {lot.number for lot in heard.report.lots}
    leaves = snapshot.knowledge.expected.get(package.id, {})
    if end is None:
        leaves = {number: left for number, left in leaves.items() if number in departed}
    told: dict[str, Any] = {
        "lots": [
            _lot(e.number, e.quantity, leaves.get(e.number), arrives, now,
                 departed=e.number in departed)
            for e in package.lots()
        ]
    }  # fmt: skip
    if (good := heard.report.good) is not None:
        told["progress"] = round(min(1.0, good / package.quantity), 4)
    return told


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
    arrives: Mapping[int, timedelta],
    now: timedelta,
    *,
    departed: bool,
) -> LotView:
    if leaves is None:
        return LotView(number, quantity)
    if not departed:
        return LotView(number, quantity, leaves)
    at = arrives.get(number)
    arrived = at if at is not None and at <= now else UNTOLD
    return LotView(number, quantity, departed=leaves, arrived=arrived)


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


def _needs(order: JointOrder, package: WorkPackage) -> list[NeedView]:
    return [
        NeedView(source.id, need.per) for need in package.needs for source in order.sources(need)
    ]
