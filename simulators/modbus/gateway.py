"""A Modbus TCP gateway in front of a serial line: it asks one question after the other.

What tells an answer on a serial line is its unit, its function and its length, and nothing else.
So a gateway that keeps what came too late hands it on as the answer to the next question that it
fits.
"""

from __future__ import annotations

import asyncio
from collections import deque

from simulators.modbus.bus import Bus
from simulators.modbus.framing import cut_mbap, mbap, of_rtu, rtu
from simulators.modbus.listening import Connection, Listening
from simulators.modbus.pdu import BIT_READS, READS, Asked, refused
from simulators.modbus.script import GOOD, Manners

NOBODY_ANSWERS = 11


class Gateway(Listening):
    """The gateway.

    ``waits``     seconds of the line for which it waits for an answer
    ``flushes``   it forgets what came too late before it asks anew
    ``says_so``   it answers exception 11 for a unit that is silent
    ``measures``  an answer of another length than the one that was asked for is thrown away
    """

    def __init__(
        self,
        bus: Bus,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        manners: Manners = GOOD,
        waits: float = 1.0,
        flushes: bool = True,
        says_so: bool = False,
        measures: bool = True,
    ) -> None:
        super().__init__(host, port, bus.tally, manners, bus.speed)
        self.bus = bus
        self.waits = waits
        self.flushes = flushes
        self.says_so = says_so
        self.measures = measures
        self.stale = 0
        """How often the answer to an older question was handed on."""
        self.while_waiting = 0
        """How many requests came while it waited for an answer to another one."""
        self._waiting: asyncio.Queue[tuple[Asked, Connection]] = asyncio.Queue()
        self._come: deque[tuple[int, int, bytes]] = deque()
        self._news = asyncio.Event()
        self._busy = False
        self._work: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Listen. Raises WerkverbundError when the port is taken."""
        await super().open()
        self.bus.hear_frame = self._hear
        if self._work is None:
            work = self._ask_in_turn()
            self._work = asyncio.get_running_loop().create_task(work, name="a gateway's line")

    def close(self) -> None:
        """Hang up and stop listening; safe twice and before ``open``."""
        super().close()
        if self._work is not None:
            self._work.cancel()
            self._work = None
        self.bus.hear_frame = None
        self.bus.close()
        self._busy = False
        self._come.clear()
        self._waiting = asyncio.Queue()

    def come(self, connection: Connection, characters: bytes) -> None:
        """Take requests, whenever they come."""
        connection.buffer += characters
        for transaction, unit, content in cut_mbap(connection.buffer):
            self.while_waiting += self._busy or not self._waiting.empty()
            if self.hears(connection):
                asked = Asked(0, unit, content, connection.number, transaction)
                self._waiting.put_nowait((asked, connection))

    async def _ask_in_turn(self) -> None:
        while True:
            self._busy = False
            asked, connection = await self._waiting.get()
            self._busy = True
            answer = await self._ask(asked)
            if answer is not None:
                self.tell(connection, mbap(asked.transaction, asked.unit, answer))

    async def _ask(self, asked: Asked) -> bytes | None:
        await asyncio.sleep(max(0.0, self.bus.free_at - self.bus.now) / self.bus.speed)
        if self.flushes:
            self._come.clear()
        before = self.tally.requests
        frame = rtu(asked.unit, asked.content)
        self.bus.say(frame)
        said = self.bus.now + self.bus.pace.lasts(len(frame))
        try:
            async with asyncio.timeout_at((said + self.waits) / self.bus.speed):
                while True:
                    while self._come:
                        number, unit, content = self._come.popleft()
                        if unit == asked.unit and self._fits(asked, content):
                            self.stale += number <= before
                            return content
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return refused(asked.function, NOBODY_ANSWERS) if self.says_so else None

    def _fits(self, asked: Asked, content: bytes) -> bool:
        if content[0] & 0x7F != asked.function:
            return False
        if content[0] & 0x80 or asked.function not in READS or not self.measures:
            return True
        bits = asked.function in BIT_READS
        return content[1] == ((asked.count + 7) // 8 if bits else 2 * asked.count)

    def _hear(self, frame: bytes, asked: Asked) -> None:
        parts = of_rtu(frame)
        if parts is not None:
            self._come.append((asked.number, *parts))
            self._news.set()
