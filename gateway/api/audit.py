"""The log of security events: log-ins, set-up, passwords, refused writes, what an owner changed.

JSON lines, only ever appended to, in the state folder: what the owner did in ``audit.jsonl``, what
other roles did in ``audit-roles.jsonl``, what anybody can cause in ``audit-strangers.jsonl``, so
that nobody pushes out what stands above. It names roles and never persons or addresses, holds
nothing of what was sent, and stays small: full files are kept for some time beside each, and many
equal events become a count.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

import orjson

from gateway.api.shapes import AuditShape, Role

log = logging.getLogger(__name__)

SCHEMA = 1
FILE_BYTES = 256 * 1024
OLD_FILES = 3
"""Beside the one that is written now, for each of the three logs."""
KEEP = timedelta(days=90)
"""Older files go; a file is closed after a third of that even if it is not full."""
ONE_BY_ONE = 5
"""So many equal events within a minute are written one by one; more only as a number."""
A_MINUTE = timedelta(minutes=1)


class Happened(StrEnum):
    """What is worth an entry."""

    LOGGED_IN = "logged_in"
    LOGIN_REFUSED = "login_refused"
    SET_UP = "set_up"
    SETUP_REFUSED = "setup_refused"
    PASSWORD_SET = "password_set"  # noqa: S105 - the name of an event
    PASSWORD_REFUSED = "password_refused"  # noqa: S105
    PASSWORD_REMOVED = "password_removed"  # noqa: S105
    ACCOUNTS_LOST = "accounts_lost"
    CHANGED = "changed"
    REFUSED = "refused"


class Cause(StrEnum):
    """Who can cause an entry: each has a file of its own."""

    OWNER = "audit"
    ROLES = "audit-roles"
    STRANGERS = "audit-strangers"


TRIES = frozenset({Happened.LOGIN_REFUSED, Happened.SETUP_REFUSED})
"""Their role is the one that was tried: whoever did it has none."""
BY_NOBODY = frozenset({Happened.ACCOUNTS_LOST})
"""What befalls the owner's own gateway."""


def cause_of(event: Happened, role: Role | None) -> Cause:
    """Who can cause such an entry."""
    if event in TRIES:
        return Cause.STRANGERS
    if event in BY_NOBODY or role == "owner":
        return Cause.OWNER
    # Only an owner sets a password, whichever role it is for.
    if event in (Happened.PASSWORD_SET, Happened.PASSWORD_REMOVED, Happened.PASSWORD_REFUSED):
        return Cause.OWNER
    return Cause.STRANGERS if role is None else Cause.ROLES


@dataclass(slots=True)
class _Equal:
    """Equal events of the last minute; how many sorts there are is bounded by what we name."""

    cause: Cause
    entry: AuditShape
    since: datetime
    written: int = 0
    more: int = 0


