"""A line of Modbus devices that can be made to misbehave: raw asyncio, no library.

Every register tells where it stands (``told``), so that a value under a wrong signal shows.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.sources.line.tcp import ModbusTcpConnect


def told(unit: int, address: int) -> int:
    """What the register at ``address`` of ``unit`` holds."""
    return (unit * 4096 + address) & 0xFFFF


@dataclass(frozen=True)
class Asked:
    tid: int
    unit: int
    function: int
    first: int
    count: int
    connection: int


Misbehaviour = Callable[[Asked], bytes | None]


@dataclass
class FaultLine:
    """A server with scripted faults; ``asked`` records every request."""

    asked: list[Asked] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    late: dict[int, float] = field(default_factory=dict)
    refuse: dict[int, int] = field(default_factory=dict)
    most: int = 125
    odd_refused: bool = False
    units: set[int] = field(default_factory=lambda: {1, 2, 3})
    misbehave: Misbehaviour | None = None
    reset_next: bool = False
    always_reset: bool = False
    closes: bool = False  # after each answer
    deaf: set[int] = field(default_factory=set)  # connections on which nothing is answered any more
    connections: int = 0
    connected: Callable[[int], object] = lambda _number: None  # hears of each connection
    port: int = 0
    served: asyncio.Event = field(default_factory=asyncio.Event)
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _tasks: set[asyncio.Task] = field(default_factory=set)

    @property
    def connect(self) -> ModbusTcpConnect:
        return ModbusTcpConnect(host="127.0.0.1", port=self.port)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    def count(self, unit: int | None = None) -> int:
        return sum(1 for a in self.asked if unit is None or a.unit == unit)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        self.connected(connection)
        self._writers.append(writer)
        try:
            while True:
                frame = await reader.readexactly(12)
                tid, _, _, unit, function, first, count = struct.unpack(">HHHBBHH", frame)
                asked = Asked(tid, unit, function, first, count, connection)
                self.asked.append(asked)
                self.served.set()
                if self.reset_next or self.always_reset:
                    self.reset_next = False
                    writer.transport.abort()
                    return
                if unit in self.silent or unit not in self.units or connection in self.deaf:
                    continue
                answer = self.misbehave(asked) if self.misbehave else self.answer(asked)
                if answer is None:
                    continue
                if unit in self.late:
                    task = asyncio.create_task(self._later(writer, answer, self.late[unit]))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                else:
                    writer.write(answer)
                if self.closes:
                    writer.close()
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _later(self, writer: asyncio.StreamWriter, answer: bytes, seconds: float) -> None:
        await asyncio.sleep(seconds)
        if not writer.is_closing():
            writer.write(answer)

    def answer(self, asked: Asked) -> bytes:
        code = self._refusal(asked)
        if code:
            return frame_of(asked, bytes([asked.function | 0x80, code]))
        if asked.function in (1, 2):
            bits = [told(asked.unit, asked.first + i) & 1 for i in range(asked.count)]
            packed = sum(bit << i for i, bit in enumerate(bits))
            body = packed.to_bytes((asked.count + 7) // 8, "little")
        else:
            words = [told(asked.unit, asked.first + i) for i in range(asked.count)]
            body = struct.pack(f">{len(words)}H", *words)
        return frame_of(asked, bytes([asked.function, len(body)]) + body)

    def _refusal(self, asked: Asked) -> int:
        if asked.function not in (1, 2) and (
            asked.count > self.most or (self.odd_refused and asked.count % 2)
        ):
            return 3
        for address, code in self.refuse.items():
            if asked.first <= address < asked.first + asked.count:
                return code
        return 0


def frame_of(asked: Asked, pdu: bytes, *, tid: int | None = None, unit: int | None = None) -> bytes:
    """A whole Modbus TCP frame; ``tid`` and ``unit`` may lie."""
    return (
        struct.pack(
            ">HHHB",
            asked.tid if tid is None else tid,
            0,
            len(pdu) + 1,
            asked.unit if unit is None else unit,
        )
        + pdu
    )
