"""What leaves a firm: a pure function from the firm's own state to the fields of a level.

The result types are the proof: there is no field for a machine's state, a cycle time, scrap or
anything else that is never told, so none can slip through. Words after Catena-X (domain.md C).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.core.work import JobState, Substate
from gateway.network.forecast import rounded
from gateway.network.order import HORIZON, Level

PROGRESS_STEP = 5
"""Progress leaves a firm in steps of so many percent, rounded down."""
LOT_STEP = timedelta(minutes=1)
"""The time at which a lot left is told in whole minutes."""
SECOND = timedelta(seconds=1)
MOST_PIECES = 10**9
"""More pieces than any lot or order has."""
LOTS_AT_ONCE = 100
"""So many departed lots travel in one report; with them it is shorter than one step of sealing."""


class Lamp(StrEnum):
    """The least that a partner may see."""

    GREY = "grey"  # not started
    GREEN = "green"
    YELLOW = "yellow"  # slack used up, or stopped by its own cause
    RED = "red"  # the forecast is past the due time
    DONE = "done"
    HATCHED = "hatched"  # nothing is known: silence and withdrawal are never green


class ProductionStatus(StrEnum):
    """productionStatus of Catena-X."""

    RECEIVED = "itemReceived"
    PLANNED = "itemPlanned"
    IN_PRODUCTION = "itemInProduction"
    COMPLETED = "itemCompleted"
    UNDEFINED = "statusUndefined"


class DelayReason(StrEnum):
    """reasonsForDelay of Catena-X.

    ``NONE_GIVEN`` beside a forecast: its firm does not see its own machine now, the last forecast
    stands. Without one: it does not know itself when its input comes.
    """

    SUPPLY = "supplyProblems"
    INTERNAL = "internalProblems"
    OTHER = "otherCircumstances"
    NONE_GIVEN = "noInformationAvailable"


def worst(*lamps: Lamp) -> Lamp:
    """The lamp that counts of several: late before not known, and that before in time."""
    found = [lamp for lamp in (Lamp.RED, Lamp.YELLOW, Lamp.HATCHED) if lamp in lamps]
    return found[0] if found else lamps[0]


STATUS = {
    JobState.PLANNED: ProductionStatus.RECEIVED,
    JobState.RELEASED: ProductionStatus.PLANNED,
    JobState.RUNNING: ProductionStatus.IN_PRODUCTION,
    JobState.INTERRUPTED: ProductionStatus.IN_PRODUCTION,
    JobState.ENDED: ProductionStatus.COMPLETED,
    JobState.ABORTED: ProductionStatus.UNDEFINED,
}
"""A partner is not told whether work is interrupted, only that the item is in production."""

SEEN_AS = {
    ProductionStatus.RECEIVED: JobState.PLANNED,
    ProductionStatus.PLANNED: JobState.RELEASED,
    ProductionStatus.IN_PRODUCTION: JobState.RUNNING,
    ProductionStatus.COMPLETED: JobState.ENDED,
    ProductionStatus.UNDEFINED: JobState.ABORTED,
}


@dataclass(frozen=True, slots=True)
class DepartedLot:
    """A lot that has left its firm."""

    number: int
    quantity: int
    departed: timedelta


@dataclass(frozen=True, slots=True)
class PackageState:
    """A package as its own firm knows it; the fields after ``lots`` are for nobody else.

    ``forecast`` is None where it rests on a date that a supplier does not tell, or not yet.
    """

    state: JobState
    substate: Substate
    good: int
    planned: int
    forecast: timedelta | None
    lamp: Lamp
    reason: DelayReason | None
    lots: tuple[DepartedLot, ...]
    scrap: int = 0
    per_piece: timedelta = timedelta()
    own_delay: timedelta = timedelta()
    inbound_delay: timedelta = timedelta()
    machine: str = ""
    because: str = ""
    unmeasured: bool = False

    @property
    def share(self) -> float:
        """Progress, from 0 to 1: scrap never counts, and more than planned is not more."""
        return min(1.0, self.good / self.planned)


@dataclass(frozen=True, slots=True)
class OrderState:
    """A whole order as its lead firm knows it.

    ``share`` (progress, from 0 to 1), ``good`` (complete sets) and ``forecast`` are None where
    they rest on something that was not agreed, or not heard yet.
    """

    state: JobState
    share: float | None
    good: int | None
    forecast: timedelta | None
    lamp: Lamp
    reason: DelayReason | None


@dataclass(frozen=True, slots=True)
class LampReport:
    """L1."""

    lamp: Lamp

    def fields(self) -> dict[str, Any]:
        """As it travels."""
        return {"lamp": self.lamp.value}


@dataclass(frozen=True, slots=True)
class DateReport:
    """L2: ``progress`` in percent, ``forecast`` in whole ``precision`` steps; None: not known."""

    lamp: Lamp
    status: ProductionStatus
    progress: int | None
    forecast: timedelta | None
    precision: timedelta
    reason: DelayReason | None

    @property
    def unmeasured(self) -> bool:
        """Whether the forecast is the last one that was measured: its machine is not seen now."""
        return self.reason is DelayReason.NONE_GIVEN and self.forecast is not None

    def fields(self) -> dict[str, Any]:
        """As it travels."""
        return {
            "lamp": self.lamp.value,
            "productionStatus": self.status.value,
            "progress": self.progress,
            "forecast_s": None if self.forecast is None else self.forecast // SECOND,
            "precisionOfForecast": {
                "value": self.precision // timedelta(minutes=1),
                "timeUnit": "minute",
            },
            "reasonsForDelay": [self.reason.value] if self.reason else [],
        }


@dataclass(frozen=True, slots=True)
class QuantityReport:
    """L3: the fields of L2, the good quantity (None: not known) and the lots that left.

    As it travels, ``lots`` are those that its reader does not know yet (perhaps not all of them):
    they come to the ``before`` that it has acknowledged, and ``departed`` have left in all.
    """

    date: DateReport
    good: int | None
    lots: tuple[DepartedLot, ...]
    before: int = 0
    departed: int | None = None

    def fields(self) -> dict[str, Any]:
        """As it travels."""
        lots = [
            {"number": e.number, "quantity": e.quantity, "departed_s": e.departed // SECOND}
            for e in self.lots
        ]
        return self.date.fields() | {
            "good": self.good,
            "departedLots": lots,
            "lotsBefore": self.before,
            "lotsDeparted": len(self.lots) if self.departed is None else self.departed,
        }


Report = LampReport | DateReport | QuantityReport

FIELDS: Mapping[Level, tuple[str, ...]] = {
    Level.L0: (),
    Level.L1: ("lamp",),
    Level.L2: (
        "lamp",
        "productionStatus",
        "progress",
        "forecast_s",
        "precisionOfForecast",
        "reasonsForDelay",
    ),
}
_SINCE_2 = ("lotsBefore", "lotsDeparted")
"""Keys that reports of schema 1 do not have: their lots are all that have left."""
FIELDS = {**FIELDS, Level.L3: (*FIELDS[Level.L2], "good", "departedLots", *_SINCE_2)}
FIELDS = {**FIELDS, Level.L4: FIELDS[Level.L3]}
"""The keys that may travel at each level. Inspection results (L4) are not recorded yet."""


def percent(share: float) -> int:
    """Progress from 0 to 1 as it leaves a firm."""
    return int(share * 100 + 1e-9) // PROGRESS_STEP * PROGRESS_STEP


def disclose(state: PackageState | OrderState, level: Level, step: timedelta) -> Report | None:
    """What a partner gets at ``level``; None at L0. ``step`` is the agreed precision of dates."""
    if level is Level.L0:
        return None
    if level is Level.L1:
        return LampReport(state.lamp)
    date = DateReport(
        state.lamp,
        STATUS[state.state],
        None if state.share is None else percent(state.share),
        None if state.forecast is None else rounded(state.forecast, step),
        step,
        state.reason,
    )
    if level is Level.L2:
        return date
    lots = tuple(
        DepartedLot(lot.number, lot.quantity, lot.departed // LOT_STEP * LOT_STEP)
        for lot in (state.lots if isinstance(state, PackageState) else ())
    )
    return QuantityReport(date, state.good, lots, departed=len(lots))


def unread(report: Report, known: Mapping[int, DepartedLot]) -> Report:
    """``report`` for a reader who knows these lots already; it may take several to tell the rest.

    Where what was told is not so any more, everything is told anew.
    """
    if not isinstance(report, QuantityReport):
        return report
    fresh = [lot for lot in report.lots if known.get(lot.number) != lot]
    if len(report.lots) - len(fresh) != len(known):
        known, fresh = {}, list(report.lots)
    return replace(
        report, lots=tuple(fresh[:LOTS_AT_ONCE]), before=len(known), departed=len(report.lots)
    )


def joined(before: Report | None, report: Report) -> Report:
    """What a reader knows after ``report``, who knew ``before``."""
    if not isinstance(report, QuantityReport) or report.before == 0:
        return report
    held = before.lots if isinstance(before, QuantityReport) else ()
    if not report.lots:
        return replace(report, lots=held)
    lots = {lot.number: lot for lot in (*held, *report.lots)}
    return replace(report, lots=tuple(lots[number] for number in sorted(lots)))


def only(fields: Mapping[str, Any], level: Level) -> dict[str, Any]:
    """What is left of a report's fields at (perhaps lower) ``level``."""
    return {key: fields[key] for key in FIELDS[level] if key in fields}


