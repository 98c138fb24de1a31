"""The joint order as a message: what each firm gets of it, and how it is read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import timedelta
from typing import Any

import orjson
from pydantic import TypeAdapter

from gateway.core.errors import ExchangeError
from gateway.network.fields import MOST_PIECES
from gateway.network.order import HORIZON, MOST_LAPSE, Baseline, JointOrder, WorkPackage

MOST_LOTS = 10_000
"""A package of more transfer lots is a mistake, or meant to use up our memory."""
YEARS = range(1900, 2200)
"""A real time outside these years cannot be reckoned with, least of all in time lapse."""
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
        planned_end=order.planned_end if takes_part else None,
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
    """The order that a message carries; raises ExchangeError where it is none, or unsound."""
    try:
        order = _ORDER.validate_json(orjson.dumps(document))
        _check(order)
    except (ValueError, OverflowError, orjson.JSONEncodeError) as error:
        raise ExchangeError("the message holds no sound joint order") from error
    return order


def _check(order: JointOrder) -> None:
    """Whether every plan and forecast can be reckoned from it. Raises ValueError."""
    _must(all(abs(time) <= HORIZON for time in _times(order)), "times")
    steps = (order.interval, order.step, order.calendar_step)
    _must(min(steps) > timedelta(), "interval and step")
    _must(min(order.transport, order.threshold, order.stale) >= timedelta(), "durations")
    _must(1 <= order.lapse <= MOST_LAPSE and order.quantity >= 1, "lapse and quantity")
    began = order.began
    _must(began is None or (began.tzinfo is not None and began.year in YEARS), "began")
    ids = [package.id for package in order.packages]
    _must(len(set(ids)) == len(ids), "two packages of one name")
    for package in order.packages:
        _check_package(package)
        _must(all(need.package in ids and need.per >= 1 for need in package.needs), "needs")
    work = (
        (package.time_for(package.lot) or timedelta()) * len(package.lots())
        for package in order.packages
    )
    _must(sum(work, timedelta()) <= HORIZON, "work")
    list(order.in_turn())


def _check_package(package: WorkPackage) -> None:
    _must(package.lot >= 1 and 1 <= package.quantity <= MOST_PIECES, "quantities")
    _must(0 <= package.weight <= MOST_PIECES, "weight")
    count = -(-package.quantity // package.lot)
    _must(count <= MOST_LOTS, "lots")
    _must(package.numbers is None or len(package.numbers) == count, "numbers of lots")
    times = [time for time in (package.lot_time, package.piece_time) if time is not None]
    _must(all(time > timedelta() for time in times), "times of work")
    baseline, opening = package.baseline, package.opening
    _must(baseline is None or len(baseline.departures) == count, "promised departures")
    if opening is not None:
        counts = (opening.good, opening.scrap, opening.runs)
        _must(min(counts) >= 0 and max(counts) <= MOST_PIECES, "counts of an opening")
        _must(len(opening.departures) <= count, "departures of an opening")


def _must(holds: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not holds:
        raise ValueError(what)


def _times(value: object) -> Iterator[timedelta]:
    """Every order time and duration within a value."""
    if isinstance(value, timedelta):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _times(entry)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _times(getattr(value, each.name))


def _seconds(value: object) -> int | float:
    if not isinstance(value, timedelta):
        raise TypeError
    seconds = value.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds
