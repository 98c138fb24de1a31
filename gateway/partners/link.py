"""The way to the shared broker: connected, read, lost, again; and the plug that can be pulled."""

from __future__ import annotations

import asyncio
import logging
import time

from gateway.core.errors import JournalError, NotConnected, Rejected
from gateway.core.sayings import text_of
from gateway.core.text import Text
from gateway.database import Corrupt
from gateway.flow.line_log import LineLog
from gateway.partners.context import Context
from gateway.partners.inbox import Inbox
from gateway.partners.outbox import Outbox
from gateway.partners.store.ledger_file import Behind
from gateway.partners.store.trust import Distrusted

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts to reach the broker; then always the last."""
STEADY = 5.0
"""Seconds after which a way that stood begins anew with the first pause when it is lost."""


class BrokerLink:
    """Keeps the way open. ``lock`` guards the state, ``wake`` tells that something has changed."""

    def __init__(self, broker: str, lock: asyncio.Lock, wake: asyncio.Event) -> None:
        self._broker = broker
        self._lock = lock
        self._wake = wake
        self._plugged, self._pulled = asyncio.Event(), asyncio.Event()
        self._plugged.set()

    @property
    def plugged(self) -> bool:
        """Whether the plug is in."""
        return self._plugged.is_set()

    def plug(self, connected: bool) -> None:  # noqa: FBT001 - a switch
        """Pull the plug, or put it back."""
        on, off = (self._plugged, self._pulled) if connected else (self._pulled, self._plugged)
        on.set()
        off.clear()

    async def run(self, context: Context, outbox: Outbox, inbox: Inbox) -> None:
        """Connect, handle what arrives, and again, until cancelled."""
        tries, lost, firm, lines = 0, False, context.side.firm, LineLog(log)
        while True:
            await self._plugged.wait()
            since: float | None = None
            try:
                await context.transport.connect()
                since = time.monotonic()
                if self.plugged:  # it may have been pulled meanwhile
                    if lost:
                        lines.line(self._broker, _again(firm, self._broker))
                    else:
                        log.info("%s: connected to %s", firm, self._broker)
                    await self._follow(context, outbox, inbox)
            except (NotConnected, Rejected) as error:
                if self.plugged and (since is not None or tries == 0):
                    lost = True
                    lines.line(self._broker, _no_way(firm, text_of(error)))
            finally:
                context.connected = False
            await context.transport.close()
            if since is not None and time.monotonic() - since > STEADY:
                tries = 0
            if self.plugged:
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1

    async def _follow(self, context: Context, outbox: Outbox, inbox: Inbox) -> None:
        """Handle what arrives until the way is lost."""
        context.connected = True
        outbox.reconnected()
        inbox.start_check.reconnected()
        self._wake.set()
        async for named, wire in context.transport.messages():
            async with self._lock:
                try:
                    await inbox.handle(named, wire, time.monotonic())
                except (Corrupt, Distrusted, Behind):
                    raise
                except JournalError as error:  # not acknowledged, so it comes again
                    context.not_kept(error)
            self._wake.set()
            await asyncio.sleep(0)  # whoever floods us holds up nothing else

    async def watch(self, context: Context) -> None:
        """Close the way whenever the plug is pulled, until cancelled."""
        while True:
            await self._pulled.wait()
            context.connected = False
            await context.transport.close()
            await self._plugged.wait()


def _again(firm: str, broker: str) -> Text:
    return Text(f"{firm}: wieder verbunden mit {broker}", f"{firm}: connected again to {broker}")


def _no_way(firm: str, why: Text) -> Text:
    return Text(
        f"{firm}: kein Weg zum gemeinsamen Broker: {why.de}",
        f"{firm}: no way to the shared broker: {why.en}",
    )
