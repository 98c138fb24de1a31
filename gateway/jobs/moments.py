"""Moments of real time: what surely lies between two of them, whatever the wall clock says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.core.clock import EPOCH


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks.

    ``mono`` are monotonic seconds of the computer's run number ``run``; ``synced`` says that the
    wall clock was known to be right.
    """

    at: datetime
    mono: float
    run: int
    synced: bool


NEVER = Moment(EPOCH, 0.0, -1, synced=False)


def passed(before: Moment, now: Moment) -> float:
    """So many real seconds have passed at least; exact while the computer was not switched off.

    Across that only a wall clock that was known to be right both times says anything.
    """
    if now.run == before.run:
        return max(0.0, now.mono - before.mono)
    if not vouched(before, now):
        return 0.0
    return max(0.0, (now.at - before.at).total_seconds())


def vouched(before: Moment, now: Moment) -> bool:
    """Whether ``passed`` is all that has passed, too."""
    return now.run == before.run or (before.synced and now.synced)
