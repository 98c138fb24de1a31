"""Looks at some points of one machine again and again, as learning needs it. Only reads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from gateway.config import Machine
from gateway.core.signals import Signal
from gateway.flow.quality import Judge
from gateway.machines import catalog
from gateway.machines.signals import signals
from gateway.machines.template import Template
from gateway.sources.device import Unit
from gateway.sources.line.base import ModbusConnect
from gateway.sources.opening import sources_of
from gateway.sources.source import ModbusSource

Look = tuple[float, dict[str, float | None]]
"""Seconds since the beginning, and each role's value; None where none came that can be trusted."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The points that are looked at, one of each role, and the sources that ask for them."""

    sources: Sequence[ModbusSource]
    signals: Sequence[Signal]

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles that there are."""
        return tuple(signal.role for signal in self.signals if signal.role is not None)


def of_machine(machine: Machine, roles: Collection[str]) -> Watched:
    """The points of a machine of a firm's file that have one of ``roles``."""
    every = [
        signal
        for device in machine.devices
        for signal in signals(machine.name, catalog.of(device), device.every)
    ]
    wanted = _first_of_each(every, roles)
    names = {signal.id for signal in wanted}
    asking = [one for one in sources_of([machine]) if not names.isdisjoint(one.signals)]
    return Watched(asking, wanted)


def of_device(connect: ModbusConnect, template: Template, roles: Collection[str]) -> Watched:
    """The same of a device that is in no file yet."""
    name = template.template
    wanted = _first_of_each(signals(name, template, timedelta(seconds=1)), roles)
    return Watched([ModbusSource([Unit(name, connect, template)])], wanted)


def _first_of_each(every: Sequence[Signal], roles: Collection[str]) -> list[Signal]:
    found: dict[str, Signal] = {}
    for signal in every:
        if signal.role is not None and signal.role in roles:
            found.setdefault(signal.role, signal)
    return [found[role] for role in roles if role in found]


async def record(watched: Watched, every: float) -> AsyncGenerator[Look]:
    """Look every so many seconds, until it is closed; a slow answer delays the next question."""
    judge = Judge(watched.signals)
    asked = [
        (source, tuple(one.id for one in watched.signals if one.id in source.signals))
        for source in watched.sources
    ]
    roles = {signal.id: signal.role or "" for signal in watched.signals}
    clock = asyncio.get_running_loop().time
    began = due = clock()
    try:
        while True:
            at = clock()
            values: dict[str, float | None] = dict.fromkeys(roles.values())
            for source, names in asked:
                for batch in await source.read(names):
                    for reading in judge.judge(batch, 0).readings():
                        if isinstance(reading.value, int | float):
                            values[roles[reading.signal]] = float(reading.value)
            yield at - began, values
            due = max(due + every, clock())
            await asyncio.sleep(due - clock())
    finally:
        for source in watched.sources:
            await source.close()
