"""The addresses of a device's name, looked up in a thread that nobody waits for.

Where no name server answers, the system's resolver takes its time, up to a minute. In the event
loop's own threads that would hold up whatever else needs one, and the end of the gateway.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress

from gateway.config import Variant

RESOLVES = 2.0
"""Seconds that a name may take to be found."""


async def places_of(connect: Variant) -> set[str]:
    """What a line is, whatever it is called: its device file, or its addresses and port."""
    resolved = getattr(connect, "resolved", connect.line)
    found = {str(resolved())}
    host = getattr(connect, "host", None)
    if isinstance(host, str):
        try:
            async with asyncio.timeout(RESOLVES):
                addresses = await Lookup(host.lower()).addresses()
        except TimeoutError:
            addresses = ()
        found |= {f"{address} {getattr(connect, 'port', '')}" for address in addresses}
    return found


class Lookup:
    """Finds one name, again each time. While it is being looked up it is not asked for twice."""

    def __init__(self, host: str) -> None:
        self._host = host
        self._under_way: asyncio.Future[Sequence[str]] | None = None

    async def addresses(self) -> Sequence[str]:
        """Every address of the host, the best one first; none where it cannot be found."""
        if _is_address(self._host):
            return (self._host,)
        if self._under_way is None:
            loop = asyncio.get_running_loop()
            begun: asyncio.Future[Sequence[str]] = loop.create_future()
            threading.Thread(
                target=self._look, args=(loop, begun), name=self._host, daemon=True
            ).start()
            self._under_way = begun
        found = await asyncio.shield(self._under_way)
        self._under_way = None
        return found

    def _look(
        self, loop: asyncio.AbstractEventLoop, under_way: asyncio.Future[Sequence[str]]
    ) -> None:
        try:
            known = socket.getaddrinfo(self._host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            known = []
        found = tuple(dict.fromkeys(str(place[0]) for *_, place in known))
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(under_way.set_result, found)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
