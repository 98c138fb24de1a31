"""Registers to values and back: compiled once per block, then one ``struct`` call per answer.

Pure. A float that is not a number is a fault, never a value; a sentinel is a fault of its own.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from operator import itemgetter

from gateway.core.signals import Fault, Reason, Value
from gateway.machines.template import BIT_TABLES, Encoding, Order, PointSpec

UNDECODABLE = Fault(Reason.UNDECODABLE)
SENTINEL = Fault(Reason.SENTINEL)

LARGEST_FLOAT32 = 0x7F7FFFFF
"""The bits of the largest float32. Sentinels of a float from here on may be bits."""

Decoded = tuple[tuple[Value | None, ...], tuple[Fault | None, ...] | None]
"""Values beside the points, and faults beside them (None as a whole: nothing failed)."""

Number = int | float
Pick = Callable[[Sequence[int]], tuple[int, ...]]

_FORMATS = {
    Encoding.BIT: "H",
    Encoding.UINT16: "H",
    Encoding.INT16: "h",
    Encoding.UINT32: "I",
    Encoding.INT32: "i",
    Encoding.FLOAT32: "f",
    Encoding.BCD16: "H",
}


def decode(point: PointSpec, words: Sequence[int]) -> tuple[Value | None, Fault | None]:
    """The value of a single point from its own words."""
    values, faults = Layout(point.address, len(words), (point,)).decode(words)
    return values[0], None if faults is None else faults[0]


def encode(point: PointSpec, value: Value) -> tuple[int, ...]:
    """The words (or the one table bit) that hold ``value``; for a bit of a register, its mask.

    Raises ValueError where the encoding cannot hold the value, TypeError for text.
    """
    if isinstance(value, str):
        raise TypeError(f"{point.name}: registers hold no text")
    if point.encoding is Encoding.BIT:
        return (int(bool(value)) << (point.bit or 0),)
    raw: Number = (value - point.offset) / point.scale
    if point.encoding is Encoding.FLOAT32:
        packed = _pack(point, float(raw))
    elif point.encoding is Encoding.BCD16:
        packed = bytes.fromhex(f"{_within(point, round(raw), 0, 9999):04d}")
    else:
        packed = _pack(point, round(raw))
    words = struct.unpack(f">{len(packed) // 2}H", packed)
    return words[::-1] if point.order is Order.LOW_FIRST else words


def place(words: MutableSequence[int], first: int, point: PointSpec, value: Value) -> None:
    """Write ``value`` into a table that begins at ``first``; other bits stay as they are."""
    at = point.address - first
    encoded = encode(point, value)
    if point.encoding is Encoding.BIT and point.bit is not None:
        words[at] = (words[at] & ~(1 << point.bit)) | encoded[0]
    else:
        words[at : at + len(encoded)] = encoded


def _pack(point: PointSpec, raw: Number) -> bytes:
    try:
        return struct.pack(f">{_FORMATS[point.encoding]}", raw)
    except (struct.error, OverflowError) as cause:
        raise ValueError(f"{point.name}: {point.encoding} cannot hold {raw}") from cause


def _within(point: PointSpec, raw: int, low: int, high: int) -> int:
    if not low <= raw <= high:
        raise ValueError(f"{point.name}: {point.encoding} cannot hold {raw}")
    return raw


@dataclass(frozen=True, slots=True)
class _Field:
    """A stretch of registers that is unpacked once, however many points read it."""

    first: int
    last: int
    format: str
    swap: bool


class Layout:
    """How one block of registers (or table bits) turns into the values of its points."""

    __slots__ = ("_decode_all", "_first", "_rules", "_sentinels", "count", "points")

    def __init__(self, first: int, count: int, points: Sequence[PointSpec]) -> None:
        self.points = tuple(points)
        self.count = count
        self._first = first
        self._decode_all = _bits(first, points) if _is_bits(points) else _words(first, points)
        self._rules = tuple(
            (index, rule)
            for index, point in enumerate(self.points)
            if (rule := _rule(point)) is not None
        )
        self._sentinels = tuple(
            (index, frozenset(_patterns(point)), frozenset(_numbers(point)))
            for index, point in enumerate(self.points)
            if point.sentinels
        )

    def decode(self, words: Sequence[int]) -> Decoded:
        """Values and faults beside ``points``. ``words`` is the whole block, as asked."""
        raws = self._decode_all(words)
        faults: dict[int, Fault] = {}
        if 0 in raws:
            raws = tuple(raw or abs(raw) for raw in raws)  # -0.0 would show as a negative number
        if not math.isfinite(sum(raws)):
            faults = {i: UNDECODABLE for i, raw in enumerate(raws) if not math.isfinite(raw)}
        for index, patterns, numbers in self._sentinels:
            if raws[index] in numbers or self._pattern(index, words) in patterns:
                faults[index] = SENTINEL
        if not self._rules and not faults:
            return raws, None
        values: list[Value | None] = list(raws)
        for index in faults:
            values[index] = None
        for index, rule in self._rules:
            if index in faults:
                continue
            values[index] = value = rule(raws[index])
            if value is None:
                faults[index] = UNDECODABLE
        if not faults:
            return tuple(values), None
        return tuple(values), tuple(map(faults.get, range(len(values))))

    def _pattern(self, index: int, words: Sequence[int]) -> int:
        """The bits of one point as an unsigned number, however they are meant."""
        point = self.points[index]
        at = point.address - self._first
        own = words[at : at + point.words]
        pattern = 0
        for word in own if point.order is not Order.LOW_FIRST else own[::-1]:
            pattern = pattern << 16 | word
        return pattern


def _patterns(point: PointSpec) -> Iterator[int]:
    """Sentinels as bit patterns: people write 32768 and -32768 for the same int16.

    Of a float only from the largest number's bits on: whoever writes less means the number.
    """
    for raw in point.sentinels:
        if not point.is_float:
            yield int(raw) % (1 << 16 * point.words)
        elif raw.is_integer() and LARGEST_FLOAT32 <= raw < 1 << 32:
            yield int(raw)


def _numbers(point: PointSpec) -> Iterator[float]:
    """The sentinels of a float as the device can hold them; of whole numbers the bits suffice."""
    if point.is_float:
        for raw in point.sentinels:
            yield struct.unpack(">f", struct.pack(">f", raw))[0]


def _is_bits(points: Sequence[PointSpec]) -> bool:
    return bool(points) and points[0].table in BIT_TABLES


def _bits(first: int, points: Sequence[PointSpec]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    return _picker([point.address - first for point in points])


def _words(
    first: int, points: Sequence[PointSpec]
) -> Callable[[Sequence[int]], tuple[Number, ...]]:
    """One unpacker over the block; a second one only where fields overlap each other."""
    fields = sorted({_field(first, point) for point in points}, key=lambda f: (f.first, f.last))
    lanes: list[list[_Field]] = []
    for field in fields:
        for lane in lanes:
            if lane[-1].last < field.first:
                lane.append(field)
                break
        else:
            lanes.append([field])
    order = [field for lane in lanes for field in lane]
    picks = [order.index(_field(first, point)) for point in points]
    unpackers = [_unpacker(lane) for lane in lanes]
    if len(unpackers) == 1 and picks == list(range(len(order))):
        return unpackers[0]
    pick = _picker(picks)

    def decode_all(words: Sequence[int]) -> tuple[Number, ...]:
        raws: list[Number] = []
        for unpack in unpackers:
            raws += unpack(words)
        return pick(raws)  # type: ignore[arg-type]

    return decode_all


def _field(first: int, point: PointSpec) -> _Field:
    start = point.address - first
    return _Field(
        start,
        start + point.words - 1,
        _FORMATS[point.encoding],
        point.order is Order.LOW_FIRST,
    )


def _unpacker(lane: Sequence[_Field]) -> Callable[[Sequence[int]], tuple[Number, ...]]:
    places: list[int] = []
    layout = ">"
    for field in lane:
        places += range(field.first, field.last + 1)[:: -1 if field.swap else 1]
        layout += field.format
    pick = _picker(places)
    pack = struct.Struct(f">{len(places)}H").pack
    unpack = struct.Struct(layout).unpack

    def decode_lane(words: Sequence[int]) -> tuple[Number, ...]:
        return unpack(pack(*pick(words)))

    return decode_lane


def _picker(places: Sequence[int]) -> Pick:
    if len(places) == 1:
        only = places[0]
        return lambda words: (words[only],)
    return itemgetter(*places)


def _rule(point: PointSpec) -> Callable[[Number], Value | None] | None:
    """What is left to do after unpacking; None: the raw number is the value."""
    if point.encoding is Encoding.BIT:
        mask = 1 << (point.bit or 0)
        return lambda raw: bool(int(raw) & mask)
    if point.encoding is Encoding.BCD16:
        scaled = _scaling(point) or (lambda raw: raw)
        return lambda raw: None if (number := _bcd(int(raw))) is None else scaled(number)
    return _scaling(point)


def _scaling(point: PointSpec) -> Callable[[Number], Value] | None:
    scale, offset = point.scale, point.offset
    if (scale, offset) == (1.0, 0.0):
        return None
    divisor = round(1 / scale)
    if divisor and math.isclose(divisor * scale, 1.0, rel_tol=1e-12):
        return lambda raw: raw / divisor + offset  # 853 tenths are 85.3, not 85.30000000000001
    return lambda raw: raw * scale + offset


def _bcd(word: int) -> int | None:
    number = 0
    for shift in (12, 8, 4, 0):
        digit = word >> shift & 0xF
        if digit > 9:
            return None
        number = number * 10 + digit
    return number
