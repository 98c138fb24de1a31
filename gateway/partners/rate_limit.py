"""How much each partner may say, so that one that floods neither stops nor fills us. Pure."""

from __future__ import annotations

from datetime import timedelta

AT_ONCE = 300
"""So many messages of a partner are taken in one after the other."""
PER_INTERVAL = 100
"""And so many in each report interval after that; an honest firm has a few to say."""


class RateLimit:
    """What each firm has left (monotonic seconds); only what it has signed uses it up."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def used_up(self, firm: str, interval: timedelta, mono: float) -> bool:
        """Whether ``firm`` has to wait; ``interval`` is how often it reports, in real time."""
        if firm not in self._left:
            return False
        left, since = self._left[firm]
        left += PER_INTERVAL * (mono - since) / interval.total_seconds()
        self._left[firm] = (min(left, AT_ONCE), mono)
        return left < 1

    def use(self, firm: str, mono: float) -> None:
        """A message of ``firm`` was read."""
        left, since = self._left.get(firm, (AT_ONCE, mono))
        self._left[firm] = (left - 1, since)
