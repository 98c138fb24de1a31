"""The runner of a live sink (OPC UA, MQTT): newest values now, nothing made up for later.

It owns the connection and every retry. While the sink is away its queue on the bus drops the
oldest; when it is back it gets what waits there, and the present states and jobs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace

from gateway.core.errors import NotConnected, Rejected
from gateway.core.ports import Change, Sink
from gateway.core.work import Job, MachineStatus
from gateway.flow.backoff import Backoff
from gateway.flow.bus import Subscription
from gateway.flow.sink_health import SinkHealth, SinkWatch

GATHERS = 0.005
"""Seconds in which batches are gathered that then go together: lines are polled at the same time,
and each sending costs as much as what is sent."""


class LiveRunner:
    """Feeds one sink from its subscription until cancelled, or until the subscription is closed.

    An error that is not the sink's (a bug) ends ``run`` and is the caller's.
    """

    def __init__(
        self,
        sink: Sink,
        subscription: Subscription,
        name: str,
        *,
        backoff: Backoff | None = None,
        watch: SinkWatch | None = None,
    ) -> None:
        self.sink = sink
        self.name = name
        self._subscription = subscription
        self._backoff = backoff or Backoff()
        self._watch = watch or SinkWatch(name)
        self._turn = asyncio.Lock()
        self._news = asyncio.Event()
        self._latest: tuple[Sequence[MachineStatus], Sequence[Job]] | None = None
        self._change: Change | None = None

    @property
    def health(self) -> SinkHealth:
        """How the sink fares."""
        self._watch.missed = self._subscription.dropped
        note = getattr(self.sink, "note", None)  # most sinks have nothing to say besides
        return replace(self._watch.health, note=note)

    @property
    def delivered(self) -> int:
        """How many batches the sink has taken."""
        return self._watch.delivered

    @property
    def dropped(self) -> int:
        """How many batches the sink missed because it was away or slow."""
        return self._subscription.dropped

    def changed(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Machine states or jobs have changed: show these, now or when the sink is back."""
        self._latest = (machines, jobs)
        self._news.set()

    def equip(self, change: Change) -> None:
        """The firm's machines are others: tell the sink before anything that comes from now on."""
        self._change = change
        self._news.set()

    async def run(self) -> None:
        """Connect, deliver, connect again."""
        try:
            while True:
                try:
                    await self._session()
                except NotConnected as lost:
                    wait = self._backoff.failed(time.monotonic())
                    self._watch.lost(lost, wait)
                    await self.sink.close()
                    await asyncio.sleep(wait)
                else:
                    return
        finally:
            await self.sink.close()

    async def _session(self) -> None:
        """One connection, until it is lost or the stream has ended."""
        await self._pass_on()
        await self.sink.connect()
        self._watch.connected()
        self._subscription.rewind()
        if self._latest is not None:
            self._news.set()
        tasks = {
            asyncio.create_task(self._write(), name=f"{self.name} values"),
            asyncio.create_task(self._show(), name=f"{self.name} states"),
        }
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            task.result()

    async def _write(self) -> None:
        while await self._subscription.comes():
            await asyncio.sleep(GATHERS)
            batches = self._subscription.take()
            async with self._turn:
                await self._pass_on()
                refusals = 0
                try:
                    await self.sink.write(batches)
                except Rejected as refused:
                    refusals = len(refused.which)
                    self._watch.refuses(refused, refusals)
            self._watch.took(len(batches) - refusals)
            self._backoff.succeeded()

    async def _show(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            async with self._turn:
                await self._pass_on()
                if self._latest is not None:
                    try:
                        await self.sink.show(*self._latest)
                    except Rejected as refused:
                        self._watch.refuses(refused, 0)

    async def _pass_on(self) -> None:
        """Tell the sink of other machines, where there are."""
        change, self._change = self._change, None
        if change is not None:
            try:
                await change()
            except Rejected as refused:
                self._watch.refuses(refused, 0)
