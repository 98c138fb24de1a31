"""What the gateways tell: one stream per gateway, gathered for every browser."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx
import orjson

from gateway.api.live import Hub
from simulators.stage import asking

log = logging.getLogger(__name__)
RETRY = 1.0
"""Seconds between tries while a gateway is away."""


@dataclass(slots=True)
class Feed:
    """The newest event of each kind of one gateway, and whether it is there.

    ``seen`` is called with each event's name and content.
    """

    firm: str
    base: str
    token: str
    hub: Hub
    seen: Callable[[str, str, dict[str, object]], None]
    ready: bool = False
    first: asyncio.Event = field(default_factory=asyncio.Event)
    latest: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def states(self) -> Iterator[tuple[str, bytes]]:
        """The newest of each kind, what a browser gets first."""
        return ((event, content) for (event, _), content in self.latest.items())

    async def run(self) -> None:
        """Follow the gateway until cancelled; a gateway that is away is asked again."""
        async with asking.client(httpx.Timeout(5.0, read=30.0), self.token) as web:
            while True:
                try:
                    await self._follow(web)
                except httpx.HTTPError as error:
                    log.debug("%s is away: %s", self.firm, error)
                if self.ready:
                    self.ready = False
                    self.seen(self.firm, "away", {})
                await asyncio.sleep(RETRY if self.latest else 0.2)

    async def _follow(self, web: httpx.AsyncClient) -> None:
        async with web.stream("GET", f"{self.base}/api/v1/events") as answer:
            answer.raise_for_status()
            event = ""
            async for line in answer.aiter_lines():
                if line.startswith("event: "):
                    event = line[7:]
                elif line.startswith("data: "):
                    self._take(event, line[6:].encode())

    def _take(self, event: str, serialised: bytes) -> None:
        content = orjson.loads(serialised)
        name = content["machine"]["name"] if event == "machine" else ""
        self.latest[(event, name)] = serialised
        self.hub.forward(event, f"{self.firm}/{name}", serialised)
        if not self.ready:
            self.ready = True
            self.first.set()
            self.seen(self.firm, "ready", {})
        self.seen(self.firm, event, content)
