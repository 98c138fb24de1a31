"""The milling machine of 1987: what its meter sees while it loads, cuts and stands.

A run begins with loading (clamping the next blades, the spindle keeps turning) and ends with the
last cut, so that a run is finished exactly when the cutting power falls away.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from simulators.physics.cycle import Outcome


class Phase(StrEnum):
    """What the machine does."""

    STANDING = "standing"
    LOADING = "loading"
    CUTTING = "cutting"


@dataclass(frozen=True, slots=True)
class Mill:
    """Durations in seconds, powers in watts.

    ``wear`` is how much more the cut draws after each run; ``tool_life`` and ``tool_age`` are
    runs. At switch-on the spindle draws ``inrush`` times its power for ``inrush_time``.
    """

    loading: float = 60.0
    cutting: float = 132.0
    pieces: int = 12
    base: float = 400.0
    spindle: float = 1100.0
    cut: float = 900.0
    wear: float = 0.0002
    tool_life: int = 750
    tool_age: int = 0
    inrush: float = 3.0
    inrush_time: float = 0.3

    @property
    def cycle(self) -> float:
        """Duration of a run."""
        return self.loading + self.cutting

    def outcome(self, seed: int, number: int, since_stop: int) -> Outcome:  # noqa: ARG002
        """Every run gives a fixture of good blades."""
        return Outcome(self.pieces)

    def phase(self, into: float | None) -> Phase:
        """What it does ``into`` seconds after a run began; None: it stands."""
        if into is None:
            return Phase.STANDING
        return Phase.LOADING if into < self.loading else Phase.CUTTING

    def worn(self, run: int) -> float:
        """By which share the cut of run number ``run`` (from 0) draws more than with a new tool."""
        return self.wear * ((self.tool_age + run) % self.tool_life)

    def power(self, run: int, into: float | None, turning: float) -> float:
        """Active power during run ``run``; ``turning``: seconds since the spindle started."""
        if into is None:
            return self.base
        spindle = self.spindle * (self.inrush if turning < self.inrush_time else 1.0)
        cutting = self.phase(into) is Phase.CUTTING
        return self.base + spindle + (self.cut * (1 + self.worn(run)) if cutting else 0.0)

    def energy(self, elapsed: float, first: int, runs: int, into: float | None) -> float:
        """Energy in joules over ``elapsed`` seconds that ended as described.

        Finished runs ``first`` up to ``first + runs``, all since one start of the spindle, then
        ``into`` seconds of the next one.
        """
        turning = runs * self.cycle + (into or 0.0)
        cut = max(0.0, (into or 0.0) - self.loading) * (1 + self.worn(first + runs))
        cut += self.cutting * sum(1 + self.worn(first + run) for run in range(runs))
        extra = (self.inrush - 1) * self.spindle * min(turning, self.inrush_time)
        return self.base * elapsed + self.spindle * turning + self.cut * cut + extra
