"""Where a request comes from: the address that counts as one caller."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

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


def plain(host: str) -> str:
    """One spelling for each address; an IPv4 address is one where a socket of IPv6 tells of it."""
    address = _address(host)
    return host if address is None else str(address)


class Elsewhere:
    """ASGI middleware behind a web server of the network: nobody is at this computer by its word.

    Whoever it says asks from a loopback address sits at the web server, or has written so himself.
    """

    def __init__(self, app: ASGIApp, proxy: str) -> None:
        self._app, self._proxy = app, proxy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, as one of the web server itself where it claims to be from here."""
        client = scope.get("client")
        said = any(name == b"x-forwarded-for" for name, _ in scope["headers"])
        if said and client and local(client[0]) is not False:
            scope["client"] = (self._proxy, 0)
        await self._app(scope, receive, send)


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
