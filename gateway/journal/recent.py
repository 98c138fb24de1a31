"""The newest committed batches in memory, so that whoever keeps up need not read the file."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Sequence

from gateway.core.batches import Judged, Reading
from gateway.core.signals import SignalId

SLACK = 16
"""What is too much goes when it is a sixteenth: a list is shortened at its begin, which costs."""


class Recent:
    """A bounded tail of the committed stream, complete after ``floor``."""

    def __init__(self, entries: int) -> None:
        self._limit = entries
        self._lock = threading.Lock()
        self._batches: list[Judged] = []
        self._last_seqs: list[int] = []
        self._entries = 0
        self._floor = 0

    def start(self, seq: int) -> None:
        """Forget everything; what follows is complete after ``seq``."""
        with self._lock:
            self._batches, self._last_seqs, self._entries, self._floor = [], [], 0, seq

    def add(self, batches: Sequence[Judged]) -> None:
        """Append what was just committed."""
        with self._lock:
            self._batches.extend(batches)
            self._last_seqs.extend(judged.last_seq for judged in batches)
            self._entries += sum(len(judged.batch.signals) for judged in batches)
            if self._entries > self._limit + self._limit // SLACK:
                self._shrink()

    def _shrink(self) -> None:
        cut = 0
        while self._entries > self._limit:
            self._entries -= len(self._batches[cut].batch.signals)
            cut += 1
        self._floor = self._last_seqs[cut - 1]
        del self._batches[:cut]
        del self._last_seqs[:cut]

    def newest(self, signal: SignalId) -> Reading | None:
        """The newest reading of a signal, where this memory still has one."""
        with self._lock:
            batches = tuple(self._batches)
        for judged in reversed(batches):
            if signal in judged.batch.signals:
                return judged.reading(judged.batch.signals.index(signal))
        return None

    def after(self, seq: int, limit: int) -> list[Judged] | None:
        """What follows ``seq``, or None where this memory does not reach back so far."""
        with self._lock:
            if seq < self._floor:
                return None
            first = bisect_right(self._last_seqs, seq)
            return self._batches[first : first + limit]
