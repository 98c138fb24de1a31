"""Reading the files again while the gateway runs: asked for by anybody, done one at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from gateway.config import SiteConfig
from gateway.core.errors import ConfigError, WerkverbundError
from gateway.core.reloads import Outcome, Reloaded
from gateway.core.sayings import text_of
from gateway.core.text import Text
from gateway.jobs.commands import Exchanged

log = logging.getLogger(__name__)

Read = Callable[[], SiteConfig]
"""Reads the firm's file and those of its machines. Raises ConfigError."""
TakeOver = Callable[[SiteConfig, Sequence[Exchanged]], Awaitable[Outcome]]
"""Lets the machines be these; of some the device has been exchanged."""
LIVE = ("machines", "jobs", "calendar")
"""The keys of the firm's file that are taken over while the gateway runs; others need a restart."""
FAILED = Text(
    "ein Fehler in diesem Programm, siehe Protokoll", "a mistake in this program, see the log"
)
ENDS = Text("das Gateway wird beendet", "the gateway is ending")
NO_FILE = Text("dieses Gateway hat keine Datei", "this gateway has no file")
OTHER_FOLDER = Text(
    "state ist geändert: Ein anderer Datenordner gilt erst nach einem Neustart",
    "state has changed: another data folder needs a restart",
)


class Reloading:
    """Collects who asks, reads the files, and hands what they say to ``take_over``.

    Who asks while files are being read is served by the next reading: the file may have changed
    since. ``take_over`` raises WerkverbundError where it has changed nothing.
    """

    def __init__(self, read: Read | None, take_over: TakeOver) -> None:
        self.last: Outcome | None = None
        self._read = read
        self._take_over = take_over
        self._asked = asyncio.Event()
        self._waiting: list[asyncio.Future[Outcome]] = []
        self._exchanged: list[Exchanged] = []

    async def ask(self, exchanged: Exchanged | None = None) -> Outcome:
        """Have the files read again, and wait for what becomes of it.

        ``exchanged``: a device is another one from this reading on.
        """
        return await self.asked(exchanged)

    def asked(self, exchanged: Exchanged | None = None) -> asyncio.Future[Outcome]:
        """The same without waiting."""
        waiting: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        if exchanged is not None:
            self._exchanged.append(exchanged)
        self._asked.set()
        return waiting

    async def run(self) -> None:
        """Serve until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            served, self._waiting = self._waiting, []
            exchanged, self._exchanged = self._exchanged, []
            outcome = self._refused(FAILED)
            try:
                outcome = await self._once(exchanged)
            except asyncio.CancelledError:
                outcome = self._refused(ENDS)
                served += self._waiting
                raise
            finally:
                self.last = outcome
                _answer(served, outcome)

    def end(self) -> None:
        """Nobody is served any more."""
        _answer(self._waiting, self._refused(ENDS))
        self._waiting = []

    async def _once(self, exchanged: Sequence[Exchanged]) -> Outcome:
        if self._read is None:
            return self._refused(NO_FILE)
        try:
            site = await asyncio.to_thread(self._read)
            outcome = await self._take_over(site, exchanged)
        except ConfigError as wrong:
            outcome = Outcome(Reloaded.REFUSED, _now(), problems=wrong.problems)
        except WerkverbundError as error:
            outcome = self._refused(text_of(error))
        level = logging.WARNING if outcome.how is Reloaded.REFUSED else logging.INFO
        log.log(level, "%s", outcome.said)
        return outcome

    @staticmethod
    def _refused(why: Text) -> Outcome:
        return Outcome(Reloaded.REFUSED, _now(), why=why)


def later(old: SiteConfig, new: SiteConfig) -> tuple[str, ...]:
    """The keys of the firm's file that differ and need a restart, as a person writes them."""
    found: list[str] = []
    for key in SiteConfig.model_fields:
        before, after = getattr(old, key), getattr(new, key)
        if key in LIVE or before == after:
            continue
        if key in ("web", "history", "network") and before is not None and after is not None:
            parts = type(before).model_fields
            found += [f"{key}.{part}" for part in parts if _differ(before, after, part)]
        else:
            found.append(key)
    return tuple(found)


def _differ(before: object, after: object, part: str) -> bool:
    return bool(getattr(before, part) != getattr(after, part))


def _answer(waiting: Sequence[asyncio.Future[Outcome]], outcome: Outcome) -> None:
    for one in waiting:
        if not one.done():
            one.set_result(outcome)


def _now() -> datetime:
    return datetime.now(UTC)
