"""Modbus RTU on a serial port (RS-485, RS-232)."""

from __future__ import annotations

import asyncio
import os
import stat
import termios
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from gateway.config import wrong
from gateway.core.errors import Unreachable
from gateway.core.findings import Finding, Why
from gateway.core.text import Text
from gateway.sources.bus_time import Wire
from gateway.sources.frame import Framing, Rtu
from gateway.sources.line.base import NEVER, Hooks, ModbusConnect, Opener

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusSerialClient
    from pymodbus.client.base import ModbusBaseClient


def _port(value: str) -> str:
    """Raises what says how a port is written."""
    if not value.startswith("/") or "\0" in value or value.endswith("/"):
        raise wrong(
            Text(f"{value} ist kein serieller Anschluss", f"{value} is no serial port"),
            Text(
                "Schreiben Sie den Pfad, am besten den festen Namen des Adapters: "
                "/dev/serial/by-id/... (Sie finden ihn mit: ls /dev/serial/by-id)",
                "Write the path, best the adapter's lasting name: /dev/serial/by-id/... (you find "
                "it with: ls /dev/serial/by-id)",
            ),
        )
    return os.path.normpath(value)


class ModbusRtuConnect(ModbusConnect):
    """A device on a serial line at this computer, alone or with others."""

    type: Literal["modbus-rtu"] = "modbus-rtu"
    port: Annotated[
        str,
        BeforeValidator(lambda value: str(value) if type(value) is int else value),
        AfterValidator(_port),
    ] = Field(
        description="Serieller Anschluss, am besten /dev/serial/by-id/... / serial port, best "
        "/dev/serial/by-id/..."
    )
    baud: int = Field(
        default=9600, ge=300, le=1_000_000, description="Baudrate, z. B. 9600 / baud rate"
    )
    parity: Literal["none", "even", "odd"] = Field(
        default="none", description="Parität / parity: none, even, odd"
    )
    stop_bits: int = Field(
        default=1, ge=1, le=2, description="Stoppbits, 1 oder 2 / stop bits, 1 or 2"
    )
    unit: int = Field(default=1, ge=1, le=247, description="Gerätenummer / unit id, 1 to 247")

    @property
    def key(self) -> str:
        """The port."""
        return self.port

    def resolved(self) -> str:
        """The device file that the port's name leads to, where it is there."""
        return os.path.realpath(self.port)

    @property
    def wire(self) -> Wire:
        """With a start bit before each eight."""
        return Wire(self.baud, 1 + 8 + (self.parity != "none") + self.stop_bits)

    def agreed(self) -> Mapping[str, object]:
        """How the line is set."""
        said = {"baud": self.baud, "parity": self.parity, "stop_bits": self.stop_bits}
        return {"type": self.type, **said}

    def opener(self) -> Opener:
        """Opens the port."""
        return SerialOpener(self)

    def framing(self) -> Framing:
        """With checksums, without numbers."""
        return Rtu()


class SerialOpener:
    """Opens one serial port, for this process alone."""

    def __init__(self, connect: ModbusRtuConnect) -> None:
        self._connect = connect
        self._file: tuple[int, int] | None = None

    async def open(self, hooks: Hooks) -> ModbusBaseClient:
        """Open the port. Raises Unreachable, with what is wrong with it."""
        client, port = self._client(hooks), self._connect.port
        self._file = _file(port)
        try:
            opened = await client.connect()
            await asyncio.sleep(0)  # pymodbus begins to listen with the loop's next turn
        except (termios.error, ValueError) as error:  # opened, but it cannot be set like this
            raise Unreachable(self._connect.key, Finding(Why.PORT_SETTINGS)) from error
        except BaseException:  # cancelled
            client.close()
            raise
        if not opened:
            raise Unreachable(self._connect.key, Finding(_reason(port)))
        return client

    def worth_keeping(self, client: ModbusBaseClient) -> bool:  # noqa: ARG002
        """While the port's name leads to the same device: an adapter may have been plugged anew."""
        return self._file is not None and self._file == _file(self._connect.port)

    def drain(self, client: ModbusBaseClient) -> None:
        """Empty the system's buffer."""
        port = getattr(client.ctx.transport, "sync_serial", None)
        if port is not None:
            with suppress(OSError):
                port.reset_input_buffer()

    def _client(self, hooks: Hooks) -> AsyncModbusSerialClient:
        from pymodbus.client import AsyncModbusSerialClient  # noqa: PLC0415  # drivers load on use

        from gateway.sources.line import answers  # noqa: PLC0415

        connect = self._connect
        client = AsyncModbusSerialClient(
            connect.port,
            baudrate=connect.baud,
            parity=connect.parity[0].upper(),
            stopbits=connect.stop_bits,
            timeout=NEVER,
            retries=0,
            reconnect_delay=0,
            trace_packet=hooks.inspect,
            trace_connect=hooks.watch,
        )
        answers.use(client)
        return client


def _file(port: str) -> tuple[int, int] | None:
    """What a port's name leads to at present."""
    try:
        found = Path(port).stat()
    except OSError:
        return None
    return found.st_ino, found.st_rdev


def _reason(port: str) -> Why:
    try:
        kind = Path(port).stat().st_mode
    except OSError:
        return Why.NO_SUCH_PORT
    if not stat.S_ISCHR(kind):
        return Why.NO_PORT
    return Why.PORT_IN_USE if os.access(port, os.R_OK | os.W_OK) else Why.NOT_PERMITTED
