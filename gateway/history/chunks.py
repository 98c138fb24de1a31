"""Some minutes of one signal as few bytes. Pure.

A chunk holds times (milliseconds, never falling), numbers (none where there was no trustworthy
one), the qualities that are not good, and texts. Times and whole or decimal numbers are stored as
differences in the narrowest integer that holds them, other numbers as 4-byte floats where that
loses nothing, else as 8-byte floats; bytes of equal weight stand together; zlib does the rest.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import sub

import orjson

from gateway.core.signals import Quality, Value

NONE = math.nan
"""Stands in a chunk's numbers where there is no trustworthy number."""

_HEAD = struct.Struct("<BBIIId")  # form and decimals of the numbers, count, lengths, first number
_INTS = struct.Struct("<cqq")  # width, smallest difference, first
_CONSTANT, _DIVIDED, _MULTIPLIED, _FLOAT32, _FLOAT64 = range(5)
_MAX_DECIMALS = 3
_EXACT = 2.0**53
_LEVEL = 1


@dataclass(frozen=True, slots=True)
class Points:
    """The values of one signal over some time, in order.

    ``times`` and ``numbers`` stand beside each other; ``marks`` holds the qualities that are not
    good and ``texts`` the texts, both by index.
    """

    times: Sequence[int]
    numbers: Sequence[float]
    marks: Mapping[int, int] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)

    def sound(self) -> Points:
        """The same, with what is no number marked bad."""
        if all(map(math.isfinite, self.numbers)):
            return self
        bad = {
            index: int(Quality.BAD)
            for index, number in enumerate(self.numbers)
            if not math.isfinite(number) and index not in self.texts and index not in self.marks
        }
        finite = [number if math.isfinite(number) else NONE for number in self.numbers]
        return Points(self.times, finite, {**self.marks, **bad}, self.texts)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a stretch of values comes to.

    ``first`` and ``final`` are the times of its first and last entry; ``last`` is its last
    trustworthy value and ``last_at`` the time of that.
    """

    first: int
    final: int
    count: int
    worst: int
    low: float | None
    high: float | None
    last: Value | None
    last_at: int | None


def summary(points: Points, start: int, end: int) -> Summary:
    """The summary of entries ``start`` to ``end`` (exclusive, at least one) of sound points."""
    found = points.numbers[start:end]
    if math.isnan(sum(found)):
        found = [number for number in found if not math.isnan(number)]
    worst = 0
    if points.marks:
        worst = max((q for i, q in points.marks.items() if start <= i < end), default=0)
    last, last_at = _last(points, start, end)
    return Summary(
        points.times[start],
        points.times[end - 1],
        end - start,
        worst,
        min(found, default=None),
        max(found, default=None),
        last,
        last_at,
    )


def _last(points: Points, start: int, end: int) -> tuple[Value | None, int | None]:
    for index in range(end - 1, start - 1, -1):
        number = points.numbers[index]
        if not math.isnan(number):
            return number, points.times[index]
        text = points.texts.get(index)
        if text is not None:
            return text, points.times[index]
    return None, None


def encode(points: Points) -> bytes:
    """Sound points as bytes."""
    numbers = points.numbers
    holes: list[int] = []
    present = list(numbers)
    if math.isnan(sum(numbers)):
        holes = [index for index, number in enumerate(numbers) if math.isnan(number)]
        present = [number for number in numbers if not math.isnan(number)]
    form, decimals, body = _encode_numbers(present)
    extra = (
        orjson.dumps([holes, list(points.marks.items()), list(points.texts.items())])
        if holes or points.marks or points.texts
        else b""
    )
    times = _pack(list(points.times))
    first = present[0] if present else 0.0
    head = _HEAD.pack(form, decimals, len(numbers), len(times), len(body), first)
    return zlib.compress(b"".join((head, times, body, extra)), _LEVEL)


def decode(kept: bytes) -> Points:
    """The points of a chunk. Raises ValueError where the bytes are damaged."""
    try:
        raw = zlib.decompress(kept)
        form, decimals, count, times_length, body_length, first = _HEAD.unpack_from(raw)
        middle = _HEAD.size + times_length
        end = middle + body_length
        times = _unpack(raw[_HEAD.size : middle], count)
        holes, marks, texts = orjson.loads(raw[end:]) if end < len(raw) else ([], [], [])
        numbers = _decode_numbers(form, decimals, raw[middle:end], count - len(holes), first)
    except (zlib.error, struct.error, IndexError) as error:
        raise ValueError(f"a chunk is damaged: {error!r}") from error
    for index in holes:
        numbers.insert(index, NONE)
    return Points(times, numbers, dict(marks), dict(texts))


def _encode_numbers(numbers: list[float]) -> tuple[int, int, bytes]:
    if not numbers or all(number == numbers[0] for number in numbers):
        return _CONSTANT, 0, b""
    whole = _whole(numbers)
    if whole is not None:
        form, decimals, found = whole
        return form, decimals, _pack(found)
    narrow = _narrow(numbers)
    if narrow is not None:
        return _FLOAT32, 0, narrow
    return _FLOAT64, 0, _planes(struct.pack(f"<{len(numbers)}d", *numbers), 8)


def _decode_numbers(form: int, decimals: int, body: bytes, count: int, first: float) -> list[float]:
    if form == _CONSTANT:
        return [first] * count
    if form == _FLOAT32:
        return list(struct.unpack(f"<{count}f", _rows(body, 4)))
    if form == _FLOAT64:
        return list(struct.unpack(f"<{count}d", _rows(body, 8)))
    whole = _unpack(body, count)
    if form == _DIVIDED:
        divisor = 10.0**decimals
        return [number / divisor for number in whole]
    factor = 10.0**-decimals
    return [number * factor for number in whole]


def _whole(numbers: list[float]) -> tuple[int, int, list[int]] | None:
    """The numbers as integers with few decimals, where that gives back exactly the same."""
    if max(map(abs, numbers)) * 10.0**_MAX_DECIMALS >= _EXACT:
        return None
    for decimals in range(_MAX_DECIMALS + 1):
        factor = 10.0**decimals
        if not _fits(numbers[:4], factor):
            continue
        found = list(map(round, map(factor.__mul__, numbers)))
        if list(map(factor.__rtruediv__, found)) == numbers:
            return _DIVIDED, decimals, found
        step = 10.0**-decimals
        if [number * step for number in found] == numbers:
            return _MULTIPLIED, decimals, found
    return None


def _fits(numbers: list[float], factor: float) -> bool:
    return all(
        math.isclose(round(number * factor) / factor, number, rel_tol=1e-12) for number in numbers
    )


def _narrow(numbers: list[float]) -> bytes | None:
    """The numbers as 4-byte floats, where that gives back exactly the same."""
    form = f"<{len(numbers)}f"
    try:
        packed = struct.pack(form, *numbers)
    except OverflowError:
        return None
    if list(struct.unpack(form, packed)) != numbers:
        return None
    return _planes(packed, 4)


_WIDTHS = ((0, b"-"), (2**8, b"B"), (2**16, b"H"), (2**32, b"I"), (2**64, b"Q"))
_SIZES = {b"B": 1, b"H": 2, b"I": 4, b"Q": 8}


def _pack(whole: list[int]) -> bytes:
    """Integers (at least one) as their first and the narrowest differences."""
    steps = list(map(sub, whole[1:], whole))
    least = min(steps, default=0)
    spread = max(steps, default=0) - least
    if spread == 0:
        return _INTS.pack(b"-", least, whole[0])
    width = next(code for limit, code in _WIDTHS if spread < limit)
    if least:
        steps = [step - least for step in steps]
    packed = struct.pack(f"<{len(steps)}{width.decode()}", *steps)
    return _INTS.pack(width, least, whole[0]) + _planes(packed, _SIZES[width])


def _unpack(kept: bytes, count: int) -> list[int]:
    width, least, first = _INTS.unpack_from(kept)
    if width == b"-":
        return [first + least * index for index in range(count)]
    body = _rows(kept[_INTS.size :], _SIZES[width])
    steps = struct.unpack(f"<{count - 1}{width.decode()}", body)
    return list(accumulate((step + least for step in steps), initial=first))


def _planes(packed: bytes, width: int) -> bytes:
    """All first bytes, then all second bytes, ...: alike stands beside alike."""
    return packed if width == 1 else b"".join(packed[plane::width] for plane in range(width))


def _rows(planes: bytes, width: int) -> bytes:
    if width == 1:
        return planes
    count = len(planes) // width
    rows = bytearray(len(planes))
    for plane in range(width):
        rows[plane::width] = planes[plane * count : (plane + 1) * count]
    return bytes(rows)
