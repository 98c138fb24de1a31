"""The work of a sink's process: the sink with its live runner, fed by the gateway."""

from __future__ import annotations

import asyncio
import logging
import pickle
import socket
import sys
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any, cast

import orjson

from gateway import garbage
from gateway.apart import bounds, values
from gateway.apart.frames import Frames
from gateway.apart.order import Order
from gateway.apart.states import Known
from gateway.core.errors import Unanswered
from gateway.core.ports import Asking, Paced
from gateway.core.text import Language
from gateway.core.work import Job, MachineStatus
from gateway.flow.bus import Bus
from gateway.flow.live_runner import LiveRunner
from gateway.flow.sink_health import SinkWatch
from gateway.logs import Spoken
from gateway.sinks.base import FirmSink

log = logging.getLogger(__name__)

CHATTY = ("asyncua",)
BEAT = 2.0
"""Seconds between two signs of life."""
LONGEST = 2**32 - 1
"""Bytes of a message from the gateway: what it sends is bounded by itself."""
WAITING = 1000
"""Batches that wait for the sink; when more do, it gets the newest of every signal."""
QUESTION = 128 * 1024
"""Bytes of a question."""


class Gateway:
    """The gateway as this process sees it: what it tells us, and whom we tell and ask."""

    def __init__(self) -> None:
        self.frames = Frames(self._take, LONGEST)
        self.name = sys.argv[1]
        self.order: asyncio.Future[Order] = asyncio.get_running_loop().create_future()
        self.values = Bus().subscribe_newest(self.name, WAITING)
        self._known = Known()
        self._states: tuple[list[MachineStatus], list[Job]] | None = None
        self._equipment: Order | None = None
        self._runner: LiveRunner | None = None
        self._pace: float | None = None
        self._numbers = count()
        self._asked: dict[int, asyncio.Future[Any]] = {}

    def feeds(self, runner: LiveRunner) -> None:
        """From now on, machines, their states and jobs are for this runner."""
        self._runner = runner
        if self._equipment is not None:
            self._equip(self._equipment)
        if self._states is not None:
            runner.changed(*self._states)

    def _equip(self, order: Order) -> None:
        """The firm has other machines, now or once there is a sink to tell."""
        self._equipment = order
        self._known.only({machine.name for machine in order.site.machines})
        runner = self._runner
        if runner is not None:
            sink = cast("FirmSink", runner.sink)
            runner.equip(partial(sink.equip, order.site, order.signals))

    def say(self, kind: str, content: Any) -> None:
        """Tell the gateway, unless it has not listened for a while."""
        if not self.frames.full:
            self.frames.send(orjson.dumps([kind, content]))

    def pace(self, seconds: float) -> None:
        """Say how soon the sink wants values, where that is new."""
        if seconds != self._pace:
            self._pace = seconds
            self.say("pace", seconds)

    async def ask(self, kind: str, content: Any, within: float) -> Any:
        """The gateway's answer within so many seconds. Raises Unanswered: refused, or too late."""
        message = orjson.dumps(["ask", [number := next(self._numbers), kind, content, within]])
        if len(message) > QUESTION:
            raise Unanswered("the question is too long")
        if self.frames.full:
            raise Unanswered("the gateway does not listen")
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        self.frames.send(message)
        try:
            async with asyncio.timeout(within):
                return await answer
        except TimeoutError:
            raise Unanswered("no answer in time") from None
        finally:
            del self._asked[number]

    def _take(self, message: bytes) -> None:
        told = pickle.loads(message)  # noqa: S301 - nobody but the gateway holds the other end
        if isinstance(told, Order):
            self.order.set_result(told)
            return
        kind, content = told
        if kind == "values":
            for row in content:
                self.values.offer(values.judged(row))
        elif kind == "equip":
            self._equip(content)
        elif kind == "states":
            self._states = self._known.take(content) or self._states
            if self._runner is not None and self._states is not None:
                self._runner.changed(*self._states)
        else:
            number, answered, body = content
            waiting = self._asked.get(number)
            if waiting is None or waiting.done():
                return  # too late
            if answered:
                waiting.set_result(body)
            else:
                waiting.set_exception(Unanswered(body))


