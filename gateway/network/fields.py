"""What partners may see: one table, from which everything else about it is derived.

A row says what travels, from which level on, what it is made of at its agreed precision, how it is
read, and under which key the pages show it. Disclosure, the views and what they call not agreed,
the API's shapes, the customer's view, the balance of the demo and the tests' oracle follow from it:
to let partners see one more field, add a row, its words in the pages' texts, and a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.network.forecast import SECOND, rounded
from gateway.network.order import HORIZON, Level
from gateway.network.report import (
    STATUS,
    Coarse,
    DelayReason,
    DepartedLot,
    Lamp,
    OrderState,
    PackageState,
    ProductionStatus,
)

PROGRESS_STEP = 5
"""Progress leaves a firm in steps of so many percent, rounded down."""
LOT_STEP = timedelta(minutes=1)
"""The time at which a lot left is told in whole minutes."""
MOST_PIECES = 10**9
"""More pieces than any lot or order has."""
Subject = PackageState | OrderState
"""What a report is about, as its own firm knows it."""


class Occasion(StrEnum):
    """Why a report goes out now."""

    FIRST = "first"
    LAMP = "lamp"
    STATUS = "status"
    LOT = "lot"
    SHIFT = "shift"
    INTERVAL = "interval"


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that partners may see.

    ``key``       as it travels
    ``level``     from which on it may be seen; below it nothing is made of it
    ``take``      what it is made of: the firm's own state, with the agreed step of dates
    ``read``      its value as it travelled; raises ValueError and its like where it is unsound
    ``write``     its value as it travels
    ``package``   its key in the view of a package, ``order`` in that of an order (None: not shown)
    ``show``      its value as the views show it; None where a view has more to say about it
    ``shape``     its type in the API's document, where the table shows it
    ``customer``  whether the order's customer sees it
    ``at_once``   a report goes out when it has changed
    ``absent``    what it is in reports of the first schema, which do not have it
    """

    key: str
    level: Level
    take: Callable[[Subject, timedelta], Any]
    read: Callable[[Any], Any] = _same
    write: Callable[[Any], Any] = _same
    package: str | None = None
    order: str | None = None
    show: Callable[[Any], Any] | None = None
    shape: Any = None
    customer: bool = False
    at_once: Occasion | None = None
    absent: Callable[[Mapping[str, Any]], Any] | None = None


def percent(share: float) -> int:
    """Progress from 0 to 1 as it leaves a firm."""
    return int(share * 100 + 1e-9) // PROGRESS_STEP * PROGRESS_STEP


