"""Opens a TCP port of a host, by the first of its addresses that answers."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from gateway.config import Endpoint
from gateway.core.errors import Unreachable
from gateway.core.findings import Finding, Why
from gateway.sources.deadline import Deadline
from gateway.sources.line.base import Hooks
from gateway.sources.line.lookup import Lookup

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.client.base import ModbusBaseClient

CONNECT_WITHIN = 1.0
"""Seconds for opening a connection, or as long as an answer is waited for."""


class SocketOpener:
    """Connects to one port; ``framer`` is pymodbus's name for the bytes on it."""

    def __init__(
        self, host: str, port: int, framer: Literal["socket", "rtu"], timeout: timedelta | None
    ) -> None:
        self._place = str(Endpoint(host.lower(), port))
        self._port = port
        self._framer = framer
        self._waits = 0.0 if timeout is None else timeout.total_seconds()
        self._lookup = Lookup(host.lower())

    async def open(self, hooks: Hooks) -> ModbusBaseClient:
        """Connect anew. Raises Unreachable."""
        with suppress(TimeoutError), Deadline(max(CONNECT_WITHIN, self._waits)):
            for address in await self._lookup.addresses():
                client = self._client(address, hooks)
                try:
                    if await client.connect():
                        return client
                except BaseException:  # cancelled, or too late
                    client.close()
                    raise
        raise Unreachable(self._place, Finding(Why.NO_CONNECTION))

    def worth_keeping(self, client: ModbusBaseClient) -> bool:  # noqa: ARG002
        """A connection may be dead without a sign: a new one shows it."""
        return False

    def drain(self, client: ModbusBaseClient) -> None:
        """What has come in has been looked at already."""

    def _client(self, address: str, hooks: Hooks) -> AsyncModbusTcpClient:
        from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415  # drivers load on use
        from pymodbus.framer import FramerType  # noqa: PLC0415

        from gateway.sources.line import answers  # noqa: PLC0415

        client = AsyncModbusTcpClient(
            address,
            port=self._port,
            framer=FramerType(self._framer),
            timeout=None,  # type: ignore[arg-type]  # ours is enough; a timer for each costs
            retries=0,
            reconnect_delay=0,
            trace_packet=hooks.inspect,
            trace_connect=hooks.watch,
        )
        answers.use(client)
        return client
