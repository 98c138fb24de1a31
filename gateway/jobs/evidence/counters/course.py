"""What is remembered of a device's counter: the courses it may be on, and how fast it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Literal

from gateway.jobs.moments import Moment, passed

LUMPS = 3
"""After so many leaps of a kind a device is known to renew what it shows rarely."""
BURST = 60.0
"""For so many seconds any machine may be as fast as one count a second, whatever its plan."""


@dataclass(frozen=True, slots=True)
class Most:
    """How many counts a machine can make: ``pace`` cycles a second, seen ``every`` so many seconds.

    Each cycle gives up to ``at_once`` of them.
    """

    pace: float
    every: float
    at_once: int = 1

    def within(self, seconds: float) -> int:
        """In ``seconds`` between two readings."""
        seconds += self.every
        return self.at_once * (1 + floor(max(self.pace * seconds, min(seconds, BURST))))


@dataclass(frozen=True, slots=True)
class Course:
    """Readings that continue each other.

    ``began``, ``seen`` are the moments of its ``first`` reading and of its last, ``value``.
    ``ahead``: counted beyond ``value`` already, by courses that left this one.
    ``sure``: a second reading has continued it. ``question`` is the one it has raised. ``missed``:
    so many readings have continued another one since; ``unlike``: it was a glitch, if the other
    one counts on. ``still``: so many seconds its value had not changed when it was last seen.
    ``lumps`` leaps after a still stretch have led here, ``refresh`` seconds the shortest of these.
    """

    first: int
    value: int
    began: Moment
    seen: Moment
    ahead: int = 0
    sure: bool = False
    question: str = ""
    missed: int = 0
    unlike: bool = False
    still: float = 0.0
    lumps: int = 0
    refresh: float = 0.0

    def at(self, value: int, now: Moment) -> Course:
        """Continued by a reading."""
        still = self.still + passed(self.seen, now) if value == self.value else 0.0
        return replace(self, value=value, seen=now, missed=0, unlike=False, still=still)

    def again(self, now: Moment) -> Course:
        """The same value once more; most readings are, and `replace` takes double."""
        return Course(
            self.first,
            self.value,
            self.began,
            now,
            self.ahead,
            sure=self.sure,
            question=self.question,
            missed=self.missed,
            unlike=self.unlike,
            still=self.still + passed(self.seen, now),
            lumps=self.lumps,
            refresh=self.refresh,
        )


@dataclass(frozen=True, slots=True)
class Counter:
    """The courses that a counter may be on: the present one last, after it one odd reading."""

    courses: tuple[Course, ...] = ()

    @property
    def last(self) -> int | None:
        """The last reading that was no odd one."""
        return next((one.value for one in reversed(self.courses) if one.sure), None)

    @property
    def refresh(self) -> float:
        """How often the device renews what it shows, in seconds; 0: at each reading, or unknown."""
        course = next((one for one in reversed(self.courses) if one.sure), None)
        return course.refresh if course is not None and course.lumps >= LUMPS else 0.0


@dataclass(frozen=True, slots=True)
class Note:
    """What a counter did that is worth an event, between two of its readings.

    ``jumped``: whether ``counts`` were counted from ``start`` on is to be asked as ``question``
    (again, where it was asked before). ``reset``: what was counted since ``start`` is lost.
    ``glitch``: ``question`` has answered itself, if there was one; ``made``: likewise, it was work.
    ``round``: nobody looked for so long that it may have gone round once more.
    """

    what: Literal["jumped", "reset", "rollover", "glitch", "made", "round"]
    before: int
    after: int
    start: Moment
    counts: int = 0
    question: str = ""


Read = tuple[Counter, int, Sequence[Note]]
NEW = Counter()