class _Watch(SinkWatch):
    """Tells the gateway how the sink fares; its health and its log are there."""

    def __init__(self, name: str, say: Callable[[str, Any], None]) -> None:
        super().__init__(name)
        self._say = say
        self._has_been = False

    def connected(self) -> None:
        if not self._has_been:
            self._has_been = True
            bounds.step_back()
            garbage.as_it_comes()
        self._say("connected", None)

    def lost(self, cause: Exception, wait: float) -> None:
        self._say("lost", [str(cause), wait])

    def refuses(self, cause: Exception, batches: int) -> None:
        self._say("refused", [str(cause), batches])


class _Log(logging.Handler):
    """Hands our lines to the gateway's log."""

    def __init__(self, say: Callable[[str, Any], None], language: Language) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(Spoken(language, "%(message)s"))
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        self._say("log", [record.levelno, record.name, self.format(record)])


def work(megabytes: int, language: Language) -> int:
    """Work until the gateway ends the stream; an exit code."""
    garbage.rarely()
    with socket.socket(fileno=sys.stdin.fileno()) as stream:
        return asyncio.run(_work(stream, megabytes, language))


async def _work(stream: socket.socket, megabytes: int, language: Language) -> int:
    loop = asyncio.get_running_loop()
    gateway = Gateway()
    stream.setblocking(False)
    await loop.create_unix_connection(lambda: gateway.frames, sock=stream)
    logging.basicConfig(level=logging.INFO, handlers=[_Log(gateway.say, language)])
    for chatty in CHATTY:
        logging.getLogger(chatty).setLevel(logging.ERROR)
    working = asyncio.create_task(_run(gateway, megabytes))
    ended = asyncio.create_task(gateway.frames.ended.wait())
    await asyncio.wait({working, ended}, return_when=asyncio.FIRST_COMPLETED)
    working.cancel()
    try:
        await working
    except asyncio.CancelledError:
        return 0
    except MemoryError:
        gateway.say("goodbye", f"{megabytes} MB: its process needed more memory")
    except Exception as error:  # a bug of the sink: it ends this process alone
        log.exception("%s failed; it starts again, everything else goes on", gateway.name)
        gateway.say("goodbye", f"it has failed: {error!r:.200}")
    gateway.frames.close()
    await ended
    return 1


async def _run(gateway: Gateway, megabytes: int) -> None:
    """The sink at work, until one of its parts ends."""
    order = await gateway.order
    sink = order.config.build(order.site, order.signals, order.folder)
    if isinstance(sink, Asking):
        sink.asking(gateway.ask)
    if isinstance(sink, Paced):
        sink.pacing(gateway.pace)
    watch = _Watch(order.name, gateway.say)
    runner = LiveRunner(sink, gateway.values, order.name, watch=watch)
    gateway.feeds(runner)
    parts = {
        asyncio.create_task(runner.run(), name=order.name),
        asyncio.create_task(_beat(gateway, watch, megabytes), name="beat"),
        asyncio.create_task(_memory_lacks(), name="memory"),
    }
    try:
        done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
    for part in done:
        part.result()


async def _beat(gateway: Gateway, watch: SinkWatch, megabytes: int) -> None:
    while True:
        gateway.say("beat", watch.delivered)
        if bounds.too_much(megabytes):
            raise MemoryError
        await asyncio.sleep(BEAT)


async def _memory_lacks() -> None:
    """Wait until something has failed for want of memory in nobody's care. Raises MemoryError."""
    loop = asyncio.get_running_loop()
    lacking = loop.create_future()

    def stray(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        loop.default_exception_handler(context)
        if isinstance(context.get("exception"), MemoryError) and not lacking.done():
            lacking.set_exception(MemoryError())

    loop.set_exception_handler(stray)
    await lacking
