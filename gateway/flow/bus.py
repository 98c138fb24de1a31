"""The bus: hands each judged batch to every subscriber's bounded queue, and never waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import TypeVar

from gateway.core.batches import Judged
from gateway.core.signals import SignalId


class Subscription:
    """One subscriber's queue. A slow one loses its oldest batches, and they are counted."""

    def __init__(self, bus: Bus, name: str, size: int) -> None:
        self.name = name
        self.dropped = 0
        self._bus = bus
        self._queue: deque[Judged] = deque()
        self._size = size
        self._something = asyncio.Event()
        self._closed = False

    def offer(self, judged: Judged) -> None:
        """Queue one batch; the oldest goes where there is no room."""
        if len(self._queue) >= self._size:
            self._queue.popleft()
            self.dropped += 1
        self._queue.append(judged)
        self._something.set()

    def take(self) -> list[Judged]:
        """Everything that waits, oldest first, without waiting."""
        waiting = list(self._queue)
        self._queue.clear()
        self._something.clear()
        return waiting

    def rewind(self) -> None:
        """The reader begins anew. Here it gets what waits, and nothing is made up for."""

    def nudge(self) -> None:
        """Wake whoever is ``waiting``, although there may be nothing to take."""
        self._something.set()

    async def waiting(self) -> None:
        """Wait until there is something to take, or somebody nudges."""
        await self._something.wait()

    def close(self) -> None:
        """Leave the bus; what waits can still be read, then the iteration ends."""
        self._bus.leave(self)
        self._closed = True
        self._something.set()

    def __len__(self) -> int:
        return len(self._queue)

    def __aiter__(self) -> AsyncIterator[Judged]:
        return self

    async def comes(self) -> bool:
        """Wait until there is something to take; False where nothing will come any more."""
        while not len(self):
            if self._closed:
                return False
            self._something.clear()
            await self._something.wait()
        return True

    async def __anext__(self) -> Judged:
        if not await self.comes():
            raise StopAsyncIteration
        return self._queue.popleft()


class NewestSubscription(Subscription):
    """A queue for who wants the present: a slow one gets the newest of every signal instead.

    So does one that begins anew. It holds at most ``size`` batches and one for each signal.
    """

    def __init__(self, bus: Bus, name: str, size: int) -> None:
        super().__init__(bus, name, size)
        self._newest: dict[SignalId, Judged] = {}
        self._taken = -1
        self._behind = False
        self._missed = 0

    def offer(self, judged: Judged) -> None:
        """Queue one batch; where there is no room, only the newest of each signal is kept."""
        self._newest.update(dict.fromkeys(judged.batch.signals, judged))
        if not self._behind and len(self._queue) >= self._size:
            self._behind, self._missed = True, len(self._queue)
            self._queue.clear()
        if self._behind:
            self._missed += 1
        else:
            self._queue.append(judged)
        self._something.set()

    def rewind(self) -> None:
        """The reader knows nothing any more: the newest of every signal comes first."""
        self._taken, self._missed = -1, 0
        self._queue.clear()
        self._behind = bool(self._newest)
        if self._behind:
            self._something.set()

    def take(self) -> list[Judged]:
        """Everything that the reader does not know yet, oldest first, without waiting."""
        self._catch_up()
        waiting = super().take()
        if waiting:
            self._taken = waiting[-1].seq0
        return waiting

    def __len__(self) -> int:
        self._catch_up()
        return super().__len__()

    async def __anext__(self) -> Judged:
        judged = await super().__anext__()
        self._taken = judged.seq0
        return judged

    def _catch_up(self) -> None:
        if not self._behind:
            return
        self._behind = False
        distinct = {judged.seq0: judged for judged in self._newest.values()}
        self._queue.extend(distinct[seq] for seq in sorted(distinct) if seq > self._taken)
        self.dropped += max(0, self._missed - len(self._queue))


Queue = TypeVar("Queue", bound=Subscription)


class Bus:
    """From the judge to everyone who wants live values."""

    def __init__(self) -> None:
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, name: str, size: int = 64) -> Subscription:
        """A queue of at most ``size`` batches."""
        return self._joined(Subscription(self, name, size))

    def subscribe_newest(self, name: str, size: int) -> NewestSubscription:
        """A queue that never holds old values back while newer ones are there."""
        return self._joined(NewestSubscription(self, name, size))

    def leave(self, subscription: Subscription) -> None:
        """Stop serving a subscription; safe twice."""
        self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    def _joined(self, subscription: Queue) -> Queue:
        self._subscriptions += (subscription,)
        return subscription

    def publish(self, judged: Judged) -> None:
        """Hand a batch to every subscription."""
        for subscription in self._subscriptions:
            subscription.offer(judged)
