"""How long a line is at work: seconds for asking everything once, and the share of the time. Pure.

Times are seconds of one clock that never jumps.
"""

from __future__ import annotations

from collections import deque

CYCLES = 15
"""So many of the last cycles are looked at: the middle one counts."""
WINDOW = 30.0
"""Seconds of which, and of as many before, the share is told."""


class LineTime:
    """What the polls of one line have taken, from ``since`` on."""

    def __init__(self, since: float) -> None:
        self._cycles: deque[float] = deque(maxlen=CYCLES)
        self._older, self._since = since, since
        self._busy_older = self._busy = 0.0

    def polled(self, began: float, free: float, *, whole: bool) -> None:
        """The line was needed from ``began`` until it was ``free`` for another question.

        ``whole``: everything on it was asked for and has answered.
        """
        if began - self._since >= WINDOW:
            self._older, self._since = self._since, began
            self._busy_older, self._busy = self._busy, 0.0
        self._busy += free - began
        if whole:
            self._cycles.append(free - began)

    @property
    def cycle(self) -> float | None:
        """Seconds of a cycle in which everything answers; None where there was none yet."""
        return sorted(self._cycles)[len(self._cycles) // 2] if self._cycles else None

    def share(self, now: float) -> float:
        """The part of the last half to whole minute in which the line was needed, 0 to 1."""
        return min(1.0, (self._busy_older + self._busy) / max(now - self._older, 1e-9))
