"""Passwords are checked one at a time, and not as often as somebody likes."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fastapi import HTTPException

from gateway.api.callers import local
from gateway.api.refusals import refusal
from gateway.api.throttle import Throttle, Wait

MOST_WAITING = 8
"""So many passwords wait to be checked; checking one takes much memory and time by design."""
MOST_OF_ONE = 2
"""So many of them from one caller."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries: an address, or a ``browser`` that has logged in as the same role before."""

    address: str = ""
    browser: str = ""

    @property
    def key(self) -> str:
        """What its tries are counted under."""
        return self.browser or self.address

    @property
    def known(self) -> bool:
        """Whether it never waits for what strangers have failed: also this computer itself."""
        return bool(self.browser) or local(self.address) is True


NOBODY = Caller()
SETUP = "setup"
"""What tries of the set-up code are counted under: by caller only. Its twelve digits bear that, and
strangers must not keep the owner from the first log-in.
"""


@dataclass(slots=True)
class Checking:
    """The queue of passwords to check, and who must wait before he may try."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    _throttle: Throttle = field(default_factory=Throttle)
    _waiting: Counter[str] = field(default_factory=Counter)

    @asynccontextmanager
    async def turn(self, caller: Caller = NOBODY, what: str = "") -> AsyncIterator[None]:
        """Wait for one's turn, to try ``what``. Raises HTTPException where that must not be."""
        self._admit(caller, what)
        mine = self._waiting[caller.key]
        if self._waiting.total() >= MOST_WAITING or (caller.key and mine >= MOST_OF_ONE):
            raise _too_many()
        self._waiting[caller.key] += 1
        try:
            async with self.lock:
                yield
        finally:
            self._waiting[caller.key] -= 1
            if not self._waiting[caller.key]:
                del self._waiting[caller.key]

    def tried(self, caller: Caller, what: str, right: Callable[[], bool]) -> bool:
        """Whether a try is ``right``; it is counted. Raises HTTPException where it must wait."""
        now = self._admit(caller, what)
        good = right()
        self._throttle.note(caller.key, what, now, good=good, known=caller.known)
        return good

    def _admit(self, caller: Caller, what: str) -> float:
        now = time.monotonic()
        known = caller.known or what == SETUP
        wait = self._throttle.refuses(caller.key, what, now, known=known)
        if wait is Wait.CALLER:
            raise _too_many()
        if wait is Wait.ROLE:
            raise refusal(
                429,
                "Für diese Rolle wird gerade oft ein falsches Passwort versucht: Von neuen Geräten "
                "bitte in zehn Sekunden noch einmal. In einem Browser, in dem diese Rolle schon "
                "angemeldet war, und am Rechner des Gateways selbst geht es sofort.",
                "Wrong passwords are being tried for this role: from new devices please try again "
                "in ten seconds. In a browser where this role was logged in before, and on the "
                "gateway's own computer, it works at once.",
            )
        return now


def _too_many() -> HTTPException:
    return refusal(
        429,
        "Zu viele Versuche: bitte eine halbe Minute warten.",
        "Too many tries: please wait half a minute.",
    )
