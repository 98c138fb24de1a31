"""The runner of a forwarding sink (InfluxDB): everything that is in the journal, once it is there.

Its cursor stands in the journal and moves only over what is committed *and* delivered: a sink that
was away reads on from where it stopped. Delivery is at least once; what the peer refuses for good
is found by halving, parked and counted, and the rest goes on. A peer that refuses one batch after
the other and the newest as well takes nothing at all (a wrong bucket, a field of another type):
then the cursor stops, and nothing more is parked. What is parked can be sent again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from gateway.core.batches import Judged
from gateway.core.errors import JournalError, NotConnected, Rejected, SinkError
from gateway.core.ports import Change, Sink
from gateway.core.work import Job, MachineStatus
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Now, SystemTime
from gateway.flow.sink_health import SinkHealth, SinkWatch
from gateway.flow.trusted_times import TrustedTimes
from gateway.journal import CommitFeed, Journal, Parked

AT_ONCE = 500
"""How many batches are written together when there is something to catch up."""
IN_A_ROW = 10
"""So many batches are parked one after the other before it is asked whether anything is taken."""
NEAR_THE_END = 2000
"""The newest batch is looked for among so many of the newest readings."""
MOST_PATIENCE = 300.0
"""A peer may ask for a pause of at most so many seconds."""


class ForwardRunner:
    """Feeds one sink from the journal until cancelled, or until the journal closes.

    An error that is neither the sink's nor the journal's (a bug) ends ``run`` and is the caller's.
    """

    def __init__(
        self,
        sink: Sink,
        journal: Journal[Any],
        name: str,
        *,
        backoff: Backoff | None = None,
        now: Now | None = None,
    ) -> None:
        self.sink = sink
        self.name = name
        self._journal = journal
        self._backoff = backoff or Backoff(most=60.0)
        self._watch = SinkWatch(name)
        self._now = now or SystemTime()
        self._times: TrustedTimes | None = None
        self._cursor = 0
        self._in_a_row = 0
        self._again = False
        self._latest: tuple[Sequence[MachineStatus], Sequence[Job]] | None = None
        self._change: Change | None = None

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

    def equip(self, change: Change) -> None:
        """The firm's machines are others: tell the sink before what is written next."""
        self._change = change

    def send_again(self) -> bool:
        """Send what is parked again, with the next commit; False where nothing is."""
        self._again = self._watch.parked > 0
        return self._again

    async def run(self) -> None:
        """Connect, deliver what is due, wait for the next commit; connect again."""
        feed = self._journal.commits()
        try:
            while True:
                try:
                    await self.sink.connect()
                    self._watch.connected()
                    self._watch.parked = len(await self._parked())
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
            read = await self._journal.read(self._cursor, AT_ONCE)
            batches = self._trusted(read)
            self._watch.waits_for_clock = len(batches) < len(read)
            if self._change is not None:
                change, self._change = self._change, None
                await change()
            if batches:
                try:
                    await self._write(batches)
                except _TakesNothing as nothing:
                    wait = self._backoff.failed(time.monotonic())
                    self._watch.refuses_everything(nothing.why, wait)
                    await asyncio.sleep(wait)
                    continue
                self._backoff.succeeded()
            await self._show()
            if self._again:
                self._again = False
                await self._send_parked()
            if len(read) < AT_ONCE or self._watch.waits_for_clock:
                try:
                    await anext(feed)
                except StopAsyncIteration:
                    return

    async def _write(self, batches: Sequence[Judged]) -> None:
        """Write all of them in their order; what is refused is halved down to what is parked."""
        try:
            self._refuse_lost(batches)
            await self.sink.write(batches)
        except Rejected as refused:
            if len(batches) == 1:
                await self._park(batches[0], refused)
            else:
                for part in _parts(batches, refused):
                    await self._write(part)
                return
        else:
            self._watch.took(len(batches))
            self._in_a_row = 0
        self._cursor = batches[-1].last_seq
        await self._journal.move_cursor(self.name, self._cursor)

    def _trusted(self, batches: Sequence[Judged]) -> list[Judged]:
        """The batches whose time can stand in an archive, up to the first that has to wait."""
        if self._times is None:
            self._times = TrustedTimes(self._journal.boot, self._journal.kept_at)
        return self._times.ready(batches, self._now())

    def _refuse_lost(self, batches: Sequence[Judged]) -> None:
        """What carries a time that nobody can correct any more is parked, never sent as it is."""
        times = self._times
        lost = [] if times is None else [n for n, one in enumerate(batches) if times.lost(one)]
        if lost:
            raise Rejected("nobody knows when it was: its clock was never kept in step", lost)

    async def _park(self, judged: Judged, refused: Rejected) -> None:
        """Lay one batch aside. Raises _TakesNothing where the peer refuses whatever comes."""
        if self._in_a_row >= IN_A_ROW:
            if not await self._takes_the_newest():
                raise _TakesNothing(refused)
            self._in_a_row = 0
        self._in_a_row += 1
        self._watch.refuses(refused, 1)
        self._watch.parked += 1
        await self._journal.park(self.name, judged, str(refused))

    async def _takes_the_newest(self) -> bool:
        """Whether old batches alone are refused; the newest is delivered twice then."""
        near = max(self._cursor, self._journal.committed_seq - NEAR_THE_END)
        newest = await self._journal.read(near, NEAR_THE_END)
        try:
            await self.sink.write(newest[-1:])
        except Rejected:
            return False
        return True

    async def _parked(self) -> list[Parked]:
        return [entry for entry in await self._journal.parked() if entry.sink == self.name]

    async def _send_parked(self) -> None:
        """Try each parked batch once more; what is taken, or not kept any more, is settled."""
        for entry in await self._parked():
            kept = await self._journal.read(entry.first_seq - 1, 1)
            if kept and kept[0].seq0 == entry.first_seq:
                try:
                    await self.sink.write(kept)
                except Rejected as refused:
                    self._watch.refuses(refused, 0)
                    continue
                self._watch.took(1)
            await self._journal.settle(entry)
            self._watch.parked -= 1

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


class _TakesNothing(Exception):
    """The peer refuses one batch after the other, and the newest too."""

    def __init__(self, why: Rejected) -> None:
        super().__init__(str(why))
        self.why = why


def _parts(batches: Sequence[Judged], refused: Rejected) -> Iterator[Sequence[Judged]]:
    """The batches in their order, cut at what is known to be bad, else in the middle."""
    bad = {index for index in refused.which if 0 <= index < len(batches)}
    if not bad or len(bad) == len(batches):
        middle = len(batches) // 2
        yield batches[:middle]
        yield batches[middle:]
        return
    for known_bad, group in groupby(range(len(batches)), key=bad.__contains__):
        indices = list(group)
        if known_bad:
            yield from ([batches[index]] for index in indices)
        else:
            yield batches[indices[0] : indices[-1] + 1]


def _asked_for(lost: NotConnected | JournalError) -> float:
    """The pause that the peer asks for, in seconds, within reason."""
    asked = lost.retry_after if isinstance(lost, NotConnected) else None
    return 0.0 if asked is None else min(asked.total_seconds(), MOST_PATIENCE)
