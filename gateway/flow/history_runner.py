"""The history's runner: fills it from the journal, and lets it forget what is too old."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

from gateway.core.errors import JournalError
from gateway.flow.backoff import Backoff
from gateway.history import Series
from gateway.journal import CommitFeed, Journal

log = logging.getLogger(__name__)

CURSOR = "history"
_AT_ONCE = 1000
_PRUNE_EVERY = 3600.0


async def fill(
    series: Series,
    journal: Journal[Any],
    *,
    keep: timedelta | None = None,
) -> None:
    """Read the journal on from where ``series`` stands, until the journal closes.

    The series knows itself how far it has got, so it is rebuilt by reading from the beginning;
    the journal's cursor only says who still needs what. ``keep``: how long values stay.
    """
    feed = journal.commits()
    backoff = Backoff()
    next_prune = time.monotonic()
    await journal.cursor(CURSOR)
    try:
        while True:
            try:
                more = await _take_in(series, journal)
                due = time.monotonic() >= next_prune or series.hides_the_newest
                if keep is not None and not more and due:
                    next_prune = time.monotonic() + _PRUNE_EVERY
                    await asyncio.to_thread(series.prune, journal.certain_now() - keep)
                backoff.succeeded()
            except JournalError as error:
                if journal.closed:
                    return
                if backoff.next_try is None:
                    log.warning("History waits and tries again: %s", error)
                await asyncio.sleep(backoff.failed(time.monotonic()))
                continue
            if not more and not await _next(feed):
                return
    finally:
        feed.close()


async def _next(feed: CommitFeed) -> bool:
    """Wait for the next commit; False where there will be none."""
    try:
        await anext(feed)
    except StopAsyncIteration:
        return False
    return True


async def _take_in(series: Series, journal: Journal[Any]) -> bool:
    """Add what is committed; whether there may be more at once."""
    batches = await journal.read(series.seq, _AT_ONCE)
    if batches:
        await asyncio.to_thread(series.append, batches)
    if series.seq <= journal.committed_seq:
        await journal.move_cursor(CURSOR, series.seq)
    return len(batches) == _AT_ONCE
