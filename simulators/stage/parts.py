"""The stage's own tasks: those that must not end are kept alive, all are ended together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from gateway.core.sayings import in_words

log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds before a part that failed begins again."""


async def kept(run: Callable[[], Awaitable[None]], name: str) -> None:
    """Run a part until cancelled: a mistake in it costs one traceback, not the show."""
    while True:
        try:
            await run()
        except Exception:  # whatever it was: it stands in the log, and the show goes on
            log.exception("%s failed; it starts again, everything else goes on", in_words(name))
        await asyncio.sleep(PAUSE)


async def end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel ``tasks`` and wait for them."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
