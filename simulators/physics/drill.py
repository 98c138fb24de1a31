"""The bench drill on which the retrofit is shown in real time."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """What the machine does."""

    STANDING = "standing"
    LOADING = "loading"
    DRILLING = "drilling"


@dataclass(frozen=True, slots=True)
class Drill:
    """Durations in seconds, powers (of the whole machine) in watts.

    After ``batch`` holes it stands for ``pause`` seconds: chips are swept, parts are fetched.
    """

    loading: float = 6.0
    drilling: float = 12.0
    standby_power: float = 60.0
    loading_power: float = 180.0
    drilling_power: float = 550.0
    batch: int = 20
    pause: float = 40.0

    @property
    def run(self) -> float:
        """Duration of a run: loading, then the hole."""
        return self.loading + self.drilling

    @property
    def round(self) -> float:
        """Duration of a batch and its pause."""
        return self.batch * self.run + self.pause

    def runs(self, at: float) -> int:
        """How many holes are done ``at`` seconds after it began to work."""
        rounds, rest = divmod(at, self.round)
        return int(rounds) * self.batch + min(self.batch, int(rest // self.run))

    def phase(self, at: float) -> Phase:
        """What it does ``at`` seconds after it began to work."""
        rest = at % self.round
        if rest >= self.batch * self.run:
            return Phase.STANDING
        return Phase.LOADING if rest % self.run < self.loading else Phase.DRILLING

    def power(self, at: float) -> float:
        """Active power ``at`` seconds after it began to work."""
        return {
            Phase.STANDING: self.standby_power,
            Phase.LOADING: self.loading_power,
            Phase.DRILLING: self.drilling_power,
        }[self.phase(at)]

    def energy(self, at: float) -> float:
        """Energy in joules since it began to work."""
        per_run = self.loading * self.loading_power + self.drilling * self.drilling_power
        per_round = self.batch * per_run + self.pause * self.standby_power
        rounds, rest = divmod(at, self.round)
        working = min(rest, self.batch * self.run)
        runs, into = divmod(working, self.run)
        return (
            rounds * per_round
            + runs * per_run
            + min(into, self.loading) * self.loading_power
            + max(0.0, into - self.loading) * self.drilling_power
            + (rest - working) * self.standby_power
        )
