"""What registers mean, written a second time: no line here comes from the gateway's codec."""

from __future__ import annotations

import struct

from gateway.core.signals import Value
from gateway.machines.point import Point
from gateway.machines.template import FUNCTIONS
from tests.sources import mbpoll

CODES = {
    "bool": "H",
    "bit": "H",
    "uint16": "H",
    "int16": "h",
    "uint32": "I",
    "int32": "i",
    "uint64": "Q",
    "int64": "q",
    "float32": "f",
    "float64": "d",
    "uint8-high": "Bx",
    "uint8-low": "xB",
    "int8-high": "bx",
    "int8-low": "xb",
}

MBPOLLS_OWN = {"uint32": "int", "int32": "int", "float32": "float"}
"""The encodings that mbpoll itself makes numbers of, in these two orders of words."""
HIGH_FIRST, LOW_FIRST = ("high-word-first", "ABCD"), ("low-word-first", "CDAB")


async def value(port: int, point: Point, factor: Point | None = None) -> Value:
    """The value of a point of unit 1 at ``port``; ``factor`` holds its power of ten, if any."""
    raw = await _raw(port, point)
    encoding = str(point.encoding)
    if isinstance(raw, bool | str):
        return raw
    if encoding == "bit":
        return bool(int(raw) >> (point.bit or 0) & 1)
    if encoding == "bool":
        return raw != 0
    if point.mask is not None:
        lowest = next(at for at in range(64) if point.mask >> at & 1)
        raw = (int(raw) & point.mask) >> lowest
    if factor is not None:
        raw *= 10.0 ** int(await value(port, factor))
    return raw * point.scale + point.offset


async def _raw(port: int, point: Point) -> Value:
    function, encoding, order = FUNCTIONS[point.table], str(point.encoding), str(point.order)
    if function in (1, 2):
        return await mbpoll.bit(port, function, point.address)
    if encoding in MBPOLLS_OWN and order in (*HIGH_FIRST, *LOW_FIRST):
        kind, high_first = MBPOLLS_OWN[encoding], order in HIGH_FIRST
        found = await mbpoll.number(port, function, point.address, kind, high_first=high_first)
        return found + 2**32 if encoding == "uint32" and found < 0 else found
    packed = arranged(await mbpoll.words(port, function, point.address, point.words), order)
    if encoding.startswith("bcd"):
        return int(packed.hex())
    if encoding.startswith("text"):
        return text(packed, encoding).split(b"\0")[0].decode(point.charset).strip()
    (found,) = struct.unpack(f">{CODES[encoding]}", packed)
    return found


def arranged(sent: bytes, order: str) -> bytes:
    """Bytes as they were sent, highest first: ``A`` is the highest."""
    if order == "low-word-first":
        return b"".join(sent[at : at + 2] for at in reversed(range(0, len(sent), 2)))
    if order in ("None", "high-word-first"):
        return sent
    return bytes(byte for _, byte in sorted(zip(order, sent, strict=True)))


def text(sent: bytes, encoding: str) -> bytes:
    """The characters of a text in their order."""
    if encoding == "text-low-first":
        return bytes(sent[at ^ 1] for at in range(len(sent)))
    return {"text-high-byte": sent[0::2], "text-low-byte": sent[1::2]}.get(encoding, sent)
