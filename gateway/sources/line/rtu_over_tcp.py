"""Modbus RTU through TCP: a converter that hands the bytes to its serial line as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from gateway.config import Endpoint, Host, Port
from gateway.sources.bus_time import Wire
from gateway.sources.frame import Framing, Rtu
from gateway.sources.line.base import ModbusConnect, Opener
from gateway.sources.line.sockets import SocketOpener


class ModbusRtuOverTcpConnect(ModbusConnect):
    """A device on the serial line of a transparent converter."""

    type: Literal["modbus-rtu-over-tcp"] = "modbus-rtu-over-tcp"
    host: Host = Field(description="Adresse des Umsetzers / address of the converter")
    port: Port = 502
    baud: int = Field(
        default=9600,
        ge=300,
        le=1_000_000,
        description="Baudrate am Umsetzer, für Fristen und Leitungszeit / baud rate that is set at "
        "the converter, for deadlines and the time on the line",
    )
    unit: int = Field(default=1, ge=1, le=247, description="Gerätenummer / unit id, 1 to 247")

    @property
    def key(self) -> str:
        """Host and port."""
        return str(Endpoint(self.host.lower(), self.port))

    @property
    def wire(self) -> Wire:
        """Taken for one of ten bits for each byte."""
        return Wire(self.baud, 10)

    def agreed(self) -> Mapping[str, object]:
        """How the line is set."""
        return {"type": self.type, "baud": self.baud}

    def opener(self) -> Opener:
        """Tries every address of the host."""
        return SocketOpener(self.host, self.port, "rtu", self.timeout)

    def framing(self) -> Framing:
        """With checksums, without numbers."""
        return Rtu()
