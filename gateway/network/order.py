"""A joint order and its work packages, as every firm of the order knows them.

Times are order time: a ``timedelta`` since day 1, 00:00 of the order (``gateway.core.clock``).
How an order is read from a person's file stands in ``files``, how it travels in ``document``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from gateway.core.clock import OrderTime
from gateway.core.text import Text

HORIZON = timedelta(days=36_500)
"""No time of an order is further away, before or behind: sums of such times are always times."""
MOST_LAPSE = 3600
"""No order runs faster than an hour in a second."""


class Level(StrEnum):
    """How much an agreement lets a partner see; the names sort from nothing to most."""

    L0 = "L0"  # nothing
    L1 = "L1"  # lamp and age
    L2 = "L2"  # progress and date
    L3 = "L3"  # quantities and lots
    L4 = "L4"  # inspection results of lots


@dataclass(frozen=True, slots=True)
class Need:
    """What one piece of a package takes from another: ``per`` pieces of ``package``.

    ``lots``      only these lots of the source come here (None: all)
    ``via``       the package whose firm gets the lots that left before ``accepted``; it sends
                  them on, which takes another transport
    """

    package: str
    per: int
    lots: tuple[int, ...] | None = None
    via: str | None = None
    accepted: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the plan promised for a package before anything happened.

    ``departures`` stand beside the package's lots. ``keeps`` is the latest end that does not move
    the order's planned end, ``due`` the latest end that still keeps the order's due time.
    """

    start: timedelta
    departures: tuple[timedelta, ...]
    keeps: timedelta
    due: timedelta

    @property
    def end(self) -> timedelta:
        """When the last lot was to leave."""
        return self.departures[-1]


@dataclass(frozen=True, slots=True)
class Opening:
    """What was done already when the order was opened in the middle; its counts are simulated.

    ``degraded``: its firm had reported that it is slower than planned; why, only the firm knows.
    """

    good: int = 0
    scrap: int = 0
    runs: int = 0
    departures: tuple[timedelta, ...] = ()
    run_began: timedelta | None = None
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """A transfer lot: its number within the package it was planned in, and its pieces."""

    number: int
    quantity: int


