"""What a sink's process may ask its gateway, and tell it to do: what is named here, and no more."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from gateway.core.errors import WerkverbundError

log = logging.getLogger(__name__)

AT_ONCE = 16
"""Questions that are worked on at the same time; more are refused."""
PATIENCE = 10.0
"""Seconds after which a question is refused, however long it may take by its own account."""

Handler = Callable[[Any], Awaitable[Any]]
"""Answers one kind of question. It trusts nothing in it: the one who asks hears strangers."""
Reply = Callable[[int, bool, Any], None]
"""Takes the question's number, whether it is answered, and the answer or why not."""


class Answers:
    """Works on the questions of one process. ``reply`` never waits."""

    def __init__(self, handlers: Mapping[str, Handler], reply: Reply) -> None:
        self._handlers = handlers
        self._reply = reply
        self._open: set[asyncio.Task[Any]] = set()

    def ask(self, number: int, kind: str, body: Any, within: float) -> None:
        """Begin to answer; what is unknown or too much is refused at once."""
        handler = self._handlers.get(kind)
        if handler is None:
            self._reply(number, False, f"nobody here answers {kind[:40]!r}")
        elif len(self._open) >= AT_ONCE:
            self._reply(number, False, "too many questions at once")
        else:
            task = asyncio.create_task(self._answer(number, handler, body, within), name=kind)
            self._open.add(task)

    async def end(self) -> None:
        """Leave what is open: nobody waits for it any more."""
        tasks = list(self._open)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _answer(self, number: int, handler: Handler, body: Any, within: float) -> None:
        answered, answer = await self._answered(handler, body, within)
        if (own := asyncio.current_task()) is not None:
            self._open.discard(own)  # who asks next has room
        self._reply(number, answered, answer)

    @staticmethod
    async def _answered(handler: Handler, body: Any, within: float) -> tuple[bool, Any]:
        try:
            async with asyncio.timeout(min(within, PATIENCE)):
                return True, await handler(body)
        except TimeoutError:
            return False, "no answer in time"
        except WerkverbundError as error:
            return False, str(error)
        except Exception:  # a mistake in one answer must not end the sink
            log.exception("a question could not be answered")
            return False, "failed"
