"""The read plan: points that are due become few block reads. Pure.

Inside a declared readable range points merge freely, across a boundary never. Without declared
ranges a hole of some addresses may be read along. What a device has refused is kept out. Points of
which something is derived come in one request wherever one can hold them: they are of one moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, pairwise

from gateway.machines.limits import Range
from gateway.machines.numbering import BIT_TABLES, Table
from gateway.machines.template import PointSpec, Template

LARGEST_HOLE = 16
"""Registers that may be read along between two points where nothing is declared."""

LARGEST_BIT_HOLE = 256

LONGER = 4
"""Steps by which a request may grow to have another length: registers, pairs, or bytes of bits."""

Place = tuple[Table, int]


@dataclass(frozen=True, slots=True)
class Learned:
    """What a device has refused so far.

    ``bad``   first addresses of points that it refuses even alone: always read alone, if at all
    ``cuts``  addresses at which a new block must begin, because the whole was refused and the
              parts were not
    ``most``  registers that it answers at once, where it is silent to more; None: not known
    """

    bad: frozenset[Place] = frozenset()
    cuts: frozenset[Place] = frozenset()
    most: int | None = None


NOTHING = Learned()


@dataclass(frozen=True, slots=True)
class Block:
    """One request: ``count`` registers (or bits) from ``first`` on, and the points in it."""

    table: Table
    first: int
    count: int
    points: tuple[PointSpec, ...] = field(hash=False)

    @property
    def last(self) -> int:
        """The last address that is read."""
        return self.first + self.count - 1

    @property
    def size(self) -> int:
        """The bytes that hold the answer's values: all by which an old answer may be told."""
        return (self.count + 7) // 8 if self.table in BIT_TABLES else 2 * self.count


def plan(
    points: Sequence[PointSpec], template: Template, learned: Learned = NOTHING
) -> tuple[Block, ...]:
    """The fewest blocks that this greedy walk finds; every point stands in exactly one."""
    ordered = sorted(points, key=lambda point: (point.table, point.begins, -point.ends))
    blocks: list[Block] = []
    for table, group in groupby(ordered, key=lambda point: point.table):
        limits = _Limits(template, table, learned)
        together = limits.together(tuple(group))
        blocks += (limits.block(_points(run)) for run in limits.runs(together))
    return tuple(blocks)


def halves(block: Block, template: Template) -> tuple[Block, ...]:
    """A refused block as two smaller requests (or more, where points overlap each other).

    What belongs together is torn only where a block holds nothing else.
    """
    limits = _Limits(template, block.table, NOTHING)
    pieces: Sequence[Piece] = limits.together(block.points)
    if len(pieces) == 1:
        pieces = block.points
    middle = len(pieces) // 2
    sides = (pieces[:middle], pieces[middle:])
    return tuple(limits.block(_points(run)) for side in sides for run in limits.runs(side))


def other_lengths(block: Block, template: Template) -> Iterator[tuple[Block, ...]]:
    """The same points in requests of other lengths: longer ones first, then two halves.

    Never is a value, or what belongs together, put together of two requests.
    """
    limits = _Limits(template, block.table, NOTHING)
    for more in range(1, LONGER + 1):
        yield from ((longer,) for longer in limits.longer(block, more))
    if len(limits.together(block.points)) > 1:
        parts = sorted(halves(block, template), key=lambda part: part.first)
        if all(one.last < next_.first for one, next_ in pairwise(parts)):
            yield tuple(parts)


def other_counts(block: Block) -> Iterator[Block]:
    """The same stretch and a little more, whatever the device says to that."""
    step = 8 if block.table in BIT_TABLES else 2
    for count in range(block.count + step, block.count + 9 * step, step):
        first = min(block.first, 65536 - count)
        yield Block(block.table, first, count, block.points)


@dataclass(frozen=True, slots=True)
class _Group:
    """Points that are read in one request."""

    begins: int
    ends: int
    points: tuple[PointSpec, ...]


Piece = PointSpec | _Group


def _group(points: Iterable[PointSpec]) -> _Group:
    found = tuple(points)
    return _Group(min(point.begins for point in found), max(point.ends for point in found), found)


def _points(pieces: Iterable[Piece]) -> tuple[PointSpec, ...]:
    """All points of the pieces, as they stand."""
    found: list[PointSpec] = []
    torn = False
    for piece in pieces:
        torn = torn or isinstance(piece, _Group)
        found += piece.points if isinstance(piece, _Group) else (piece,)
    if torn:
        found.sort(key=lambda point: (point.begins, -point.ends))
    return tuple(found)


