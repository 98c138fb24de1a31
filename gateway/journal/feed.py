"""Listening to commits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from gateway.journal.records import Commit

_LENGTH = 256


class CommitFeed:
    """Every commit from the moment of asking: ``async for commit in journal.commits()``.

    A listener that falls far behind misses the oldest; ``Commit.event_id`` shows it, and
    ``Journal.events`` has them all. Ends when the journal closes.
    """

    def __init__(self, leave: Callable[[CommitFeed], None]) -> None:
        self._waiting: deque[Commit] = deque(maxlen=_LENGTH)
        self._changed = asyncio.Event()
        self._ended = False
        self._leave = leave

    def put(self, commit: Commit) -> None:
        """Called by the journal."""
        self._waiting.append(commit)
        self._changed.set()

    def end(self) -> None:
        """Called by the journal when it closes."""
        self._ended = True
        self._changed.set()

    def close(self) -> None:
        """Listen no more; safe twice."""
        self._leave(self)
        self.end()

    def __aiter__(self) -> CommitFeed:
        return self

    async def __anext__(self) -> Commit:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
