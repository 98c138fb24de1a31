"""A joint order as this firm knows it; what was not agreed is absent. The API makes JSON of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from gateway.core.text import Text
from gateway.network.fields import HIDDEN_ORDER, told_date
from gateway.network.forecast import rounded
from gateway.network.knowledge import Agreed
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.package_view import UNTOLD, PackageView, Untold, leaving_of, package_view
from gateway.network.report import Lamp
from gateway.network.snapshot import Offered, Snapshot, Warned


@dataclass(frozen=True, slots=True)
class ClockView:
    """Order time stood at ``at`` when real time was ``began``."""

    began: datetime
    at: timedelta


@dataclass(frozen=True, slots=True)
class YouView:
    """The part of the firm that is asked."""

    firm: str
    role: str
    packages: Sequence[str]


@dataclass(frozen=True, slots=True)
class OfferView:
    """Lots of a package that a firm was asked to take."""

    id: str
    package: str
    lots: Sequence[int]
    to: str
    by: str
    state: str
    earliest_start: timedelta | Untold = UNTOLD
    forecast_with: timedelta | Untold = UNTOLD


@dataclass(frozen=True, slots=True)
class PreparedView:
    """A reserve that has said from when on it could take lots."""

    firm: str
    firm_name: str
    package: str
    lots: Sequence[int]
    earliest_start: timedelta
    forecast_with: timedelta | Untold = UNTOLD


@dataclass(frozen=True, slots=True)
class WarnedView:
    """When the forecast first passed the due time."""

    at: timedelta
    hours_before_due: float


@dataclass(frozen=True, slots=True)
class WholeView:
    """The order as a whole: ``told`` by the keys of the table of fields, and what follows."""

    level: Level
    not_agreed: Sequence[str]
    withdrawn: datetime | Untold | None = UNTOLD
    age: timedelta | Untold = UNTOLD
    stale: bool | Untold = UNTOLD
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OrderView:
    """A joint order as this firm knows it; ``stale_after`` is when a report is too old."""

    id: str
    version: int
    item: Text
    quantity: int
    unit: Text
    lead: str
    simulated: bool
    lapse: int
    clock: ClockView
    start: timedelta
    due: timedelta
    threshold: timedelta
    interval: timedelta
    stale_after: timedelta
    opening: bool
    you: YouView
    ended: timedelta | Untold
    plan_end: timedelta | Untold
    whole: WholeView
    packages: Sequence[PackageView]
    offers: Sequence[OfferView]
    prepared: PreparedView | Untold
    warned: WarnedView | None


def order_view(snapshot: Snapshot, now: timedelta) -> OrderView:
    """The order as this firm knows it at order time ``now``."""
    order, firm = snapshot.knowledge.order, snapshot.knowledge.firm
    clock, leaving = order.clock, leaving_of(snapshot)
    return OrderView(
        id=order.id,
        version=order.version,
        item=order.item,
        quantity=order.quantity,
        unit=order.unit,
        lead=order.lead,
        simulated=snapshot.simulated,
        lapse=order.lapse,
        clock=ClockView(clock.began, clock.at),
        start=order.start,
        due=order.due,
        threshold=order.threshold,
        interval=order.interval,
        stale_after=order.stale,
        opening=clock.at > order.start,
        you=YouView(firm, snapshot.role, [package.id for package in order.of(firm)]),
        ended=UNTOLD if snapshot.ended is None else snapshot.ended,
        plan_end=UNTOLD if order.planned_end is None else order.planned_end,
        whole=_whole(snapshot) if snapshot.whole is not None else _summary(snapshot, now),
        packages=[package_view(snapshot, entry, leaving, now) for entry in order.packages],
        offers=[_offer(entry, order.step) for entry in snapshot.offers],
        prepared=UNTOLD if snapshot.prepared is None else _prepared(snapshot, snapshot.prepared),
        warned=None if snapshot.warned is None else _warned(snapshot.warned),
    )


def _whole(snapshot: Snapshot) -> WholeView:
    """The order as its lead firm knows it; absent is what rests on something not agreed.

    So is what rests on a firm's first word, as long as that is missing.
    """
    whole, order = snapshot.whole, snapshot.knowledge.order
    if whole is None:
        return WholeView(Level.L3, ())
    end = whole.forecast
    if end is not None:  # the order's customer sees it, too
        end = told_date(end, order.step, whole.coarse)
    share = None if whole.share is None else round(whole.share, 4)
    told = _told(order, whole.lamp, share, end, whole.good)
    waits = snapshot.knowledge.waits(order.packages) is not None
    return WholeView(Level.L3, () if waits else _absent(told), told=told)


def _summary(snapshot: Snapshot, now: timedelta) -> WholeView:
    """The order as its lead firm tells it."""
    order = snapshot.knowledge.order
    agreed = snapshot.knowledge.agreed.get(order.lead, Agreed(Level.L0))
    summary = snapshot.knowledge.summary
    if summary is None or agreed.level is Level.L0:
        return WholeView(agreed.level, HIDDEN_ORDER[agreed.level], agreed.withdrawn)
    stale = summary.lamp is not Lamp.DONE and now - summary.at > order.stale
    lamp = Lamp.HATCHED if stale else summary.lamp
    report = summary.report
    share = None if report.progress is None else report.progress / 100
    told = _told(order, lamp, share, summary.end, report.good)
    age = max(timedelta(), now - summary.at)
    return WholeView(agreed.level, _absent(told), agreed.withdrawn, age, stale, told)


def _told(
    order: JointOrder,
    lamp: Lamp,
    share: float | None,
    end: timedelta | None,
    sets: int | None,
) -> dict[str, Any]:
    """What is known of the whole; a verdict only while everybody is heard of who decides it."""
    told: dict[str, Any] = {"lamp": lamp}
    if share is not None:
        told["progress"] = share
    if end is not None:
        told |= {"forecast_s": end, "slack_s": order.due - end}
        if lamp is not Lamp.HATCHED:
            told["late"] = end > order.due
    if sets is not None:
        told["complete"] = sets
    return told


def _absent(told: Mapping[str, Any]) -> Sequence[str]:
    """What an order's whole could tell and does not: somebody has not agreed to it."""
    return [key for key in HIDDEN_ORDER[Level.L0] if key not in told]


def _offer(offer: Offered, step: timedelta) -> OfferView:
    start, end = offer.earliest_start, offer.forecast_with
    return OfferView(
        offer.id,
        offer.package,
        offer.lots,
        offer.to,
        offer.by,
        offer.state,
        UNTOLD if start is None else start,
        UNTOLD if end is None else rounded(end, step),
    )


def _prepared(snapshot: Snapshot, prepared: Prepared) -> PreparedView:
    end = snapshot.forecast_with
    return PreparedView(
        prepared.firm,
        snapshot.names.get(prepared.firm, prepared.firm),
        prepared.package,
        prepared.lots,
        prepared.earliest_start,
        UNTOLD if end is None else rounded(end, snapshot.knowledge.order.step),
    )


def _warned(warned: Warned) -> WarnedView:
    return WarnedView(warned.at, round(warned.before_due / timedelta(hours=1), 1))
