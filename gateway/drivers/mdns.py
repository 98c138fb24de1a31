"""Multicast DNS (RFC 6762): makes this computer known in its network by a name of our own.

The only place that speaks to zeroconf.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address

import ifaddr
from zeroconf import Error, IPVersion, NonUniqueNameException, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from gateway.core.errors import reason
from gateway.core.text import Text

LOOK = 30.0
"""Seconds between two looks at this computer's addresses."""
AGAIN = 60.0
"""Seconds until a network that refused is tried again."""
HTTPS = "_https._tcp.local."
MOST = 9
"""So many gateways of one name are told apart by a number."""
TAKEN = Text(
    f"andere Geräte haben den Namen schon, auch mit jeder Zahl bis {MOST}",
    f"other devices have the name already, also with each number up to {MOST}",
)


def addresses() -> list[str]:
    """This computer's addresses in its networks, IPv4 first; none of loopback, none of one link."""
    found = {
        str(entry.ip[0] if isinstance(entry.ip, tuple) else entry.ip)
        for adapter in ifaddr.get_adapters()
        for entry in adapter.ips
    }
    usable = [ip for ip in map(ip_address, found) if not (ip.is_loopback or ip.is_link_local)]
    return [str(ip) for ip in sorted(usable, key=lambda ip: (ip.version, int(ip)))]


async def be_known(label: str, port: int, known: Callable[[str | None, Text | None], None]) -> None:
    """Answer for ``<label>.local`` until cancelled, at whatever addresses this computer has.

    Where another gateway has the name already, it becomes ``<label>-2`` and so on. ``known`` is
    told the name; or None and why not, while the network carries none.
    """
    logging.getLogger("zeroconf").setLevel(logging.CRITICAL)  # what it means is told to ``known``
    while True:
        own = addresses()
        try:
            async with _registered(label, port, own) as name:
                known(name, None)
                while addresses() == own:  # noqa: ASYNC110 - nothing tells when they change
                    await asyncio.sleep(LOOK)
        except NonUniqueNameException:
            known(None, TAKEN)
            await asyncio.sleep(AGAIN)
        except (Error, OSError) as error:
            said = str(error) or type(error).__name__
            known(None, reason(error) if isinstance(error, OSError) else Text(said, said))
            await asyncio.sleep(AGAIN)


@asynccontextmanager
async def _registered(label: str, port: int, own: list[str]) -> AsyncIterator[str]:
    """The name under which this computer is known inside the block."""
    if not own:
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
    zeroconf = AsyncZeroconf(ip_version=IPVersion.V4Only)
    try:
        yield await _register(zeroconf, label, port, own)
    finally:
        with suppress(Error, OSError):
            await zeroconf.async_close()  # says goodbye


async def _register(zeroconf: AsyncZeroconf, label: str, port: int, own: list[str]) -> str:
    for number in range(1, MOST + 1):
        name = label if number == 1 else f"{label}-{number}"
        service = ServiceInfo(
            HTTPS,
            f"{name}.{HTTPS}",
            port=port,
            server=f"{name}.local.",
            parsed_addresses=own,
        )
        with suppress(NonUniqueNameException):
            await (await zeroconf.async_register_service(service))
            return f"{name}.local"
    raise NonUniqueNameException
