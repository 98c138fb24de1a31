"""The history of every signal, for charts: chunks in ``history.db`` and open ends in memory.

The open ends are not written: after a restart they are read again from the journal, from ``seq``
on. A damaged file, or one of a newer version, is put aside and rebuilt in the same way, as far back
as the journal reaches.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.batches import Judged
from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import JournalError
from gateway.core.ports import Point
from gateway.core.sayings import in_words
from gateway.core.signals import SignalId
from gateway.database import Corrupt, TooNew, Unwritable, put_aside
from gateway.history.buckets import Buckets
from gateway.history.file import HistoryFile, HistoryReader
from gateway.history.tails import SPAN_MS, Chunk, Tails

log = logging.getLogger(__name__)

_WRITE_AT_ONCE = 64
_MOST_PENDING = 20_000


def _now() -> datetime:
    return datetime.now(UTC)


class Series:
    """The SeriesStore that is always there. Safe to use from several threads.

    Construction does no I/O. Every time is kept to the millisecond; ``True`` is kept as 1.
    """

    def __init__(self, folder: Path, *, clock: Callable[[], datetime] = _now) -> None:
        self.path = folder / "history.db"
        self.broken: tuple[Path, ...] = ()
        self.trouble: str | None = None
        self._clock = clock
        self._file = HistoryFile(self.path)
        self._reader = HistoryReader(self.path)
        self._tails = Tails(seq=0, next_chunk=1, next_signal=1)
        self._floor = 0
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._suspect: str | None = None

    def open(self) -> None:
        """Open the file, or replace a broken one. Raises JournalError.

        Where there is no room now, it is tried again with each ``append``.
        """
        with self._lock:
            try:
                self._make_ready()
            except Unwritable as error:
                self._in_trouble(error)

    def _make_ready(self) -> None:
        """See that a sound file is open. Raises Unwritable while that cannot be."""
        if self._suspect is not None:
            self._put_aside(self._suspect)
        if not self._file.is_open:
            try:
                self._open()
            except (Corrupt, TooNew) as error:
                self._put_aside(str(error))
                self._open()
        self.trouble = None

    def _open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unwritable(f"{self.path} cannot be used: {error}") from error
        try:
            self._tails = self._file.open()
            self._floor = max(self._floor, self._file.floor())
        except JournalError:
            self._file.close()
            raise

    def _put_aside(self, why: str) -> None:
        self._suspect = why  # until it is out of the way, nothing is taken in
        self._file.close()
        with self._reading:
            self._reader.close()
            aside = put_aside(self.path, self._clock())
        self._suspect = None
        self._tails = Tails(seq=0, next_chunk=1, next_signal=1)
        self.broken = (*self.broken, aside)
        log.error("History put aside as %s, building it anew: %s", aside.name, in_words(why))

    def _in_trouble(self, error: Unwritable) -> None:
        if self.trouble is None:
            log.warning("History cannot be written, trying again: %s", error)
        self.trouble = str(error)

    def close(self) -> None:
        """Write what is closed and close; safe twice and before ``open``."""
        with self._lock:
            if self._tails.pending and self._file.is_open:
                self._write()
            self._file.close()
        with self._reading:
            self._reader.close()

    @property
    def seq(self) -> int:
        """The last sequence number taken in: read the journal on from here."""
        return self._tails.seq

    def append(self, batches: Sequence[Judged]) -> None:
        """Add judged batches, in order; the same sequence numbers again change nothing.

        Where a file had to be opened or replaced first, ``seq`` says where it stands and nothing
        was added. Raises JournalError while there is no file.
        """
        with self._lock:
            if self._suspect is not None or not self._file.is_open:
                self._make_ready()
                return
            for judged in batches:
                self._tails.add(judged)
            pending = self._tails.pending
            if pending and (
                len(pending) >= _WRITE_AT_ONCE
                or abs(self._tails.now - pending[0].summary.final) > SPAN_MS
            ):
                self._write()

    def _write(self) -> None:
        """Write the closed chunks; what cannot be written now stays readable in memory."""
        tails = self._tails
        tails.close_overdue()
        signals = {chunk.signal for chunk in tails.pending}
        changed = [tail for tail in tails.by_name.values() if tail.signal in signals]
        try:
            self._file.write(tails.pending, changed, tails.resume_seq())
        except Corrupt as error:
            self._suspect = str(error)
        except Unwritable as error:
            self._in_trouble(error)
            del tails.pending[:-_MOST_PENDING]
        else:
            tails.pending.clear()
            self.trouble = None

    def history(
        self, signal: SignalId, start: datetime, end: datetime, points: int
    ) -> Sequence[Point]:
        """At most ``points`` buckets of ``[start, end)``; empty ones are left out."""
        if points < 1:
            raise ValueError("a chart has at least one point")
        with self._lock:
            tail = self._tails.by_name.get(signal)
            if tail is None:
                return []
            pending = [chunk for chunk in self._tails.pending if chunk.signal == tail.signal]
            open_end = tail.points()
            before = self._tails.next_chunk
            floor = self._floor
        first, after = max(to_ms(start), floor), to_ms(end)
        if first >= after:
            return []
        buckets = Buckets(first, after, points)
        with self._trusting():
            self._add_stored(buckets, tail.signal, (first, after, before), pending)
        buckets.add_points(open_end)
        return buckets.points()

    def _add_stored(
        self,
        buckets: Buckets,
        signal: int,
        window: tuple[int, int, int],
        pending: Sequence[Chunk],
    ) -> None:
        unwritten = {chunk.id for chunk in pending}
        for number, found in self._reader.spans(signal, *window):
            if number in unwritten:
                continue
            if buckets.takes_whole(found.first, found.final):
                buckets.add_summary(found)
            else:
                buckets.add_points(self._reader.points(number))
        for chunk in pending:
            buckets.add_points(chunk.points())

    @contextmanager
    def _trusting(self) -> Iterator[None]:
        """Read; damage that is met has the file replaced at the next append."""
        with self._reading:
            try:
                with self._reader.snapshot():
                    yield
            except Corrupt as error:
                self._suspect = str(error)
                self._reader.close()
                raise

    def last(self, signal: SignalId) -> Point | None:
        """The newest entry of a signal, as a point; None where there is none."""
        with self._lock:
            tail = self._tails.by_name.get(signal)
            if tail is None:
                return None
            known = [
                chunk.summary.final for chunk in self._tails.pending if chunk.signal == tail.signal
            ]
            known += tail.times[-1:]
        if not known:
            with self._trusting():
                known = self._reader.newest(tail.signal)
        if not known:
            return None
        at = from_ms(max(known))
        found = self.history(signal, at, at + timedelta(milliseconds=1), 1)
        return found[0] if found else None

    def oldest(self) -> datetime | None:
        """How far back charts reach; None where nothing is kept. What is not written yet aside."""
        with self._lock:
            floor, usable = self._floor, self._suspect is None and self._file.is_open
        if not usable:
            return None
        with self._trusting():
            found = self._reader.oldest(floor)
        return None if found is None else from_ms(found)

    @property
    def hides_the_newest(self) -> bool:
        """Whether the floor lies above the newest value: a clock that ran ahead has drawn it."""
        return 0 < self._tails.now < self._floor

    def prune(self, before: datetime) -> None:
        """Forget what is older. A floor above the newest value is lowered to ``before``."""
        with self._lock:
            floor = to_ms(before)
            self._floor = floor if self.hides_the_newest else max(self._floor, floor)
            if self._suspect is not None or not self._file.is_open:
                return  # the floor is kept in memory until the next time
            try:
                self._file.prune(self._floor)
            except Corrupt as error:
                self._suspect = str(error)
            except Unwritable as error:
                log.warning("History cannot be pruned now: %s", error)
