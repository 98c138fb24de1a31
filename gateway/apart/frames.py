"""Whole messages over a stream: four bytes of length (big-endian), then so many bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

HEADER = 4
BUFFER = 128 * 1024
"""Bytes that wait in this process before ``room`` has to be waited for."""


class Frames(asyncio.Protocol):
    """One end of a stream. ``take`` gets each message; ValueError from it ends the stream.

    ``heard`` is the loop's time at which the other end last said something; ``wrong`` says what was
    wrong with what it said, where something was.
    """

    def __init__(self, take: Callable[[bytes], None], longest: int) -> None:
        """``longest`` is the most bytes that a message may have."""
        self._take = take
        self._longest = longest
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._room = asyncio.Event()
        self.ended = asyncio.Event()
        self.heard = self._loop.time()
        self.wrong: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - it is a stream
        self._transport = transport
        transport.set_write_buffer_limits(high=BUFFER)
        self._room.set()

    def data_received(self, data: bytes) -> None:
        """Cut what came into messages."""
        self.heard = self._loop.time()
        self._buffer += data
        try:
            self._cut()
        except ValueError as error:
            self.wrong = str(error)
            self._buffer.clear()
            self.abort()

    def _cut(self) -> None:
        begin, got = 0, len(self._buffer)
        while got - begin >= HEADER:
            length = int.from_bytes(self._buffer[begin : begin + HEADER], "big")
            if length > self._longest:
                raise ValueError(f"a message of {length} bytes, longer than {self._longest}")
            end = begin + HEADER + length
            if end > got:
                break
            self._take(bytes(self._buffer[begin + HEADER : end]))
            begin = end
        del self._buffer[:begin]

    def pause_writing(self) -> None:
        """The other end does not keep up."""
        self._room.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._room.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The other end is gone."""
        self.ended.set()
        self._room.set()

    @property
    def full(self) -> bool:
        """Whether whoever sends now makes more wait than the bound."""
        return not self._room.is_set()

    async def room(self) -> None:
        """Wait until there is room; at once where the stream has ended."""
        await self._room.wait()

    def send(self, message: bytes) -> None:
        """Hand over one message; nothing where the stream has ended. Never waits."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(len(message).to_bytes(HEADER, "big") + message)

    def close(self) -> None:
        """End the stream once everything has been sent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the stream now."""
        if self._transport is not None:
            self._transport.abort()
