"""The journal's file as its one writer sees it. Used by the writer's thread only."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.core.batches import Judged
from gateway.core.clock import SOUND_FROM
from gateway.core.events import Event
from gateway.database import Corrupt, open_writer, sqlite_errors, transaction
from gateway.journal.encoding import Shape, encode, to_us
from gateway.journal.records import GapRecord, Parked

CHECKED_BYTES = 64 * 2**20
"""A file up to this size is checked as a whole when it is opened."""
_BLOCK_ENTRIES = 4000
PRUNED_AT_ONCE = 500
"""Retention removes at most so many rows in one go."""
_FREE_PAGES_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file knew when it was opened. Times are microseconds; None where there is none."""

    boot: int = 0
    state: bytes | None = None
    fixed: Mapping[str, bytes] = field(default_factory=dict)
    cursors: Mapping[str, int] = field(default_factory=dict)
    last_seq: int = 0
    last_at: int | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that one commit writes."""

    seq: int
    batches: Sequence[Judged] = ()
    events: Sequence[tuple[int, Event]] = ()
    state: bytes | None = None
    fixed: Mapping[str, bytes] = field(default_factory=dict)
    forgotten: Sequence[str] = ()
    cursors: Mapping[str, int] = field(default_factory=dict)
    gaps: Sequence[GapRecord] = ()
    parked: Sequence[Parked] = ()
    settled: Sequence[Parked] = ()
    unreadable: Sequence[int] = ()
    boot: int | None = None
    noted: int = 0
    redo: tuple[int, int] | None = None
    """After a failed commit: the newest seq and event id that count. What a commit that reported
    an error has left behind all the same is removed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What retention removes: rows older than these (microseconds), the oldest above a size."""

    batches_before: int
    events_before: int
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Block:
    """A stored row of batches without its content."""

    first_seq: int
    last_seq: int
    first_at: int
    last_at: int
    batches: int
    entries: int


@dataclass(frozen=True, slots=True)
class Pruned:
    """The batches that retention removed, and whether there is more to remove."""

    blocks: Sequence[Block]
    more: bool


class JournalFile:
    """``journal.db``, open for writing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._numbers: dict[Shape, int] = {}

    @property
    def is_open(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    def open(self, *, must_exist: bool = False) -> Kept:
        """Open or create the file. Raises Corrupt, Unwritable, TooNew."""
        if must_exist and not (self.path.exists() and self.path.stat().st_size):
            raise Corrupt(f"{self.path} is gone or empty")
        self._connection = open_writer(
            self.path, __package__, synchronous="FULL", check_up_to=CHECKED_BYTES
        )
        with sqlite_errors(self.path, opening=True):
            try:
                self._numbers = dict(read_shapes(self._connection))
                return read_kept(self._connection)
            except (zlib.error, ValueError) as error:
                raise Corrupt(f"{self.path} is damaged: {error!r}") from error

    def close(self) -> None:
        """Close it; safe twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _db(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the journal's file is not open")
        return self._connection

    def commit(self, work: Work) -> None:
        """Write everything, or nothing. Raises Corrupt or Unwritable."""
        fresh = self._new_shapes(work.batches)
        numbers = self._numbers | fresh
        with transaction(self._db, self.path):
            if work.redo is not None:
                self._db.execute("DELETE FROM blocks WHERE last_seq > ?", work.redo[:1])
                self._db.execute("DELETE FROM events WHERE id > ?", work.redo[1:])
            self._write_batches(work.batches, fresh, numbers)
            self._db.executemany("INSERT INTO events VALUES (?,?,?,?,?,?,?)", _event_rows(work))
            if work.state is not None:
                self._db.execute(
                    "INSERT INTO state VALUES (1,?,?) "
                    "ON CONFLICT (id) DO UPDATE SET seq=excluded.seq, body=excluded.body",
                    (work.seq, zlib.compress(work.state, 1)),
                )
            self._db.executemany(
                "INSERT OR REPLACE INTO fixed VALUES (?,?)",
                ((name, zlib.compress(body)) for name, body in work.fixed.items()),
            )
            self._db.executemany(
                "DELETE FROM fixed WHERE name=?", ((name,) for name in work.forgotten)
            )
            if work.boot is not None:
                self._db.execute("INSERT OR REPLACE INTO meta VALUES ('boot',?)", (work.boot,))
            self._db.executemany(
                "INSERT OR REPLACE INTO cursors VALUES (?,?)",
                work.cursors.items(),
            )
            self._db.executemany(
                "DELETE FROM blocks WHERE last_seq=?", ((seq,) for seq in work.unreadable)
            )
            self._db.executemany(_INSERT_GAP, (_gap_row(gap, work.noted) for gap in work.gaps))
            self._db.executemany(
                "DELETE FROM parked WHERE sink=? AND first_seq=?",
                ((p.sink, p.first_seq) for p in work.settled),
            )
            self._db.executemany(
                "INSERT INTO parked (noted, sink, first_seq, last_seq, why) VALUES (?,?,?,?,?)",
                ((to_us(p.noted), p.sink, p.first_seq, p.last_seq, p.why) for p in work.parked),
            )
        self._numbers = numbers

    def _new_shapes(self, batches: Sequence[Judged]) -> dict[Shape, int]:
        fresh: dict[Shape, int] = {}
        for judged in batches:
            shape = Shape(judged.batch.machine, judged.batch.signals)
            if shape not in self._numbers and shape not in fresh:
                fresh[shape] = len(self._numbers) + len(fresh) + 1
        return fresh

    def _write_batches(
        self,
        batches: Sequence[Judged],
        fresh: Mapping[Shape, int],
        numbers: Mapping[Shape, int],
    ) -> None:
        self._db.executemany(
            "INSERT INTO shapes VALUES (?,?,?)",
            (
                (number, shape.machine, orjson.dumps(shape.signals).decode())
                for shape, number in fresh.items()
            ),
        )
        for part in _blocks(batches):
            self._db.execute(
                "INSERT INTO blocks VALUES (?,?,?,?,?,?,?)",
                (
                    part[-1].last_seq,
                    part[0].seq0,
                    to_us(min(judged.at for judged in part)),
                    to_us(max(judged.at for judged in part)),
                    len(part),
                    sum(len(judged.batch.signals) for judged in part),
                    encode(part, numbers),
                ),
            )

    def prune(self, limits: Limits) -> Pruned:
        """Remove what is too old or too much, a bounded amount at once.

        Of too much the oldest goes first: events and notes from before every batch, then batches.
        """
        with transaction(self._db, self.path):
            full = self._used() > limits.max_bytes
            before = limits.events_before
            if full:
                before = max(before, self._oldest() or before)
            went = [self._db.execute(old, (PRUNED_AT_ONCE, before)).rowcount for old in _PRUNE]
            done = PRUNED_AT_ONCE not in went
            gone = self._too_old(limits, full=done and self._used() > limits.max_bytes)
            self._db.executemany(
                "DELETE FROM blocks WHERE last_seq=?", ((row.last_seq,) for row in gone)
            )
            went.append(len(gone))
        with sqlite_errors(self.path):
            free = self._db.execute("PRAGMA freelist_count").fetchone()[0]
            if free > max(_FREE_PAGES_KEPT, self._pages() // 4):
                self._db.execute(f"PRAGMA incremental_vacuum({_FREE_PAGES_KEPT})").fetchall()
        return Pruned(gone, any(went) if full else PRUNED_AT_ONCE in went)

    def _used(self) -> int:
        """How many bytes of the file are in use."""
        free: int = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        size: int = self._db.execute("PRAGMA page_size").fetchone()[0]
        return (self._pages() - free) * size

    def _oldest(self) -> int | None:
        row = self._db.execute("SELECT first_at FROM blocks ORDER BY last_seq LIMIT 1").fetchone()
        return None if row is None else int(row[0])

    def _too_old(self, limits: Limits, *, full: bool) -> list[Block]:
        """The oldest blocks that retention removes; never the newest one.

        What came before a block that is too old is too old itself, whatever a wrong clock has
        stamped on it; a time from before this program was written makes nothing old.
        """
        oldest = [
            Block(*row)
            for row in self._db.execute(
                "SELECT first_seq, last_seq, first_at, last_at, batches, entries FROM blocks "
                "WHERE last_seq < (SELECT max(last_seq) FROM blocks) ORDER BY last_seq LIMIT ?",
                (PRUNED_AT_ONCE,),
            )
        ]
        if full:
            return oldest
        (end,) = self._db.execute(
            "SELECT coalesce(max(last_seq), 0) FROM blocks "
            "WHERE last_at < ? AND first_at >= ? AND last_seq <= ?",
            (limits.batches_before, to_us(SOUND_FROM), oldest[-1].last_seq if oldest else 0),
        ).fetchone()
        return [row for row in oldest if row.last_seq <= end]

    def _pages(self) -> int:
        count: int = self._db.execute("PRAGMA page_count").fetchone()[0]
        return count


_PRUNE = (
    """DELETE FROM events WHERE id IN
    (SELECT id FROM (SELECT id, at FROM events ORDER BY id LIMIT ?) WHERE at < ?)""",
    """DELETE FROM gaps WHERE id IN
    (SELECT id FROM (SELECT id, noted FROM gaps ORDER BY id LIMIT ?) WHERE noted < ?)""",
    """DELETE FROM parked WHERE id IN
    (SELECT id FROM (SELECT id, noted FROM parked ORDER BY id LIMIT ?) WHERE noted < ?)""",
)
_INSERT_GAP = (
    'INSERT INTO gaps (noted, why, start, "end", first_seq, last_seq, batches, entries, note) '
    "VALUES (?,?,?,?,?,?,?,?,?)"
)


def _gap_row(gap: GapRecord, noted: int) -> tuple[object, ...]:
    return (
        noted,
        gap.why.value,
        None if gap.start is None else to_us(gap.start),
        to_us(gap.end),
        gap.first_seq,
        gap.last_seq,
        gap.batches,
        gap.entries,
        gap.note,
    )


def _event_rows(work: Work) -> Iterator[tuple[object, ...]]:
    for number, event in work.events:
        yield (
            number,
            work.seq,
            to_us(event.at),
            event.kind.value,
            event.machine,
            event.job,
            orjson.dumps(dict(event.details)).decode(),
        )


def _blocks(batches: Sequence[Judged]) -> Iterator[Sequence[Judged]]:
    """Cut a long commit (a queue that had to wait) into rows of bounded size."""
    start, entries = 0, 0
    for index, judged in enumerate(batches):
        entries += len(judged.batch.signals)
        if entries >= _BLOCK_ENTRIES:
            yield batches[start : index + 1]
            start, entries = index + 1, 0
    if start < len(batches):
        yield batches[start:]


def read_shapes(connection: sqlite3.Connection) -> Iterator[tuple[Shape, int]]:
    """Every known shape with its number."""
    for number, machine, signals in connection.execute("SELECT id, machine, signals FROM shapes"):
        yield Shape(machine, tuple(orjson.loads(signals))), number


def read_fixed(connection: sqlite3.Connection) -> dict[str, bytes]:
    """What of the state never changes again."""
    return {
        name: zlib.decompress(body)
        for name, body in connection.execute("SELECT name, body FROM fixed")
    }


def read_kept(connection: sqlite3.Connection) -> Kept:
    """Boot counter, state, cursors and end of the stream."""
    boot = connection.execute("SELECT value FROM meta WHERE name='boot'").fetchone()
    state = connection.execute("SELECT body FROM state").fetchone()
    end = connection.execute(
        "SELECT last_seq, last_at FROM blocks ORDER BY last_seq DESC LIMIT 1"
    ).fetchone()
    return Kept(
        boot[0] if boot else 0,
        zlib.decompress(state[0]) if state else None,
        read_fixed(connection),
        dict(connection.execute("SELECT name, seq FROM cursors")),
        end[0] if end else 0,
        end[1] if end else None,
    )
