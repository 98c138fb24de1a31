"""When to try again: waits double up to a bound, jittered so that nobody tries in step. Pure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence


class Backoff:
    """The waiting times after failures. All times are monotonic seconds.

    ``steps`` instead of ``first`` and ``most`` names each wait, the last one again and again; a
    step of 0 is a failure that costs no wait.
    """

    def __init__(
        self,
        first: float = 1.0,
        most: float = 5.0,
        *,
        steps: Sequence[float] = (),
        jitter: float = 0.2,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._first = first
        self._most = most
        self._steps = tuple(steps)
        self._failures = 0
        self._jitter = jitter
        self._chance = chance
        self._wait = 0.0
        self.next_try: float | None = None
        """When it is worth trying again; None: now, nothing has failed."""

    def ready(self, now: float) -> bool:
        """Whether the wait is over."""
        return self.next_try is None or now >= self.next_try

    def failed(self, now: float) -> float:
        """Note a failure; returns how long to wait: never below ``first``, never above ``most``."""
        if self._steps:
            self._wait = self._steps[min(self._failures, len(self._steps) - 1)]
        else:
            self._wait = min(self._wait * 2 or self._first, self._most / (1 + self._jitter))
        self._failures += 1
        wait = self._wait * (1 + self._jitter * self._chance())
        self.next_try = now + wait
        return wait

    def succeeded(self) -> None:
        """Forget the failures."""
        self._wait = 0.0
        self._failures = 0
        self.next_try = None
