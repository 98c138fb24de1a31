"""The injection moulding press of 1996: mould contact, shots and rejects."""

from __future__ import annotations

from dataclasses import dataclass

from simulators.physics.chance import uniform
from simulators.physics.cycle import Outcome


@dataclass(frozen=True, slots=True)
class Press:
    """Durations in seconds; ``rejects`` is the share of rejected parts.

    The first ``warm_up`` shots after a stop are scrap.
    """

    cycle: float = 32.0
    closed: float = 24.0
    cavities: int = 4
    rejects: float = 0.012
    warm_up: int = 10

    def outcome(self, seed: int, number: int, since_stop: int) -> Outcome:
        """What shot ``number`` gave."""
        if since_stop < self.warm_up:
            return Outcome(0, self.cavities)
        bad = sum(
            uniform(seed, "press", number, cavity) < self.rejects for cavity in range(self.cavities)
        )
        return Outcome(self.cavities - bad, bad)

    def mould_closed(self, into: float | None) -> bool:
        """Whether the mould is closed ``into`` seconds after the cycle began; None: it stands."""
        return into is not None and into < self.closed
