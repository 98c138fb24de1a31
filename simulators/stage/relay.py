"""A firm's uplink: a cable between its gateway and the shared broker that can be pulled."""

from __future__ import annotations

import asyncio
from contextlib import suppress

CHUNK = 65536


class Uplink:
    """Relays one port on loopback to another; ``pull`` cuts every connection and stops listening.

    The gateway on the one side and the broker on the other see what a real broken line shows
    them: connections that end, and new ones that are refused.
    """

    def __init__(self, port: int, target: int) -> None:
        self._port, self._target = port, target
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    @property
    def connected(self) -> bool:
        """Whether the cable is in."""
        return self._server is not None

    async def plug(self) -> None:
        """Put the cable in."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, "127.0.0.1", self._port)

    async def pull(self) -> None:
        """Pull the cable."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        if line is None:
            return
        self._lines.add(line)
        try:
            await self._relay(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side hung up, or the cable was pulled
        finally:
            self._lines.discard(line)
            writer.close()

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            ways = {
                asyncio.create_task(_pump(reader, far_writer), name="uplink out"),
                asyncio.create_task(_pump(far_reader, writer), name="uplink in"),
            }
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            far_writer.close()
            with suppress(OSError):
                await far_writer.wait_closed()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(CHUNK):
        writer.write(some)
        await writer.drain()
