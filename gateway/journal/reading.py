"""Reading the journal's file, read-only, beside its writer. Used by one reader thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from gateway.core.batches import Judged
from gateway.core.events import Event, EventKind
from gateway.database import open_reader, sqlite_errors
from gateway.journal.encoding import Shape, Unreadable, decode, from_us, to_us
from gateway.journal.file import Block, read_shapes
from gateway.journal.records import GapReason, GapRecord, JournalSize, KeptEvent, Parked


@dataclass(frozen=True, slots=True)
class EventQuery:
    """Which events: those after an id, in id order, narrowed by what is not None.

    ``newest``: of those that fit the last ``limit``, else the first.
    """

    after: int = 0
    limit: int = 1000
    machine: str | None = None
    job: str | None = None
    kinds: Sequence[EventKind] | None = None
    start: datetime | None = None
    end: datetime | None = None
    newest: bool = False


class Reader:
    """A read-only connection that follows the writer to a new file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._generation = -1
        self._shapes: dict[int, Shape] = {}

    def _db(self, generation: int) -> sqlite3.Connection:
        if generation != self._generation:
            self.close()
        if self._connection is None:
            self._connection = open_reader(self._path)
            self._generation = generation
            self._shapes = {}
        return self._connection

    def close(self) -> None:
        """Close the connection; safe twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def batches(
        self, generation: int, after: int, limit: int
    ) -> tuple[list[Judged], list[tuple[Block, str]]]:
        """Up to ``limit`` batches after a number, and the rows among them that are unreadable."""
        found: list[Judged] = []
        bad: list[tuple[Block, str]] = []
        with sqlite_errors(self._path):
            rows = self._db(generation).execute(
                "SELECT first_seq, last_seq, first_at, last_at, batches, entries, body "
                "FROM blocks WHERE last_seq > ? ORDER BY last_seq",
                (after,),
            )
            for *block, body in rows:
                try:
                    batches = self._decode(body)
                except Unreadable as error:
                    bad.append((Block(*block), str(error)))
                    continue
                found += [judged for judged in batches if judged.last_seq > after]
                if len(found) >= limit:
                    break
            rows.close()
        return found[:limit], bad

    def _decode(self, body: bytes) -> list[Judged]:
        try:
            return decode(body, self._shapes)
        except Unreadable:
            fresh = {number: shape for shape, number in read_shapes(self._connected)}
            if fresh == self._shapes:
                raise
            self._shapes = fresh
            return decode(body, self._shapes)

    @property
    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            raise RuntimeError("the reader is not open")
        return self._connection

    def events(self, generation: int, query: EventQuery) -> list[KeptEvent]:
        """The kept events that fit."""
        where, values = _conditions(query)
        sql = (
            "SELECT id, seq, at, kind, machine, job, details FROM events "  # noqa: S608 (constants)
            f"WHERE {' AND '.join(where)} ORDER BY id {'DESC' if query.newest else 'ASC'} LIMIT ?"
        )
        with sqlite_errors(self._path):
            rows = self._db(generation).execute(sql, (*values, query.limit)).fetchall()
        if query.newest:
            rows.reverse()
        return [
            KeptEvent(
                number,
                seq,
                Event(EventKind(kind), machine, from_us(at), job, orjson.loads(details)),
            )
            for number, seq, at, kind, machine, job, details in rows
        ]

    def gaps(self, generation: int, start: datetime, end: datetime) -> list[GapRecord]:
        """The gap records that touch ``[start, end)``, oldest first."""
        with sqlite_errors(self._path):
            rows = self._db(generation).execute(
                'SELECT why, start, "end", first_seq, last_seq, batches, entries, note FROM gaps '
                'WHERE "end" >= ? AND coalesce(start, "end") < ? ORDER BY id',
                (to_us(start), to_us(end)),
            )
            return [
                GapRecord(
                    GapReason(why), None if begin is None else from_us(begin), from_us(stop), *rest
                )
                for why, begin, stop, *rest in rows
            ]

    def parked(self, generation: int) -> list[Parked]:
        """Everything that was parked, oldest first."""
        with sqlite_errors(self._path):
            rows = self._db(generation).execute(
                "SELECT sink, first_seq, last_seq, why, noted FROM parked ORDER BY id"
            )
            return [
                Parked(sink, first, last, why, from_us(noted))
                for sink, first, last, why, noted in rows
            ]

    def size(self, generation: int) -> JournalSize:
        """How much is kept."""
        with sqlite_errors(self._path):
            oldest = (
                self._db(generation)
                .execute("SELECT first_at FROM blocks ORDER BY last_seq LIMIT 1")
                .fetchone()
            )
        used = sum(
            part.stat().st_size
            for part in (self._path, self._path.with_name(self._path.name + "-wal"))
            if part.exists()
        )
        return JournalSize(used, from_us(oldest[0]) if oldest else None)


def _conditions(query: EventQuery) -> tuple[list[str], list[Any]]:
    where: list[str] = ["id > ?"]
    values: list[Any] = [query.after]
    for column, value in (("machine = ?", query.machine), ("job = ?", query.job)):
        if value is not None:
            where.append(column)
            values.append(value)
    for column, moment in (("at >= ?", query.start), ("at < ?", query.end)):
        if moment is not None:
            where.append(column)
            values.append(to_us(moment))
    if query.kinds is not None:
        where.append(f"kind IN ({','.join('?' * len(query.kinds))})")
        values += [kind.value for kind in query.kinds]
    return where, values
