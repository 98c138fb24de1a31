"""When the journal's file is damaged: save what can still be read, and never reissue a number.

The boot counter also stands in a small file of its own and in the witness, so that sequence numbers
stay unique even where the whole database is gone, and one of these with it.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.core.errors import Unwritable as Forbidden
from gateway.database import Unwritable
from gateway.journal.file import Kept, read_fixed
from gateway.witness import Witness

log = logging.getLogger(__name__)
_BOOT_FILE = "boot"
_BOOT_WIDTH = 20
_PASSING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO})


def read_boot(folder: Path) -> int:
    """The last boot counter that was used in this folder; 0 in a new one."""
    told = [0]
    with suppress(OSError, ValueError):
        told.append(int((folder / _BOOT_FILE).read_text(encoding="ascii")))
    with suppress(OSError):
        told.append(Witness(folder).read().boot)
    return max(told)


def write_boot(folder: Path, boot: int) -> None:
    """Keep the boot counter, durably. Raises Unwritable, or Forbidden where waiting does not help.

    It is written over in place, which takes no room: a gateway must start on a full disk as well.
    """
    path = folder / _BOOT_FILE
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.pwrite(file, f"{boot:<{_BOOT_WIDTH}}".encode("ascii"), 0)
            os.fsync(file)
        finally:
            os.close(file)
        entry = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)
    except OSError as error:
        if error.errno in _PASSING:
            raise Unwritable(f"{path} cannot be written: {error}") from error
        raise Forbidden(path, error) from error
    try:
        Witness(folder).keep_boot(boot)
    except OSError as error:  # it stands in the other file
        log.warning("The witness %s cannot be written: %s", folder, error)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What could still be read of a damaged file; the counts are of what it held."""

    kept: Kept
    first_at: int | None = None
    first_seq: int | None = None
    batches: int | None = None
    entries: int | None = None


def salvage(path: Path) -> Salvaged:
    """Read what can be read. Never raises for what is damaged."""
    if not path.exists():
        return Salvaged(Kept())
    for how in ("mode=ro", "immutable=1"):
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=1.0)
        except sqlite3.Error:
            continue
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            return _read(connection)
        except sqlite3.Error:
            continue
        finally:
            connection.close()
    return Salvaged(Kept())


def _read(connection: sqlite3.Connection) -> Salvaged:
    def row(sql: str) -> Any:
        return connection.execute(sql).fetchone()

    boot = _try(lambda: row("SELECT value FROM meta WHERE name='boot'"))
    state = _try(lambda: zlib.decompress(row("SELECT body FROM state")[0]))
    fixed = _try(lambda: read_fixed(connection))
    cursors = _try(lambda: dict(connection.execute("SELECT name, seq FROM cursors").fetchall()))
    first = _try(lambda: row("SELECT first_at, first_seq FROM blocks ORDER BY last_seq LIMIT 1"))
    last = _try(lambda: row("SELECT last_seq, last_at FROM blocks ORDER BY last_seq DESC LIMIT 1"))
    count = _try(lambda: row("SELECT sum(batches), sum(entries) FROM blocks"))
    kept = Kept(
        boot[0] if boot else 0,
        state,
        fixed or {},
        cursors or {},
        last[0] if last else 0,
        last[1] if last else None,
    )
    return Salvaged(kept, *(first or (None, None)), *(count or (None, None)))


def _try(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (sqlite3.Error, zlib.error, TypeError, ValueError):
        return None
