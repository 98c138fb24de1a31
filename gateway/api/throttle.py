"""Slows down whoever guesses passwords. Pure: time is an argument, in seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

FREE_TRIES = 5
THROTTLE_SECONDS = 30.0
"""A caller has five tries, then one every half minute, for each role apart."""
FREE_OF_ROLE = 100
FORGIVEN_SECONDS = 10.0
"""All strangers together have a hundred for a role, then one every ten seconds."""
MOST_CALLERS = 1000


class Wait(Enum):
    """Why a try must wait."""

    CALLER = "this caller has failed too often"
    ROLE = "strangers have failed too often"


@dataclass(slots=True)
class Throttle:
    """Failed tries of each caller for each role, and of all strangers for each role.

    Callers have counts of their own, so that a guesser locks out nobody else; a right try forgives
    only what the same caller failed for the same role. Against a guesser with many addresses the
    count per role slows down strangers; whoever is ``known`` never waits for it.
    """

    _failed: dict[tuple[str, str], tuple[int, float]] = field(default_factory=dict)
    _of_role: dict[str, tuple[float, float]] = field(default_factory=dict)

    def refuses(self, caller: str, role: str, now: float, *, known: bool = False) -> Wait | None:
        """Why ``caller`` must wait, or None."""
        failed, last = self._failed.get((caller, role), (0, now))
        if failed >= FREE_TRIES and now - last < THROTTLE_SECONDS:
            return Wait.CALLER
        if not known and self._level(role, now) >= FREE_OF_ROLE:
            return Wait.ROLE
        return None

    def note(self, caller: str, role: str, now: float, *, good: bool, known: bool = False) -> None:
        """Remember how a try went; of too many callers, those that failed longest ago go."""
        failed, _ = self._failed.pop((caller, role), (0, now))
        if good:
            return
        self._failed[caller, role] = (failed + 1, now)
        if len(self._failed) > MOST_CALLERS:
            del self._failed[next(iter(self._failed))]
        if not known:
            self._of_role[role] = (self._level(role, now) + 1, now)

    def _level(self, role: str, now: float) -> float:
        level, at = self._of_role.get(role, (0.0, now))
        return max(0.0, level - (now - at) / FORGIVEN_SECONDS)
