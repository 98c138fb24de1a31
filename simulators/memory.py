"""What simulated machines remember when their process dies: as real devices do.

Everything between two commands follows from the order and from time, so it is enough to write
down after each command how things stood: the clocks, the counters at that moment, and what has
been done to the plant.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

from pydantic import AwareDatetime, Field, ValidationError

from gateway.config import Strict
from simulators.faults import BurntElement, Reroute
from simulators.plant import Plant
from simulators.plant_clock import PlantClock

Counters = dict[str, dict[str, float]]
"""What each counter shows, by ``machine/unit`` and point."""


class ClockMemory(Strict):
    """A clock: the time in seconds that it showed, and how it goes on from there.

    ``began`` and ``from_s`` are the anchor of a running clock; without them it stood.
    """

    at_s: float
    began: AwareDatetime | None = None
    from_s: float = 0.0
    lapse: int = Field(default=1, ge=1)
    held: bool = False

    @classmethod
    def of(cls, clock: PlantClock, at: float) -> Self:
        """How ``clock`` goes, at its time ``at``."""
        if clock.time is None:
            return cls(at_s=at, lapse=clock.lapse)
        return cls(
            at_s=at,
            began=clock.time.began,
            from_s=clock.time.at.total_seconds(),
            lapse=clock.lapse,
            held=clock.held is not None,
        )

    def go_on(self, clock: PlantClock) -> None:
        """Let ``clock``, which was placed at ``at_s``, go on as it went."""
        if self.began is None:
            return
        clock.start(self.began, self.from_s, self.lapse)
        if self.held:
            clock.held = self.at_s


class BurntMemory(Strict):
    """An element that burns out, or has."""

    machine: str
    element: int = Field(ge=0, le=2)
    at_s: float


class RerouteMemory(Strict):
    """A lot that goes to the reserve."""

    package: str
    lot: int = Field(ge=1)
    to: str
    at_s: float


class Memory(Strict):
    """Everything that a plant needs to go on as if its process had not died."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    order: ClockMemory
    own: ClockMemory
    counters: Counters
    burnt: tuple[BurntMemory, ...] = ()
    reroutes: tuple[RerouteMemory, ...] = ()
    reserve_at_work: bool = False
    unplugged: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, plant: Plant, unplugged: tuple[tuple[str, int], ...]) -> Self:
        """What is to be remembered of ``plant`` now; ``unplugged`` are machines and units."""
        with plant.one_moment() as real:
            return cls(
                schema=1,
                order=ClockMemory.of(plant.clock, plant.clock.now(real)),
                own=ClockMemory.of(plant.own_clock, plant.own_clock.now(real)),
                counters={
                    f"{name}/{device.unit}": device.counters()
                    for name, machine in plant.machines.items()
                    for device in machine.devices
                },
                burnt=tuple(
                    BurntMemory(machine=f.machine, element=f.element, at_s=f.at)
                    for f in plant.interventions
                    if isinstance(f, BurntElement)
                ),
                reroutes=tuple(
                    RerouteMemory(package=r.package, lot=r.lot, to=r.to, at_s=r.at)
                    for r in plant.interventions
                    if isinstance(r, Reroute)
                ),
                reserve_at_work=plant.reserve_at_work,
                unplugged=unplugged,
            )

    def recall(self, plant: Plant) -> None:
        """Put ``plant``, just made, to where it was; its counters go on from what they showed.

        What the plant does not know (its file may have changed) is left out.
        """
        plant.clock.place(self.order.at_s)
        plant.own_clock.place(self.own.at_s)
        plant.intervene(
            (
                *(BurntElement(f.machine, f.element, f.at_s) for f in self.burnt),
                *(Reroute(r.package, r.lot, r.to, r.at_s) for r in self.reroutes),
            )
        )
        plant.reserve_at_work = self.reserve_at_work
        for name, machine in plant.machines.items():
            for device in machine.devices:
                device.go_on_from(self.counters.get(f"{name}/{device.unit}", {}))
        self.order.go_on(plant.clock)
        if self.own.began is None:
            plant.own_clock.start(plant.now(), self.own.at_s, 1)
        self.own.go_on(plant.own_clock)


def load(file: Path) -> Memory | None:
    """What was remembered; None at the first start, and where the file says nothing sensible."""
    try:
        return Memory.model_validate_json(file.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def save(file: Path, memory: Memory) -> None:
    """Write it so that a death at any instant leaves the old memory or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(".new")
    with fresh.open("wb") as draft:
        draft.write(memory.model_dump_json(by_alias=True).encode())
        draft.flush()
        os.fsync(draft.fileno())
    fresh.replace(file)
