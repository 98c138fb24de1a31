"""What the tests of the source share: a hand-moved clock, units, and views of batches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.core.batches import Clock
from gateway.flow.moment import Moment
from gateway.sources.device import Unit
from gateway.sources.line.tcp import ModbusTcpConnect
from tests.sources.plain_templates import words_template

WITHIN = 0.15


class HandClock:
    """Monotonic time that only moves when told to, so that backoffs can be crossed at will."""

    def __init__(self):
        self.mono = 100.0

    def __call__(self):
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.mono)
        return Moment(at, self.mono, Clock.SYNCED)


def unit(number, *addresses, machine=None, within=WITHIN, how=None, **more):
    template = words_template(*(addresses or (0, 1, 2)), **more)
    connect = ModbusTcpConnect(
        host="127.0.0.1", unit=number, timeout=timedelta(seconds=within), **(how or {})
    )
    return Unit(machine or f"m{number}", connect, template)


def on(line, *units):
    """The units behind the port of ``line``."""
    for one in units:
        one.connect = one.connect.model_copy(update={"port": line.port})
    return units


def faults_of(batches):
    return {
        signal: batch.faults[i] if batch.faults else None
        for batch in batches
        for i, signal in enumerate(batch.signals)
    }


def values_of(batches):
    return {s: v for batch in batches for s, v in zip(batch.signals, batch.values, strict=True)}
