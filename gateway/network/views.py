"""An order as the pages and the API show it: JSON in which what was not agreed is absent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from gateway.network.fields import HIDDEN_ORDER, told_date
from gateway.network.forecast import rounded
from gateway.network.knowledge import Agreed
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.package_view import iso, leaving_of, package_view, seconds
from gateway.network.report import Lamp
from gateway.network.snapshot import Offered, Snapshot, Warned

Json = dict[str, Any]


def view(snapshot: Snapshot, now: timedelta) -> Json:
    """The order as this firm knows it at order time ``now``."""
    order, firm = snapshot.knowledge.order, snapshot.knowledge.firm
    clock = order.clock
    shown: Json = {
        "id": order.id,
        "version": order.version,
        "item": order.item.as_json(),
        "quantity": order.quantity,
        "unit": order.unit.as_json(),
        "lead": order.lead,
        "simulated": snapshot.simulated,
        "lapse": order.lapse,
        "clock": {"began": iso(clock.began), "at_s": seconds(clock.at)},
        "start_s": seconds(order.start),
        "due_s": seconds(order.due),
        "threshold_s": seconds(order.threshold),
        "interval_s": seconds(order.interval),
        "stale_s": seconds(order.stale),
        "opening": clock.at > order.start,
        "you": {
            "firm": firm,
            "role": snapshot.role,
            "packages": [package.id for package in order.of(firm)],
        },
    }
    if snapshot.ended is not None:
        shown["ended_s"] = seconds(snapshot.ended)
    if order.planned_end is not None:
        shown["plan_end_s"] = seconds(order.planned_end)
    shown |= _whole(snapshot) if snapshot.whole is not None else _summary(snapshot, now)
    leaving = leaving_of(snapshot)
    shown["packages"] = [package_view(snapshot, entry, leaving, now) for entry in order.packages]
    shown["offers"] = [_offer(entry, order.step) for entry in snapshot.offers]
    if snapshot.prepared is not None:
        shown["prepared"] = _prepared(snapshot, snapshot.prepared)
    shown["warned"] = _warned(snapshot.warned)
    return shown


def _whole(snapshot: Snapshot) -> Json:
    """The order as its lead firm knows it; absent is what rests on something not agreed.

    So is what rests on a firm's first word, as long as that is missing.
    """
    whole = snapshot.whole
    if whole is None:
        return {}
    order = snapshot.knowledge.order
    end = whole.forecast
    if end is not None:  # the order's customer sees it, too
        end = told_date(end, order.step, whole.coarse)
    share = None if whole.share is None else round(whole.share, 4)
    known = {"lamp": whole.lamp.value} | _known(order, whole.lamp, share, end, whole.good)
    waits = snapshot.knowledge.waits(order.packages) is not None
    return {"level": Level.L3.value, "not_agreed": [] if waits else _absent(known)} | known


def _summary(snapshot: Snapshot, now: timedelta) -> Json:
    """The order as its lead firm tells it."""
    order = snapshot.knowledge.order
    agreed = snapshot.knowledge.agreed.get(order.lead, Agreed(Level.L0))
    shown: Json = {
        "level": agreed.level.value,
        "not_agreed": list(HIDDEN_ORDER[agreed.level]),
        "withdrawn": iso(agreed.withdrawn),
    }
    summary = snapshot.knowledge.summary
    if summary is None or agreed.level is Level.L0:
        return shown
    stale = summary.lamp is not Lamp.DONE and now - summary.at > order.stale
    lamp = Lamp.HATCHED if stale else summary.lamp
    date, quantity = summary.date, summary.quantity
    share = None if date is None or date.progress is None else date.progress / 100
    sets = None if quantity is None else quantity.good
    known = {"lamp": lamp.value} | _known(order, lamp, share, summary.end, sets)
    age = seconds(max(timedelta(), now - summary.at))
    return shown | {"not_agreed": _absent(known), "age_s": age, "stale": stale} | known


def _known(
    order: JointOrder,
    lamp: Lamp,
    share: float | None,
    end: timedelta | None,
    sets: int | None,
) -> Json:
    """What is known of the whole; a verdict only while everybody is heard of who decides it."""
    shown: Json = {}
    if share is not None:
        shown["progress"] = share
    if end is not None:
        shown |= {"forecast_s": seconds(end), "slack_s": seconds(order.due - end)}
        if lamp is not Lamp.HATCHED:
            shown["late"] = end > order.due
    if sets is not None:
        shown["complete"] = sets
    return shown


def _absent(known: Json) -> list[str]:
    """What an order's whole could tell and does not: somebody has not agreed to it."""
    return [key for key in HIDDEN_ORDER[Level.L0] if key not in known]


def _offer(offer: Offered, step: timedelta) -> Json:
    shown: Json = {
        "id": offer.id,
        "package": offer.package,
        "lots": list(offer.lots),
        "to": offer.to,
        "from": offer.by,
        "state": offer.state,
    }
    if offer.earliest_start is not None:
        shown["earliest_start_s"] = seconds(offer.earliest_start)
    if offer.forecast_with is not None:
        shown["forecast_with_s"] = seconds(rounded(offer.forecast_with, step))
    return shown


def _prepared(snapshot: Snapshot, prepared: Prepared) -> Json:
    shown: Json = {
        "firm": prepared.firm,
        "firm_name": snapshot.names.get(prepared.firm, prepared.firm),
        "package": prepared.package,
        "lots": list(prepared.lots),
        "earliest_start_s": seconds(prepared.earliest_start),
    }
    if snapshot.forecast_with is not None:
        step = snapshot.knowledge.order.step
        shown["forecast_with_s"] = seconds(rounded(snapshot.forecast_with, step))
    return shown


def _warned(warned: Warned | None) -> Json | None:
    if warned is None:
        return None
    hours = warned.before_due / timedelta(hours=1)
    return {"at_s": seconds(warned.at), "hours_before_due": round(hours, 1)}
