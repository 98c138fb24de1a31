"""What the journal forgets, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.batches import Clock
from gateway.journal.encoding import to_us
from gateway.journal.file import Limits

_EVERY = timedelta(seconds=60)
_AGAIN = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Keep:
    """How long batches and events stay, and how large the file may grow."""

    batches: timedelta
    events: timedelta
    max_bytes: int


class Retention:
    """Says when to remove what; ages are counted by a clock that cannot run ahead unnoticed."""

    def __init__(self, keep: Keep, clock: Callable[[], datetime]) -> None:
        self._keep = keep
        self._clock = clock
        self._synced = False
        self._witnessed: tuple[datetime, float] | None = None
        self._next: datetime | None = None

    def start(self, last_at: datetime | None) -> None:
        """Begin; ``last_at`` is the time of the newest batch kept before this start."""
        self._witnessed = (last_at or self._clock(), time.monotonic())

    def saw(self, clock: Clock) -> None:
        """The newest batch says whether the computer's clock is known to be right."""
        self._synced = clock is Clock.SYNCED

    def certain_now(self) -> datetime:
        """The latest moment that has surely come: what may be forgotten is counted from it.

        A clock that is not known to be right may stand years ahead. Then only as much time counts
        as has passed since the newest batch kept before this start, by the monotonic clock.
        """
        now = self._clock()
        if self._synced or self._witnessed is None:
            return now
        since, began = self._witnessed
        return min(now, since + timedelta(seconds=time.monotonic() - began))

    def due(self) -> Limits | None:
        """What to remove now; None while it is not time."""
        now = self.certain_now()
        if self._next is None:
            self._next = now + _EVERY
        if now < self._next <= now + _EVERY:
            return None
        self._next = now + _EVERY
        return Limits(
            to_us(now - self._keep.batches),
            to_us(now - self._keep.events),
            self._keep.max_bytes,
        )

    def again(self) -> None:
        """There was more to remove than goes at once: it goes on soon."""
        self._next = self.certain_now() + _AGAIN
