"""Slows down whoever guesses passwords. Pure: time is an argument."""

from __future__ import annotations

from dataclasses import dataclass, field

FREE_TRIES = 5
THROTTLE_SECONDS = 30.0
MOST_CALLERS = 1000


@dataclass(slots=True)
class Throttle:
    """Failed tries in a row of each caller; after five, one try per half minute.

    Each caller has a count of its own, so that a guesser locks out nobody else.
    """

    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)

    def refuses(self, caller: str, now: float) -> bool:
        """Whether ``caller`` must wait."""
        failed, last = self._failed.get(caller, (0, now))
        return failed >= FREE_TRIES and now - last < THROTTLE_SECONDS

    def note(self, caller: str, now: float, *, good: bool) -> None:
        """Remember how a try went; of too many callers, those that failed longest ago go."""
        failed, _ = self._failed.pop(caller, (0, now))
        if good:
            return
        self._failed[caller] = (failed + 1, now)
        if len(self._failed) > MOST_CALLERS:
            del self._failed[next(iter(self._failed))]
