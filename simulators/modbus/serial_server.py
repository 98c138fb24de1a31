"""RTU over TCP: a serial device server hands the bytes of its line on as they are."""

from __future__ import annotations

from simulators.modbus.bus import Bus
from simulators.modbus.listening import Connection, Listening
from simulators.modbus.script import GOOD, Manners


class SerialServer(Listening):
    """The server. Whoever is connected hears the line; with ``echo`` also what it says itself."""

    def __init__(
        self,
        bus: Bus,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        manners: Manners = GOOD,
        echo: bool = False,
    ) -> None:
        super().__init__(host, port, bus.tally, manners, bus.speed)
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

    def come(self, connection: Connection, characters: bytes) -> None:
        """Everything that comes goes onto the line."""
        if self.echo:
            connection.write(characters)
        if self.hears(connection):
            self.bus.say(characters)

    def _hear(self, characters: bytes) -> None:
        for connection in self.connections:
            if not connection.deaf:
                connection.write(characters)
