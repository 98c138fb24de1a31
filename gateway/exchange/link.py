"""The way to the shared broker: connected, read, lost, again; and the plug that can be pulled."""

from __future__ import annotations

import asyncio
import logging
import time

from gateway.core.errors import NotConnected, Rejected
from gateway.exchange.dispatch import Dispatch
from gateway.exchange.office import Office
from gateway.exchange.reception import Reception

log = logging.getLogger(__name__)

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts to reach the broker; then always the last."""


class Link:
    """Keeps the way open. ``lock`` guards the book, ``wake`` tells that something has changed."""

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

    async def run(self, office: Office, dispatch: Dispatch, reception: Reception) -> None:
        """Connect, handle what arrives, and again, until cancelled."""
        tries, firm = 0, office.side.firm
        while True:
            await self._plugged.wait()
            try:
                await office.transport.connect()
                office.connected, tries = True, 0
                dispatch.reconnected()
                self._wake.set()
                log.info("%s: connected to %s", firm, self._broker)
                async for named, wire in office.transport.messages():
                    async with self._lock:
                        await reception.handle(named, wire, time.monotonic())
                    self._wake.set()
                    await asyncio.sleep(0)  # whoever floods us holds up nothing else
            except (NotConnected, Rejected) as error:
                if tries == 0 and self.plugged:
                    log.warning("%s: no way to the shared broker: %s", firm, error)
            finally:
                office.connected = False
            await office.transport.close()
            if self.plugged:
                await asyncio.sleep(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1

    async def watch(self, office: Office) -> None:
        """Close the way whenever the plug is pulled, until cancelled."""
        while True:
            await self._pulled.wait()
            office.connected = False
            await office.transport.close()
            await self._plugged.wait()
