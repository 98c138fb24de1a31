"""Batches for tests, and what a chart of them must show."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.clock import from_ms, to_ms
from gateway.core.ports import Point
from gateway.core.signals import Fault, Quality, Reason, SignalId, Value

START = datetime(2026, 8, 3, 6, tzinfo=UTC)
TIMEOUT = Mark(Quality.BAD, Fault(Reason.TIMEOUT))
ODD = Mark(Quality.UNCERTAIN, Fault(Reason.OUT_OF_RANGE))


def judged(
    seq: int,
    seconds: float,
    values: dict[str, Value | None],
    marks: dict[str, Mark] | None = None,
) -> Judged:
    """A batch of machine ``m``, ``seconds`` after the start."""
    names = tuple(values)
    batch = Batch(
        "m",
        START + timedelta(seconds=seconds),
        seconds,
        Clock.SYNCED,
        tuple(SignalId(f"m/{name}") for name in names),
        tuple(values.values()),
    )
    return Judged(batch, seq, {names.index(name): mark for name, mark in (marks or {}).items()})


def naive(
    batches: Iterable[Judged], signal: str, start: datetime, end: datetime, points: int
) -> list[Point]:
    """What a chart must show, computed the slow and plain way."""
    first, after = to_ms(start), to_ms(end)
    found: dict[int, list[tuple[int, int, Value | None, Quality]]] = {}
    for batch in batches:
        for reading in batch.readings():
            at = to_ms(reading.at)
            if reading.signal != signal or not first <= at < after:
                continue
            value, quality = reading.value, reading.quality
            is_number = isinstance(value, int | float) and math.isfinite(value)
            if quality is Quality.GOOD and not is_number and not isinstance(value, str):
                quality = Quality.BAD
            if quality is Quality.BAD or not (is_number or isinstance(value, str)):
                value = None
            bucket = (at - first) * points // (after - first)
            found.setdefault(bucket, []).append((at, reading.seq, value, quality))
    return [_point(sorted(entries, key=lambda e: e[:2])) for _, entries in sorted(found.items())]


def _point(entries: list[tuple[int, int, Value | None, Quality]]) -> Point:
    trusted = [(at, value) for at, _, value, _ in entries if value is not None]
    numbers = [float(value) for _, value in trusted if not isinstance(value, str)]
    at, last = trusted[-1] if trusted else (entries[-1][0], None)
    worst = max(quality for *_, quality in entries)
    low, high = (min(numbers), max(numbers)) if numbers else (None, None)
    return Point(from_ms(at), low, high, last, worst)
