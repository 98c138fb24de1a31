"""The runner of a forwarding sink (InfluxDB): everything that is in the journal, once it is there.

Its cursor stands in the journal and moves only over what is committed *and* delivered: a sink that
was away reads on from where it stopped. Delivery is at least once; what the peer refuses for good
is found by halving, parked and counted, and the rest goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from gateway.core.batches import Judged
from gateway.core.errors import JournalError, NotConnected, Rejected, SinkError
from gateway.core.ports import Sink
from gateway.core.work import Job, MachineStatus
from gateway.flow.backoff import Backoff
from gateway.flow.sink_health import SinkHealth, SinkWatch
from gateway.journal import CommitFeed, Journal

AT_ONCE = 500
"""How many batches are written together when there is something to catch up."""
MOST_PATIENCE = 300.0
"""A peer may ask for a pause of at most so many seconds."""


class ForwardRunner:
    """Feeds one sink from the journal until cancelled, or until the journal closes.

    An error that is neither the sink's nor the journal's (a bug) ends ``run`` and is the caller's.
    """

    def __init__(
        self, sink: Sink, journal: Journal[Any], name: str, *, backoff: Backoff | None = None
    ) -> None:
        self.sink = sink
        self.name = name
        self._journal = journal
        self._backoff = backoff or Backoff(most=60.0)
        self._watch = SinkWatch(name)
        self._cursor = 0
        self._latest: tuple[Sequence[MachineStatus], Sequence[Job]] | None = None

    @property
    def health(self) -> SinkHealth:
        """How the sink fares."""
        return self._watch.health

    @property
    def cursor(self) -> int:
        """Everything up to this sequence number is delivered (or parked)."""
        return self._cursor

    def changed(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Machine states or jobs have changed: show these with what is written next."""
        self._latest = (machines, jobs)

    async def run(self) -> None:
        """Connect, deliver what is due, wait for the next commit; connect again."""
        feed = self._journal.commits()
        try:
            while True:
                try:
                    await self.sink.connect()
                    self._watch.connected()
                    await self._deliver(feed)
                except (NotConnected, JournalError) as lost:
                    wait = max(self._backoff.failed(time.monotonic()), _asked_for(lost))
                    self._watch.lost(lost, wait)
                    await self.sink.close()
                    await asyncio.sleep(wait)
                else:
                    return
        finally:
            feed.close()
            await self.sink.close()

    async def _deliver(self, feed: CommitFeed) -> None:
        while True:
            # asked for each time: a journal that was opened on a full disk learns it later
            self._cursor = await self._journal.cursor(self.name)
            batches = await self._journal.read(self._cursor, AT_ONCE)
            if batches:
                await self._write(batches)
                self._backoff.succeeded()
                self._cursor = batches[-1].last_seq
                await self._journal.move_cursor(self.name, self._cursor)
            await self._show()
            if len(batches) < AT_ONCE:
                try:
                    await anext(feed)
                except StopAsyncIteration:
                    return

    async def _write(self, batches: Sequence[Judged]) -> None:
        """Write all of them; what is refused is split off until single batches can be parked."""
        try:
            await self.sink.write(batches)
        except Rejected as refused:
            await self._without(batches, refused)
        else:
            self._watch.delivered += len(batches)

    async def _without(self, batches: Sequence[Judged], refused: Rejected) -> None:
        bad = set(refused.which) & set(range(len(batches)))
        if len(batches) == 1:
            self._watch.refuses(refused, 1)
            await self._journal.park(self.name, batches[0], str(refused))
        elif not bad or len(bad) == len(batches):
            middle = len(batches) // 2
            await self._write(batches[:middle])
            await self._write(batches[middle:])
        else:
            for index in sorted(bad):
                await self._write([batches[index]])
            await self._write([batch for index, batch in enumerate(batches) if index not in bad])

    async def _show(self) -> None:
        """States and jobs are shown as they are now; what was missed is not made up for."""
        if self._latest is None:
            return
        latest, self._latest = self._latest, None
        try:
            await self.sink.show(*latest)
        except Rejected as refused:
            self._watch.refuses(refused, 0)
        except SinkError:
            self._latest = self._latest or latest
            raise


def _asked_for(lost: NotConnected | JournalError) -> float:
    """The pause that the peer asks for, in seconds, within reason."""
    asked = lost.retry_after if isinstance(lost, NotConnected) else None
    return 0.0 if asked is None else min(asked.total_seconds(), MOST_PATIENCE)
