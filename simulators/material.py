"""The way of the material: which machine works on which lot when, for a whole order at once.

Pure. A timeline follows from the order, the seed and the interventions, so that any order time
can be looked up, in any steps; an intervention changes nothing before its own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from simulators.faults import BurntElement, Intervention, Reroute
from simulators.physics import furnace as heat
from simulators.physics.cycle import Cyclic
from simulators.physics.furnace import Stage
from simulators.tracks import (
    EPSILON,
    Charge,
    Charges,
    Cycles,
    Lot,
    Order,
    Oven,
    Package,
    Stretch,
    Track,
)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything that happens in an order: by machine, and the lots between the firms."""

    tracks: Mapping[str, Track]
    lots: tuple[Lot, ...]

    def departed(self, at: float) -> tuple[Lot, ...]:
        """The lots that have left by ``at``, in the order in which they left."""
        return tuple(lot for lot in self.lots if lot.departed <= at + EPSILON)

    def departures(self, package: str) -> tuple[Lot, ...]:
        """The lots of a package."""
        return tuple(lot for lot in self.lots if lot.package == package)


def timeline(order: Order, interventions: Sequence[Intervention] = ()) -> Timeline:
    """What happens in ``order`` with these interventions."""
    build = _Build(order, tuple(interventions))
    for package in order.packages:
        build.add(package)
    lots = sorted(build.lots, key=lambda lot: (lot.departed, lot.package, lot.number))
    return Timeline(build.tracks, tuple(lots))


@dataclass(frozen=True, slots=True)
class _Work:
    """Pieces of a package that may be begun at ``ready``."""

    ready: float
    quantity: int


