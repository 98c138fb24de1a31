"""The encodings: one table of how registers hold a value. Pure.

A row says what an encoding is called, how many registers it takes, how ``struct`` unpacks their
bytes (high byte first), what is left to do after that, and what it can hold. Codec, template and
JSON Schema read this table: an encoding more is a row more, and its examples in
``tests/machines/test_encodings.py``.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from gateway.core.text import Text

Number = int | float


def _whole(value: Number) -> int:
    return round(value)


@dataclass(frozen=True, slots=True)
class Row:
    """How one encoding holds a value.

    ``words``   registers that it takes (a table of bits holds one bit for each of them)
    ``layout``  ``struct``'s code for their bytes, which stand high byte first
    ``says``    what it is, for people
    ``holds``   the whole numbers that it can hold; None where it holds no whole numbers
    ``decode``  from what ``struct`` has unpacked to the number, None where it is none; without it
                that is the number already
    ``encode``  the way back, from a number before ``struct`` packs it
    """

    words: int
    layout: str
    says: Text
    holds: range | None = None
    decode: Callable[[Number], Number | None] | None = None
    encode: Callable[[Number], Number] = _whole


def _digits(word: Number) -> int | None:
    number, word = 0, int(word)
    for shift in (12, 8, 4, 0):
        digit = word >> shift & 0xF
        if digit > 9:
            return None
        number = number * 10 + digit
    return number


def _as_digits(number: Number) -> int:
    return int(str(round(number)), 16)


class Encoding(StrEnum):
    """How registers hold a value; words are 16 bit, ``bit`` one bit or table entry."""

    row: Row

    def __new__(cls, name: str, row: Row) -> Encoding:
        """A member that is its name, and knows its row."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.row = row
        return member

    BIT = "bit", Row(1, "H", Text("ein einzelnes Bit", "a single bit"))
    UINT16 = (
        "uint16",
        Row(1, "H", Text("ganze Zahl ohne Vorzeichen", "unsigned whole number"), range(2**16)),
    )
    INT16 = (
        "int16",
        Row(
            1, "h", Text("ganze Zahl mit Vorzeichen", "signed whole number"), range(-(2**15), 2**15)
        ),
    )
    UINT32 = (
        "uint32",
        Row(2, "I", Text("ganze Zahl ohne Vorzeichen", "unsigned whole number"), range(2**32)),
    )
    INT32 = (
        "int32",
        Row(
            2, "i", Text("ganze Zahl mit Vorzeichen", "signed whole number"), range(-(2**31), 2**31)
        ),
    )
    FLOAT32 = "float32", Row(2, "f", Text("Gleitkommazahl", "floating point number"), encode=float)
    BCD16 = (
        "bcd16",
        Row(
            1,
            "H",
            Text("vier Dezimalziffern", "four decimal digits"),
            range(10**4),
            _digits,
            _as_digits,
        ),
    )

    @property
    def words(self) -> int:
        """How many registers a value takes."""
        return self.row.words

    @property
    def is_float(self) -> bool:
        """True for a number with decimals, of which the registers hold no whole number."""
        return self.row.layout in _LARGEST_BITS


_LARGEST_BITS = {"f": 0x7F7FFFFF}
"""The bits of the largest float. Sentinels of a float from here on may be bits."""


def pack(encoding: Encoding, number: Number) -> bytes:
    """The bytes that hold a number before scaling. Raises ValueError where it does not fit."""
    row = encoding.row
    if row.holds is not None and round(number) not in row.holds:
        raise ValueError(f"{encoding} cannot hold {number}")
    try:
        return struct.pack(f">{row.layout}", row.encode(number))
    except OverflowError as cause:
        raise ValueError(f"{encoding} cannot hold {number}") from cause


def can_hold(encoding: Encoding, number: Number) -> bool:
    """Whether there is a raw value for a number before scaling."""
    try:
        pack(encoding, number)
    except ValueError:
        return False
    return True


def unpack(encoding: Encoding, packed: bytes) -> Number:
    """What ``struct`` finds in the bytes of one value, before ``decode``."""
    (raw,) = struct.unpack(f">{encoding.row.layout}", packed)
    return cast("Number", raw)


def no_values(
    encoding: Encoding, sentinels: Sequence[float]
) -> tuple[frozenset[Number], frozenset[int]]:
    """Sentinels as ``unpack`` finds them, and those that are told from others by their bits alone.

    Of whole numbers they are bits: people write 32768 and -32768 for the same int16. Of a float
    they are the numbers that they say; from the largest number's bits on also bits.
    """
    size = 2 * encoding.words
    found: set[Number] = set()
    bits: set[int] = set()
    for sentinel in sentinels:
        if encoding.is_float:
            found.add(unpack(encoding, pack(encoding, sentinel)))
        if not encoding.is_float or _may_be_bits(encoding, sentinel):
            pattern = int(sentinel) % (1 << 8 * size)
            meant = unpack(encoding, pattern.to_bytes(size, "big"))
            if encoding.is_float and (meant == 0 or not math.isfinite(meant)):
                bits.add(pattern)  # minus zero equals zero, and what is no number equals nothing
            else:
                found.add(meant)
    return frozenset(found), frozenset(bits)


def _may_be_bits(encoding: Encoding, raw: float) -> bool:
    """Whoever writes less than the largest number's bits means the number."""
    largest = _LARGEST_BITS[encoding.row.layout]
    return raw.is_integer() and largest <= raw < 1 << 16 * encoding.words
