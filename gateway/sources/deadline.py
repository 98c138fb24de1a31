"""A time limit that only a loop that runs can use up.

Where the event loop stands still (a long import, a busy computer, a stopped process), the time
passes and nobody looks at the sockets. Nothing is called silent for that.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

STEPS = 4
"""The limit ends after so many timers, one after the other: a stall uses up one of them."""


class Deadline:
    """Raises TimeoutError in its block after ``within`` seconds, unless ``met`` before."""

    def __init__(self, within: float) -> None:
        self.met = False
        """What was waited for has come, and only has to be handed on."""
        self._step = within / STEPS
        self._left = STEPS
        self._timeout = asyncio.timeout(None)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Begin."""
        await self._timeout.__aenter__()
        self._start_timer()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raise TimeoutError if the time is over."""
        if self._timer is not None:
            self._timer.cancel()
        await self._timeout.__aexit__(kind, error, trace)

    def end(self) -> None:
        """End it now: nothing will come any more."""
        if not self.met and not self._timeout.expired():
            self._timeout.reschedule(asyncio.get_running_loop().time())

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._step, self._tick)

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._start_timer()
        else:
            self.end()
