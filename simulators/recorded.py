"""Units that answer from a recording; asked where it has an end, they are silent."""

from __future__ import annotations

from collections.abc import Callable

from gateway.core.findings import Why
from gateway.machines.numbering import FUNCTIONS
from gateway.machines.recording import Played, Question, Recording
from simulators.modbus.pdu import ILLEGAL_FUNCTION, READS, Asked, Shows, Unit, refused, registers

_TABLES = {function: table for table, function in FUNCTIONS.items()}
_REFUSED = frozenset({Why.EXCEPTION, Why.NOT_RECORDED})


def units(recording: Recording, now: Callable[[], float]) -> dict[int, Unit]:
    """The units of its first line; ``now`` gives seconds since the recording began."""
    played = recording.of(1)
    return {number: _unit(number, played, now) for number in played.units}


def _unit(number: int, played: Played, now: Callable[[], float]) -> Unit:
    def answer(content: bytes, shows: Shows = Shows.TRUTH) -> bytes | None:  # noqa: ARG001
        asked = Asked(0, number, content)
        if asked.function not in READS or not asked.count:
            return refused(asked.function, ILLEGAL_FUNCTION)
        at = now()
        if at > played.end + 1:
            return None
        question = Question(number, _TABLES[asked.function], asked.first, asked.count)
        said = played.answer(question, at)
        if said is not None and said.words is not None:
            return registers(asked.function, said.words)
        if said is not None and said.found is not None and said.found.why in _REFUSED:
            return refused(asked.function, said.found.got)
        return None

    return answer
