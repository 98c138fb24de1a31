"""What every simulated device on TCP has: an address, and connections that can be cut."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

from gateway.config import Endpoint
from gateway.core.errors import WerkverbundError
from simulators.modbus.script import FOREVER, GOOD, Manners
from simulators.modbus.tally import Tally

AT_ONCE = 4096


@dataclass(eq=False, slots=True)
class Connection:
    """One client. Moments are those of the event loop."""

    number: int
    writer: asyncio.StreamWriter
    began: float
    asked: float
    """When something was asked last, or when the connection began."""
    answered: float = -FOREVER
    deaf: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    swapped: list[bytes] = field(default_factory=list)

    def write(self, characters: bytes) -> None:
        """Send, unless the client has gone."""
        if not self.writer.is_closing():
            self.writer.write(characters)


class Listening(ABC):
    """A server at ``host`` and ``port`` (0: a free one). It may be opened again after a close."""

    def __init__(
        self,
        host: str,
        port: int,
        tally: Tally,
        manners: Manners = GOOD,
        speed: float = 1.0,
    ) -> None:
        self.host = host
        self.port = port
        self.tally = tally
        self.manners = manners
        self.speed = speed
        self.connections: list[Connection] = []
        self.greet: Callable[[Connection], object] = lambda _: None
        """Hears of each connection."""
        self._server: asyncio.Server | None = None
        self._conversations: set[asyncio.Task[None]] = set()

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        return Endpoint(self.host, self.port)

    @property
    def plugged(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def open(self) -> None:
        """Listen. Raises WerkverbundError when the port is taken."""
        if self._server is not None:
            return
        try:
            self._server = await asyncio.start_server(self._accept, self.host, self.port)
        except OSError as cause:
            raise WerkverbundError(f"nobody can listen on {self.endpoint}") from cause
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Hang up and stop listening, as if the cable were pulled; safe twice."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in self.connections:
            connection.writer.transport.abort()
        for conversation in self._conversations:
            conversation.cancel()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def come(self, connection: Connection, characters: bytes) -> None:
        """What a client has sent. Raises ValueError for what ends the connection."""

    def hears(self, connection: Connection) -> bool:
        """Whether a request that has come now is heard at all."""
        now = asyncio.get_running_loop().time()
        manners, speed = self.manners, self.speed
        idle, connection.asked = now - connection.asked, now
        since_answer = (now - connection.answered) * speed
        connection.deaf = connection.deaf or idle * speed >= manners.forgets
        early = (now - connection.began) * speed < manners.wakes or since_answer < manners.pause
        return not (connection.deaf or early)

    def tell(self, connection: Connection, frame: bytes) -> None:
        """Send an answer."""
        connection.write(frame)
        connection.answered = asyncio.get_running_loop().time()
        if self.manners.closes:
            connection.writer.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        most = self.manners.connections
        if most is not None and len(self.connections) >= most:
            self.tally.refused += 1
            writer.transport.abort()
            return
        self.tally.connections += 1
        now = asyncio.get_running_loop().time()
        connection = Connection(self.tally.connections, writer, now, now)
        self.connections.append(connection)
        self.greet(connection)
        task = asyncio.get_running_loop().create_task(
            self._converse(reader, connection), name=f"a client of {self.endpoint}"
        )
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _converse(self, reader: asyncio.StreamReader, connection: Connection) -> None:
        patience = self.manners.hangs_up / self.speed if self.manners.hangs_up < FOREVER else None
        try:
            with suppress(ConnectionError, ValueError, TimeoutError):
                while characters := await asyncio.wait_for(reader.read(AT_ONCE), patience):
                    self.come(connection, characters)
        finally:
            self.connections.remove(connection)
            connection.writer.close()
