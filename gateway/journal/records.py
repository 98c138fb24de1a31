"""What the journal tells: commits, kept events, gaps, its size."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from gateway.core.events import Event


@dataclass(frozen=True, slots=True)
class Commit:
    """One finished commit: everything up to ``seq`` is on the disk.

    ``event_id`` is the id of the newest kept event, so that a listener that missed a commit can
    read on from the one it knows.
    """

    seq: int
    events: tuple[Event, ...]
    batches: int
    event_id: int


@dataclass(frozen=True, slots=True)
class KeptEvent:
    """An event with its place in the journal; ``seq`` is the commit's."""

    id: int
    seq: int
    event: Event


class GapReason(StrEnum):
    """Why a stretch is missing."""

    NOT_RUNNING = "not_running"
    """The gateway was not running."""
    OVERFLOW = "overflow"
    """The disk took nothing for longer than the queue could hold; the oldest were dropped."""
    DAMAGED = "damaged"
    """The journal's file was damaged or gone and had to be replaced."""
    UNREADABLE = "unreadable"
    """One stored row cannot be read any more."""
    EXPIRED = "expired"
    """Retention removed batches that a sink had not had yet (``note`` names the sink)."""


@dataclass(frozen=True, slots=True)
class GapRecord:
    """A stretch that is missing. Counts and numbers are None where nobody can know them."""

    why: GapReason
    start: datetime | None
    end: datetime
    first_seq: int | None = None
    last_seq: int | None = None
    batches: int | None = None
    entries: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A batch that a sink's peer refuses for good."""

    sink: str
    first_seq: int
    last_seq: int
    why: str
    noted: datetime


@dataclass(frozen=True, slots=True)
class JournalSize:
    """How much is kept. ``oldest`` is the time of the oldest batch still there."""

    bytes: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """How the journal fares.

    ``trouble`` is what keeps it from committing now, in plain words, or None. ``dropped`` counts
    the batches lost to a full queue since the start; ``broken`` are the files put aside in this
    run.
    """

    trouble: str | None
    since: datetime | None
    queued_batches: int
    queued_bytes: int
    dropped: int
    broken: tuple[Path, ...]
