"""Opening the stage to a room: the presenter's PIN, the address, the QR code."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import Protocol

from gateway.api.throttle import Throttle
from simulators.stage.parts import end

COOKIE = "stage"
OWN = frozenset({"127.0.0.1", "::1"})
"""This computer's own address."""
LOOK = 5.0
"""Seconds between two looks at this computer's address."""


@dataclass(slots=True)
class Presenter:
    """Who may move the show: this computer itself, and whoever knows the PIN."""

    pin: str = field(default_factory=lambda: f"{secrets.randbelow(1_000_000):06}")
    _session: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _throttle: Throttle = field(default_factory=Throttle)

    def log_in(self, pin: str, client: str) -> str | None:
        """The session for the right PIN; None for a wrong one or after too many of ``client``."""
        now = time.monotonic()
        if self._throttle.refuses(client, COOKIE, now):
            return None
        good = hmac.compare_digest(pin.strip().encode(), self.pin.encode())
        self._throttle.note(client, COOKIE, now, good=good)
        return self._session if good else None

    def knows(self, client: str, cookie: str) -> bool:
        """Whether a request comes from the presenter."""
        return client in OWN or hmac.compare_digest(cookie.encode(), self._session.encode())


def lan_address() -> str | None:
    """This computer's address in the local network, or None without one. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Connecting a datagram socket only asks the routing table (TEST-NET-1, RFC 5737).
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


class Serve(Protocol):
    """Serves at an address until cancelled. Raises OSError where that is taken."""

    def __call__(self, host: str, *, bound: Callable[[], None]) -> Awaitable[None]:
        """``bound`` is called once the address is ours."""


async def in_the_room(
    serve: Serve,
    moved: Callable[[str | None, bool], None],
    find: Callable[[], str | None] = lan_address,
    look: float = LOOK,
) -> None:
    """Serve at this computer's address, and at no other, until cancelled; follow when it changes.

    ``moved`` is told each new address (None where there is no network any more) and whether it is
    free: where somebody else has the port, it is tried again until it is.
    """
    told = find(), True

    def tell(address: str | None, *, free: bool = True) -> None:
        nonlocal told
        if told != (address, free):
            told = address, free
            moved(address, free)

    async def stay(address: str | None) -> None:
        if address is None:
            tell(None)
            await asyncio.Event().wait()
            return
        try:
            await serve(address, bound=partial(tell, address))
        except OSError:
            tell(address, free=False)
            await asyncio.sleep(look)

    while True:
        address = find()
        staying = asyncio.create_task(stay(address), name="stage in the room")
        try:
            while find() == address and not staying.done():
                await asyncio.wait({staying}, timeout=look)
        finally:
            await end([staying])
        if not staying.cancelled():
            staying.result()  # raises what is a mistake of ours


def qr_svg(text: str) -> bytes:
    """A QR code as an SVG picture without inline style."""
    import segno  # noqa: PLC0415 - only the demo with --lan needs it

    picture = BytesIO()
    segno.make(text, error="m").save(picture, kind="svg", scale=8, border=2, dark="#111")
    return picture.getvalue()
