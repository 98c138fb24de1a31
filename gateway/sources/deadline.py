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
    """Raises TimeoutError in its block after ``within`` seconds, unless ``met`` before.

    There is one for each question, so all is done here: upon `asyncio.timeout` it costs double.
    """

    def __init__(self, within: float) -> None:
        self.met = False
        """What was waited for has come, and only has to be handed on."""
        self._step = within / STEPS
        self._left = STEPS
        self._ending = self._over = False

    def __enter__(self) -> Self:
        """Begin."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("only what runs in a task can be ended")
        self._task = task
        self._cancelling = task.cancelling()
        self._loop = task.get_loop()
        self._timer: asyncio.Handle = self._loop.call_later(self._step, self._tick)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raise TimeoutError if the time is over."""
        self._ending = True
        self._timer.cancel()
        if self._over:
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise TimeoutError from error

    def end(self) -> None:
        """End it now: nothing will come any more."""
        if not self.met and not self._ending:
            self._ending = True
            self._timer.cancel()
            self._timer = self._loop.call_soon(self._give_up)

    def _tick(self) -> None:
        self._left -= 1
        if self._left:
            self._timer = self._loop.call_later(self._step, self._tick)
        else:
            self.end()

    def _give_up(self) -> None:
        self._over = True
        self._task.cancel()
