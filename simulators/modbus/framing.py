"""The two frames of Modbus: on a serial line (RTU) and on TCP (MBAP). Pure.

Written for the simulators alone: what frames go wrong here must not go wrong in the same way in
the library that the gateway reads with.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_MBAP = struct.Struct(">HHHB")
LONGEST = 260
"""Bytes of the longest frame that Modbus TCP knows."""


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        value = byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
        made.append(value)
    return tuple(made)


_CRC = _table()


def crc(frame: bytes) -> bytes:
    """The checksum that ends a frame on a serial line, as it is sent."""
    value = 0xFFFF
    for byte in frame:
        value = value >> 8 ^ _CRC[(value ^ byte) & 0xFF]
    return struct.pack("<H", value)


def rtu(unit: int, content: bytes) -> bytes:
    """A frame for a serial line."""
    frame = bytes([unit]) + content
    return frame + crc(frame)


def of_rtu(frame: bytes) -> tuple[int, bytes] | None:
    """Unit and content of a serial frame; None where it is broken."""
    if len(frame) < 4 or crc(frame[:-2]) != frame[-2:]:
        return None
    return frame[0], frame[1:-2]


def mbap(transaction: int, unit: int, content: bytes) -> bytes:
    """A frame for TCP."""
    return _MBAP.pack(transaction, 0, len(content) + 1, unit) + content


def cut_mbap(buffer: bytearray) -> Iterator[tuple[int, int, bytes]]:
    """Take the whole frames out of what has come: transaction, unit and content of each.

    Raises ValueError for what can be no frame: a server closes the connection then.
    """
    while len(buffer) >= _MBAP.size:
        transaction, protocol, length, unit = _MBAP.unpack_from(buffer)
        if protocol or not 2 <= length <= LONGEST - 6:
            raise ValueError("this is not Modbus TCP")
        if len(buffer) < 6 + length:
            return
        content = bytes(buffer[_MBAP.size : 6 + length])
        del buffer[: 6 + length]
        yield transaction, unit, content
