"""The CO₂ cutter of 2004: beam, door and finished programs."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.physics.chance import uniform
from simulators.physics.cycle import Outcome


@dataclass(frozen=True, slots=True)
class Laser:
    """Durations in seconds; ``rejects`` is the share of rejected trays.

    The beam burns for ``beam`` seconds, then the door stands open until the cycle ends.
    """

    cycle: float = 70.0
    beam: float = 58.0
    rejects: float = 0.008

    def outcome(self, seed: int, number: int, since_stop: int) -> Outcome:  # noqa: ARG002
        """What program ``number`` gave: one tray, good or not."""
        bad = uniform(seed, "laser", number) < self.rejects
        return Outcome(0, 1) if bad else Outcome(1)

    def beam_on(self, into: float | None) -> bool:
        """Whether it cuts ``into`` seconds after the cycle began; None: it stands."""
        return into is not None and into < self.beam

    def door_open(self, into: float | None) -> bool:
        """Whether the finished tray is being taken out."""
        return into is not None and into >= self.beam
