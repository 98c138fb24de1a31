"""Batches as bytes: many together, compact, compressed, with a checksum. Pure.

A block is a JSON list with one list per batch:
``[shape, at in µs, mono, synced, seq0, values, faults, marks]``. ``shape`` is the number of the
machine and its list of signals. ``faults`` is null or ``[[index, reason, code], …]``, ``marks`` is
``[[index, quality, reason, code], …]``. zlib's checksum tells a damaged block from a sound one.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson

from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.clock import EPOCH
from gateway.core.errors import JournalError
from gateway.core.signals import Fault, Quality, Reason, SignalId, Value

_MICROSECOND = timedelta(microseconds=1)
_LEVEL = 1
_UNDECODABLE = Mark(Quality.BAD, Fault(Reason.UNDECODABLE))


def to_us(at: datetime) -> int:
    """Microseconds since the Unix epoch, UTC."""
    return (at - EPOCH) // _MICROSECOND


def from_us(us: int) -> datetime:
    """The UTC time of ``us`` microseconds since the Unix epoch."""
    return EPOCH + timedelta(microseconds=us)


@dataclass(frozen=True, slots=True)
class Shape:
    """A machine and the signals of one kind of batch of it."""

    machine: str
    signals: tuple[SignalId, ...]


class Unreadable(JournalError):
    """A stored block does not hold what was written."""


def encode(batches: Sequence[Judged], number: Mapping[Shape, int]) -> bytes:
    """Batches as a block; ``number`` knows the shape of each."""
    return zlib.compress(orjson.dumps([_row(judged, number) for judged in batches]), _LEVEL)


def _row(judged: Judged, number: Mapping[Shape, int]) -> list[object]:
    batch = judged.batch
    return [
        number[Shape(batch.machine, batch.signals)],
        to_us(batch.at),
        batch.mono,
        batch.clock is Clock.SYNCED,
        judged.seq0,
        batch.values,
        None if batch.faults is None else _faults(batch.faults),
        [
            (index, int(mark.quality), mark.fault.reason.value, mark.fault.code)
            for index, mark in judged.marks.items()
        ],
    ]


def _faults(faults: Sequence[Fault | None]) -> list[tuple[int, str, int | None]]:
    return [
        (index, fault.reason.value, fault.code)
        for index, fault in enumerate(faults)
        if fault is not None
    ]


def decode(block: bytes, shapes: Mapping[int, Shape]) -> list[Judged]:
    """The batches of a block. Raises Unreadable."""
    try:
        rows = orjson.loads(zlib.decompress(block))
        return [_judged(row, shapes) for row in rows]
    except (zlib.error, ValueError, KeyError, TypeError, IndexError) as error:
        raise Unreadable(f"a stored block cannot be read: {error!r}") from error


def _judged(row: Sequence[Any], shapes: Mapping[int, Shape]) -> Judged:
    number, at, mono, synced, seq0, values, faults, marks = row
    shape = shapes[number]
    batch = Batch(
        shape.machine,
        from_us(at),
        mono,
        Clock.SYNCED if synced else Clock.UNSYNCED,
        shape.signals,
        tuple(values),
        None if faults is None else _all_faults(faults, len(values)),
    )
    judged = {
        index: Mark(Quality(quality), Fault(Reason(reason), code))
        for index, quality, reason, code in marks
    }
    if None in values:
        judged |= dict(_unmarked(values, judged))
    return Judged(batch, seq0, judged)


def _all_faults(kept: Sequence[Any], count: int) -> tuple[Fault | None, ...]:
    faults: list[Fault | None] = [None] * count
    for index, reason, code in kept:
        faults[index] = Fault(Reason(reason), code)
    return tuple(faults)


def _unmarked(
    values: Sequence[Value | None], marks: Mapping[int, Mark]
) -> Iterator[tuple[int, Mark]]:
    """A value that JSON cannot carry (not a number, infinite) comes back as bad, never as good."""
    for index, value in enumerate(values):
        if value is None and index not in marks:
            yield index, _UNDECODABLE