def told_date(at: timedelta, step: timedelta, coarse: Coarse | None) -> timedelta:
    """A date as it leaves its firm: rounded, or, where it rests on a calendar, coarsely."""
    if coarse is None:
        return rounded(at, step)
    if coarse.planned is not None and at <= coarse.planned:
        return rounded(coarse.planned, step)
    return -(-at // coarse.step) * coarse.step


def whole_number(value: object, most: int = MOST_PIECES) -> int:
    """A number that can be counted with. Raises ValueError."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(value)
    return value


def order_seconds(seconds: Any) -> timedelta:
    """An order time that can be reckoned with. Raises ValueError."""
    time = timedelta(seconds=seconds)
    if abs(time) > HORIZON:
        raise ValueError(seconds)
    return time


def read_lots(told: Iterable[Mapping[str, Any]]) -> tuple[DepartedLot, ...]:
    """The lots in a report's ``departedLots``, each once. Raises what unsound values raise."""
    lots = tuple(
        DepartedLot(
            whole_number(entry["number"]),
            whole_number(entry["quantity"]),
            order_seconds(entry["departed_s"]),
        )
        for entry in told
    )
    if len({lot.number for lot in lots}) != len(lots):
        raise ValueError("a lot that left twice")
    return lots


def _left(state: Subject) -> tuple[DepartedLot, ...]:
    return state.lots if isinstance(state, PackageState) else ()


def _lots(state: Subject) -> tuple[DepartedLot, ...]:
    return tuple(
        DepartedLot(lot.number, lot.quantity, lot.departed // LOT_STEP * LOT_STEP)
        for lot in _left(state)
    )


def _reason(told: list[Any]) -> DelayReason | None:
    reasons = [DelayReason(reason) for reason in told]
    return reasons[0] if reasons else None


def _or_none(of: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else of(value)


FIELDS: tuple[Field, ...] = (
    Field(
        "lamp", Level.L1, lambda state, _: state.lamp,
        Lamp, package="lamp", order="lamp", at_once=Occasion.LAMP,
    ),
    Field(
        "productionStatus", Level.L2, lambda state, _: STATUS[state.state],
        ProductionStatus, package="status", at_once=Occasion.STATUS,
    ),
    Field(
        "progress", Level.L2, lambda state, _: _or_none(percent)(state.share),
        _or_none(lambda value: whole_number(value, 100)),
        package="progress", order="progress", show=lambda value: value / 100,
        shape=float, customer=True,
    ),
    Field(
        "forecast_s", Level.L2,
        lambda state, step: (
            None if state.forecast is None else told_date(state.forecast, step, state.coarse)
        ),
        _or_none(order_seconds), _or_none(lambda time: time // SECOND),
        package="forecast_s", order="forecast_s", customer=True,
    ),
    Field(
        "precisionOfForecast", Level.L2,
        lambda state, step: step if state.coarse is None else state.coarse.step,
        lambda told: order_seconds(60 * whole_number(told["value"])),
        lambda step: {"value": step // timedelta(minutes=1), "timeUnit": "minute"},
    ),
    Field(
        "reasonsForDelay", Level.L2, lambda state, _: state.reason,
        _reason, lambda reason: [reason.value] if reason else [],
        package="reason", show=lambda reason: reason.value, shape=str,
    ),
    Field(
        "good", Level.L3, lambda state, _: state.good, _or_none(whole_number),
        package="good", order="complete", show=_same, shape=int, customer=True,
    ),
    Field(
        "departedLots", Level.L3, lambda state, _: _lots(state), read_lots,
        lambda lots: [
            {"number": e.number, "quantity": e.quantity, "departed_s": e.departed // SECOND}
            for e in lots
        ],
        package="lots",
    ),
    Field("lotsBefore", Level.L3, lambda *_: 0, whole_number, absent=lambda _: 0),
    Field(
        "lotsDeparted", Level.L3, lambda state, _: len(_left(state)), whole_number,
        absent=lambda told: len(told["departedLots"]), at_once=Occasion.LOT,
    ),
)  # fmt: skip
"""Every field, from the least open to the most. Inspection results (L4) are not recorded yet."""


def fields_of(level: Level) -> tuple[Field, ...]:
    """The fields that may travel at a level."""
    return tuple(field for field in FIELDS if field.level <= level)


KEYS: Mapping[Level, tuple[str, ...]] = {
    level: tuple(field.key for field in fields_of(level)) for level in Level
}
"""The keys that may travel at each level."""
HIDDEN: Mapping[Level, tuple[str, ...]] = {
    level: tuple(f.package for f in FIELDS if f.package is not None and f.level > level)
    for level in Level
}
"""What a package's view lacks at each level."""
HIDDEN_ORDER: Mapping[Level, tuple[str, ...]] = {
    level: tuple(f.order for f in FIELDS if f.order is not None and f.level > level)
    for level in Level
}
"""The same for the order as a whole, which other firms know from the lead firm's summary."""
CUSTOMER: tuple[str, ...] = tuple(f.order for f in FIELDS if f.customer and f.order is not None)
"""What the customer sees of the order as a whole, of single firms nothing."""
AT_ONCE: Mapping[str, Occasion] = {f.key: f.at_once for f in FIELDS if f.at_once is not None}
"""A report goes out at once when one of these fields has changed."""
