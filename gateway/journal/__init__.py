"""The journal: a gateway's durable stream, and the state of its jobs, committed together."""

from gateway.journal.feed import CommitFeed
from gateway.journal.journal import Journal
from gateway.journal.records import (
    Commit,
    GapReason,
    GapRecord,
    JournalHealth,
    JournalSize,
    KeptEvent,
    Parked,
)

__all__ = [
    "Commit",
    "CommitFeed",
    "GapReason",
    "GapRecord",
    "Journal",
    "JournalHealth",
    "JournalSize",
    "KeptEvent",
    "Parked",
]
