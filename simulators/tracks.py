"""What one order asks of each machine, and how a machine's whole part of it is looked up. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from simulators.physics.cycle import Cyclic
from simulators.physics.furnace import Furnace, Recipe, Stage

EPSILON = 1e-6
"""Seconds: moments that arithmetic has put this close together are the same."""


@dataclass(frozen=True, slots=True)
class Oven:
    """A furnace with its recipe."""

    furnace: Furnace
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class Need:
    """What one piece of a package takes from another package."""

    package: str
    per: int = 1


@dataclass(frozen=True, slots=True)
class Package:
    """A part of the order at one machine; ``stands_in_for`` marks a reserve's part."""

    id: str
    firm: str
    machine: str
    quantity: int
    lot: int
    needs: tuple[Need, ...] = ()
    stands_in_for: str | None = None
    free_from: float = 0.0


@dataclass(frozen=True, slots=True)
class Order:
    """The order as the plant plays it; seconds of order time. Packages stand after their needs."""

    start: float
    transport: float
    packages: tuple[Package, ...]
    machines: Mapping[str, Cyclic | Oven]
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Lot:
    """A transfer lot. ``number`` counts the lots of its package as they leave."""

    package: str
    number: int
    quantity: int
    departed: float
    arrives: float
    to: str | None


@dataclass(frozen=True, slots=True)
class Stretch:
    """Cycles without a break; ``first`` is the number of the first one in the order.

    ``good`` and ``rejected`` are the order's parts before the first cycle and after each one.
    """

    begin: float
    cycle: float
    first: int
    good: tuple[int, ...]
    rejected: tuple[int, ...]

    @property
    def cycles(self) -> int:
        """How many cycles it has."""
        return len(self.good) - 1

    @property
    def end(self) -> float:
        """When the last cycle is over."""
        return self.begin + self.cycles * self.cycle


@dataclass(frozen=True, slots=True)
class Charge:
    """One load of the furnace."""

    begin: float
    end: float
    quantity: int


@dataclass(frozen=True, slots=True)
class Done:
    """What a machine has done of the order; ``began`` is when its present run began."""

    runs: int = 0
    good: int = 0
    rejected: int = 0
    began: float | None = None


@dataclass(frozen=True, slots=True)
class Cycles:
    """The whole order at a machine that repeats a cycle."""

    stretches: tuple[Stretch, ...] = ()

    def stretch(self, at: float) -> tuple[Stretch, int] | None:
        """The last stretch that had begun, and how many of its cycles were finished."""
        index = bisect_right(self.stretches, at + EPSILON, key=lambda s: s.begin) - 1
        if index < 0:
            return None
        stretch = self.stretches[index]
        finished = int((at - stretch.begin + EPSILON) // stretch.cycle)
        return stretch, min(finished, stretch.cycles)

    def done(self, at: float) -> Done:
        """What was finished at ``at``."""
        found = self.stretch(at)
        if found is None:
            return Done()
        stretch, finished = found
        return Done(
            stretch.first + finished,
            stretch.good[finished],
            stretch.rejected[finished],
            stretch.begin + finished * stretch.cycle if finished < stretch.cycles else None,
        )

    def whole(self, at: float) -> bool:  # noqa: ARG002 - nothing of it breaks
        """Whether every part of the machine works."""
        return True


@dataclass(frozen=True, slots=True)
class Charges:
    """The whole order at a furnace: its charges, and every stage from the start on."""

    charges: tuple[Charge, ...]
    stages: tuple[Stage, ...]

    def stage(self, at: float) -> int:
        """Which stage runs at ``at``."""
        return max(0, bisect_right(self.stages, at + EPSILON, key=lambda s: s.begin) - 1)

    def done(self, at: float) -> Done:
        """What was finished at ``at``."""
        over = [charge for charge in self.charges if charge.end <= at + EPSILON]
        begun = [charge for charge in self.charges if charge.begin <= at + EPSILON]
        good = sum(charge.quantity for charge in over)
        return Done(len(over), good, 0, begun[-1].begin if len(begun) > len(over) else None)

    def whole(self, at: float) -> bool:
        """Whether every heating element works."""
        return all(self.stages[self.stage(at)].alive)


Track = Cycles | Charges
