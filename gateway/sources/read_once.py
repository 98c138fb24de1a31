"""One look at one machine: what ``werkverbund read`` shows."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import SiteConfig
from gateway.core.batches import Reading
from gateway.core.ports import Words
from gateway.core.signals import Signal
from gateway.flow.quality import Judge
from gateway.sources.opening import site_signals, sources_of


@dataclass(frozen=True, slots=True)
class PointRead:
    """One point with its raw words (None: nothing came), value, unit and quality."""

    signal: Signal
    words: Words | None
    reading: Reading


async def read_once(site: SiteConfig, machine: str) -> tuple[PointRead, ...]:
    """Every point of a machine, read now, in the order of its templates.

    Raises KeyError where the site has no such machine. What does not answer is BAD, with its
    reason.
    """
    signals = {signal.id: signal for signal in site_signals(site)[machine]}
    judge = Judge(signals.values())
    found: dict[str, PointRead] = {}
    for source in sources_of([one for one in site.machines if one.name == machine]):
        try:
            for batch in await source.read(source.signals):
                for reading in judge.judge(batch, 0).readings():
                    signal = reading.signal
                    found[signal] = PointRead(signals[signal], source.words(signal), reading)
        finally:
            await source.close()
    return tuple(found[signal] for signal in signals)
