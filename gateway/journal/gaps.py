"""Gap records from what the writer finds missing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from gateway.journal.encoding import from_us
from gateway.journal.file import Block
from gateway.journal.inbox import Lost
from gateway.journal.records import GapReason, GapRecord
from gateway.journal.salvage import Salvaged


def not_running(last: datetime, now: datetime) -> GapRecord:
    """From the last batch kept to the start of this run; a clock set back makes it empty."""
    return GapRecord(GapReason.NOT_RUNNING, last, max(last, now))


def damaged(found: Salvaged, now: datetime, why: str) -> GapRecord:
    """What a damaged file held and can no longer deliver."""
    kept = found.kept
    return GapRecord(
        GapReason.DAMAGED,
        None if found.first_at is None else from_us(found.first_at),
        now if kept.last_at is None else from_us(kept.last_at),
        found.first_seq,
        kept.last_seq or None,
        found.batches,
        found.entries,
        why,
    )


def overflow(lost: Lost) -> GapRecord:
    """What was dropped while the disk took nothing: counted exactly."""
    return GapRecord(
        GapReason.OVERFLOW,
        lost.start,
        lost.end,
        lost.first_seq,
        lost.last_seq,
        lost.batches,
        lost.entries,
    )


def expired(sink: str, unsent: Sequence[Block]) -> GapRecord:
    """What retention removed before ``sink`` had it."""
    return GapRecord(
        GapReason.EXPIRED,
        from_us(min(block.first_at for block in unsent)),
        from_us(max(block.last_at for block in unsent)),
        unsent[0].first_seq,
        unsent[-1].last_seq,
        sum(block.batches for block in unsent),
        sum(block.entries for block in unsent),
        sink,
    )


def unreadable(row: Block, why: str) -> GapRecord:
    """One stored row that no longer matches its checksum."""
    return GapRecord(
        GapReason.UNREADABLE,
        from_us(row.first_at),
        from_us(row.last_at),
        row.first_seq,
        row.last_seq,
        row.batches,
        row.entries,
        why,
    )
