"""The computer's own private networks, and who in one of them accepts a connection.

Nobody is asked anything here: a connection is opened and closed again, at a bounded pace. What is
outside of a private network, or larger than a /22, is never knocked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from contextlib import suppress
from ipaddress import IPv4Interface, IPv4Network

from gateway.core.text import Text
from gateway.drivers.own_networks import interfaces

LARGEST = 22
"""The shortest prefix of a network that is searched: 1,022 addresses."""
A_SECOND = 25
"""Connections that are begun in a second at most."""
WITHIN = 0.6
"""Seconds for a connection in the own network."""
MODBUS = 502
Door = tuple[str, int]
"""An address and a port."""


class NotOurs(ValueError):
    """A network that is not searched; ``text`` says why, for people."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


def networks(own: Iterable[IPv4Interface] | None = None) -> list[IPv4Network]:
    """The private networks that this computer is in; of a large one the part around its address."""
    found = set()
    for one in interfaces() if own is None else own:
        usable = one.is_private and not (one.is_loopback or one.is_link_local)
        if usable and one.network.prefixlen < 31:
            prefix = max(LARGEST, one.network.prefixlen)
            found.add(IPv4Interface(f"{one.ip}/{prefix}").network)
    return sorted(found)


def named(text: str, own: Sequence[IPv4Network]) -> IPv4Network:
    """The network called ``text``, one of our ``own`` or a part of it. Raises NotOurs."""
    with suppress(ValueError):
        network = IPv4Network(text.strip())
        if any(network.subnet_of(one) for one in own):
            return network
    listed = ", ".join(map(str, own)) or "-"
    raise NotOurs(
        Text(
            f"{text} ist keines der eigenen privaten Netze. Es gibt: {listed}",
            f"{text} is none of the own private networks. There are: {listed}",
        )
    )


def about(network: IPv4Network, ports: Sequence[int]) -> Text:
    """What a search of it means: ``192.168.1.0/24, 254 addresses, about 11 seconds``."""
    count, seconds = len(list(network.hosts())), takes(network, ports)
    at = "/".join(map(str, ports))
    return Text(
        f"{network}, {count} Adressen, Port {at}, etwa {seconds} Sekunden",
        f"{network}, {count} addresses, port {at}, about {seconds} seconds",
    )


def takes(network: IPv4Network, ports: Sequence[int]) -> int:
    """Seconds that a search takes, where nobody answers."""
    return round(len(list(network.hosts())) * len(ports) / A_SECOND + WITHIN)


async def knock(
    network: IPv4Network, ports: Sequence[int], ours: Collection[Door] = ()
) -> AsyncIterator[tuple[Door, bool]]:
    """Each door of a network, and whether it opens; never those of ``ours``, which are in use."""
    doors = [(str(host), port) for host in network.hosts() for port in ports]
    under_way: list[asyncio.Task[bool]] = []
    asked: list[Door] = []
    try:
        for door in doors:
            if door in ours:
                continue
            asked.append(door)
            under_way.append(asyncio.create_task(_opens(door), name=f"knock at {door}"))
            await asyncio.sleep(1 / A_SECOND)
            while under_way and under_way[0].done():
                yield asked.pop(0), under_way.pop(0).result()
        while under_way:
            yield asked.pop(0), await under_way.pop(0)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _opens(door: Door) -> bool:
    try:
        async with asyncio.timeout(WITHIN):
            _, writer = await asyncio.open_connection(*door)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True
