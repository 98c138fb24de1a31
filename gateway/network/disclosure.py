"""What leaves a firm: a pure function from the firm's own state to the fields of a level.

Only what stands in the table of ``fields`` can leave: a machine's state, a cycle time or scrap has
no row there, so none can slip through.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.network.fields import KEYS, Subject, fields_of
from gateway.network.order import Level
from gateway.network.report import DepartedLot, Report

LOTS_AT_ONCE = 100
"""So many departed lots travel in one report; with them it is shorter than one step of sealing."""


def disclose(state: Subject, level: Level, step: timedelta) -> Report | None:
    """What a partner gets at ``level``; None at L0. ``step`` is the agreed precision of dates."""
    if level is Level.L0:
        return None
    return Report(level, {field.key: field.take(state, step) for field in fields_of(level)})


def as_fields(report: Report) -> dict[str, Any]:
    """A report as it travels."""
    told = report.told
    return {field.key: field.write(told[field.key]) for field in fields_of(report.level)}


def unread(report: Report, known: Mapping[int, DepartedLot]) -> Report:
    """``report`` for a reader who knows these lots already; it may take several to tell the rest.

    Where what was told is not so any more, everything is told anew.
    """
    if report.level < Level.L3:
        return report
    fresh = [lot for lot in report.lots if known.get(lot.number) != lot]
    if len(report.lots) - len(fresh) != len(known):
        known, fresh = {}, list(report.lots)
    lots = {
        "departedLots": tuple(fresh[:LOTS_AT_ONCE]),
        "lotsBefore": len(known),
        "lotsDeparted": len(report.lots),
    }
    return replace(report, told={**report.told, **lots})


def joined(before: Report | None, report: Report) -> Report:
    """What a reader knows after ``report``, who knew ``before``."""
    if report.before == 0:
        return report
    held = before.lots if before is not None else ()
    lots = {lot.number: lot for lot in (*held, *report.lots)}
    known = tuple(lots[number] for number in sorted(lots)) if report.lots else held
    return replace(report, told={**report.told, "departedLots": known})


def only(fields: Mapping[str, Any], level: Level) -> dict[str, Any]:
    """What is left of a report's fields at (perhaps lower) ``level``."""
    return {key: fields[key] for key in KEYS[level] if key in fields}


def read(fields: Mapping[str, Any], level: Level) -> Report | None:
    """A partner's report from the fields it sent; raises ExchangeError if they are not of it.

    Keys that are not known here are left unread: a newer sender may have more to say.
    """
    rows = fields_of(level)
    if missing := {row.key for row in rows if row.absent is None} - set(fields):
        raise ExchangeError(f"a report of level {level} lacks {sorted(missing)}")
    if level is Level.L0:
        return None
    told: dict[str, Any] = {}
    try:
        for row in rows:
            if row.key not in fields and row.absent is not None:
                told[row.key] = row.absent(told)
            else:
                told[row.key] = row.read(fields[row.key])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ExchangeError("a field of a report has no sound value") from error
    return Report(level, told)
