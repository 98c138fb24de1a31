"""The bus: hands each judged batch to every subscriber's bounded queue, and never waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from gateway.core.batches import Judged


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

    def close(self) -> None:
        """Leave the bus; what waits can still be read, then the iteration ends."""
        self._bus.leave(self)
        self._closed = True
        self._something.set()

    def __len__(self) -> int:
        return len(self._queue)

    def __aiter__(self) -> AsyncIterator[Judged]:
        return self

    async def __anext__(self) -> Judged:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._something.clear()
            await self._something.wait()
        return self._queue.popleft()


class Bus:
    """From the judge to everyone who wants live values."""

    def __init__(self) -> None:
        self._subscriptions: tuple[Subscription, ...] = ()

    def subscribe(self, name: str, size: int = 64) -> Subscription:
        """A queue of at most ``size`` batches."""
        subscription = Subscription(self, name, size)
        self._subscriptions += (subscription,)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Stop serving a subscription; safe twice."""
        self._subscriptions = tuple(s for s in self._subscriptions if s is not subscription)

    def publish(self, judged: Judged) -> None:
        """Hand a batch to every subscription."""
        for subscription in self._subscriptions:
            subscription.offer(judged)
