"""Where a request comes from: the address that counts as one caller."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi import Request

HOST_BITS = 64


def caller_of(request: Request) -> str:
    """The caller of a request."""
    return caller(request.client.host if request.client is not None else "")


def caller(host: str) -> str:
    """The address at ``host``; of IPv6 its network, as one host has many."""
    address = _address(host)
    if address is None:
        return host
    if isinstance(address, IPv6Address) and not address.is_loopback:
        return str(IPv6Address(int(address) >> HOST_BITS << HOST_BITS))
    return str(address)


def local(host: str) -> bool | None:
    """Whether an address is this computer's own; None where nobody knows."""
    address = _address(host)
    return None if address is None else address.is_loopback


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address stays one where a socket of IPv6 tells of it."""
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
