"""Faults: what goes wrong, how often, and at which unit. Pure; chance follows a seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulators.modbus.pdu import Asked, Shows
from simulators.modbus.script import GOOD, WELL, Fate, Manners, Script
from simulators.physics.chance import uniform

Change = Callable[[Fate, Asked], Fate]


@dataclass(frozen=True, slots=True)
class When:
    """Which requests it hits: a share of them, every so many-th, or from one to another."""

    share: float = 1.0
    every: int = 1
    first: int = 1
    last: int | None = None
    unit: int | None = None

    def hits(self, number: int, chance: float) -> bool:
        """Whether it hits request ``number`` of those that it looks at."""
        if number < self.first or (self.last is not None and number > self.last):
            return False
        return number % self.every == 0 and chance < self.share


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a request: ``does`` changes what becomes of the answer.

    ``lasts`` is the duration of a restart, which goes on after the request that began it.
    """

    when: When
    does: Change
    lasts: float = 0.0


@dataclass(frozen=True, slots=True)
class Faults:
    """Everything that goes wrong at a device or on a line."""

    faults: tuple[Fault, ...] = ()
    manners: Manners = GOOD
    gateway: Mapping[str, Any] = field(default_factory=dict)
    """Settings of a gateway in front of the line."""

    def script(self, seed: int = 17) -> Script:
        """A script that does the same each time it is begun anew with this seed."""
        return _Played(self.faults, seed)


@dataclass(slots=True)
class _Played:
    faults: tuple[Fault, ...]
    seed: int
    met: list[int] = field(default_factory=list)
    restarted: dict[tuple[int, int], float] = field(default_factory=dict)

    def __call__(self, asked: Asked) -> Fate:
        fate = WELL
        self.met = self.met or [0] * len(self.faults)
        for index, fault in enumerate(self.faults):
            if fault.when.unit not in (None, asked.unit):
                continue
            self.met[index] += 1
            hit = fault.when.hits(self.met[index], uniform(self.seed, index, self.met[index]))
            if fault.lasts:
                fate = self._restart(index, fault, asked, fate, hit=hit)
            elif hit:
                fate = fault.does(fate, asked)
        return fate

    def _restart(self, index: int, fault: Fault, asked: Asked, fate: Fate, *, hit: bool) -> Fate:
        """Cut off at first, then silent, then without values for as long."""
        began = self.restarted.get((index, asked.unit))
        since = float("inf") if began is None else asked.at - began
        if since < fault.lasts:
            return replace(fate, lost=True)
        if since < 2 * fault.lasts:
            return replace(fate, shows=Shows.SENTINELS)
        if not hit:
            return fate
        self.restarted[index, asked.unit] = asked.at
        return fault.does(fate, asked)
