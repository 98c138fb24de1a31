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
        self._open: set[asyncio.Task[None]] = set()

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
            task.add_done_callback(self._open.discard)

    async def end(self) -> None:
        """Leave what is open: nobody waits for it any more."""
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _answer(self, number: int, handler: Handler, body: Any, within: float) -> None:
        try:
            async with asyncio.timeout(min(within, PATIENCE)):
                answer = await handler(body)
        except TimeoutError:
            self._reply(number, False, "no answer in time")
        except WerkverbundError as error:
            self._reply(number, False, str(error))
        except Exception:  # a mistake in one answer must not end the sink
            log.exception("a question could not be answered")
            self._reply(number, False, "failed")
        else:
            self._reply(number, True, answer)