class _Limits:
    """What one table of a device allows in one request."""

    def __init__(self, template: Template, table: Table, learned: Learned) -> None:
        rules = template.workarounds
        bits = table in BIT_TABLES
        self._table = table
        self._bits = bits
        self._even = rules.even_only and not bits
        self._most = rules.max_bits if bits else rules.max_registers
        if learned.most is not None and not bits:
            self._most = max(2 if self._even else 1, min(self._most, learned.most))
        if self._even:
            self._most -= self._most % 2
        self._ranges = template.reads(table)
        hole = LARGEST_BIT_HOLE if bits else LARGEST_HOLE
        self._hole = 0 if rules.no_gaps else 65536 if self._ranges else hole
        self._bad = _of(table, learned.bad)
        self._cuts = _of(table, learned.cuts)
        self._template = template

    def together(self, points: tuple[PointSpec, ...]) -> Sequence[Piece]:
        """The points, those that something is derived of as one piece where a request holds it."""
        group_of: dict[str, _Group] = {}
        there = {point.name: point for point in points} if self._template.derived else {}
        for derived in self._template.derived:
            parts = [there[part] for part in derived.parts if part in there]
            known = [group_of[part.name].points for part in parts if part.name in group_of]
            whole = {one.name: one for one in (*chain.from_iterable(known), *parts)}
            if len(whole) > 1 and self._fits(group := _group(whole.values())):
                group_of.update(dict.fromkeys(whole, group))
        if not group_of:
            return points
        pieces = {id(piece): piece for one in points for piece in (group_of.get(one.name, one),)}
        return sorted(pieces.values(), key=lambda piece: (piece.begins, -piece.ends))

    def _fits(self, group: _Group) -> bool:
        """Whether one request may hold a group; points that are not due bridge holes, too."""
        last = group.begins - 1
        for point in sorted(self._template.points, key=lambda point: point.begins):
            if point.table is not self._table or not (
                group.begins <= point.begins and point.ends <= group.ends
            ):
                continue
            if point.begins > last + 1 + self._hole:
                return False
            last = max(last, point.ends)
        return self._allows(group.begins, group.ends)

    def runs(self, points: Iterable[Piece]) -> Iterator[tuple[Piece, ...]]:
        """Neighbours that one request may read together."""
        run: list[Piece] = []
        last = -1
        for point in points:
            if run and not self._joins(run[0].begins, last, point):
                yield tuple(run)
                run = []
            last = max(last, point.ends) if run else point.ends
            run.append(point)
        if run:
            yield tuple(run)

    def _joins(self, first: int, last: int, point: Piece) -> bool:
        return point.begins <= last + 1 + self._hole and self._allows(first, max(last, point.ends))

    def _allows(self, first: int, end: int) -> bool:
        if end - first + 1 > self._most:
            return False
        if any(first <= bad <= end for bad in self._bad):
            return False
        if any(first < cut <= end for cut in self._cuts):
            return False
        return self._range(first) == self._range(end)

    def block(self, points: tuple[PointSpec, ...]) -> Block:
        """The request for a run, padded where the device takes even counts only."""
        first = points[0].begins
        last = max(point.ends for point in points)
        if self._even and (last - first) % 2 == 0:
            first, last = self._padded(first, last)
        return Block(self._table, first, last - first + 1, points)

    def longer(self, block: Block, steps: int) -> Iterator[Block]:
        """The block with some addresses read along behind it, or before it."""
        more = steps * (8 if self._bits else 2 if self._even else 1)
        for first, last in (
            (block.first, block.last + more),
            (block.first - more, block.last),
        ):
            inside = first >= 0 and last <= 65535 and last - first + 1 <= self._most
            if inside and self._hole and self._range(first) == self._range(last):
                yield Block(self._table, first, last - first + 1, block.points)

    def _padded(self, first: int, last: int) -> tuple[int, int]:
        area = self._range(first)
        lowest, highest = (area.first, area.last) if area else (0, 65535)
        if last < highest and (last + 1 not in self._bad or first == lowest):
            return first, last + 1
        return first - 1, last

    def _range(self, address: int) -> Range | None:
        for area in self._ranges:
            if area.first <= address <= area.last:
                return area
        return None


def _of(table: Table, places: Collection[Place]) -> tuple[int, ...]:
    return tuple(address for where, address in places if where is table)
