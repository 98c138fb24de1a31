"""Modbus TCP."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from gateway.config import Endpoint, Host, Port
from gateway.sources.frame import Framing, Mbap
from gateway.sources.line.base import ModbusConnect, Opener
from gateway.sources.line.sockets import SocketOpener


class ModbusTcpConnect(ModbusConnect):
    """A device behind Modbus TCP: its own address, or a unit on a shared line."""

    type: Literal["modbus-tcp"] = "modbus-tcp"
    host: Host = Field(description="Adresse des Geräts / address of the device")
    port: Port = 502
    ignore_transaction: bool = Field(
        default=False,
        description="Antworten mit falscher Transaktionsnummer gelten / answers with a wrong "
        "transaction number are taken",
    )
    behind: Literal["device", "gateway"] = Field(
        default="device",
        description="gateway: dahinter liegt eine serielle Leitung; bei mehreren Geräten an einer "
        "Adresse ohnehin / gateway: a serial line is behind it; assumed where devices share an "
        "address",
    )

    @property
    def key(self) -> str:
        """Host and port."""
        return str(Endpoint(self.host.lower(), self.port))

    @property
    def any_number(self) -> bool:
        """As it says."""
        return self.ignore_transaction

    @property
    def through_gateway(self) -> bool:
        """As it says."""
        return self.behind == "gateway"

    def opener(self) -> Opener:
        """Tries every address of the host."""
        return SocketOpener(self.host, self.port, "socket", self.timeout)

    def framing(self) -> Framing:
        """With transaction numbers."""
        return Mbap()
