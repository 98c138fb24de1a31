"""Raw values: what stands in the registers of one point before it is scaled, as bytes and back.

Pure. A raw value is what ``struct`` makes of the bytes: a number, or bytes (digits, text).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from typing import Literal

from gateway.machines.encodings import Encoding, Number, Raw, Shape

NAN: Literal["nan"] = "nan"
"""The sentinel that is every value which is not a number."""

Sentinel = Number | Literal["nan"]

_LARGEST_BITS = {"f": 0x7F7FFFFF, "d": 0x7FEFFFFFFFFFFFFF}
"""The bits of the largest number. Sentinels of a float from here on may be bits."""


def pack(encoding: Encoding, words: int, value: Number | bytes) -> bytes:
    """The bytes that hold a number before scaling, or the bytes of a text.

    Raises ValueError where it does not fit.
    """
    row = encoding.row
    try:
        raw = row.encode(_whole(encoding, value) if row.holds is not None else value)
        if isinstance(raw, bytes) and len(raw) > 2 * words:
            raise ValueError(f"{encoding} of {words} registers cannot hold {value!r}")
        return struct.pack(f">{encoding.layout(words)}", raw)
    except (OverflowError, struct.error) as cause:
        raise ValueError(f"{encoding} cannot hold {value!r}") from cause


def _whole(encoding: Encoding, value: Number | bytes) -> int:
    whole = round(value) if isinstance(value, int | float) else None
    if whole is None or encoding.row.holds is None or whole not in encoding.row.holds:
        raise ValueError(f"{encoding} cannot hold {value!r}")
    return whole


def unpack(encoding: Encoding, words: int, packed: bytes) -> Raw:
    """What ``struct`` finds in the bytes of one value, before ``decode``."""
    (raw,) = struct.unpack(f">{encoding.layout(words)}", packed)
    return raw


def can_hold(encoding: Encoding, words: int, value: Number) -> bool:
    """Whether there is a raw value for a number before scaling."""
    try:
        pack(encoding, words, value)
    except ValueError:
        return False
    return True


def no_values(
    encoding: Encoding, words: int, sentinels: Sequence[Sentinel]
) -> tuple[frozenset[Raw], frozenset[int]]:
    """Sentinels as ``unpack`` finds them, and those that are told from others by their bits alone.

    Of whole numbers they are bits: people write 32768 and -32768 for the same int16. Of a float
    they are the numbers that they say; from the largest number's bits on also bits.
    """
    found: set[Raw] = set()
    bits: set[int] = set()
    for sentinel in sentinels:
        packed = sentinel_bytes(encoding, words, sentinel)
        meant = unpack(encoding, words, packed)
        if encoding.shape is not Shape.FLOAT:
            found.add(meant)
            continue
        if not isinstance(sentinel, str):
            found.add(unpack(encoding, words, pack(encoding, words, sentinel)))
            if meant and math.isfinite(meant):
                found.add(meant)
            else:
                bits.add(int.from_bytes(packed, "big"))  # minus zero is not 0
    return frozenset(found), frozenset(bits)


def sentinel_bytes(encoding: Encoding, words: int, sentinel: Sentinel) -> bytes:
    """A sentinel as it stands in the registers, highest byte first."""
    if isinstance(sentinel, str):
        return struct.pack(f">{encoding.layout(words)}", math.nan)
    if encoding.shape is Shape.FLOAT and not _may_be_bits(encoding, sentinel):
        return pack(encoding, words, sentinel)
    pattern = int(sentinel) % (1 << bits(encoding, words))
    if encoding.row.own == 0xFF00:
        pattern <<= 8
    return pattern.to_bytes(2 * words, "big")


def bits(encoding: Encoding, words: int) -> int:
    """How many bits a raw value has."""
    return words * encoding.row.own.bit_count()


def _may_be_bits(encoding: Encoding, sentinel: Number) -> bool:
    """Whoever writes less than the largest number's bits means the number."""
    largest = _LARGEST_BITS[encoding.row.layout]
    return float(sentinel).is_integer() and largest <= sentinel < 1 << 16 * encoding.row.words


def read_text(found: bytes, charset: str) -> str | None:
    """The characters of a text up to the first NUL, without the padding; None: it is no text."""
    try:
        text = found.split(b"\0", 1)[0].decode(charset).strip(" ")
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
