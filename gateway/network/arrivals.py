"""The lots that reach a package, in order of arrival. Pure, and linear in their number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate

from gateway.network.order import JointOrder, Need, WorkPackage

Departures = Mapping[str, Mapping[int, timedelta]]
"""When each lot leaves, by package and lot number."""
_Lot = tuple[timedelta, str, int, int, timedelta, int]
"""Arrival, package, number, place, departure, pieces: lots that arrive at once go by name."""


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The lots on their way to one consumer for one need, the first to arrive first.

    The columns stand beside each other: ``sources`` and ``places`` name a lot by its package and
    its place in it, ``departs`` and ``times`` are when it leaves and arrives, ``through`` is how
    many pieces have arrived with it. One piece of the consumer takes ``per`` of them.
    """

    package: str
    per: int
    sources: Sequence[str] = ()
    places: Sequence[int] = ()
    departs: Sequence[timedelta] = ()
    times: Sequence[timedelta] = ()
    through: Sequence[int] = ()

    def pieces_by(self, now: timedelta) -> int:
        """How many pieces have arrived by ``now``."""
        arrived = bisect_right(self.times, now)
        return self.through[arrived - 1] if arrived else 0

    def after(self, now: timedelta) -> timedelta | None:
        """When the next lot arrives after ``now``, None after the last one."""
        arrived = bisect_right(self.times, now)
        return self.times[arrived] if arrived < len(self.times) else None


def arrivals(order: JointOrder, consumer: WorkPackage, need: Need, leaving: Departures) -> Arrivals:
    """The lots that reach ``consumer`` for one need, as far as ``leaving`` knows them."""
    in_turn = _in_turn(order, consumer, need, leaving)
    if in_turn is not None:
        return in_turn
    found: list[_Lot] = []
    for source in order.sources(need):
        lots = _leaving(source, need, leaving.get(source.id, {}))
        way = order.transport if source.firm != consumer.firm else timedelta()
        if need.via is None or need.accepted is None:
            found += [(lot[3] + way, *lot) for lot in lots]
        else:
            found += [(_sent_on(order, need.accepted, lot[3], way), *lot) for lot in lots]
    if not found:
        return Arrivals(need.package, need.per)
    found.sort()
    times, sources, _, places, departs, pieces = zip(*found, strict=True)
    return Arrivals(
        need.package, need.per, sources, places, departs, times, tuple(accumulate(pieces))
    )


def _in_turn(
    order: JointOrder, consumer: WorkPackage, need: Need, leaving: Departures
) -> Arrivals | None:
    """The same where all lots of one package come in their turn: nearly always, and quicker."""
    source, *others = order.sources(need)
    if others or need.lots is not None or need.via is not None:
        return None
    numbers, leaves = source.lot_numbers, leaving.get(source.id, {})
    departs = [leaves[number] for number in numbers if number in leaves]
    way = order.transport if source.firm != consumer.firm else timedelta()
    times = [left + way for left in departs]
    if len(times) != len(numbers) or times != sorted(times) or list(numbers) != sorted(numbers):
        return None
    through, sources = tuple(accumulate(source.sizes)), [source.id] * len(times)
    return Arrivals(need.package, need.per, sources, range(len(times)), departs, times, through)


def _leaving(
    source: WorkPackage, need: Need, leaves: Mapping[int, timedelta]
) -> list[tuple[str, int, int, timedelta, int]]:
    """Package, number, place, departure and pieces of each lot that leaves for this need."""
    name = source.id
    lots = [
        (name, number, place, leaves[number], pieces)
        for place, (number, pieces) in enumerate(zip(source.lot_numbers, source.sizes, strict=True))
        if number in leaves
    ]
    if need.lots is None or name != need.package:
        return lots
    wanted = frozenset(need.lots)
    return [lot for lot in lots if lot[1] in wanted]


def _sent_on(order: JointOrder, accepted: timedelta, left: timedelta, way: timedelta) -> timedelta:
    """When a lot arrives where it was sent on from the firm that it had left for."""
    arrives = left + way
    return max(arrives, accepted) + order.transport if left <= accepted else arrives
