"""Registers to values and back: compiled once per block, then one ``struct`` call per answer.

Pure. A float that is not a number is a fault, never a value; a sentinel is a fault of its own. A
fault beside a value says that the value is there, and not to be trusted wholly.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, MutableSequence, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeVar

from gateway.core.signals import LARGEST_EXACT, Fault, Reason, Value
from gateway.machines.encodings import AS_IT_IS, Encoding, Number, Raw, Shape
from gateway.machines.numbering import BIT_TABLES
from gateway.machines.point import Point
from gateway.machines.raw_values import NAN, Sentinel, no_values, pack, read_text, sentinel_bytes

UNDECODABLE = Fault(Reason.UNDECODABLE)
SENTINEL = Fault(Reason.SENTINEL)
DOUBTFUL = Fault(Reason.OUT_OF_RANGE)

LARGEST_POWER = 10
"""The highest power of ten, up or down, that a scale factor in a register can be."""

Decoded = tuple[tuple[Value | None, ...], tuple[Fault | None, ...] | None]
"""Values beside the points, and faults beside them (None as a whole: nothing failed)."""

Pick = Callable[[Sequence[int]], tuple[int, ...]]


def decode(point: Point, words: Sequence[int]) -> tuple[Value | None, Fault | None]:
    """The value of a single point from its own words."""
    values, faults = Layout(point.begins, len(words), (point,)).decode(words)
    return values[0], None if faults is None else faults[0]


def encode(point: Point, value: Value, power: int = 0) -> tuple[int, ...]:
    """The words (or the one table bit) that hold ``value``; bits that are not its own are 0.

    ``power`` is the power of ten that its factor (``scale_from``) holds. Raises ValueError where
    the encoding cannot hold the value, TypeError for text where it is a number and the reverse.
    """
    if isinstance(value, str) != (point.encoding.shape is Shape.TEXT):
        raise TypeError(f"{point.name}: {point.encoding} does not hold {value!r}")
    if point.encoding is Encoding.BIT:
        return (int(bool(value)) << (point.bit or 0),)
    try:
        packed = pack(point.encoding, point.words, _raw(point, value, power))
    except (ValueError, OverflowError) as cause:
        raise ValueError(f"{point.name}: {cause}") from cause
    return _registers(point, packed)


def _registers(point: Point, packed: bytes) -> tuple[int, ...]:
    """The bytes of a value, highest first, as its registers are sent."""
    order = point.order
    ends = "<" if order is not None and order.low_byte_first else ">"
    words = struct.unpack(f"{ends}{point.words}H", packed)
    if order is None:
        return words
    places = order.places(point.words)
    return tuple(words[places.index(at)] for at in range(point.words))


def without_value(point: Point) -> tuple[int, ...]:
    """The words by which a device says that it has no value: its sentinel; 0 where it has none."""
    if not point.sentinels:
        return (0,) * point.words
    packed = sentinel_bytes(point.encoding, point.words, _sentinels(point)[0])
    return _registers(point, packed)


def _raw(point: Point, value: Value, power: int) -> Number | bytes:
    if isinstance(value, str):
        return value.encode(point.charset)
    if (point.scale, point.offset, power) != (1.0, 0.0, 0):
        value = (value - point.offset) / (point.scale * 10.0**power)
    if point.mask is None:
        return value
    raw = round(value) << point.shift
    if raw < 0 or raw & ~point.mask:
        raise ValueError(f"mask {point.mask} cannot hold {value}")
    return raw


def place(words: MutableSequence[int], first: int, point: Point, value: Value) -> None:
    """Write ``value`` into a table that begins at ``first``; other bits stay as they are."""
    at = point.address - first
    for offset, (word, own) in enumerate(zip(encode(point, value), own_bits(point), strict=True)):
        words[at + offset] = (words[at + offset] & ~own) | word


def own_bits(point: Point) -> tuple[int, ...]:
    """The bits of each of its registers that a point takes."""
    if point.bit is not None:
        return (1 << point.bit,)
    own = point.encoding.row.own
    if point.mask is None:
        return (own,) * point.words
    mask = point.mask << 8 if own == 0xFF00 else point.mask
    return _registers(point, mask.to_bytes(2 * point.words, "big"))


@dataclass(frozen=True, slots=True)
class _Field:
    """A stretch of registers that is unpacked once, however many points read it.

    ``places`` are the registers in the order of the value, highest word first.
    """

    first: int
    last: int
    layout: str
    places: tuple[int, ...]
    low_byte_first: bool


class Layout:
    """How one block of registers (or table bits) turns into the values of its points.

    Behind the points stand those that are read along because others are scaled by them.
    """

    __slots__ = (
        "_decode_all",
        "_factors",
        "_finish",
        "_first",
        "_listed",
        "_loses",
        "_nan",
        "_numbers",
        "_parts",
        "_rules",
        "_sentinels",
        "count",
        "points",
    )

    def __init__(self, first: int, count: int, points: Sequence[Point]) -> None:
        self.points = tuple(points)
        self.count = count
        self._first = first
        parts = self._parts = _with_factors(self.points)
        self._decode_all = _bits(first, parts) if _is_bits(parts) else _words(first, parts)
        self._numbers = _numbers(parts)
        self._nan = {index for index, part in enumerate(parts) if NAN in part.sentinels}
        self._sentinels = tuple(
            (index, part.mask, *no_values(part.encoding, part.words, _sentinels(part)))
            for index, part in enumerate(parts)
            if part.sentinels
        )
        self._rules = _each(parts, _rule)
        self._loses = _each(parts, _loses_digits_from)
        self._factors = tuple(_factors(parts))
        self._listed = _each(parts, lambda part: part.values)
        self._finish = bool(
            self._rules or self._factors or self._listed or len(parts) > len(self.points)
        )

    def decode(self, words: Sequence[int]) -> Decoded:
        """Values and faults beside ``points``. ``words`` is the whole block, as asked."""
        raws = self._decode_all(words)
        faults: dict[int, Fault] = {}
        if 0 in raws:
            raws = tuple(raw or abs(raw) for raw in raws)  # -0.0 would show as a negative number
        if not math.isfinite(sum(raws if self._numbers is None else self._numbers(raws))):
            faults = self._not_finite(raws)
        for index, mask, meant, bits in self._sentinels:
            raw = raws[index] if mask is None else raws[index] & mask
            if raw in meant or (bits and self._pattern(index, words) in bits):
                faults[index] = SENTINEL
        if not self._finish and not faults:
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
        if self._factors:
            self._scale(values, faults)
        if self._listed or self._loses:
            self._doubt(values, faults)
        count = len(self.points)
        if not faults:
            return tuple(values[:count]), None
        return tuple(values[:count]), tuple(map(faults.get, range(count)))

    def _not_finite(self, raws: Sequence[Raw]) -> dict[int, Fault]:
        return {
            index: SENTINEL if math.isnan(raw) and index in self._nan else UNDECODABLE
            for index, raw in enumerate(raws)
            if isinstance(raw, float) and not math.isfinite(raw)
        }

    def _scale(self, values: list[Value | None], faults: dict[int, Fault]) -> None:
        """By the power of ten that another point holds; where it has none there is no value."""
        for index, factor in self._factors:
            value, power = values[index], values[factor]
            if index in faults or not isinstance(value, int | float):
                continue
            if not isinstance(power, int) or abs(power) > LARGEST_POWER:
                values[index], faults[index] = None, faults.get(factor, UNDECODABLE)
                continue
            scaled = value * 10**power if power >= 0 else value / 10**-power
            if isinstance(value, int) and max(abs(value), abs(scaled)) > LARGEST_EXACT:
                scaled, faults[index] = float(scaled), DOUBTFUL
            values[index] = scaled

    def _doubt(self, values: Sequence[Value | None], faults: dict[int, Fault]) -> None:
        """Numbers that no list names, and those that have lost digits when they were scaled."""
        for index, listed in self._listed:
            if index not in faults and values[index] not in listed:
                faults[index] = DOUBTFUL
        for index, (limit, offset) in self._loses:
            value = values[index]
            if index not in faults and isinstance(value, float) and abs(value - offset) >= limit:
                faults[index] = DOUBTFUL

    def _pattern(self, index: int, words: Sequence[int]) -> int:
        """The bits of one point as an unsigned number, however they are meant."""
        field = _field(self._first, self._parts[index])
        pattern = 0
        for at in field.places:
            word = words[at]
            if field.low_byte_first:
                word = word >> 8 | (word & 0xFF) << 8
            pattern = pattern << 16 | word
        return pattern


_Found = TypeVar("_Found")


def _each(
    parts: Sequence[Point], find: Callable[[Point], _Found | None]
) -> tuple[tuple[int, _Found], ...]:
    """What is found for some of the parts, with their index."""
    found = ((index, find(part)) for index, part in enumerate(parts))
    return tuple((index, what) for index, what in found if what is not None)


def _factors(parts: Sequence[Point]) -> Iterator[tuple[int, int]]:
    """The points that are scaled by another, and where that stands."""
    where = {part.name: index for index, part in enumerate(parts)}
    for index, part in enumerate(parts):
        if part.factor is not None:
            yield index, where[part.factor.name]


def _with_factors(points: tuple[Point, ...]) -> tuple[Point, ...]:
    there = {point.name for point in points}
    more = {point.factor.name: point.factor for point in points if point.factor is not None}
    return points + tuple(factor for name, factor in more.items() if name not in there)


def _numbers(parts: Sequence[Point]) -> Callable[[Sequence[Raw]], tuple[Number, ...]] | None:
    """What picks the numbers out of the raw values; None: they all are numbers."""
    found = [index for index, part in enumerate(parts) if part.encoding.row.layout != "s"]
    if len(found) == len(parts):
        return None
    return _picker(found) if found else lambda _: ()


def _sentinels(part: Point) -> tuple[Sentinel, ...]:
    """The sentinels of a point where its bits stand; those of a mask are written as its values."""
    return tuple(one if isinstance(one, str) else one * 2**part.shift for one in part.sentinels)


def _is_bits(points: Sequence[Point]) -> bool:
    return bool(points) and points[0].table in BIT_TABLES


def _bits(first: int, points: Sequence[Point]) -> Callable[[Sequence[int]], tuple[int, ...]]:
    return _picker([point.address - first for point in points])


def _words(first: int, points: Sequence[Point]) -> Callable[[Sequence[int]], tuple[Raw, ...]]:
    """One unpacker over the block; a second one only where fields overlap each other."""
    fields = sorted({_field(first, point) for point in points}, key=lambda f: (f.first, f.last))
    lanes: list[list[_Field]] = []
    for field in fields:
        for lane in lanes:
            end = lane[-1]
            if end.last < field.first and end.low_byte_first == field.low_byte_first:
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

    def decode_all(words: Sequence[int]) -> tuple[Raw, ...]:
        raws: list[Raw] = []
        for unpack in unpackers:
            raws += unpack(words)
        return pick(raws)

    return decode_all


def _field(first: int, point: Point) -> _Field:
    start, order = point.address - first, point.order
    places = range(point.words) if order is None else order.places(point.words)
    return _Field(
        start,
        start + point.words - 1,
        point.encoding.layout(point.words),
        tuple(start + place for place in places),
        order is not None and order.low_byte_first,
    )


def _unpacker(lane: Sequence[_Field]) -> Callable[[Sequence[int]], tuple[Raw, ...]]:
    places = [place for field in lane for place in field.places]
    pick = _picker(places)
    pack_all = struct.Struct(f"{'<' if lane[0].low_byte_first else '>'}{len(places)}H").pack
    unpack_all = struct.Struct(">" + "".join(field.layout for field in lane)).unpack

    def decode_lane(words: Sequence[int]) -> tuple[Raw, ...]:
        return unpack_all(pack_all(*pick(words)))

    return decode_lane


def _picker(places: Sequence[int]) -> Pick:
    if len(places) == 1:
        only = places[0]
        return lambda words: (words[only],)
    return itemgetter(*places)


def _rule(point: Point) -> Callable[[Raw], Value | None] | None:
    """What is left to do after unpacking; None: the raw number is the value."""
    row = point.encoding.row
    if point.encoding is Encoding.BIT:
        mask = 1 << (point.bit or 0)
        return lambda raw: bool(int(raw) & mask)
    if row.shape is Shape.TEXT:
        return lambda raw: read_text(row.decode(raw), point.charset)
    scaled = _scaling(point)
    if row.decode is not AS_IT_IS:
        if scaled is None:
            return row.decode
        return lambda raw: None if (number := row.decode(raw)) is None else scaled(number)
    if point.mask is None:
        return scaled
    mask, shift, then = point.mask, point.shift, scaled or AS_IT_IS
    return lambda raw: then((raw & mask) >> shift)


def _scaling(point: Point) -> Callable[[Number], Value] | None:
    scale, offset = point.scale, point.offset
    if (scale, offset) == (1.0, 0.0):
        return None
    divisor = round(1 / scale)
    if divisor and math.isclose(divisor * scale, 1.0, rel_tol=1e-12):
        return lambda raw: raw / divisor + offset  # 853 tenths are 85.3, not 85.30000000000001
    return lambda raw: raw * scale + offset


def _loses_digits_from(point: Point) -> tuple[float, float] | None:
    """From where on, above its offset, a float cannot hold the digits of the registers."""
    holds = point.encoding.row.holds
    if holds is None or holds[-1] <= LARGEST_EXACT or _scaling(point) is None:
        return None
    return LARGEST_EXACT * min(1.0, abs(point.scale)), point.offset
