"""The history's file: what is written and read. The caller sees to one thread at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.core.signals import SignalId
from gateway.database import Corrupt, open_reader, open_writer, sqlite_errors, transaction
from gateway.history.chunks import Points, Summary, decode
from gateway.history.tails import SPAN_MS, Chunk, Tail, Tails

CHECKED_BYTES = 64 * 2**20
"""A file up to this size is checked as a whole when it is opened."""


class HistoryFile:
    """``history.db`` as its writer sees it.

    It can be rebuilt, so it need not outlive a power cut to the last second:
    ``synchronous=NORMAL`` keeps it sound and spares the card.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the history's file is not open")
        return self._connection

    def open(self) -> Tails:
        """Open or create it. Raises Corrupt, Unwritable, TooNew."""
        self._connection = open_writer(
            self.path, __package__, synchronous="NORMAL", check_up_to=CHECKED_BYTES, shared=True
        )
        with sqlite_errors(self.path, opening=True):
            (next_chunk,) = self._db.execute(
                "SELECT coalesce(max(id), 0) + 1 FROM chunks"
            ).fetchone()
            signals = self._db.execute("SELECT id, name, closed_seq FROM signals").fetchall()
            tails = Tails(
                seq=self._number("resume"),
                next_chunk=next_chunk,
                next_signal=max((number for number, _, _ in signals), default=0) + 1,
            )
        for number, name, closed_seq in signals:
            tails.know(number, SignalId(name), closed_seq)
        return tails

    def close(self) -> None:
        """Close it; safe twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _number(self, name: str) -> int:
        row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return row[0] if row else 0

    def floor(self) -> int:
        """The time before which everything is forgotten."""
        with sqlite_errors(self.path):
            return self._number("floor")

    def write(self, chunks: Sequence[Chunk], tails: Iterable[Tail], resume: int) -> None:
        """Add closed chunks and how far each signal has got."""
        with transaction(self._db, self.path):
            self._db.executemany(
                "INSERT OR REPLACE INTO chunks VALUES (?,?)",
                ((chunk.id, chunk.body) for chunk in chunks),
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO spans VALUES (?,?,?,?,?,?,?,?,?,?)", map(_span_row, chunks)
            )
            self._db.executemany(
                "INSERT INTO signals VALUES (?,?,?) "
                "ON CONFLICT (id) DO UPDATE SET closed_seq=excluded.closed_seq",
                ((tail.signal, tail.name, tail.closed_seq) for tail in tails),
            )
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('resume',?)", (resume,))

    def prune(self, before: int) -> None:
        """Forget chunks that end before this time, signal by signal."""
        with transaction(self._db, self.path):
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('floor',?)", (before,))
        with sqlite_errors(self.path):
            signals = [row[0] for row in self._db.execute("SELECT id FROM signals")]
        for signal in signals:
            old = (signal, before - SPAN_MS)
            with transaction(self._db, self.path):
                self._db.execute(
                    "DELETE FROM chunks WHERE id IN "
                    "(SELECT chunk FROM spans WHERE signal=? AND first < ?)",
                    old,
                )
                self._db.execute("DELETE FROM spans WHERE signal=? AND first < ?", old)


def _span_row(chunk: Chunk) -> tuple[object, ...]:
    found = chunk.summary
    return (
        chunk.signal,
        found.first,
        chunk.id,
        found.final,
        found.count,
        found.worst,
        found.low,
        found.high,
        found.last,
        found.last_at,
    )


class HistoryReader:
    """``history.db`` as charts see it: read inside a ``snapshot``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = open_reader(self._path, shared=True)
        return self._connection

    def close(self) -> None:
        """Close the connection; safe twice, and reading opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the file for everything that is read inside."""
        with sqlite_errors(self._path):
            self._db.execute("BEGIN")
            try:
                yield
            finally:
                self._db.execute("COMMIT")

    def spans(
        self, signal: int, start: int, end: int, before: int
    ) -> Iterator[tuple[int, Summary]]:
        """Chunk ids below ``before`` with their summaries that touch ``[start, end)``."""
        rows = self._db.execute(
            "SELECT chunk, first, final, count, worst, low, high, last, last_at FROM spans "
            "WHERE signal=? AND first > ? AND first < ? AND final >= ? AND chunk < ? "
            "ORDER BY chunk",
            (signal, start - SPAN_MS, end, start, before),
        )
        for chunk, *fields in rows:
            yield chunk, Summary(*fields)

    def newest(self, signal: int) -> list[int]:
        """The time of the newest entry in a chunk, if there is any."""
        rows = self._db.execute(
            "SELECT final FROM spans WHERE signal=? ORDER BY first DESC LIMIT 1", (signal,)
        )
        return [row[0] for row in rows]

    def oldest(self, floor: int) -> int | None:
        """The time of the oldest entry that is still drawn (ms), or None."""
        row = self._db.execute("SELECT min(first) FROM spans WHERE final >= ?", (floor,)).fetchone()
        return None if row[0] is None else max(int(row[0]), floor)

    def points(self, chunk: int) -> Points:
        """The values of a chunk. Raises Corrupt."""
        row = self._db.execute("SELECT body FROM chunks WHERE id=?", (chunk,)).fetchone()
        if row is None:
            raise Corrupt(f"{self._path} is damaged: chunk {chunk} is missing")
        try:
            return decode(row[0])
        except ValueError as error:
            raise Corrupt(f"{self._path} is damaged: {error}") from error
