"""What becomes of the answer to a request, and how a device treats its connections. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from simulators.modbus.pdu import Asked, Shows, Unit, refused

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of one answer; durations are seconds of the line.

    ``late``         it comes so much later
    ``lost``         it never comes
    ``exception``    this exception comes instead
    ``shows``        it tells something else than the truth
    ``unit``         another unit answers
    ``transaction``  it carries another transaction number (on TCP)
    ``cut``          only so many bytes of its frame come
    ``change``       what else is done to its frame
    ``torn``         it comes in two pieces with such a pause between them
    ``copies``       how often it comes
    ``swapped``      it comes behind the answer to the next question
    ``closes``       the connection is closed behind it (on TCP)
    ``resets``       the connection is cut instead (on TCP)
    """

    late: float = 0.0
    lost: bool = False
    exception: int | None = None
    shows: Shows = Shows.TRUTH
    unit: int | None = None
    transaction: int | None = None
    cut: int | None = None
    change: Callable[[bytes], bytes] | None = None
    torn: float | None = None
    copies: int = 1
    swapped: bool = False
    closes: bool = False
    resets: bool = False

    def content(self, asked: Asked, unit: Unit) -> bytes | None:
        """What ``unit`` answers, or what comes instead; None: nothing."""
        if self.lost or self.resets:
            return None
        right = unit(asked.content, self.shows)
        if right is None or self.exception is None:
            return right
        return refused(asked.function, self.exception)

    def frame(self, whole: bytes) -> bytes:
        """What of a whole frame is sent, each time."""
        changed = whole if self.change is None else self.change(whole)
        return changed if self.cut is None else changed[: self.cut]

    def pieces(self, frame: bytes) -> list[tuple[float, bytes]]:
        """The parts of a frame, each with the pause before it."""
        if self.torn is None or len(frame) < 2:
            return [(0.0, frame)]
        middle = len(frame) // 2
        return [(0.0, frame[:middle]), (self.torn, frame[middle:])]


WELL = Fate()

Script = Callable[[Asked], Fate]


def always_well(_asked: Asked) -> Fate:
    """Nothing goes wrong."""
    return WELL


@dataclass(frozen=True, slots=True)
class Manners:
    """How a device on TCP treats its connections; durations are seconds of its time.

    ``connections``  so many at once; what comes beyond is turned away
    ``forgets``      after so long without a request it answers nothing on this connection any more
    ``hangs_up``     after so long without a request it closes the connection
    ``wakes``        what is asked so soon after the beginning of a connection is not heard
    ``pause``        what is asked so soon after an answer is not heard
    ``closes``       it closes the connection after each answer
    """

    connections: int | None = None
    forgets: float = FOREVER
    hangs_up: float = FOREVER
    wakes: float = 0.0
    pause: float = 0.0
    closes: bool = False


GOOD = Manners()