@dataclass(slots=True)
class _Build:
    order: Order
    interventions: tuple[Intervention, ...]
    lots: list[Lot] = field(default_factory=list)
    tracks: dict[str, Track] = field(default_factory=dict)

    def add(self, package: Package) -> None:
        """Let a package's machine work on all that reaches it."""
        work = list(self._work(package))
        machine = self.order.machines[package.machine]
        if isinstance(machine, Oven):
            charges = self._charges(machine, package, work)
            self.tracks[package.machine] = charges
            self._send(package, [charge.end for charge in charges.charges])
        else:
            cycles = _cycles(machine, self.order.seed, work)
            self.tracks[package.machine] = cycles
            self._send(package, _full(cycles, package))

    def _work(self, package: Package) -> Iterator[_Work]:
        """The lots of a package in the order in which they can be begun."""
        if not package.needs:
            yield _Work(max(self.order.start, package.free_from), package.quantity)
            return
        arrivals = {need.package: self._arrivals(need.package, package) for need in package.needs}
        begun = 0
        while begun < package.quantity:
            quantity = min(package.lot, package.quantity - begun)
            begun += quantity
            ready = max(
                _arrival(arrivals[need.package], begun * need.per) for need in package.needs
            )
            if ready == inf:
                return
            yield _Work(max(ready, package.free_from), quantity)

    def _arrivals(self, source: str, package: Package) -> list[tuple[float, int]]:
        """When how many pieces of ``source`` (or of its reserve) reach the firm of ``package``."""
        own = {source} | {p.id for p in self.order.packages if p.stands_in_for == source}
        lots = [lot for lot in self.lots if lot.package in own and lot.to == package.firm]
        return sorted((lot.arrives, lot.quantity) for lot in lots)

    def _charges(self, oven: Oven, package: Package, work: Sequence[_Work]) -> Charges:
        """One charge for each lot, as soon as the lot is there and the furnace is free."""
        furnace = oven.furnace
        alive: heat.Elements = (True,) * 3
        free, temperature = self.order.start, furnace.ambient
        charges: list[Charge] = []
        stages: list[Stage] = []
        for lot in work:
            begin = max(lot.ready, free)
            if begin > free:
                waiting = heat.idle(furnace, free, begin, temperature, alive)
                temperature = heat.moment(furnace, waiting, begin).temperature
                stages.append(waiting)
            alive = self._alive(package.machine, begin)
            losses = self._losses(package.machine)
            stages += heat.charge(furnace, oven.recipe, begin, temperature, alive, losses=losses)
            alive = stages[-1].alive
            free = stages[-1].end
            charges.append(Charge(begin, free, lot.quantity))
            if free == inf:
                return Charges(tuple(charges), tuple(stages))
            temperature = heat.moment(furnace, stages[-1], free).temperature
        stages.append(heat.idle(furnace, free, inf, temperature, alive))
        return Charges(tuple(charges), tuple(stages))

    def _alive(self, machine: str, ramp: float) -> heat.Elements:
        """Which elements of a furnace still live in a ramp that begins at ``ramp``."""
        burnt = {
            fault.element
            for fault in self.interventions
            if isinstance(fault, BurntElement) and fault.machine == machine and fault.at <= ramp
        }
        return tuple(element not in burnt for element in range(3))

    def _losses(self, machine: str) -> list[tuple[float, heat.Elements]]:
        """From when on which elements of a furnace live, if it is heating then."""
        faults = sorted(
            fault.at
            for fault in self.interventions
            if isinstance(fault, BurntElement) and fault.machine == machine
        )
        return [(at, self._alive(machine, at)) for at in faults]

    def _send(self, package: Package, ends: Sequence[float]) -> None:
        """Each full lot leaves for the firm that needs it."""
        role = package.stands_in_for or package.id
        sent = 0
        for number, departed in enumerate(ends, start=1):
            quantity = min(package.lot, package.quantity - sent)
            sent += quantity
            if departed == inf:
                return
            to, arrives = self._way(role, number, departed)
            self.lots.append(Lot(package.id, number, quantity, departed, arrives, to))

    def _way(self, source: str, number: int, departed: float) -> tuple[str | None, float]:
        """Where lot ``number`` of ``source`` goes, and when it is there."""
        arrives = departed + self.order.transport
        for package in self.order.packages:
            if package.stands_in_for or not any(n.package == source for n in package.needs):
                continue
            for reroute in self.interventions:
                if not isinstance(reroute, Reroute):
                    continue
                if (reroute.package, reroute.lot) == (package.id, number):
                    late = reroute.at > departed + EPSILON
                    sent_on = max(arrives, reroute.at) + self.order.transport
                    return reroute.to, sent_on if late else arrives
            return package.firm, arrives
        return None, arrives


def _arrival(arrivals: Sequence[tuple[float, int]], pieces: int) -> float:
    """When ``pieces`` have arrived altogether; infinite if they never do."""
    arrived = 0
    for at, quantity in arrivals:
        arrived += quantity
        if arrived >= pieces:
            return at
    return inf


def _cycles(machine: Cyclic, seed: int, work: Sequence[_Work]) -> Cycles:
    """Cycle after cycle until each lot's good parts are made."""
    stretches: list[Stretch] = []
    number = since_stop = target = 0
    good, rejected, free = [0], [0], -inf
    for lot in work:
        target += lot.quantity
        begin = max(lot.ready, free)
        if begin > free + EPSILON:
            since_stop = 0
        first, good, rejected = number, good[-1:], rejected[-1:]
        while good[-1] < target:
            outcome = machine.outcome(seed, number, since_stop)
            good.append(good[-1] + outcome.good)
            rejected.append(rejected[-1] + outcome.rejected)
            number, since_stop = number + 1, since_stop + 1
        stretch = Stretch(begin, machine.cycle, first, tuple(good), tuple(rejected))
        if stretch.cycles:
            free = stretch.end
            stretches.append(stretch)
    return Cycles(tuple(stretches))


def _full(track: Cycles, package: Package) -> list[float]:
    """When each lot of a package is complete."""
    ends: list[float] = []
    for stretch in track.stretches:
        for index, good in enumerate(stretch.good):
            while (full := len(ends) * package.lot) < package.quantity and good >= min(
                package.quantity, full + package.lot
            ):
                ends.append(stretch.begin + index * stretch.cycle)
    return ends
