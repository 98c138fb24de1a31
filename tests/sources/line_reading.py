"""What the tests of the source share: a hand-moved clock, units, and views of batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core.batches import Clock
from gateway.flow.moment import Moment
from gateway.sources.device import Unit
from tests.sources.plain_templates import words_template

WITHIN = 0.15


class HandClock:
    """Monotonic time that only moves when told to, so that backoffs can be crossed at will."""

    def __init__(self):
        self.mono = 100.0

    def __call__(self):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.mono)
        return Moment(at, self.mono, Clock.SYNCED)


def unit(number, *addresses, machine=None, within=WITHIN, **more):
    template = words_template(*(addresses or (0, 1, 2)), **more)
    return Unit(machine or f"m{number}", number, template, within)


def faults_of(batches):
    return {
        signal: batch.faults[i] if batch.faults else None
        for batch in batches
        for i, signal in enumerate(batch.signals)
    }


def values_of(batches):
    return {s: v for batch in batches for s, v in zip(batch.signals, batch.values, strict=True)}