@dataclass(frozen=True, slots=True)
class WorkPackage:
    """One firm's part of a joint order.

    ``lot_time`` is order time for a lot of any size (a charge), ``piece_time`` for one piece;
    one of them is known to the firm itself and to the lead firm, none to anybody else.
    ``first_lot`` and ``part_of`` tell a package that took over lots of another.
    """

    id: str
    title: Text
    item: Text
    firm: str
    quantity: int
    lot: int
    weight: int
    needs: tuple[Need, ...] = ()
    lot_time: timedelta | None = None
    piece_time: timedelta | None = None
    earliest_start: timedelta | None = None
    numbers: tuple[int, ...] | None = None
    part_of: str | None = None
    baseline: Baseline | None = None
    opening: Opening | None = None

    def lots(self) -> tuple[Lot, ...]:
        """The transfer lots; the last one may be smaller."""
        return tuple(map(Lot, self.lot_numbers, self.sizes))

    @property
    def lot_numbers(self) -> Sequence[int]:
        """The numbers of the lots, in turn."""
        return self.numbers or range(1, -(-self.quantity // self.lot) + 1)

    @property
    def sizes(self) -> Sequence[int]:
        """The pieces of the lots, in turn."""
        whole = -(-self.quantity // self.lot) - 1
        return [self.lot] * whole + [self.quantity - self.lot * whole]

    def same_lots(self, other: WorkPackage) -> bool:
        """Whether ``other`` has the same lots, of the same sizes."""
        mine, theirs = (self.quantity, self.lot), (other.quantity, other.lot)
        return mine == theirs and tuple(self.lot_numbers) == tuple(other.lot_numbers)

    def time_for(self, pieces: int) -> timedelta | None:
        """How long the plan gives a lot of ``pieces``; None where it is not known here."""
        if self.lot_time is not None:
            return self.lot_time
        return None if self.piece_time is None else self.piece_time * pieces

    @property
    def per_piece(self) -> timedelta | None:
        """The planned order time for one piece."""
        return self.piece_time if self.lot_time is None else self.lot_time / self.lot


@dataclass(frozen=True, slots=True)
class Agreement:
    """What ``giver`` lets ``taker`` see."""

    giver: str
    taker: str
    level: Level


@dataclass(frozen=True, slots=True)
class Prepared:
    """A reserve that is ready to take lots of a package: earliest start and time for this one."""

    firm: str
    package: str
    earliest_start: timedelta
    lot_time: timedelta
    lots: tuple[int, ...] = ()


@dataclass(frozen=True)
class JointOrder:
    """An order that several firms work on together; ``version`` decides between two of them.

    ``ends`` names the lead firm's order before, which is over, or ends with this one.
    ``calendar_step`` is the precision of dates that rest on a firm's calendar.
    """

    id: str
    version: int
    item: Text
    quantity: int
    unit: Text
    lead: str
    start: timedelta
    due: timedelta
    transport: timedelta
    threshold: timedelta
    interval: timedelta
    stale: timedelta
    step: timedelta
    lapse: int
    packages: tuple[WorkPackage, ...]
    agreements: tuple[Agreement, ...]
    prepared: Prepared | None = None
    began: datetime | None = None
    at: timedelta | None = None
    planned_end: timedelta | None = None
    ends: str | None = None
    calendar_step: timedelta = timedelta(hours=12)

    @property
    def clock(self) -> OrderTime:
        """The order's clock; it exists from the moment the order is opened."""
        if self.began is None or self.at is None:
            raise ValueError(f"order {self.id} has not been opened")
        return OrderTime(self.began, self.at, self.lapse)

    def tellable(self, real: datetime) -> bool:
        """Whether its time can be told at a real moment; in lapse an order gets old quickly."""
        return abs(self.clock.order(real)) <= HORIZON

    def package(self, package: str) -> WorkPackage:
        """The package with this id; KeyError if there is none."""
        return self._packages[package]

    def of(self, firm: str) -> tuple[WorkPackage, ...]:
        """The packages of a firm."""
        return tuple(entry for entry in self.packages if entry.firm == firm)

    def firms(self) -> tuple[str, ...]:
        """Every firm with a part in the order, the lead firm included."""
        return tuple(dict.fromkeys((self.lead, *(entry.firm for entry in self.packages))))

    def told(self) -> tuple[str, ...]:
        """Who hears of the order besides its lead: firms with a part, and the prepared reserve."""
        asked = () if self.prepared is None else (self.prepared.firm,)
        firms = dict.fromkeys((*self.firms(), *asked))
        return tuple(firm for firm in firms if firm != self.lead)

    def sources(self, need: Need) -> tuple[WorkPackage, ...]:
        """The package that a need names, and those that took lots of it over."""
        return self._parts.get(need.package, ())

    def consumers(self, package: WorkPackage) -> tuple[WorkPackage, ...]:
        """The packages that lots of ``package`` go to."""
        asking = self._asking.get(package.id, ())
        if package.part_of is None:
            return asking
        names = {entry.id for entry in (*asking, *self._asking.get(package.part_of, ()))}
        return tuple(entry for entry in self.packages if entry.id in names)

    def in_turn(self) -> Iterator[WorkPackage]:
        """The packages, each after those it needs. Raises ValueError if they wait in a circle."""
        turn, waiting = self._turn()
        if waiting:
            names = ", ".join(entry.id for entry in waiting)
            raise ValueError(f"these packages wait for each other: {names}")
        yield from turn

    def in_circle(self) -> tuple[str, ...]:
        """The packages that wait for each other in a circle."""
        _, waiting = self._turn()
        while waiting:
            asked = {source.id for entry in waiting for source in _inputs(self, entry)}
            if all(entry.id in asked for entry in waiting):
                break
            waiting = [entry for entry in waiting if entry.id in asked]
        return tuple(entry.id for entry in waiting)

    def _turn(self) -> tuple[list[WorkPackage], list[WorkPackage]]:
        """The packages, each after those it needs, and those for which there is no such turn."""
        waits = {entry.id: [s.id for s in _inputs(self, entry)] for entry in self.packages}
        sorter, turn = TopologicalSorter(waits), dict[str, WorkPackage]()
        with suppress(CycleError):  # what is in no circle has its turn all the same
            sorter.prepare()
        place = {name: index for index, name in enumerate(self._packages)}
        while ready := sorted(sorter.get_ready(), key=place.__getitem__):
            turn |= {name: self._packages[name] for name in ready}
            sorter.done(*ready)
        return list(turn.values()), [entry for entry in self.packages if entry.id not in turn]

    @cached_property
    def _packages(self) -> Mapping[str, WorkPackage]:
        return {entry.id: entry for entry in self.packages}

    @cached_property
    def _parts(self) -> Mapping[str, tuple[WorkPackage, ...]]:
        """The packages that make what is named so: the one, and those that took lots of it."""
        found: dict[str, tuple[WorkPackage, ...]] = {}
        for entry in self.packages:
            for name in {entry.id, entry.part_of or entry.id}:
                found[name] = (*found.get(name, ()), entry)
        return found

    @cached_property
    def _asking(self) -> Mapping[str, tuple[WorkPackage, ...]]:
        """The packages that need what is named so."""
        found: dict[str, tuple[WorkPackage, ...]] = {}
        for entry in self.packages:
            for name in {need.package for need in entry.needs}:
                found[name] = (*found.get(name, ()), entry)
        return found

    def with_package(self, package: WorkPackage) -> JointOrder:
        """The same order with one package replaced."""
        changed = tuple(package if entry.id == package.id else entry for entry in self.packages)
        return replace(self, packages=changed)

    def level(self, giver: str, taker: str) -> Level:
        """What the invitation proposed for this pair; nothing where it said nothing."""
        return _level(self.agreements, giver, taker)


def _level(agreements: Sequence[Agreement], giver: str, taker: str) -> Level:
    for entry in agreements:
        if (entry.giver, entry.taker) == (giver, taker):
            return entry.level
    return Level.L0


def _inputs(order: JointOrder, package: WorkPackage) -> list[WorkPackage]:
    return [source for need in package.needs for source in order.sources(need)]


@dataclass(frozen=True, slots=True)
class Member:
    """A firm of the consortium: its public keys (base64url, as in a JWK) once it has shown them."""

    id: str
    name: str
    sign: str | None = None
    seal: str | None = None


@dataclass(frozen=True, slots=True)
class Consortium:
    """The firms that may work on orders together, who leads, and what they agreed to show.

    No order moves a firm to show more than its ``agreements`` say.
    """

    name: Text
    lead: str
    members: tuple[Member, ...]
    agreements: tuple[Agreement, ...] = ()

    def level(self, giver: str, taker: str) -> Level:
        """The most that ``giver`` shows ``taker``; nothing where nothing was agreed."""
        return _level(self.agreements, giver, taker)

    def member(self, firm: str) -> Member | None:
        """The firm with this id, or None for a stranger."""
        return next((entry for entry in self.members if entry.id == firm), None)

    def others(self, firm: str) -> Sequence[Member]:
        """Everyone but ``firm``."""
        return [entry for entry in self.members if entry.id != firm]
