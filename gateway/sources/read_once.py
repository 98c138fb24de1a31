"""One look at one machine: what ``werkverbund read`` shows."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import SiteConfig
from gateway.core.batches import Batch, Reading
from gateway.core.ports import Words
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.flow.quality import Judge
from gateway.machines.template import PointSpec
from gateway.sources.line.base import Tap
from gateway.sources.opening import site_signals, units_of
from gateway.sources.source import ModbusSource


@dataclass(frozen=True, slots=True)
class PointRead:
    """One point with its raw words (None: nothing came), value, unit and quality.

    ``asked`` is function, address and the address as its template writes it; None: it is derived.
    ``max_registers`` is what the template of its device should say, where the device turned out to
    be silent to longer requests. ``point`` is None where it is derived.
    """

    signal: Signal
    words: Words | None
    reading: Reading
    max_registers: int | None = None
    asked: tuple[int, int, Text] | None = None
    point: PointSpec | None = None
    unit: int = 1


TRIES = 12
"""So often a device is asked at most that is silent to long requests."""


async def read_once(
    site: SiteConfig, machine: str, tap: Tap | None = None
) -> tuple[PointRead, ...]:
    """Every point of a machine, read now, in the order of its templates.

    ``tap`` is told of each question and answer. Raises KeyError where the site has no such
    machine. What does not answer is BAD, with its reason.
    """
    signals = {signal.id: signal for signal in site_signals(site)[machine]}
    judge = Judge(signals.values())
    found: dict[str, PointRead] = {}
    for units in units_of([one for one in site.machines if one.name == machine]):
        source = ModbusSource(units, tap=tap)
        try:
            for batch in await _read(source):
                for reading in judge.judge(batch, 0).readings():
                    signal = reading.signal
                    most = source.proposed_registers(signal)
                    words = source.words(signal)
                    unit, point = source.place(signal)
                    place = source.asked(signal)
                    found[signal] = PointRead(
                        signals[signal], words, reading, most, place, point, unit
                    )
        finally:
            await source.close()
    return tuple(found[signal] for signal in signals)


async def _read(source: ModbusSource) -> tuple[Batch, ...]:
    """What the devices say; who is silent is asked in other lengths until it is clear why."""
    for unit in source.units:
        unit.lengths.patience = 1
    batches = await source.read(source.signals)
    for _ in range(TRIES):
        if not any(unit.lengths.searching for unit in source.units):
            break
        source.wait_for_nobody()
        batches = await source.read(source.signals)
    return batches
