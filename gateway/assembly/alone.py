"""Parts that may fail alone: each is started again, and ends nothing else."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from gateway.core.errors import WerkverbundError, no_room
from gateway.core.sayings import in_words, text_of
from gateway.core.text import Text
from gateway.flow.backoff import Backoff

log = logging.getLogger(__name__)

STEADY = 60.0
"""A part that has run for so many seconds is well again: its failures are forgotten."""
STOP_PATIENCE = 2.0

Start = Callable[[], Awaitable[None]]


class Alone:
    """Runs parts by name; ``failed`` says of those that are down now since when."""

    def __init__(self) -> None:
        self.failed: dict[str, datetime] = {}

    def tasks(self, starts: Mapping[str, Start]) -> list[asyncio.Task[None]]:
        """One task each, named like the part."""
        return [
            asyncio.create_task(self._keep(name, start), name=name)
            for name, start in starts.items()
        ]

    async def _keep(self, name: str, start: Start) -> None:
        """Run a part; one traceback where it fails, then again after a pause.

        What is no bug (an address that is taken, no memory) is one line.
        """
        backoff = Backoff(most=30.0)
        while True:
            began = time.monotonic()
            try:
                await start()
            except Exception as error:  # the one supervisor: it must not end the others
                if (why := _no_bug(error)) is None:
                    part = in_words(name)
                    log.exception("%s failed; it starts again, everything else goes on", part)
                else:
                    log.warning("%s failed; it starts again: %s", in_words(name), why)
            else:
                return
            now = time.monotonic()
            if now - began > STEADY:
                backoff.succeeded()
            wait = backoff.failed(now)
            self.failed[name] = datetime.now(UTC)
            await asyncio.sleep(wait)
            del self.failed[name]


async def end(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel these and wait a little; a line of the log for each that does not stop."""
    for task in tasks:
        task.cancel()
    if tasks:
        _, late = await asyncio.wait(tasks, timeout=STOP_PATIENCE)
        for task in late:
            log.warning("%s did not stop in time", in_words(task.get_name()))


def _no_bug(error: Exception) -> Text | None:
    """Why a part failed, where that is no mistake of ours."""
    if (lacking := no_room(error)) is not None:
        return lacking
    return text_of(error) if isinstance(error, WerkverbundError) else None
