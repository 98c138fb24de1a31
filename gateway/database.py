"""SQLite files: one writer, readers beside it, schema numbers, and what happens to a broken file.

A file has exactly one writing connection, which alone checkpoints: SQLite before 3.51.3 can damage
a write-ahead log that two connections reset at once. Readers open the file read-only.
"""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from pathlib import Path

from gateway.core.errors import JournalError

KEPT_BROKEN = 3
"""How many broken files are kept for a person to look at, per database."""

CACHE_KIB = 256
"""Of a file's pages in memory, for each connection: the system keeps them as well, and SQLite's
own 2 MB each would fill for hours before memory is level."""


class Corrupt(JournalError):
    """The file is damaged: it is put aside and a new one takes its place."""


class Unwritable(JournalError):
    """The file cannot be written now (disk full, read-only): the same again later may succeed."""


class TooNew(JournalError):
    """A newer version of the program wrote the file: it is left alone."""


_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_UNWRITABLE = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_NOLFS,
    sqlite3.SQLITE_PROTOCOL,
}
_PRIMARY = 0xFF
"""SQLite's extended error codes carry the primary code in their low byte."""


@contextmanager
def sqlite_errors(path: Path, *, opening: bool = False) -> Iterator[None]:
    """Turn SQLite's errors into ours; anything else is a bug and passes.

    While ``opening``, statements that do not fit the file mean that the file is wrong.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is None and "decode to UTF-8" in str(error):
            raise Corrupt(f"{path} is damaged: {error}") from error
        if opening and code == sqlite3.SQLITE_ERROR:
            raise Corrupt(f"{path} is not what it should be: {error}") from error
        if code is not None and code & _PRIMARY in _CORRUPT:
            raise Corrupt(f"{path} is damaged: {error}") from error
        if code is not None and code & _PRIMARY in _UNWRITABLE:
            raise Unwritable(f"{path} cannot be used now: {error}") from error
        raise


def open_writer(
    path: Path, schema: str, *, synchronous: str, check_up_to: int, shared: bool = False
) -> sqlite3.Connection:
    """Open ``path`` as its one writer and bring it to the newest schema of package ``schema``.

    A file of at most ``check_up_to`` bytes is checked as a whole. A ``shared`` connection may be
    used by several threads, one at a time. Raises Corrupt, Unwritable or TooNew.
    """
    for part in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if part.is_dir():
            raise Corrupt(f"{part} is a folder")
    with sqlite_errors(path, opening=True):
        connection = sqlite3.connect(
            path, timeout=1.0, isolation_level=None, check_same_thread=not shared
        )
        try:
            steps = _schema_files(schema)
            present: int = connection.execute("PRAGMA user_version").fetchone()[0]
            _refuse_newer(path, present, max(steps))
            if present == 0:
                connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={synchronous}")
            connection.execute("PRAGMA temp_store=MEMORY")
            connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
            connection.execute("PRAGMA journal_size_limit=4194304")
            if path.stat().st_size <= check_up_to:
                _check(connection, path)
            for number in range(present + 1, max(steps) + 1):
                connection.executescript(
                    f"BEGIN IMMEDIATE;\n{steps[number]}\nPRAGMA user_version={number};\nCOMMIT;"
                )
            _refuse_less(path, _columns_of(schema) - _columns(connection))
        except BaseException:  # however opening failed: nobody else would close it
            connection.close()
            raise
    return connection


def open_reader(path: Path, *, shared: bool = False) -> sqlite3.Connection:
    """Open ``path`` read-only. Raises Corrupt or Unwritable."""
    with sqlite_errors(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro",
            uri=True,
            timeout=1.0,
            isolation_level=None,
            check_same_thread=not shared,
        )
        connection.execute("PRAGMA query_only=1")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All or nothing. Raises Corrupt or Unwritable; the connection is then best reopened."""
    with sqlite_errors(path):
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:  # whatever went wrong inside, nothing of it may stay
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def _check(connection: sqlite3.Connection, path: Path) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Corrupt(f"{path} is damaged: {found}")


def _refuse_less(path: Path, missing: frozenset[tuple[str, str]]) -> None:
    if missing:
        raise Corrupt(f"{path} is damaged: it lacks {'.'.join(min(missing))}")


def _columns_of(package: str) -> frozenset[tuple[str, str]]:
    """What the newest schema of ``package`` has."""
    connection = sqlite3.connect(":memory:")
    try:
        for _, step in sorted(_schema_files(package).items()):
            connection.executescript(step)
        return _columns(connection)
    finally:
        connection.close()


def _columns(connection: sqlite3.Connection) -> frozenset[tuple[str, str]]:
    """Table and name of every column: a flipped bit in a name shows only when it is used."""
    return frozenset(
        connection.execute(
            "SELECT tables.name, columns.name FROM sqlite_master AS tables, "
            "pragma_table_info(tables.name) AS columns WHERE tables.type='table'"
        )
    )


def _refuse_newer(path: Path, present: int, newest: int) -> None:
    if present > newest:
        raise TooNew(
            f"{path} was written by a newer version (schema {present}, this version knows up to "
            f"{newest}): install that version again, or move the file away to start with a new one"
        )


def _schema_files(package: str) -> dict[int, str]:
    """The SQL of each schema number: file ``<number>.sql`` leads there from the one before."""
    return {
        int(file.name.removesuffix(".sql")): file.read_text(encoding="utf-8")
        for file in (resources.files(package) / "schema").iterdir()
        if re.fullmatch(r"\d+\.sql", file.name)
    }


def put_aside(path: Path, now: datetime) -> Path:
    """Rename a broken database (with its log) after ``now``; the oldest such files go.

    Raises Unwritable.
    """
    try:
        return _renamed(path, now)
    except OSError as error:
        raise Unwritable(f"{path} cannot be put aside: {error}") from error


def _renamed(path: Path, now: datetime) -> Path:
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    aside = path.with_name(f"{path.stem}-{stamp}.broken.db")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem}-{stamp}-{number}.broken.db")
    for suffix in ("", "-wal", "-shm"):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    broken = sorted(
        path.parent.glob(f"{path.stem}-*.broken.db"),
        key=lambda old: (old.stat().st_mtime, old.name),
    )
    for old in broken[:-KEPT_BROKEN]:
        if old != aside:
            for suffix in ("", "-wal", "-shm"):
                part = old.with_name(old.name + suffix)
                if not part.is_dir():  # whose folder it is, we do not know
                    part.unlink(missing_ok=True)
    return aside


class FolderLock:
    """Keeps a second gateway out of the same state folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / f"{name}.lock"
        self._file: int | None = None

    def take(self) -> None:
        """Take the lock. Raises JournalError if another process (or object) holds it.

        Raises OSError, with its path, where the file cannot be had.
        """
        held = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(held)
            raise JournalError(
                f"another gateway already uses {self._path.parent}: stop it first, "
                "or give this one its own state folder"
            ) from error
        self._file = held

    def release(self) -> None:
        """Release it; safe twice."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
