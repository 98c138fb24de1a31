"""The encodings: one table of how registers hold a value. Pure.

A row says what an encoding is called, how many registers it takes, how ``struct`` unpacks their
bytes (highest byte first), what is left to do after that, and what it can hold. Codec, template,
JSON Schema and the page of encodings read this table: an encoding more is a row more, and its
example in ``tests/machines/encoding_examples.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from gateway.core.text import Text

Number = int | float

Raw = Any
"""What ``struct`` makes of the bytes of one value: a number, or bytes."""


class Shape(Enum):
    """What kind of value an encoding holds: which keys of a template it can have."""

    BIT = Text("ein Ja oder Nein", "a yes or no")
    WHOLE = Text("eine ganze Zahl", "a whole number")
    FLOAT = Text("eine Zahl mit Nachkommastellen", "a number with decimals")
    TEXT = Text("ein Text", "a text")


def _as_it_is(raw: Raw) -> Raw:
    return raw


AS_IT_IS: Callable[[Raw], Raw] = _as_it_is
"""Nothing is left to do: what ``struct`` has unpacked is the value."""


def _digits(raw: bytes) -> int | None:
    digits = raw.hex()
    return int(digits) if digits.isdecimal() else None


def _as_digits(words: int) -> Callable[[int], bytes]:
    return lambda number: bytes.fromhex(f"{number:0{4 * words}d}")


def _swapped(text: bytes) -> bytes:
    found = bytearray(text)
    found[0::2], found[1::2] = text[1::2], text[0::2]
    return bytes(found)


def _padded(text: bytes) -> bytes:
    return text + b"\0" * (len(text) % 2)


def _high_bytes(text: bytes) -> bytes:
    return b"".join(bytes((one, 0)) for one in text)


def _low_bytes(text: bytes) -> bytes:
    return b"".join(bytes((0, one)) for one in text)


@dataclass(frozen=True, slots=True)
class Row:
    """How one encoding holds a value.

    ``words``   registers that it takes; 0: as many as the point's ``length`` says
    ``layout``  ``struct``'s code for their bytes; ``s``: all of them
    ``shape``   what kind of value it holds
    ``says``    what it is, for people
    ``holds``   the whole numbers that it can hold
    ``decode``  from what ``struct`` has unpacked to the value (of a text: its bytes); None where it
                is none
    ``encode``  the way back
    ``own``     the bits of each register that it takes
    """

    words: int
    layout: str
    shape: Shape
    says: Text
    holds: range | None = None
    decode: Callable[[Raw], Raw] = AS_IT_IS
    encode: Callable[[Raw], Raw] = AS_IT_IS
    own: int = 0xFFFF


_UNSIGNED = Text("ganze Zahl ohne Vorzeichen", "unsigned whole number")
_SIGNED = Text("ganze Zahl mit Vorzeichen", "signed whole number")
_BCD = Text("Dezimalziffern, je vier Bit", "decimal digits of four bits each (BCD)")
_FLOAT = Text("Gleitkommazahl nach IEEE 754", "floating point number, IEEE 754")


def _within(what: Text, de: str, en: str) -> Text:
    return Text(f"{what.de}, {de}", f"{what.en}, {en}")


def _in_high(what: Text) -> Text:
    return _within(what, "im hohen Byte", "in the high byte")


def _in_low(what: Text) -> Text:
    return _within(what, "im niedrigen Byte", "in the low byte")


def _bcd(words: int) -> Row:
    return Row(words, "s", Shape.WHOLE, _BCD, range(10 ** (4 * words)), _digits, _as_digits(words))


def _text(
    de: str, en: str, decode: Callable[[bytes], bytes], encode: Any, own: int = 0xFFFF
) -> Row:
    says = _within(Text("Text", "text"), de, en)
    return Row(0, "s", Shape.TEXT, says, None, decode, encode, own)


class Encoding(StrEnum):
    """How registers hold a value; a register is a word of 16 bits."""

    row: Row

    def __new__(cls, name: str, row: Row) -> Encoding:
        """A member that is its name, and knows its row."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.row = row
        return member

    BIT = "bit", Row(1, "H", Shape.BIT, Text("ein einzelnes Bit", "a single bit"))
    BOOL = (
        "bool",
        Row(1, "H", Shape.BIT, Text("0 ist nein, sonst ja", "0 is no, else yes"), None, bool, int),
    )
    UINT8_HIGH = (
        "uint8-high",
        Row(1, "Bx", Shape.WHOLE, _in_high(_UNSIGNED), range(2**8), own=0xFF00),
    )
    UINT8_LOW = "uint8-low", Row(1, "xB", Shape.WHOLE, _in_low(_UNSIGNED), range(2**8), own=0x00FF)
    INT8_HIGH = (
        "int8-high",
        Row(1, "bx", Shape.WHOLE, _in_high(_SIGNED), range(-(2**7), 2**7), own=0xFF00),
    )
    INT8_LOW = (
        "int8-low",
        Row(1, "xb", Shape.WHOLE, _in_low(_SIGNED), range(-(2**7), 2**7), own=0x00FF),
    )
    UINT16 = "uint16", Row(1, "H", Shape.WHOLE, _UNSIGNED, range(2**16))
    INT16 = "int16", Row(1, "h", Shape.WHOLE, _SIGNED, range(-(2**15), 2**15))
    UINT32 = "uint32", Row(2, "I", Shape.WHOLE, _UNSIGNED, range(2**32))
    INT32 = "int32", Row(2, "i", Shape.WHOLE, _SIGNED, range(-(2**31), 2**31))
    UINT48 = (
        "uint48",
        Row(3, "s", Shape.WHOLE, _UNSIGNED, range(2**48), int.from_bytes, lambda n: n.to_bytes(6)),
    )
    UINT64 = "uint64", Row(4, "Q", Shape.WHOLE, _UNSIGNED, range(2**64))
    INT64 = "int64", Row(4, "q", Shape.WHOLE, _SIGNED, range(-(2**63), 2**63))
    FLOAT32 = "float32", Row(2, "f", Shape.FLOAT, _FLOAT)
    FLOAT64 = "float64", Row(4, "d", Shape.FLOAT, _FLOAT)
    BCD16 = "bcd16", _bcd(1)
    BCD32 = "bcd32", _bcd(2)
    BCD48 = "bcd48", _bcd(3)
    BCD64 = "bcd64", _bcd(4)
    TEXT = (
        "text",
        _text(
            "zwei Zeichen je Register, erstes im hohen Byte",
            "two characters a register, the first in the high byte",
            AS_IT_IS,
            _padded,
        ),
    )
    TEXT_LOW_FIRST = (
        "text-low-first",
        _text(
            "zwei Zeichen je Register, erstes im niedrigen Byte",
            "two characters a register, the first in the low byte",
            _swapped,
            lambda text: _swapped(_padded(text)),
        ),
    )
    TEXT_HIGH_BYTE = (
        "text-high-byte",
        _text(
            "ein Zeichen je Register, im hohen Byte",
            "one character a register, in the high byte",
            lambda raw: raw[0::2],
            _high_bytes,
            0xFF00,
        ),
    )
    TEXT_LOW_BYTE = (
        "text-low-byte",
        _text(
            "ein Zeichen je Register, im niedrigen Byte",
            "one character a register, in the low byte",
            lambda raw: raw[1::2],
            _low_bytes,
            0x00FF,
        ),
    )

    @property
    def shape(self) -> Shape:
        """What kind of value it holds."""
        return self.row.shape

    @property
    def takes_order(self) -> bool:
        """Whether an order has a meaning: for a number that takes whole registers."""
        return self.shape in (Shape.WHOLE, Shape.FLOAT) and self.row.own == 0xFFFF

    @property
    def takes_mask(self) -> bool:
        """Whether some of its bits can be a number of their own."""
        return self.row.holds is not None and self.row.holds[0] == 0 and self.row.layout != "s"

    def layout(self, words: int) -> str:
        """``struct``'s code for the bytes of so many registers."""
        return f"{2 * words}s" if self.row.layout == "s" else self.row.layout
