"""What is asked of a Modbus unit and what it answers, without any frame. Pure."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

ILLEGAL_FUNCTION = 1
ILLEGAL_ADDRESS = 2
ILLEGAL_VALUE = 3

BIT_READS = frozenset({1, 2})
READS = frozenset({1, 2, 3, 4})
WRITES = frozenset({5, 6, 15, 16, 21, 22, 23})
IDENTIFICATION = 43
REPORT_ID = 17

_READ = struct.Struct(">BHH")


class Shows(StrEnum):
    """What a unit tells: the truth, or what devices tell in bad moments."""

    TRUTH = "truth"
    SENTINELS = "sentinels"  # that it has no values yet, as after a restart
    COUNTERS_AT_ZERO = "counters at zero"  # for this once
    COUNTERS_BEGIN_ANEW = "counters begin anew"  # and count on from 0, as after a loss of power


Unit = Callable[[bytes, Shows], bytes | None]
"""A unit: what it answers (function code and content) to what was asked; None: nothing."""
Read = Callable[[int, int, int], Sequence[int]]
"""Function, first address and count; gives the words or bits, or raises Refusal."""


class Refusal(Exception):
    """The unit answers with a Modbus exception."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"exception {code}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. ``number`` counts the requests of a line, ``connection`` its connections.

    ``content`` is the function code and what follows; ``transaction`` is 0 on a serial line.
    ``at`` is when it was heard, in seconds of the line since some moment.
    """

    number: int
    unit: int
    content: bytes
    connection: int = 1
    transaction: int = 0
    at: float = 0.0

    @property
    def function(self) -> int:
        """The function code; 0 where there is none."""
        return self.content[0] if self.content else 0

    @property
    def first(self) -> int:
        """The first address that is read; 0 where nothing is."""
        return self._stretch()[0]

    @property
    def count(self) -> int:
        """How many registers or bits are read; 0 where nothing is."""
        return self._stretch()[1]

    def _stretch(self) -> tuple[int, int]:
        if self.function not in READS or len(self.content) != _READ.size:
            return 0, 0
        _, first, count = _READ.unpack(self.content)
        return first, count


def answer(content: bytes, read: Read, told: Mapping[int, str] | None = None) -> bytes:
    """What a unit answers that can only be read; ``told`` is what it says that it is."""
    function = content[0]
    if function == IDENTIFICATION and content[1:2] == b"\x0e" and told:
        return identification(told)
    if content == bytes([REPORT_ID]) and told:
        return report(told)
    if function not in READS:
        return refused(function, ILLEGAL_FUNCTION)
    if len(content) != _READ.size:
        return refused(function, ILLEGAL_VALUE)
    _, first, count = _READ.unpack(content)
    try:
        return registers(function, read(function, first, count))
    except Refusal as refusal:
        return refused(function, refusal.code)


def registers(function: int, words: Sequence[int]) -> bytes:
    """The answer that holds these words (or bits, with functions 1 and 2)."""
    if function in BIT_READS:
        packed = sum(bool(bit) << place for place, bit in enumerate(words))
        body = packed.to_bytes((len(words) + 7) // 8, "little")
    else:
        body = struct.pack(f">{len(words)}H", *words)
    return bytes([function, len(body)]) + body


def refused(function: int, code: int) -> bytes:
    """The exception ``code``."""
    return bytes([function | 0x80, code])


def identification(told: Mapping[int, str]) -> bytes:
    """Function 43/14: basic, conformity 1, no more follows, then the objects."""
    head = struct.pack(">BBBBBBB", IDENTIFICATION, 14, 1, 1, 0, 0, len(told))
    return head + b"".join(
        struct.pack(">BB", number, len(text.encode())) + text.encode()
        for number, text in told.items()
    )


def report(told: Mapping[int, str]) -> bytes:
    """Function 17: what it is, in letters, and that it runs."""
    text = " ".join(told.values()).encode()[:240]
    return bytes([REPORT_ID, len(text) + 1]) + text + b"\xff"


def words_told_by(word: Callable[[int], int], most: int = 125) -> Unit:
    """A plain unit for tests and tools: what stands at an address is ``word(address)``.

    It counts nothing: without values it tells 0xFFFF, and its counters are all its words.
    """

    def unit(content: bytes, shows: Shows = Shows.TRUTH) -> bytes:
        instead = {Shows.SENTINELS: 0xFFFF, Shows.COUNTERS_AT_ZERO: 0}.get(shows)

        def read(function: int, first: int, count: int) -> Sequence[int]:
            if not 1 <= count <= (2000 if function in BIT_READS else most):
                raise Refusal(ILLEGAL_VALUE)
            if first + count > 65536:
                raise Refusal(ILLEGAL_ADDRESS)
            told = word if instead is None else lambda _: instead
            words = [told(address) & 0xFFFF for address in range(first, first + count)]
            return [told & 1 for told in words] if function in BIT_READS else words

        return answer(content, read)

    return unit
