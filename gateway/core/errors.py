"""Errors: the class says what happens next.

WerkverbundError
├─ ConfigError     stop before anything starts, exit 78
├─ Unwritable      stop before anything starts, exit 1
├─ SourceError
│  ├─ Unreachable  no answer: one new try, then BAD/no_connection, back off, others unaffected
│  ├─ Refused      the device said no: asked again if busy, else the block is bisected once
│  ├─ Desync       an answer that does not fit: hang up, stay quiet, go on with other lengths
│  └─ Undecodable  that signal is BAD/undecodable
├─ SinkError
│  ├─ NotConnected keep the batch, reconnect with backoff
│  └─ Rejected     park those records, deliver the rest, count
├─ Unanswered      a sink's question to its gateway: do without the answer
├─ JournalError    quarantine the file, alarm, recorded gap; never a crash loop
└─ ExchangeError   refuse, audit, tell the owner; never tell the sender why

Anything else is a bug.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.core.findings import Finding, Why
from gateway.core.text import Text


class WerkverbundError(Exception):
    """The root of everything that we raise on purpose."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a file that a person wrote. ``line`` and ``column`` count from 1."""

    file: Path
    line: int
    column: int
    what: Text
    fix: Text


class ConfigError(WerkverbundError):
    """A file is wrong; carries every mistake found, in file order."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        first = self.problems[0]
        super().__init__(f"{first.file}:{first.line}:{first.column}: {first.what.en}")


class Unwritable(WerkverbundError):
    """Nothing can be written in a folder or file; ``text`` says where, why, and what to do."""

    def __init__(self, place: Path, cause: OSError) -> None:
        why = reason(cause)
        self.text = Text(
            f"In {place} lässt sich nichts schreiben: {why.de}. Wählen Sie einen anderen Ordner, "
            "oder erlauben Sie es diesem Benutzer.",
            f"Nothing can be written in {place}: {why.en}. Choose another folder, or allow it to "
            "this user.",
        )
        super().__init__(self.text.en)


def reason(error: OSError) -> Text:
    """Why the system refuses, in both languages where it is a usual reason."""
    said = error.strerror or type(error).__name__
    return REFUSALS.get(error.errno or 0, Text(said, said))


def no_room(error: BaseException) -> Text | None:
    """What to tell where the computer gives no more memory, processes or threads; else None."""
    said = str(error)
    lacking = isinstance(error, MemoryError) or any(words in said for words in _NO_ROOM)
    if not lacking and getattr(error, "errno", None) not in (errno.EAGAIN, errno.ENOMEM):
        return None
    return Text(
        "Dieser Rechner gibt nicht genug Speicher, Prozesse oder Threads "
        f"({said or 'MemoryError'}). Bitte schließen Sie andere Programme, oder heben Sie die "
        "Grenzen an (ulimit -a).",
        "This computer does not give enough memory, processes or threads "
        f"({said or 'MemoryError'}). Please close other programs, or raise the limits (ulimit -a).",
    )


_NO_ROOM = ("start new thread", "failed to map segment", "allocate memory")
"""So say those who have no error number for it: Python of threads, the loader of libraries."""
REFUSALS = {
    errno.EACCES: Text("es ist nicht erlaubt", "it is not permitted"),
    errno.EPERM: Text("es ist nicht erlaubt", "it is not permitted"),
    errno.EROFS: Text("der Datenträger ist nur lesbar", "the file system is read-only"),
    errno.ENOENT: Text("den Pfad gibt es nicht", "there is no such path"),
    errno.EISDIR: Text("das ist ein Ordner", "that is a folder"),
    errno.ENOTDIR: Text("ein Teil des Pfads ist eine Datei", "a part of the path is a file"),
    errno.EEXIST: Text("das ist eine Datei", "that is a file"),
    errno.ENOSPC: Text("der Datenträger ist voll", "the disk is full"),
    errno.EADDRINUSE: Text("die Adresse ist schon belegt", "the address is already in use"),
    errno.ENETUNREACH: Text("es gibt kein Netz", "there is no network"),
}


GATEWAY_HEARS_NOTHING = Finding(Why.EXCEPTION, 11)
_TIMED_OUT = (Why.NO_ANSWER, Why.WAITING)


class SourceError(WerkverbundError):
    """Reading from a machine failed at a ``place``; ``found`` says what there was instead."""

    def __init__(self, place: str, found: Finding) -> None:
        super().__init__(f"{place}: {found}")
        self.found = found


class Unreachable(SourceError):
    """No connection, or no answer in time."""

    @property
    def timed_out(self) -> bool:
        """Whether somebody was there who did not answer, or a gateway that says so."""
        return self.found.why in _TIMED_OUT or self.found == GATEWAY_HEARS_NOTHING


class Refused(SourceError):
    """The device answered with a Modbus exception."""

    @property
    def code(self) -> int:
        """The exception's code."""
        return self.found.got


class Desync(SourceError):
    """The answer does not fit the question."""


class Undecodable(SourceError):
    """The answer cannot be turned into a value."""


class SinkError(WerkverbundError):
    """Handing batches on failed."""


class NotConnected(SinkError):
    """The peer is away; what was to be written is kept.

    ``retry_after`` is the pause that the peer asks for, or None.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(SinkError):
    """The peer refuses these batches for good; ``which`` are indices into what was written."""

    def __init__(self, message: str, which: Sequence[int]) -> None:
        super().__init__(message)
        self.which = tuple(which)


class Unanswered(WerkverbundError):
    """A sink's question to its gateway is refused, or was not answered in time."""


class JournalError(WerkverbundError):
    """The durable stream cannot be read or written."""


class ExchangeError(WerkverbundError):
    """A message between firms is refused: bad signature, unknown firm, replay, not agreed.

    ``why`` tells the owner; where a person has asked for something, in both languages.
    """

    def __init__(self, why: str | Text) -> None:
        self.why = why if isinstance(why, Text) else Text(why, why)
        super().__init__(self.why.en)
