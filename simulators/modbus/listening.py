"""What every simulated device on TCP has: an address, and connections that can be cut."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

from gateway.config import Endpoint
from gateway.core.errors import WerkverbundError
from simulators.modbus.tally import Tally


class Listening:
    """A server at ``host`` and ``port`` (0: a free one). It may be opened again after a close."""

    def __init__(self, host: str, port: int, tally: Tally) -> None:
        self.host = host
        self.port = port
        self.tally = tally
        self.writers: list[asyncio.StreamWriter] = []
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
        for writer in self.writers:
            writer.transport.abort()
        for conversation in self._conversations:
            conversation.cancel()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until it ends."""
        raise NotImplementedError

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.tally.connections += 1
        task = asyncio.get_running_loop().create_task(
            self._serve(reader, writer), name=f"a client of {self.endpoint}"
        )
        self._conversations.add(task)
        task.add_done_callback(self._conversations.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            with suppress(ConnectionError, ValueError):
                await self.converse(reader, writer)
        finally:
            self.writers.remove(writer)
            writer.close()