def read(fields: Mapping[str, Any], level: Level) -> Report | None:
    """A partner's report from the fields it sent; raises ExchangeError if they are not of it.

    Keys that are not known here are left unread: a newer sender may have more to say.
    """
    missing = set(FIELDS[level]) - set(fields) - set(_SINCE_2)
    if missing:
        raise ExchangeError(f"a report of level {level} lacks {sorted(missing)}")
    if level is Level.L0:
        return None
    try:
        return _read(fields, level)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ExchangeError("a field of a report has no sound value") from error


def _read(fields: Mapping[str, Any], level: Level) -> Report:
    lamp = Lamp(fields["lamp"])
    if level is Level.L1:
        return LampReport(lamp)
    reasons = [DelayReason(reason) for reason in fields["reasonsForDelay"]]
    date = DateReport(
        lamp,
        ProductionStatus(fields["productionStatus"]),
        None if fields["progress"] is None else _whole(fields["progress"], 100),
        None if fields["forecast_s"] is None else _time(fields["forecast_s"]),
        _time(60 * _whole(fields["precisionOfForecast"]["value"], MOST_PIECES)),
        reasons[0] if reasons else None,
    )
    if level is Level.L2:
        return date
    lots = told_lots(fields["departedLots"])
    good = None if fields["good"] is None else _whole(fields["good"], MOST_PIECES)
    before = _whole(fields.get("lotsBefore", 0), MOST_PIECES)
    departed = _whole(fields.get("lotsDeparted", len(lots)), MOST_PIECES)
    return QuantityReport(date, good, lots, before, departed)


def told_lots(told: Iterable[Mapping[str, Any]]) -> tuple[DepartedLot, ...]:
    """The lots in a report's ``departedLots``, each once. Raises what unsound values raise."""
    lots = tuple(
        DepartedLot(
            _whole(entry["number"], MOST_PIECES),
            _whole(entry["quantity"], MOST_PIECES),
            _time(entry["departed_s"]),
        )
        for entry in told
    )
    if len({lot.number for lot in lots}) != len(lots):
        raise ValueError("a lot that left twice")
    return lots


def _whole(value: object, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise ValueError(value)
    return value


def _time(seconds: Any) -> timedelta:
    time = timedelta(seconds=seconds)
    if abs(time) > HORIZON:
        raise ValueError(seconds)
    return time
