"""RTU over TCP: a serial device server hands the bytes of its line on as they are."""

from __future__ import annotations

import asyncio

from simulators.modbus.bus import Bus
from simulators.modbus.listening import Listening

AT_ONCE = 4096


class SerialServer(Listening):
    """The server. Whoever is connected hears the line; with ``echo`` also what it says itself."""

    def __init__(self, bus: Bus, host: str = "127.0.0.1", port: int = 0, *, echo: bool = False):
        super().__init__(host, port, bus.tally)
        self.bus = bus
        self.echo = echo

    async def open(self) -> None:
        """Listen. Raises WerkverbundError when the port is taken."""
        await super().open()
        self.bus.hear = self._hear

    def close(self) -> None:
        """Hang up and stop listening; safe twice and before ``open``."""
        super().close()
        self.bus.hear = None
        self.bus.close()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Everything that comes goes onto the line."""
        while said := await reader.read(AT_ONCE):
            if self.echo:
                writer.write(said)
            self.bus.say(said)

    def _hear(self, characters: bytes) -> None:
        for writer in self.writers:
            writer.write(characters)
