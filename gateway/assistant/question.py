"""One question to one device, outside of any machine: what came back, and after how long."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass

from gateway.core.errors import Refused, SourceError, Unreachable
from gateway.core.findings import Finding, Why
from gateway.machines.read_plan import Block
from gateway.machines.template import Table
from gateway.sources.frame import IDENTIFICATION, REPORT_ID
from gateway.sources.line.base import ModbusConnect, Tap
from gateway.sources.line.connection import Connection

SPACING = 0.2
"""Seconds between two questions at least: five a second."""
BUSY = frozenset({5, 6})
"""Exceptions of a device that will answer later."""
TRIES = 5
OBJECTS = 3
"""Questions for the objects of one identification at most."""
LETTERS = 80
"""Letters of each that are shown."""
SPOKEN_FOR = frozenset({10, 11})
"""Exceptions by which a gateway says that nobody is there."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came back within ``seconds``: the ``words``, or ``found`` instead of them."""

    block: Block
    words: tuple[int, ...] | None
    found: Finding | None
    seconds: float

    @property
    def exception(self) -> int | None:
        """The code with which the device itself has refused."""
        return self.found.got if self.found is not None and self.refused else None

    @property
    def refused(self) -> bool:
        """Whether it was refused, and not met with silence or noise."""
        return self.found is not None and self.found.why == "exception"

    @property
    def somebody(self) -> bool:
        """Whether a device has spoken, whatever it has said."""
        return self.words is not None or (self.refused and self.exception not in SPOKEN_FOR)


@dataclass(slots=True)
class Turns:
    """When the next question may be asked, over whatever line."""

    spacing: float = SPACING
    _next: float = 0.0

    async def mine(self) -> None:
        """Wait until it may be asked."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._next - loop.time()))
        self._next = loop.time() + self.spacing


def _readable(said: bytes) -> str:
    """The letters of an identification; some devices put numbers before them."""
    text = said.decode("latin-1")
    runs = re.findall(r"[\x20-\x7e\xa0-\xff]{3,}", text)
    return " ".join(one.strip() for one in runs)[:LETTERS]


class Asker:
    """Asks over one line, slowly; ``close`` it in the end."""

    def __init__(
        self, connect: ModbusConnect, turns: Turns | None = None, tap: Tap | None = None
    ) -> None:
        self.connect = connect
        self._link = Connection(
            connect,
            connect.pause.total_seconds(),
            connect.pause_after_connect.total_seconds(),
            tap=tap,
        )
        self._turns = turns or Turns()
        self.asked = 0
        """How many questions have been asked."""

    async def ask(self, table: Table, first: int, count: int, unit: int | None = None) -> Heard:
        """One block of the device, or of another ``unit`` of the line. Cancels only from outside.

        A line that cannot be opened raises Unreachable; what the device does is a ``Heard``.
        """
        await self._turns.mine()
        self.asked += 1
        block = Block(table, first, count, ())
        if not self._link.connected:
            await self._link.open()
        connect = self.connect if unit is None else self.connect.model_copy(update={"unit": unit})
        began = time.monotonic()
        words: tuple[int, ...] | None = None
        found: Finding | None = None
        try:
            words = tuple(int(word) for word in await self._link.ask(connect, block))
        except (Refused, SourceError) as error:
            found = error.found
            if isinstance(error, Unreachable) and not error.timed_out:
                self._link.close()
        return Heard(block, words, found, time.monotonic() - began)

    async def identify(self, unit: int) -> tuple[str, ...]:
        """What a device says that it is: vendor, product, revision, as far as it says any.

        Asks with 43/14, or with 17 where that brings nothing. Only a scan does so.
        """
        connect = self.connect.model_copy(update={"unit": unit})
        for function in (IDENTIFICATION, REPORT_ID):
            objects: dict[int, bytes] = {}
            more: int | None = 0
            for _ in range(OBJECTS):
                if more is None:
                    break
                await self._turns.mine()
                self.asked += 1
                try:
                    if not self._link.connected:
                        await self._link.open()
                    said, more = await self._link.identify(connect, function, more)
                except (Refused, SourceError) as error:
                    if isinstance(error, Unreachable) and not error.timed_out:
                        self._link.close()
                    break
                objects |= said
            told = tuple(filter(None, (_readable(objects[number]) for number in sorted(objects))))
            if told:
                return told
        return ()

    async def insist(self, table: Table, first: int, count: int, unit: int | None = None) -> Heard:
        """As ``ask``, but again where the device is busy with something else, or hangs up."""
        for _ in range(TRIES - 1):
            heard = await self.ask(table, first, count, unit)
            hung_up = heard.found is not None and heard.found.why is Why.HUNG_UP
            if heard.exception not in BUSY and not hung_up:
                return heard
        return await self.ask(table, first, count, unit)

    def close(self) -> None:
        """Hang up; safe twice."""
        self._link.close()
