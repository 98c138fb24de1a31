"""Devices on a serial line, behind a pseudo-terminal or a transparent converter (RTU over TCP).

Every register tells where it stands (``told``). The line takes its time for the bytes where it is
given a ``wire``; an answer that is late comes whatever has been asked meanwhile.
"""

from __future__ import annotations

import asyncio
import os
import struct
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.sources.bus_time import Wire
from gateway.sources.frame import crc
from tests.sources.fault_line import Asked, told

Takes = Callable[[Asked], float | None]


@dataclass
class SerialBus:
    """``takes`` says how long a unit takes for an answer (None: it is dead)."""

    takes: Takes = lambda _asked: 0.0
    mangle: Callable[[Asked, bytes], bytes] = lambda _asked, frame: frame
    wire: Wire | None = None
    asked: list[Asked] = field(default_factory=list)
    busy: float = 0.0  # seconds in which something was under way on the line
    port: int = 0
    _say: Callable[[bytes], None] = lambda _: None
    _received: bytes = b""
    _server: asyncio.Server | None = None
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _terminal: tuple[int, int] | None = None

    # on a pseudo-terminal

    def plug(self, path: Path) -> None:
        """Appear as ``path``."""
        self._terminal = master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        path.unlink(missing_ok=True)
        path.symlink_to(os.ttyname(slave))
        self._say = lambda frame: os.write(master, frame) and None
        asyncio.get_running_loop().add_reader(master, self._from_terminal, master)

    def pull(self) -> None:
        """Be unplugged, as a USB adapter is."""
        if self._terminal is not None:
            asyncio.get_running_loop().remove_reader(self._terminal[0])
            for end in self._terminal:
                os.close(end)
            self._terminal = None
        self._say = lambda _: None

    def _from_terminal(self, master: int) -> None:
        self.hear(os.read(master, 4096))

    # through TCP

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self.pull()
        for writer in self._writers:
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        self._say = lambda frame: None if writer.is_closing() else writer.write(frame)
        try:
            while received := await reader.read(4096):
                self.hear(received)
        except ConnectionError:
            pass
        writer.close()

    # the line

    def hear(self, received: bytes) -> None:
        self._received += received
        while len(self._received) >= 8:
            question, self._received = self._received[:8], self._received[8:]
            assert crc(question[:-2]) == question[-2:]
            unit = question[0]
            asked = Asked(len(self.asked) + 1, unit, question[1:-2])
            self.asked.append(asked)
            takes = self.takes(asked)
            if takes is None:
                continue
            answer = self.answer(asked)
            under_way = self.wire.takes(8 + len(answer)) if self.wire else 0.0
            self.busy += under_way + takes
            loop = asyncio.get_running_loop()
            loop.call_later(under_way + takes, self._speak, self.mangle(asked, answer))

    def _speak(self, frame: bytes) -> None:
        self._say(frame)

    def answer(self, asked: Asked) -> bytes:
        words = [told(asked.unit, asked.first + index) for index in range(asked.count)]
        head = struct.pack(">BBB", asked.unit, asked.function, 2 * asked.count)
        body = head + struct.pack(f">{len(words)}H", *words)
        return body + crc(body)

    def refusal(self, asked: Asked, code: int) -> bytes:
        body = bytes([asked.unit, asked.function | 0x80, code])
        return body + crc(body)

    def count(self, unit: int) -> int:
        return sum(asked.unit == unit for asked in self.asked)
