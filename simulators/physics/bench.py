"""The assembly bench: sets that are joined, measured and packed; rejects are reworked."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.physics.chance import uniform
from simulators.physics.cycle import Outcome


@dataclass(frozen=True, slots=True)
class Bench:
    """Duration of a set in seconds, rework included; ``rework`` is the share that needs it."""

    cycle: float = 45.0
    rework: float = 0.01

    def outcome(self, seed: int, number: int, since_stop: int) -> Outcome:  # noqa: ARG002
        """Every set is good in the end; one that was reworked was rejected once before."""
        return Outcome(1, int(uniform(seed, "bench", number) < self.rework))
