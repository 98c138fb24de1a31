"""Records one signal of a machine, as ``werkverbund learn`` needs it. Only reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta

from gateway.config import SiteConfig
from gateway.core.signals import SignalId
from gateway.flow.quality import Judge
from gateway.sources.opening import site_signals, sources_of


def signal_in_role(site: SiteConfig, machine: str, role: str) -> SignalId | None:
    """The signal that has a ``role`` at a machine, e.g. the sum of the power of its meter."""
    found = (signal.id for signal in site_signals(site)[machine] if signal.role == role)
    return next(found, None)


async def record(
    site: SiteConfig, machine: str, signal: SignalId, every: timedelta
) -> AsyncGenerator[tuple[float, float | None]]:
    """Seconds since the beginning, and the value; None where none came that can be trusted.

    Goes on until it is closed; a question that takes longer than ``every`` delays the next.
    """
    judge = Judge([one for one in site_signals(site)[machine] if one.id == signal])
    (source,) = (
        source
        for source in sources_of([one for one in site.machines if one.name == machine])
        if signal in source.signals
    )
    clock = asyncio.get_running_loop().time
    began = due = clock()
    try:
        while True:
            at, value = clock(), None
            for batch in await source.read((signal,)):
                for reading in judge.judge(batch, 0).readings():
                    if isinstance(reading.value, int | float):
                        value = float(reading.value)
            yield at - began, value
            due = max(due + every.total_seconds(), clock())
            await asyncio.sleep(due - clock())
    finally:
        await source.close()
