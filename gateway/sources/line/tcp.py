"""Modbus TCP."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gateway.config import Endpoint, Host, Port
from gateway.core.errors import Unreachable
from gateway.core.findings import Finding, Why
from gateway.sources.deadline import Deadline
from gateway.sources.line.base import NEVER, Hooks, ModbusConnect, Opener
from gateway.sources.line.lookup import Lookup

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient

CONNECT_WITHIN = 1.0
"""Seconds for opening a connection."""


class ModbusTcpConnect(ModbusConnect):
    """A device behind Modbus TCP: its own address, or a unit on a shared line."""

    type: Literal["modbus-tcp"] = "modbus-tcp"
    host: Host = Field(description="Adresse des Geräts / address of the device")
    port: Port = 502

    @property
    def key(self) -> str:
        """Host and port."""
        return str(Endpoint(self.host.lower(), self.port))

    def opener(self) -> Opener:
        """Tries every address of the host."""
        return TcpOpener(self.host.lower(), self.port)


class TcpOpener:
    """Connects to one port of a host, by the first of its addresses that answers."""

    def __init__(self, host: str, port: int) -> None:
        self._place = str(Endpoint(host, port))
        self._port = port
        self._lookup = Lookup(host)

    async def open(self, hooks: Hooks) -> AsyncModbusTcpClient:
        """Connect anew. Raises Unreachable."""
        with suppress(TimeoutError), Deadline(CONNECT_WITHIN):
            for address in await self._lookup.addresses():
                client = self._client(address, hooks)
                try:
                    if await client.connect():
                        return client
                except BaseException:  # cancelled, or too late
                    client.close()
                    raise
        raise Unreachable(self._place, Finding(Why.NO_CONNECTION))

    def _client(self, address: str, hooks: Hooks) -> AsyncModbusTcpClient:
        from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415  # drivers load on use

        return AsyncModbusTcpClient(
            address,
            port=self._port,
            timeout=NEVER,
            retries=0,
            reconnect_delay=0,
            trace_packet=hooks.inspect,
            trace_connect=hooks.watch,
        )
