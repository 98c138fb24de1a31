"""What partners share as JSON: made here of the typed views, in the shapes of ``order_shapes``."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from gateway.api.order_shapes import (
    AgreementShape,
    ComparisonShape,
    OrderShape,
    ReceivedShape,
    SentShape,
    SideShape,
)
from gateway.api.rooms import Rooms
from gateway.api.views import iso
from gateway.core.text import Text
from gateway.network.agreement import NEVER, AgreementView
from gateway.network.fields import KEYS
from gateway.network.forecast import SECOND, rounded
from gateway.network.order_view import OrderView
from gateway.network.package_view import UNTOLD, LotView

if TYPE_CHECKING:
    from gateway.partners.compare import Beside, Comparison
    from gateway.partners.state import LogEntry

_NAMED = {"stale_after": "stale_s", "told_at": "told_s", "by": "from"}
"""Keys that are not called like their fields."""
_INSIDE = ("told", "whole")
"""Fields whose own keys stand beside the others."""


def order_json(view: OrderView) -> OrderShape:
    """A joint order; what was not agreed is absent."""
    return cast("OrderShape", as_json(view))


def order_shown(rooms: Rooms, view: OrderView) -> OrderShape:
    """The same, made once of each view: one that has not changed is the same object."""
    last = rooms.shown_orders.get(view.id)
    if last is None or last[0] is not view:
        last = rooms.shown_orders[view.id] = view, order_json(view)
    return last[1]


def as_json(value: Any) -> Any:
    """A view's value as JSON: times in seconds of order time, what is absent left out."""
    if value is None or type(value) in (int, str, float, bool):
        return value
    for kind, written in _WRITTEN:
        if isinstance(value, kind):
            return written(value)
    return _object(value) if is_dataclass(value) else [as_json(each) for each in value]


def _object(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, key in _keys(cast("Hashable", type(value))):
        each = getattr(value, name)
        if each is UNTOLD:
            continue
        if name in _INSIDE:
            found |= as_json(each)
        else:
            found[key] = as_json(each)
    return found


@cache
def _keys(kind: Any) -> tuple[tuple[str, str], ...]:
    """The fields of a view with their keys: those of times end in ``_s``."""
    return tuple(
        (each.name, _NAMED.get(each.name) or each.name + "_s" * ("timedelta" in str(each.type)))
        for each in fields(kind)
    )


def _lot(lot: LotView) -> dict[str, int]:
    """The same for a lot, of which there may be ten thousand."""
    found = {"number": lot.number, "quantity": lot.quantity}
    if isinstance(lot.expected, timedelta):
        found["expected_s"] = whole_seconds(lot.expected)
    if isinstance(lot.departed, timedelta):
        found["departed_s"] = whole_seconds(lot.departed)
    if isinstance(lot.arrived, timedelta):
        found["arrived_s"] = whole_seconds(lot.arrived)
    return found


def agreement_json(agreed: AgreementView) -> AgreementShape:
    """What a firm gives another, and what it never does."""
    return {
        "from": agreed.giver,
        "to": agreed.taker,
        "level": agreed.level.value,
        "most": agreed.most.value,
        "interval_s": whole_seconds(agreed.interval),
        "threshold_s": whole_seconds(agreed.threshold),
        "fields": list(KEYS[agreed.level]),
        "never": [{"de": text.de, "en": text.en} for text in NEVER],
        "withdrawn": iso(agreed.withdrawn),
        "own": agreed.own,
    }


def sent_json(entries: Sequence[LogEntry]) -> list[SentShape]:
    """Messages that left."""
    return [cast("SentShape", _entry(entry, "to")) for entry in entries]


def received_json(entries: Sequence[LogEntry]) -> list[ReceivedShape]:
    """Messages that came in."""
    return [cast("ReceivedShape", _entry(entry, "from")) for entry in entries]


def _entry(entry: LogEntry, partner: str) -> dict[str, Any]:
    return {
        "id": entry.hash[:16],
        "at": iso(entry.at),
        partner: entry.partner,
        "kind": entry.kind.value,
        "order": entry.order,
        "package": entry.package,
        "sequence": entry.sequence,
        "level": entry.level.value if entry.level else None,
        "fields": dict(entry.fields),
        "bytes": entry.bytes,
        "hash": entry.hash,
        "prev": entry.prev or None,
        "state": entry.state,
        "acked": iso(entry.acked),
    }


def comparison_json(found: Comparison) -> ComparisonShape:
    """Both firms' logs beside each other."""
    side = _side(found.sent) | {"count": found.count, "equal": found.equal}
    received = None if found.received is None else _side(found.received)
    shape = {"firm": found.firm, "order": found.order, **side, "received": received}
    return cast("ComparisonShape", shape)


def _side(side: Beside) -> SideShape:
    theirs = cast("str | None", side.theirs)
    return {"mine": side.mine, "theirs": theirs, "count": side.count, "equal": side.equal}


def whole_seconds(time: timedelta) -> int:
    """Order time in whole seconds."""
    return rounded(time, SECOND) // SECOND


_WRITTEN: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (LotView, _lot),
    (Enum, lambda value: value.value),
    (timedelta, whole_seconds),
    (datetime, iso),
    (Text, Text.as_json),
    (Mapping, lambda value: {key: as_json(each) for key, each in value.items()}),
)
