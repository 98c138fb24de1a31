"""A serial line behind a Modbus TCP gateway: answers are told by unit, function and length.

A late answer stays in the gateway's buffer (or on its way), and is handed to the next question that
it fits. Every register tells where it stands (``told``).
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.sources.line.tcp import ModbusTcpConnect
from simulators.modbus.pdu import Asked
from tests.sources.fault_line import frame_of, told

Takes = Callable[[Asked], float | None]


@dataclass
class SerialGateway:
    """``takes`` says how long a unit takes for an answer (None: it is dead)."""

    takes: Takes = lambda _asked: 0.0
    waits: float = 0.2
    flushes: bool = False
    most: int = 125  # registers; more are refused
    says_so: bool = False  # answers exception 11 for a unit that stays silent
    asked: list[Asked] = field(default_factory=list)
    while_busy: int = 0
    wrong: int = 0
    busy: bool = False
    port: int = 0
    connections: int = 0
    _buffer: asyncio.Queue = field(default_factory=asyncio.Queue)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def connect(self) -> ModbusTcpConnect:
        return ModbusTcpConnect(host="127.0.0.1", port=self.port)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def count(self, unit: int) -> int:
        return sum(asked.unit == unit for asked in self.asked)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        try:
            while True:
                frame = await reader.readexactly(12)
                asked = Asked(
                    len(self.asked) + 1,
                    frame[6],
                    frame[7:],
                    self.connections,
                    frame[0] << 8 | frame[1],
                )
                self.asked.append(asked)
                self.while_busy += self.busy
                async with self._lock:
                    self.busy = True
                    answer = await self._on_the_wire(asked)
                    self.busy = False
                if answer is not None:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _on_the_wire(self, asked: Asked) -> bytes | None:
        while self.flushes and not self._buffer.empty():
            self._buffer.get_nowait()
        right = struct.pack(
            f">BB{asked.count}H",
            asked.function,
            2 * asked.count,
            *(told(asked.unit, asked.first + index) for index in range(asked.count)),
        )
        if asked.count > self.most:
            right = bytes([asked.function | 0x80, 2])
        takes = self.takes(asked)
        if takes is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(takes, self._buffer.put_nowait, (asked.unit, right))
        try:
            async with asyncio.timeout(self.waits):
                while True:
                    unit, pdu = await self._buffer.get()
                    if unit == asked.unit and pdu[:2] == right[:2]:
                        self.wrong += pdu != right
                        return frame_of(asked, pdu)
        except TimeoutError:
            return frame_of(asked, bytes([asked.function | 0x80, 11])) if self.says_so else None
