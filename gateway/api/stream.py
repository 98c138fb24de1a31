"""The answer that ends when the browser goes.

The framework's own is cancelled then, and what was cancelled holds its connection and all that it
sent last (some 70 kB) until somebody looks for garbage. This one ends in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


@dataclass(slots=True)
class Browser:
    """Whoever listens. ``changed`` is set when it has ``gone``."""

    gone: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self, receive: Receive) -> None:
        """Until it has gone."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.gone = True
        self.changed.set()


class EventStream(StreamingResponse):
    """Server-sent events; ``messages`` end by themselves once the browser has changed to gone."""

    def __init__(self, messages: AsyncIterator[bytes], browser: Browser) -> None:
        super().__init__(
            messages, media_type="text/event-stream", headers={"x-accel-buffering": "no"}
        )
        self._browser = browser

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Answer one request."""
        listening = asyncio.create_task(self._browser.listen(receive))
        try:
            await self.stream_response(send)
        finally:
            listening.cancel()
