"""Questions whose answers may still be under way, and which requests they could be taken for. Pure.

Where answers carry no number they are known by unit, function and length alone. A gateway may keep
a late one for good, and hand it to the next question that it fits: what empties it is a question of
another length. Until one has been answered after the last moment at which the old answer can have
come, nothing is asked that it fits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from gateway.machines.read_plan import Block
from gateway.machines.template import FUNCTIONS, Table

STALE = 30.0
"""Times the deadline after which no answer is waited for any more."""
STALE_AT_MOST = 30.0
"""Seconds after a deadline after which no answer is waited for any more, or as long again."""


def lasts(within: float) -> float:
    """Seconds after a deadline ``within`` for which an answer may still come."""
    return max(within, min(STALE * within, STALE_AT_MOST))


class Told(Enum):
    """By what the answers on a line are told from each other."""

    NUMBER = auto()  # and a device that answers under it
    BYTES = auto()  # unit, function and length
    GATEWAY = auto()  # as the gateway sees fit: by length, until it is in step again


@dataclass(slots=True)
class _Suspect:
    unit: int
    table: Table
    first: int
    size: int
    until: float
    passed: bool = False


class Suspects:
    """What was asked on one line and not answered."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._all: list[_Suspect] = []

    def __bool__(self) -> bool:
        return bool(self._all)

    def follow(self, before: Suspects) -> None:
        """What another has asked on this line may still be answered."""
        self._all += before._all

    def add(self, unit: int, block: Block, at: float, within: float) -> None:
        """A question has been given up at ``at`` (seconds), after its deadline ``within``."""
        until = at + lasts(within)
        self._all.append(_Suspect(unit, block.table, block.first, block.size, until))

    def answered(self, size: int, asked_at: float) -> None:
        """An answer has come that none of the others can be (of ``size`` 0: a refusal).

        The line is in step again, and a gateway keeps nothing that had come when it was asked.
        """
        if not self._all:
            return
        for suspect in self._all:
            suspect.passed = suspect.passed or suspect.size != size
        self._all = [s for s in self._all if s.size == size or asked_at < s.until]

    def arrived(self, unit: int, function: int, size: int) -> bool:
        """A late answer has come (of ``size`` 0: a refusal); whether it was one of these."""
        for suspect in self._all:
            alike = (suspect.unit, FUNCTIONS[suspect.table]) == (unit, function)
            if alike and size in (suspect.size, 0):
                self._all.remove(suspect)
                return True
        return False

    def fit(self, unit: int, block: Block, now: float) -> bool:
        """Whether an old answer could be taken for the one to ``block``."""
        if not self._all:
            return False
        if self._told is not Told.GATEWAY:
            self._all = [suspect for suspect in self._all if now < suspect.until]
        return any(self._fits(suspect, unit, block) for suspect in self._all)

    def kept(self, now: float) -> bool:
        """Whether there are old answers that can come no more, but that a gateway may have."""
        return any(now >= suspect.until for suspect in self._all)

    def forget(self, now: float) -> None:
        """Take those for passed that can come no more."""
        self._all = [suspect for suspect in self._all if now < suspect.until]

    def _fits(self, suspect: _Suspect, unit: int, block: Block) -> bool:
        if suspect.size != block.size:
            return False
        own = (suspect.unit, suspect.table) == (unit, block.table)
        match self._told:
            case Told.NUMBER:
                return own and suspect.first != block.first  # its own older answer is no wrong one
            case Told.BYTES:
                return own
            case Told.GATEWAY:
                return own or not suspect.passed
