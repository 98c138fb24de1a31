"""The newest values of each signal, before they are closed into a chunk."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.core.batches import Judged
from gateway.core.clock import to_ms
from gateway.core.signals import Quality, SignalId, Value
from gateway.history.chunks import NONE, Points, Summary, decode, encode, summary

SPAN_MS = 300_000
"""A chunk covers at most this much time; signals close theirs at different moments."""
MOST_VALUES = 1024
"""A chunk holds at most so many values."""
_BEFORE_EVERYTHING = -(2**62)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A closed chunk on its way into the file."""

    id: int
    signal: int
    summary: Summary
    body: bytes
    last_seq: int

    def points(self) -> Points:
        """Its values."""
        return decode(self.body)


class Tail:
    """The open end of one signal. ``closed_seq``: everything up to it stands in chunks."""

    __slots__ = (
        "_grid",
        "closed_seq",
        "first_seq",
        "last_at",
        "last_seq",
        "marks",
        "name",
        "numbers",
        "signal",
        "texts",
        "times",
        "until",
    )

    def __init__(self, signal: int, name: SignalId, closed_seq: int) -> None:
        self.signal = signal
        self.name = name
        self.closed_seq = closed_seq
        self._grid = zlib.crc32(name.encode()) % SPAN_MS
        self.clear()

    def clear(self) -> None:
        """Start anew with no values."""
        self.times: array[int] = array("q")
        self.numbers: array[float] = array("d")
        self.marks: dict[int, int] = {}
        self.texts: dict[int, str] = {}
        self.first_seq = 0
        self.last_seq = 0
        self.until = _BEFORE_EVERYTHING
        self.last_at = _BEFORE_EVERYTHING

    def begin(self, at: int, seq: int) -> None:
        """Begin a stretch with a value of this time."""
        self.first_seq = seq
        self.until = ((at - self._grid) // SPAN_MS + 1) * SPAN_MS + self._grid

    def add(self, at: int, seq: int, value: Value | None) -> bool:
        """Append a value that is good; False where it belongs to the next stretch."""
        if not self.last_at <= at < self.until:
            return False
        try:
            self.numbers.append(value)  # type: ignore[arg-type]
        except (TypeError, OverflowError):
            self._add_other(value)
        self.times.append(at)
        self.last_at = at
        self.last_seq = seq
        if value.__class__ is int and self.numbers[-1] != value:
            self.mark(Quality.UNCERTAIN)  # a float cannot hold all its digits
        if len(self.times) == MOST_VALUES:
            self.until = _BEFORE_EVERYTHING
        return True

    def _add_other(self, value: Value | None) -> None:
        if isinstance(value, str):
            self.texts[len(self.times)] = value
        self.numbers.append(NONE)

    def mark(self, quality: Quality) -> None:
        """The last value is not simply good."""
        self.marks[len(self.times) - 1] = int(quality)

    def points(self) -> Points:
        """A copy of the open stretch."""
        points = Points(list(self.times), list(self.numbers), dict(self.marks), dict(self.texts))
        return points.sound()

    def close(self, number: int) -> Chunk:
        """Turn the open stretch into a chunk and start anew."""
        points = self.points()
        chunk = Chunk(
            number,
            self.signal,
            summary(points, 0, len(points.times)),
            encode(points),
            self.last_seq,
        )
        self.closed_seq = self.last_seq
        self.clear()
        return chunk


class Tails:
    """The open ends of all signals, and the chunks that were closed but not yet written.

    ``seq`` is the last sequence number taken in, ``now`` the time of that batch: a clock that was
    set back takes it along.
    """

    def __init__(self, *, seq: int, next_chunk: int, next_signal: int) -> None:
        self.seq = seq
        self.now = _BEFORE_EVERYTHING
        self.next_chunk = next_chunk
        self.pending: list[Chunk] = []
        self.by_name: dict[SignalId, Tail] = {}
        self._next_signal = next_signal
        self._by_shape: dict[tuple[SignalId, ...], tuple[Tail, ...]] = {}
        self._replayed = 0

    def know(self, signal: int, name: SignalId, closed_seq: int) -> None:
        """A signal from the file."""
        self.by_name[name] = Tail(signal, name, closed_seq)
        self._replayed = max(self._replayed, closed_seq)

    def add(self, judged: Judged) -> None:
        """Take in a batch; one that was taken in before changes nothing."""
        if judged.last_seq <= self.seq:
            return
        at = to_ms(judged.at)
        tails = self._tails(judged.batch.signals)
        seq = judged.seq0
        if judged.marks or seq <= self._replayed:
            self._add_with_care(judged, tails, at)
        else:
            for tail, value in zip(tails, judged.batch.values, strict=True):
                if not tail.add(at, seq, value):
                    self._turn(tail, at, seq)
                    tail.add(at, seq, value)
                seq += 1
        self.seq = judged.last_seq
        self.now = at

    def _add_with_care(self, judged: Judged, tails: Sequence[Tail], at: int) -> None:
        """Add a batch of which some values are not good, or stand in chunks already."""
        for index, (tail, value) in enumerate(zip(tails, judged.batch.values, strict=True)):
            seq = judged.seq0 + index
            if seq <= tail.closed_seq:
                continue
            mark = judged.marks.get(index)
            trusted = None if mark is not None and mark.quality is Quality.BAD else value
            if not tail.add(at, seq, trusted):
                self._turn(tail, at, seq)
                tail.add(at, seq, trusted)
            if mark is not None:
                tail.mark(mark.quality)

    def _tails(self, signals: tuple[SignalId, ...]) -> tuple[Tail, ...]:
        known = self._by_shape.get(signals)
        if known is None:
            known = tuple(self._tail(name) for name in signals)
            self._by_shape[signals] = known
        return known

    def _tail(self, name: SignalId) -> Tail:
        tail = self.by_name.get(name)
        if tail is None:
            tail = self.by_name[name] = Tail(self._next_signal, name, 0)
            self._next_signal += 1
        return tail

    def _turn(self, tail: Tail, at: int, seq: int) -> None:
        if tail.times:
            self._close(tail)
        tail.begin(at, seq)

    def _close(self, tail: Tail) -> None:
        self.pending.append(tail.close(self.next_chunk))
        self.next_chunk += 1

    def close_overdue(self) -> None:
        """Close the stretches of signals that have fallen silent."""
        for tail in self.by_name.values():
            if tail.times and abs(self.now - tail.last_at) > 2 * SPAN_MS:
                self._close(tail)

    def resume_seq(self) -> int:
        """Everything up to this number stands in chunks, written or pending."""
        return min(
            (tail.first_seq - 1 for tail in self.by_name.values() if tail.times), default=self.seq
        )
