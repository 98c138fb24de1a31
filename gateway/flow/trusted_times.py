"""Which batches may go to an archive with the time that is stamped on them.

A computer without a clock of its own begins in 1970, or where it was switched off; one with an
empty battery may stand years ahead. What such a clock stamps must not stand in an archive for ever.
A time is plausible if it lies after this program was written, not before what the journal kept from
earlier starts, and not more than a month after that. Implausible ones wait until something keeps
the clock in step; then they go out with the time that follows from the monotonic clock of this
start. Plausible ones go out at once, marked as ``unsynced`` where nobody vouches for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.batches import BOOT_SPAN, Clock, Judged
from gateway.core.clock import SOUND_FROM
from gateway.flow.moment import Moment

BEFORE = timedelta(minutes=1)
"""A clock that was set back by so little may have been corrected."""
AWAY = timedelta(days=31)
"""So long a gateway may have been off before a clock that nobody vouches for is doubted."""


class TrustedTimes:
    """Judges the times of one start, ``boot``; ``kept_at`` is the newest kept from before it."""

    def __init__(self, boot: int, kept_at: datetime | None) -> None:
        self._boot = boot
        self._from = SOUND_FROM if kept_at is None else max(SOUND_FROM, kept_at - BEFORE)
        self._until = None if kept_at is None else max(SOUND_FROM, kept_at) + AWAY

    def ready(self, batches: Sequence[Judged], now: Moment) -> list[Judged]:
        """Those that may go, in their order and with the time that they should carry.

        From the first that waits on nothing goes, so that no sink gets a machine out of order.
        """
        found: list[Judged] = []
        for judged in batches:
            if self._plausible(judged):
                found.append(judged)
            elif now.clock is Clock.SYNCED and self._of_this_start(judged):
                found.append(_corrected(judged, now))
            elif self._of_this_start(judged):
                break
        return found

    def lost(self, judged: Judged) -> bool:
        """Whether nobody will know its time: its start has ended before the clock was known."""
        return not self._of_this_start(judged) and judged.at < SOUND_FROM

    def _of_this_start(self, judged: Judged) -> bool:
        return judged.seq0 // BOOT_SPAN == self._boot

    def _plausible(self, judged: Judged) -> bool:
        if judged.batch.clock is Clock.SYNCED or not self._of_this_start(judged):
            return True
        return self._from <= judged.at and (self._until is None or judged.at <= self._until)


def _corrected(judged: Judged, now: Moment) -> Judged:
    """The time that follows from how long ago it was, by the monotonic clock of this start."""
    ago = timedelta(seconds=now.mono - judged.batch.mono)
    return replace(judged, batch=replace(judged.batch, at=now.at - ago))
