"""Questions whose answers may still be under way, and which requests they could be taken for. Pure.

On a serial line an answer is known by unit, function and length alone: a gateway hands a late one
to the next question that it fits.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.machines.read_plan import Block
from gateway.machines.template import Table

STALE = 30.0
"""Times the deadline after which no answer is waited for any more."""


@dataclass(slots=True)
class _Suspect:
    unit: int
    table: Table
    first: int
    size: int
    until: float
    passed: bool = False


class Suspects:
    """What was asked on one line and not answered; ``shared`` by several units, or by one alone."""

    def __init__(self, *, shared: bool) -> None:
        self._shared = shared
        self._all: list[_Suspect] = []

    def add(self, unit: int, block: Block, at: float, within: float) -> None:
        """A question has been given up at ``at`` (seconds), after its deadline ``within``."""
        until = at + STALE * within
        self._all.append(_Suspect(unit, block.table, block.first, block.size, until))

    def answered(self, block: Block) -> None:
        """An answer has come that none of the others can be: the line is in step again."""
        for suspect in self._all:
            suspect.passed = suspect.passed or suspect.size != block.size

    def fit(self, unit: int, block: Block, now: float) -> bool:
        """Whether an old answer could be taken for the one to ``block``."""
        if not self._all:
            return False
        self._all = [suspect for suspect in self._all if now < suspect.until]
        return any(self._fits(suspect, unit, block) for suspect in self._all)

    def _fits(self, suspect: _Suspect, unit: int, block: Block) -> bool:
        if suspect.size != block.size:
            return False
        own = (suspect.unit, suspect.table) == (unit, block.table)
        if self._shared:
            return own or not suspect.passed
        return own and suspect.first != block.first  # its own older answer is no wrong one
