"""What waits for the journal's writer: bounded in bytes, never waited for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime

from gateway.core.batches import Judged
from gateway.core.errors import JournalError
from gateway.core.events import Event
from gateway.journal.records import GapRecord, Parked


@dataclass(frozen=True, slots=True)
class Asked:
    """A command and where its answer goes."""

    command: object
    answer: Future[tuple[Event, ...]] = field(default_factory=Future)


@dataclass(slots=True)
class Lost:
    """The batches dropped since the last commit."""

    start: datetime
    end: datetime
    first_seq: int
    last_seq: int
    batches: int = 0
    entries: int = 0

    def add(self, judged: Judged) -> None:
        """Count one more; it may be older or newer than those before."""
        self.start = min(self.start, judged.at)
        self.end = max(self.end, judged.at)
        self.first_seq = min(self.first_seq, judged.seq0)
        self.last_seq = max(self.last_seq, judged.last_seq)
        self.batches += 1
        self.entries += len(judged.batch.signals)


@dataclass(slots=True)
class Notes:
    """Small things that ride along with the next commit."""

    gaps: list[GapRecord] = field(default_factory=list)
    parked: list[Parked] = field(default_factory=list)
    settled: list[Parked] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)


Item = Judged | Asked
Chore = Callable[[Notes], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """One round of work for the writer: first what was lost, then the items in their order."""

    lost: Lost | None
    items: tuple[Item, ...]
    chores: tuple[Chore, ...]


def weight(judged: Judged) -> int:
    """About how many bytes a batch holds in memory."""
    text = sum(len(value) for value in judged.batch.values if type(value) is str)
    faults = 0 if judged.batch.faults is None else 8 * len(judged.batch.faults)
    return 400 + 40 * len(judged.batch.values) + 200 * len(judged.marks) + faults + text


class Inbox:
    """The queue between everyone and the one writer thread."""

    def __init__(self, limit: int, every: float) -> None:
        self._limit = limit
        self._every = every
        self._changed = threading.Condition()
        self._items: deque[Item] = deque()
        self._chores: list[Chore] = []
        self._bytes = 0
        self._lost: Lost | None = None
        self._due: float | None = None
        self._urgent = False
        self._closed: JournalError | None = None
        self.dropped = 0

    @property
    def waiting(self) -> tuple[int, int]:
        """How many batches wait, and about how many bytes they hold."""
        with self._changed:
            return sum(isinstance(item, Judged) for item in self._items), self._bytes

    def overdue(self) -> float:
        """Seconds since what is queued should have been taken; 0 where nothing is late."""
        with self._changed:
            return 0.0 if self._due is None else max(0.0, time.monotonic() - self._due)

    def offer(self, judged: Judged) -> None:
        """Queue a batch, dropping the oldest where there is no room."""
        with self._changed:
            self._refuse_if_closed()
            self._items.append(judged)
            self._bytes += weight(judged)
            if self._bytes > self._limit:
                self._drop_oldest()
            self._set_due()

    def ask(self, asked: Asked) -> None:
        """Queue a command behind the batches that came before it; a commit follows at once."""
        with self._changed:
            self._refuse_if_closed()
            self._items.append(asked)
            asked.answer.set_running_or_notify_cancel()
            self._urgent = True
            self._changed.notify()

    def chore(self, chore: Chore) -> None:
        """Have the writer do something small with the next commit."""
        with self._changed:
            self._refuse_if_closed()
            self._chores.append(chore)
            self._set_due()

    def _set_due(self) -> None:
        """A commit is due after a while. The writer looks by itself: waking it costs the caller."""
        if self._due is None:
            self._due = time.monotonic() + self._every

    def take(self) -> Taken | None:
        """Wait for work, gather it until a commit is due, and hand it out; None at the end."""
        with self._changed:
            while not self._is_due():
                left = self._every if self._due is None else self._due - time.monotonic()
                self._changed.wait(left)
            empty = not self._items and not self._chores and self._lost is None
            if empty and self._closed is not None:
                return None
            taken = Taken(self._lost, tuple(self._items), tuple(self._chores))
            self._items.clear()
            self._chores.clear()
            self._bytes, self._lost, self._due, self._urgent = 0, None, None, False
            return taken

    def _is_due(self) -> bool:
        if self._urgent or self._closed is not None:
            return True
        return self._due is not None and time.monotonic() >= self._due

    def put_back(self, taken: Taken) -> None:
        """Keep what a failed commit has not settled for the next attempt, oldest first."""
        with self._changed:
            items = [
                item for item in taken.items if isinstance(item, Judged) or not item.answer.done()
            ]
            if self._lost is not None:  # newer ones were dropped meanwhile: these are the oldest
                for item in items:
                    if isinstance(item, Judged):
                        self._lose(item)
                items = [item for item in items if isinstance(item, Asked)]
            if taken.lost is not None:
                self._lost = _merged(taken.lost, self._lost)
            self._items.extendleft(reversed(items))
            self._bytes += sum(weight(item) for item in items if isinstance(item, Judged))
            self._urgent = self._urgent or any(isinstance(item, Asked) for item in items)
            self._chores[:0] = taken.chores
            if self._bytes > self._limit:
                self._drop_oldest()
            self._set_due()

    def rest(self, seconds: float) -> bool:
        """Wait before another attempt; False where the journal is being closed meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed is not None or self._urgent, seconds)
            return self._closed is None

    def abandon(self) -> None:
        """Give up what is queued, after ``close``: the journal cannot be written any more."""
        with self._changed:
            for item in self._items:
                if isinstance(item, Asked):
                    item.answer.set_exception(self._closed)
            self._items.clear()
            self._chores.clear()
            self._bytes, self._lost = 0, None

    def hurry(self) -> None:
        """Have what is queued committed at once."""
        with self._changed:
            self._urgent = True
            self._changed.notify()

    def close(self, why: JournalError) -> tuple[Item, ...]:
        """Take nothing more; what is queued is still handed out once."""
        with self._changed:
            self._closed = self._closed or why
            self._changed.notify()
            return tuple(self._items)

    def _refuse_if_closed(self) -> None:
        if self._closed is not None:
            raise self._closed

    def _drop_oldest(self) -> None:
        kept: list[Item] = []
        while self._bytes > self._limit and self._items:
            item = self._items.popleft()
            if isinstance(item, Judged):
                self._bytes -= weight(item)
                self._lose(item)
            else:
                kept.append(item)
        self._items.extendleft(reversed(kept))

    def _lose(self, judged: Judged) -> None:
        if self._lost is None:
            self._lost = Lost(judged.at, judged.at, judged.seq0, judged.last_seq)
        self._lost.add(judged)
        self.dropped += 1


def _merged(older: Lost, newer: Lost | None) -> Lost:
    if newer is None:
        return older
    return Lost(
        min(older.start, newer.start),
        max(older.end, newer.end),
        min(older.first_seq, newer.first_seq),
        max(older.last_seq, newer.last_seq),
        older.batches + newer.batches,
        older.entries + newer.entries,
    )
