"""The gateway's side of a sink in a process of its own; to the gateway it is one more live runner.

It feeds the process, watches it and starts it again. The retry of the sink's peer happens in the
process, by the same runner that other live sinks have.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import pickle
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from gateway.apart import values
from gateway.apart.answers import Answers, Handler
from gateway.apart.frames import Frames
from gateway.apart.order import Order
from gateway.apart.process import Process, started
from gateway.apart.said import Said
from gateway.apart.states import Shown
from gateway.core.errors import NotConnected
from gateway.core.work import Job, MachineStatus
from gateway.flow.backoff import Backoff
from gateway.flow.bus import Bus
from gateway.flow.sink_health import SinkHealth, SinkWatch

log = logging.getLogger(__name__)

WAITING = 1000
"""Batches that wait for the process; when more do, it gets the newest of every signal."""
AT_ONCE = 200
"""Batches in one message, so that making it never holds the gateway."""
SILENCE = 10.0
"""Seconds without a sign of life after which the process is ended: something holds it."""
STARTING = 60.0
"""The same until it has given the first one: it imports, on a slow computer for long."""
LATE = 2.0
"""Seconds by which a look at it may come late without saying anything about it."""
STEADY = 60.0
"""A process that has lived for so many seconds is well: its failures are forgotten."""
ANSWER = 1024 * 1024
"""Bytes of an answer to the process; a longer one is refused."""


class ApartRunner:
    """Feeds one sink's process from the bus until cancelled; starts it again."""

    def __init__(
        self,
        order: Order,
        bus: Bus,
        *,
        memory: int,
        answers: Mapping[str, Handler] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """``memory`` bounds the process, in megabytes; ``answers`` is what it may ask."""
        self.name = order.name
        self.process: Process | None = None
        self._order = self._told = order
        self._subscription = bus.subscribe_newest(order.name, WAITING)
        self._memory = memory
        self._answers = answers or {}
        self._backoff = backoff or Backoff(most=30.0)
        self._watch = SinkWatch(order.name)
        self._latest: tuple[Sequence[MachineStatus], Sequence[Job]] | None = None
        self._changed = False

    @property
    def health(self) -> SinkHealth:
        """How the sink fares."""
        return self._watch.health

    @property
    def dropped(self) -> int:
        """How many batches the sink missed because its process was away or slow."""
        return self._subscription.dropped

    def changed(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Machine states or jobs have changed: show these, now or when the process is back."""
        self._latest, self._changed = (machines, jobs), True
        self._subscription.nudge()

    def equip(self, order: Order) -> None:
        """The firm has other machines: tell the process before anything that comes from now on."""
        self._order = order
        self._subscription.nudge()

    async def run(self) -> None:
        """Start the process, keep it fed, start it again."""
        while True:
            began = time.monotonic()
            try:
                await self._life()
            except NotConnected as lost:
                now = time.monotonic()
                if now - began > STEADY:
                    self._backoff.succeeded()
                wait = self._backoff.failed(now)
                self._watch.lost(lost, wait)
                await asyncio.sleep(wait)

    async def _life(self) -> None:
        """One process, from its start to its end. Raises NotConnected: why it has ended."""
        said = Said(self.name, self._watch)
        self._told = self._order
        async with started(self._order, self._memory, said.take) as process:
            self.process = process
            answers = Answers(self._answers, self._reply)
            said.answers = answers
            feeding = asyncio.create_task(
                self._feed(process.frames, said), name=f"{self.name} feed"
            )
            try:
                why = await self._watched(process, said)
            finally:
                self.process = None
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
                await answers.end()
            how = await process.gone()
        raise NotConnected(why or said.goodbye or process.frames.wrong or how)

    async def _watched(self, process: Process, said: Said) -> str | None:
        """Wait until its stream has ended, or it has to be ended: then why."""
        frames, loop = process.frames, asyncio.get_running_loop()
        while not frames.ended.is_set():
            look = loop.time() + SILENCE / 4
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(look):
                    await frames.ended.wait()
            now, patience = loop.time(), SILENCE if said.alive else STARTING
            if now - look > LATE:
                frames.heard = now  # it is we who were held, or both of us: listen anew
            elif now - frames.heard > patience:
                process.kill()
                return f"{patience:.0f} s: its process gave no sign of life"
        return None

    async def _feed(self, frames: Frames, said: Said) -> None:
        """What is new, at its pace, as long as it takes it; what it does not take is not kept."""
        self._subscription.rewind()
        self._subscription.nudge()
        shown, self._changed = Shown(), True
        while True:
            await self._subscription.waiting()
            await frames.room()
            for message in self._news(shown):
                frames.send(message)
                await frames.room()
            said.hurry.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(said.pace):
                    await said.hurry.wait()

    def _news(self, shown: Shown) -> Iterator[bytes]:
        if self._told is not self._order:
            self._told = self._order
            yield pickle.dumps(("equip", self._told))
        batches = self._subscription.take()
        for begin in range(0, len(batches), AT_ONCE):
            yield pickle.dumps(("values", values.rows(batches[begin : begin + AT_ONCE])))
        if self._changed and self._latest is not None:
            self._changed = False
            for change in shown.changes(*self._latest):
                yield pickle.dumps(("states", change))

    def _reply(self, number: int, answered: bool, body: Any) -> None:  # noqa: FBT001
        process = self.process
        if process is None or process.frames.full:
            return  # whoever asked waits no longer than its own deadline
        message = pickle.dumps(("answer", (number, answered, body)))
        if len(message) > ANSWER:
            message = pickle.dumps(("answer", (number, False, "the answer is too long")))
        process.frames.send(message)