@dataclass(slots=True)
class Audit:
    """The log in ``folder``. One thread writes, so that nobody waits for the disk."""

    folder: Path
    clock: Callable[[], datetime]
    _equal: dict[tuple[str, ...], _Equal] = field(default_factory=dict)
    _writing: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "audit-writer")
    )

    def path(self, cause: Cause) -> Path:
        """The file that is written now."""
        return self.folder / f"{cause}.jsonl"

    def note(
        self,
        event: Happened,
        role: Role | None = None,
        *,
        what: str = "",
        local: bool | None = None,
    ) -> None:
        """Append an event; never waits.

        ``what`` is a route or a reason of ours; ``local`` tells this computer from the network.
        """
        entry: AuditShape = {"at": _iso(self.clock()), "source": "web", "event": event.value}
        if role is not None:
            entry["role"] = role
        if what:
            entry["what"] = what[:120]
        if local is not None:
            entry["from"] = "this computer" if local else "the network"
        try:
            self._writing.submit(self._write, cause_of(event, role), entry)
        except RuntimeError:
            log.warning("the gateway is stopping; not in the security log: %s", entry)

    def newest(self, limit: int) -> list[AuditShape]:
        """The newest ``limit`` entries of each cause, newest last; waits for what is written."""
        return self._writing.submit(self._read, limit).result()

    def size(self) -> int:
        """Bytes on the disk."""
        return sum(file.stat().st_size for cause in Cause for file in self._files(cause))

    def close(self) -> None:
        """Write what is left; safe twice."""
        try:
            self._writing.submit(self._flush).result()
        except RuntimeError:
            return  # closed before
        self._writing.shutdown(wait=True)

    # On the writer's thread

    def _write(self, cause: Cause, entry: AuditShape) -> None:
        now = datetime.fromisoformat(entry["at"])
        key = (cause, *(str(value) for name, value in entry.items() if name != "at"))
        equal = self._equal.get(key)
        if equal is None or now - equal.since > A_MINUTE:
            self._flush(before=now - A_MINUTE)
            equal = self._equal[key] = _Equal(cause, entry, now)
        if equal.written >= ONE_BY_ONE:
            equal.more += 1
            return
        equal.written += 1
        self._append(cause, entry)

    def _flush(self, *, before: datetime | None = None) -> None:
        """Write the counts of minutes that are over (of all, if no time is given)."""
        for key, equal in list(self._equal.items()):
            if before is not None and equal.since > before:
                continue
            del self._equal[key]
            if equal.more:
                counted: AuditShape = {**equal.entry, "at": _iso(self.clock()), "more": equal.more}
                self._append(equal.cause, counted)

    def _append(self, cause: Cause, entry: AuditShape) -> None:
        line, path = orjson.dumps({"schema": SCHEMA, **entry}) + b"\n", self.path(cause)
        try:
            self._turn(cause, len(line))
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            begun = _unfinished(path)
            with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
                file.write(b"\n" + line if begun else line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            log.warning("the security log cannot be written (%s): %s", error.strerror, entry)

    def _turn(self, cause: Cause, coming: int) -> None:
        """Close a file that is full or has been written for long; forget what is too old."""
        now, path = self.clock(), self.path(cause)
        for old in self._files(cause)[:-1]:
            if now.timestamp() - old.stat().st_mtime > KEEP.total_seconds():
                old.unlink()
        if not path.exists():
            return
        first = next(iter(_entries(path)), None)
        aged = first is not None and now - datetime.fromisoformat(first["at"]) > KEEP / 3
        if path.stat().st_size + coming <= FILE_BYTES and not aged:
            return
        for number in range(OLD_FILES, 0, -1):
            newer = self._numbered(cause, number - 1)
            if newer.exists():
                newer.replace(self._numbered(cause, number))

    def _read(self, limit: int) -> list[AuditShape]:
        self._flush(before=self.clock() - A_MINUTE)
        found = [entry for cause in Cause for entry in self._of(cause)[-limit:]]
        return sorted(found, key=lambda entry: entry["at"])

    def _of(self, cause: Cause) -> list[AuditShape]:
        return [entry for file in self._files(cause) for entry in _entries(file)]

    def _files(self, cause: Cause) -> list[Path]:
        """Those that are there, the newest last."""
        every = (self._numbered(cause, number) for number in range(OLD_FILES, -1, -1))
        return [file for file in every if file.exists()]

    def _numbered(self, cause: Cause, number: int) -> Path:
        return self.path(cause) if number == 0 else self.folder / f"{cause}.{number}.jsonl"


def _unfinished(file: Path) -> bool:
    """Whether a power cut left half a line at the end."""
    if not file.exists() or file.stat().st_size == 0:
        return False
    with file.open("rb") as content:
        content.seek(-1, os.SEEK_END)
        return content.read(1) != b"\n"


def _entries(file: Path) -> Iterator[AuditShape]:
    """The entries of a file; a line that a power cut left unfinished is passed over."""
    with file.open("rb") as lines:
        for line in lines:
            try:
                entry = orjson.loads(line)
                del entry["schema"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue
            yield entry


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
