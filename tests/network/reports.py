"""Reports for tests, by their level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.network.fields import fields_of
from gateway.network.order import Level
from gateway.network.report import DelayReason, DepartedLot, Lamp, ProductionStatus, Report


def lamp_report(lamp: Lamp) -> Report:
    return Report(Level.L1, {"lamp": lamp})


def date_report(
    lamp: Lamp,
    status: ProductionStatus,
    progress: int | None,
    forecast: timedelta | None,
    precision: timedelta,
    reason: DelayReason | None,
) -> Report:
    told = {
        "lamp": lamp,
        "productionStatus": status,
        "progress": progress,
        "forecast_s": forecast,
        "precisionOfForecast": precision,
        "reasonsForDelay": reason,
    }
    return Report(Level.L2, told)


def quantity_report(
    date: Report,
    good: int | None,
    lots: Sequence[DepartedLot],
    before: int = 0,
    departed: int | None = None,
) -> Report:
    told = {
        "good": good,
        "departedLots": tuple(lots),
        "lotsBefore": before,
        "lotsDeparted": len(lots) if departed is None else departed,
    }
    told = {**date.told, **told}
    older = {row.key: row.absent(told) for row in fields_of(Level.L3) if row.absent is not None}
    return Report(Level.L3, {**older, **told})


def changed(report: Report, **told: Any) -> Report:
    """``report`` with other values, by the words of its properties."""
    keys = {"forecast": "forecast_s", "lots": "departedLots", "reason": "reasonsForDelay"}
    return replace(report, told={**report.told, **{keys.get(k, k): v for k, v in told.items()}})
