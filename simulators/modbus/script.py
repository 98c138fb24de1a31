"""What becomes of the answer to a request. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulators.modbus.pdu import Asked, refused


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one answer; durations are seconds of the line.

    ``late``       it comes so much later
    ``lost``       it never comes
    ``exception``  this exception comes instead
    ``cut``        only so many bytes of its frame come
    ``copies``     how often it comes
    ``swapped``    it comes behind the answer to the next question
    ``change``     what else is done to its frame
    """

    late: float = 0.0
    lost: bool = False
    exception: int | None = None
    cut: int | None = None
    copies: int = 1
    swapped: bool = False
    change: Callable[[bytes], bytes] | None = None

    def content(self, asked: Asked, right: bytes | None) -> bytes | None:
        """What the unit answers, whose right answer is known."""
        if self.lost or right is None:
            return None
        return right if self.exception is None else refused(asked.function, self.exception)

    def frame(self, whole: bytes) -> bytes:
        """What of a whole frame is sent, each time."""
        changed = whole if self.change is None else self.change(whole)
        return changed if self.cut is None else changed[: self.cut]


WELL = Fate()

Script = Callable[[Asked], Fate]


def always_well(_asked: Asked) -> Fate:
    """Nothing goes wrong."""
    return WELL
