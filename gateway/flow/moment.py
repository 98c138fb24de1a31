"""The present moment on both clocks, and whether the wall clock is known to be right."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple

from gateway.core.batches import Clock

CHECK_EVERY = 10.0
"""Seconds between two questions to the kernel."""

_TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised


class Moment(NamedTuple):
    """``at`` is UTC, ``mono`` monotonic seconds of the same instant."""

    at: datetime
    mono: float
    clock: Clock


Now = Callable[[], Moment]


class SystemTime:
    """The computer's own clocks."""

    def __init__(self) -> None:
        self._clock = Clock.UNSYNCED
        self._asked = float("-inf")

    def __call__(self) -> Moment:
        """The present moment."""
        mono = time.monotonic()
        if mono - self._asked >= CHECK_EVERY:
            self._asked = mono
            self._clock = Clock.SYNCED if synchronised() else Clock.UNSYNCED
        return Moment(datetime.now(UTC), mono, self._clock)


def synchronised() -> bool:
    """Whether the kernel says that something keeps its clock in step. Unknown counts as no."""
    ask = _adjtimex()
    if ask is None:
        return False
    state = ask(ctypes.create_string_buffer(512))  # all zero: read, change nothing
    return 0 <= state < _TIME_ERROR


@cache
def _adjtimex() -> Callable[[object], int] | None:
    try:
        return ctypes.CDLL(None).adjtimex
    except (OSError, AttributeError):
        return None
