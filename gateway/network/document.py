"""The joint order as a message: what each firm gets of it, and how it is read again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from gateway.core.errors import ExchangeError
from gateway.network.order import Baseline, JointOrder, WorkPackage

_ORDER = TypeAdapter(JointOrder)


def cut(order: JointOrder, firm: str) -> JointOrder:
    """What ``firm`` gets of an order: its own part in full, of the others only what it needs.

    How long a lot takes at another firm is nobody's business but its own and the lead firm's.
    Of packages whose lots come here it says when they were planned to leave; of no other.
    A firm without a part (a reserve that was not asked yet) learns nothing of the packages.
    """
    if firm == order.lead:
        return order
    takes_part = firm in order.firms()
    agreements = tuple(a for a in order.agreements if firm in (a.giver, a.taker))
    return replace(
        order,
        packages=tuple(_seen_by(order, e, firm) for e in order.packages) if takes_part else (),
        agreements=agreements if takes_part else (),
        prepared=None,
    )


def _seen_by(order: JointOrder, package: WorkPackage, firm: str) -> WorkPackage:
    if package.firm == firm:
        return package
    feeds = any(
        source.id == package.id
        for own in order.of(firm)
        for need in own.needs
        for source in order.sources(need)
    )
    baseline = package.baseline
    kept = feeds and baseline is not None
    return replace(
        package,
        lot_time=None,
        piece_time=None,
        earliest_start=None,
        opening=None,
        baseline=_only_times(baseline) if kept and baseline is not None else None,
    )


def _only_times(baseline: Baseline) -> Baseline:
    """Without the two limits: how late a partner may be is between it and the lead firm."""
    return replace(baseline, keeps=baseline.end, due=baseline.end)


def as_document(order: JointOrder) -> dict[str, Any]:
    """An order as JSON; times in seconds."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(order, default=_seconds))
    return document


def from_document(document: Any) -> JointOrder:
    """The order that a message carries; raises ExchangeError where it is none."""
    try:
        return _ORDER.validate_json(orjson.dumps(document))
    except (ValidationError, orjson.JSONEncodeError) as error:
        raise ExchangeError("the message holds no joint order") from error


def _seconds(value: object) -> int | float:
    if not isinstance(value, timedelta):
        raise TypeError
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
