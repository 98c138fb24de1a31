"""The journal: the durable stream of one gateway, and the state of its jobs.

``offer`` and ``apply`` hand work to one writer thread; reading has a thread of its own. What is
acknowledged is on the disk: ``apply`` has answered, ``committed_seq`` has passed, a Commit came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

from gateway.core.batches import Judged, Reading
from gateway.core.errors import JournalError
from gateway.core.events import Event, EventKind
from gateway.core.ports import State, Tracker
from gateway.core.signals import SignalId
from gateway.database import Corrupt
from gateway.journal.feed import CommitFeed
from gateway.journal.file import Block
from gateway.journal.gaps import unreadable
from gateway.journal.inbox import Asked, Inbox, Notes
from gateway.journal.reading import EventQuery, Reader
from gateway.journal.records import (
    Commit,
    GapRecord,
    JournalHealth,
    JournalSize,
    KeptEvent,
    Parked,
)
from gateway.journal.retention import Keep, Retention
from gateway.journal.writer import Writer

Answer = TypeVar("Answer")

QUEUE_BYTES = 16 * 2**20
MAX_BYTES = 512 * 10**6
_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)
_EVER = datetime(9999, 1, 1, tzinfo=UTC)


def _now() -> datetime:
    return datetime.now(UTC)


class Journal(Generic[State]):
    """The durable stream in ``folder``. Construction does no I/O.

    ``keep``          how long batches stay (for sinks that were away, and to rebuild the history)
    ``keep_events``   how long events, gap records and parked notes stay
    ``max_bytes``     the oldest goes when the file grows beyond it, whatever it is
    ``queue_bytes``   how much waits in memory while the disk takes nothing; then the oldest go
    ``commit_every``  the longest that a batch waits for its commit
    """

    def __init__(
        self,
        folder: Path,
        tracker: Tracker[State],
        *,
        keep: timedelta = timedelta(days=7),
        keep_events: timedelta = timedelta(days=90),
        max_bytes: int = MAX_BYTES,
        queue_bytes: int = QUEUE_BYTES,
        commit_every: timedelta = timedelta(milliseconds=800),
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._clock = clock
        self._inbox = Inbox(queue_bytes, commit_every.total_seconds())
        self._writer = Writer(
            folder,
            tracker,
            self._inbox,
            retention=Retention(Keep(keep, keep_events, max_bytes), clock),
            clock=clock,
            announce=self._announce,
        )
        self._reader = Reader(self._writer.path)
        self._writing = ThreadPoolExecutor(1, "journal-writer")
        self._reading = ThreadPoolExecutor(1, "journal-reader")
        self._feeds: list[CommitFeed] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._running: asyncio.Future[None] | None = None
        self._closed = False

    # A lifetime

    async def open(self) -> None:
        """Open the file (or replace a broken one) and start the writer. Raises JournalError."""
        self._loop = asyncio.get_running_loop()
        await self._loop.run_in_executor(self._writing, self._writer.open)
        self._running = self._loop.run_in_executor(self._writing, self._writer.run)
        self._running.add_done_callback(self._ended)

    async def run(self) -> None:
        """Wait for the journal to close; raises what killed its writer (a bug, and fatal)."""
        if self._running is None:
            raise RuntimeError("the journal is not open")
        await asyncio.shield(self._running)

    async def close(self) -> None:
        """Commit what is queued and close; safe twice and before ``open``."""
        self._inbox.close(JournalError("the journal is closed"))
        if self._running is not None:
            await asyncio.wait({self._running})
        if self._loop is not None:
            await self._loop.run_in_executor(self._reading, self._reader.close)
            self._loop = None
        self._closed = True
        self._writing.shutdown(wait=False)
        self._reading.shutdown(wait=False)

    def _ended(self, _: asyncio.Future[None]) -> None:
        for feed in self._feeds:
            feed.end()

    @property
    def closed(self) -> bool:
        """Whether it has been closed; the newest batches can still be read from memory."""
        return self._closed

    # What goes in

    def offer(self, judged: Judged) -> None:
        """Queue a batch for the next commit. Never waits; the oldest go where there is no room."""
        self._inbox.offer(judged)

    async def apply(self, command: object) -> tuple[Event, ...]:
        """Apply a command to the jobs; it is committed when this returns.

        Raises what the job logic objects (its state is then unchanged), or JournalError where
        nothing can be stored now.
        """
        asked = Asked(command)
        self._inbox.ask(asked)
        return await asyncio.wrap_future(asked.answer)

    # What it knows

    @property
    def boot(self) -> int:
        """How often this gateway has been started: the upper part of its sequence numbers."""
        return self._writer.boot

    @property
    def kept_at(self) -> datetime | None:
        """The time of the newest batch kept from before this start; None where there was none."""
        return self._writer.kept_at

    @property
    def state(self) -> State:
        """The state of the jobs after the last commit."""
        return self._writer.state

    @property
    def committed_seq(self) -> int:
        """The last sequence number that is on the disk."""
        return self._writer.committed_seq

    @property
    def health(self) -> JournalHealth:
        """How the journal fares."""
        batches, weight = self._inbox.waiting
        trouble, since = self._writer.trouble or (None, None)
        return JournalHealth(
            trouble, since, batches, weight, self._inbox.dropped, self._writer.broken
        )

    def overdue(self) -> float:
        """Seconds since the writer should have taken what is queued; a full disk is no delay."""
        return self._inbox.overdue()

    def certain_now(self) -> datetime:
        """The latest moment that has surely come: from here, ages for forgetting are counted."""
        return self._writer.retention.certain_now()

    def commits(self) -> CommitFeed:
        """Every commit from now on."""
        feed = CommitFeed(self._forget)
        self._feeds.append(feed)
        if self._running is not None and self._running.done():
            feed.end()
        return feed

    def _forget(self, feed: CommitFeed) -> None:
        if feed in self._feeds:
            self._feeds.remove(feed)

    def _announce(self, commit: Commit) -> None:
        """Called by the writer's thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._pass_on, commit)

    def _pass_on(self, commit: Commit) -> None:
        for feed in self._feeds:
            feed.put(commit)

    # Cursors

    async def cursor(self, name: str) -> int:
        """How far ``name`` has got; 0 for a new one, which so gets all that is kept."""
        return self._writer.cursors.get(name)

    async def move_cursor(self, name: str, seq: int) -> None:
        """Note that everything up to ``seq`` is delivered; kept with a commit of the next seconds.

        A crash before that repeats what was delivered: at least once, told apart by its number.
        """
        if seq > self.committed_seq:
            raise ValueError(f"cursor {name} cannot pass the last commit {self.committed_seq}")
        self._writer.cursors.move(name, seq)

    async def park(self, name: str, judged: Judged, why: str) -> None:
        """Note a batch that the peer of ``name`` refuses for good; kept with the next commit."""
        parked = Parked(name, judged.seq0, judged.last_seq, why, self._clock())
        self._inbox.chore(lambda notes: notes.parked.append(parked))

    async def settle(self, parked: Parked) -> None:
        """Forget that a batch was parked: it was delivered, or is not kept any more."""
        self._inbox.chore(lambda notes: notes.settled.append(parked))

    # What can be read

    async def read(self, after_seq: int, limit: int) -> list[Judged]:
        """Up to ``limit`` committed batches after a sequence number, in order.

        Rows that are damaged are passed over and become gap records.
        """
        recent = self._writer.recent.after(after_seq, limit)
        if recent is not None:
            return recent
        batches, bad = await self._ask(
            lambda generation: self._reader.batches(generation, after_seq, limit)
        )
        for block, why in bad:
            self._pass_over(block, why)
        return batches

    def _pass_over(self, block: Block, why: str) -> None:
        gap = unreadable(block, why)

        def note(notes: Notes) -> None:
            if block.last_seq not in notes.unreadable:
                notes.gaps.append(gap)
                notes.unreadable.append(block.last_seq)

        self._inbox.chore(note)

    def newest(self, signal: SignalId) -> Reading | None:
        """The newest committed reading of a signal; None where there was none for long."""
        return self._writer.recent.newest(signal)

    async def events(
        self,
        after: int = 0,
        limit: int = 1000,
        *,
        machine: str | None = None,
        job: str | None = None,
        kinds: Sequence[EventKind] | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        newest: bool = False,
    ) -> list[KeptEvent]:
        """Up to ``limit`` kept events after an event id, in order, narrowed by what is given.

        ``newest``: the last of them, else the first.
        """
        query = EventQuery(after, limit, machine, job, kinds, start, end, newest)
        return await self._ask(lambda generation: self._reader.events(generation, query))

    async def gaps(self, start: datetime = _ALWAYS, end: datetime = _EVER) -> list[GapRecord]:
        """The gap records that touch ``[start, end)``, oldest first."""
        return await self._ask(lambda generation: self._reader.gaps(generation, start, end))

    async def parked(self) -> list[Parked]:
        """What sinks' peers have refused, oldest first."""
        return await self._ask(self._reader.parked)

    async def size(self) -> JournalSize:
        """How much is kept."""
        return await self._ask(self._reader.size)

    async def _ask(self, read: Callable[[int], Answer]) -> Answer:
        if self._closed:
            raise JournalError("the journal is closed")
        generation = self._writer.generation
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reading, read, generation)
        except Corrupt as error:
            self._writer.suspect = (generation, str(error))
            self._inbox.hurry()
            raise
