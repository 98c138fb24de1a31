"""The networks that this computer is in, as its adapters say."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface

import ifaddr


def interfaces() -> Iterator[IPv4Interface]:
    """This computer's own IPv4 addresses, each with its network."""
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            if isinstance(entry.ip, str):
                yield IPv4Interface(f"{entry.ip}/{entry.network_prefix}")
