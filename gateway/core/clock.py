"""The two clocks: real time, and the plant hours of an order that is played in time lapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SOUND_FROM = datetime(2026, 1, 1, tzinfo=UTC)
"""No clock that is right has stood before: this program was written later."""


def to_ms(at: datetime) -> int:
    """Milliseconds since the Unix epoch, UTC: the form that files and messages carry."""
    return (at - EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """The UTC time of ``ms`` milliseconds since the Unix epoch."""
    return EPOCH + timedelta(milliseconds=ms)


@dataclass(frozen=True, slots=True)
class OrderTime:
    """Converts between real time and order time: the only seam between the two.

    Order time is a ``timedelta`` since day 1, 00:00 of the order. ``began`` is the real moment at
    which order time stood at ``at``; ``lapse`` says how many times faster it runs (1 in earnest).
    """

    began: datetime
    at: timedelta
    lapse: int

    def order(self, real: datetime) -> timedelta:
        """The order time at a real moment."""
        return self.at + (real - self.began) * self.lapse

    def real(self, order: timedelta) -> datetime:
        """The real moment of an order time."""
        return self.began + (order - self.at) / self.lapse

    def plant(self, real: timedelta) -> timedelta:
        """How much order time passes in a stretch of real time."""
        return real * self.lapse

    def wall(self, plant: timedelta) -> timedelta:
        """How much real time a stretch of order time takes."""
        return plant / self.lapse
