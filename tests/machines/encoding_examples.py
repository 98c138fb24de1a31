"""One example of each encoding: what stands in the registers, and what it means."""

from __future__ import annotations

EXAMPLES = {
    "bit": ([0b0000_0100], True),
    "bool": ([0xFF00], True),
    "uint8-high": ([0xC8_07], 200),
    "uint8-low": ([0x07_C8], 200),
    "int8-high": ([0xC8_07], -56),
    "int8-low": ([0x07_C8], -56),
    "uint16": ([0xFFFE], 65534),
    "int16": ([0xFFFE], -2),
    "uint32": ([0xFEDC, 0xBA98], 4275878552),
    "int32": ([0xFEDC, 0xBA98], -19088744),
    "uint48": ([0xFEDC, 0xBA98, 0x7654], 280223976814164),
    "uint64": ([0xFEDC, 0xBA98, 0x7654, 0x3210], 18364758544493064720),
    "int64": ([0xFEDC, 0xBA98, 0x7654, 0x3210], -81985529216486896),
    "float32": ([0x4366, 0x8000], 230.5),
    "float64": ([0x406C, 0xD000, 0x0000, 0x0000], 230.5),
    "bcd16": ([0x1234], 1234),
    "bcd32": ([0x1234, 0x5678], 12345678),
    "bcd48": ([0x1234, 0x5678, 0x9012], 123456789012),
    "bcd64": ([0x1234, 0x5678, 0x9012, 0x3456], 1234567890123456),
    "text": ([0x4142, 0x4300], "ABC"),
    "text-low-first": ([0x4241, 0x0043], "ABC"),
    "text-high-byte": ([0x4100, 0x4200, 0x4300, 0x0000], "ABC"),
    "text-low-byte": ([0x0041, 0x0042, 0x0043, 0x0000], "ABC"),
}
"""Registers, highest word and byte first, and what they mean."""
