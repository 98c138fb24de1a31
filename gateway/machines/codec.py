"""Registers to values and back: compiled once per block, then one ``struct`` call per answer.

Pure. A float that is not a number is a fault, never a value; a sentinel is a fault of its own.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, MutableSequence, Sequence
from dataclasses import dataclass
from operator import itemgetter

from gateway.core.signals import Fault, Reason, Value
from gateway.machines.encodings import Encoding, Number, no_values, pack
from gateway.machines.point import BIT_TABLES, Order, Point

UNDECODABLE = Fault(Reason.UNDECODABLE)
SENTINEL = Fault(Reason.SENTINEL)

Decoded = tuple[tuple[Value | None, ...], tuple[Fault | None, ...] | None]
"""Values beside the points, and faults beside them (None as a whole: nothing failed)."""

Pick = Callable[[Sequence[int]], tuple[int, ...]]


def decode(point: Point, words: Sequence[int]) -> tuple[Value | None, Fault | None]:
    """The value of a single point from its own words."""
    values, faults = Layout(point.address, len(words), (point,)).decode(words)
    return values[0], None if faults is None else faults[0]


def encode(point: Point, value: Value) -> tuple[int, ...]:
    """The words (or the one table bit) that hold ``value``; for a bit of a register, its mask.

    Raises ValueError where the encoding cannot hold the value, TypeError for text.
    """
    if isinstance(value, str):
        raise TypeError(f"{point.name}: registers hold no text")
    if point.encoding is Encoding.BIT:
        return (int(bool(value)) << (point.bit or 0),)
    try:
        packed = pack(point.encoding, (value - point.offset) / point.scale)
    except ValueError as cause:
        raise ValueError(f"{point.name}: {cause}") from cause
    words = struct.unpack(f">{len(packed) // 2}H", packed)
    return words[::-1] if point.order is Order.LOW_FIRST else words


def place(words: MutableSequence[int], first: int, point: Point, value: Value) -> None:
    """Write ``value`` into a table that begins at ``first``; other bits stay as they are."""
    at = point.address - first
    encoded = encode(point, value)
    if point.encoding is Encoding.BIT and point.bit is not None:
        words[at] = (words[at] & ~(1 << point.bit)) | encoded[0]
    else:
        words[at : at + len(encoded)] = encoded


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

    def __init__(self, first: int, count: int, points: Sequence[Point]) -> None:
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
            (index, *no_values(point.encoding, point.sentinels))
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
        for index, meant, bits in self._sentinels:
            if raws[index] in meant or (bits and self._pattern(index, words) in bits):
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


def _is_bits(points: Sequence[Point]) -> bool:
    return bool(points) and points[0].table in BIT_TABLES


def _bits(first: int, points: Sequence[Point]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    return _picker([point.address - first for point in points])


def _words(first: int, points: Sequence[Point]) -> Callable[[Sequence[int]], tuple[Number, ...]]:
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


def _field(first: int, point: Point) -> _Field:
    start = point.address - first
    return _Field(
        start,
        start + point.words - 1,
        point.encoding.row.layout,
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


def _rule(point: Point) -> Callable[[Number], Value | None] | None:
    """What is left to do after unpacking; None: the raw number is the value."""
    if point.encoding is Encoding.BIT:
        mask = 1 << (point.bit or 0)
        return lambda raw: bool(int(raw) & mask)
    decode, scaled = point.encoding.row.decode, _scaling(point)
    if decode is None or scaled is None:
        return decode or scaled
    return lambda raw: None if (number := decode(raw)) is None else scaled(number)


def _scaling(point: Point) -> Callable[[Number], Value] | None:
    scale, offset = point.scale, point.offset
    if (scale, offset) == (1.0, 0.0):
        return None
    divisor = round(1 / scale)
    if divisor and math.isclose(divisor * scale, 1.0, rel_tol=1e-12):
        return lambda raw: raw / divisor + offset  # 853 tenths are 85.3, not 85.30000000000001
    return lambda raw: raw * scale + offset
