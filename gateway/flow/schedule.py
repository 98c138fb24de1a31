"""When which signals are due: a grid per rate on the monotonic clock. Pure.

A poll that comes too late is made at once and counted as late; those it has overtaken are skipped
and counted. Nothing is ever made up for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.core.signals import Signal, SignalId

TOLERANCE = 0.001
"""Seconds: ticks of two rates that meet are one poll, and a timer may be a little early."""

LATE = 0.1
"""The part of a period by which a poll may come late before it counts as late."""


@dataclass(frozen=True, slots=True)
class Due:
    """The signals of one poll, and what went wrong with its time."""

    signals: tuple[SignalId, ...]
    late: bool
    skipped: int


@dataclass(slots=True)
class _Rate:
    every: float
    signals: tuple[SignalId, ...]
    tick: int = 0


class Schedule:
    """The grid of all rates of one source, from ``start`` (monotonic seconds) on."""

    def __init__(self, signals: Iterable[Signal], start: float) -> None:
        rates: dict[float, list[SignalId]] = {}
        for signal in signals:
            rates.setdefault(signal.every, []).append(signal.id)
        self._start = start
        self._rates = [_Rate(every, tuple(rates[every])) for every in sorted(rates)]
        self._together: dict[int, tuple[SignalId, ...]] = {}

    @property
    def next(self) -> float:
        """When the next poll is due."""
        return self._start + min(rate.tick * rate.every for rate in self._rates)

    def take(self, now: float) -> Due:
        """What is due by ``now``; each tick is handed out once, or skipped."""
        elapsed = now - self._start + TOLERANCE
        late, skipped, which = False, 0, 0
        for index, rate in enumerate(self._rates):
            latest = int(elapsed // rate.every)
            if latest < rate.tick:
                continue
            which |= 1 << index
            skipped += latest - rate.tick
            late = late or elapsed - latest * rate.every > LATE * rate.every + TOLERANCE
            rate.tick = latest + 1
        return Due(self._signals(which), late, skipped)

    def _signals(self, which: int) -> tuple[SignalId, ...]:
        signals = self._together.get(which)
        if signals is None:
            signals = tuple(
                signal
                for index, rate in enumerate(self._rates)
                if which >> index & 1
                for signal in rate.signals
            )
            self._together[which] = signals
        return signals
