"""The clock of the simulated plant: stands, runs, or is held. Pure: real time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.clock import OrderTime


@dataclass(slots=True)
class PlantClock:
    """Order time in seconds. It never goes back, except when something is placed anew.

    ``time`` is None while nothing has been started; ``held`` is a moment that is being kept.
    """

    placed: float = 0.0
    lapse: int = 1
    time: OrderTime | None = None
    held: float | None = None
    _latest: float = 0.0

    def place(self, at: float) -> None:
        """Stand still at ``at``."""
        self.time = self.held = None
        self.placed = self._latest = at

    def start(self, began: datetime, at: float, lapse: int) -> None:
        """Run so that it was ``at`` when real time was ``began``."""
        self.time = OrderTime(began, timedelta(seconds=at), lapse)
        self.lapse, self.held = lapse, None

    def now(self, real: datetime) -> float:
        """The order time at real time ``real``."""
        if self.held is not None:
            return self.held
        if self.time is not None:
            self._latest = max(self._latest, self.time.order(real).total_seconds())
        return self._latest

    def runs(self, real: datetime) -> bool:
        """Whether the plant works: started, and the starting moment is not still to come.

        A held plant works too: its picture is kept, running machines included.
        """
        return self.time is not None and (self.held is not None or real >= self.time.began)

    def hold(self, real: datetime) -> None:
        """Keep the present moment."""
        self.held = self.now(real)

    def release(self, real: datetime) -> None:
        """Go on from the moment that was kept."""
        if self.held is not None and self.time is not None:
            self.time = OrderTime(real, timedelta(seconds=self.held), self.lapse)
        self.held = None

    def stop(self, real: datetime) -> None:
        """Stand still at the present moment."""
        self.place(self.now(real))
