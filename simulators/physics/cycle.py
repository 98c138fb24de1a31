"""What machines have in common that repeat one cycle: how many parts each cycle gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one cycle gave. Parts that are reworked count as good and as rejected once."""

    good: int
    rejected: int = 0


class Cyclic(Protocol):
    """A machine that repeats one cycle for as long as it has work."""

    @property
    def cycle(self) -> float:
        """Duration of a cycle in seconds."""

    def outcome(self, seed: int, number: int, since_stop: int) -> Outcome:
        """What cycle ``number`` of the order gave, the ``since_stop``-th after standing still."""
