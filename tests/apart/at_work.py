"""A sink at work in a process of its own, and what it has noted."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from gateway.apart.answers import Handler
from gateway.apart.order import Order, order
from gateway.apart.runner import ApartRunner
from gateway.core.signals import Value
from gateway.flow.backoff import Backoff
from gateway.flow.bus import Bus
from tests.apart.sinks import NotesConfig
from tests.sinks.small_firm import SIGNALS, batch, firm


async def until(what: Callable[[], Any], seconds: float = 20.0) -> Any:
    """What ``what`` gives once it gives something."""
    async with asyncio.timeout(seconds):
        while not (found := what()):
            await asyncio.sleep(0.02)
        return found


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass
class AtWork:
    """``runner`` feeds the sink's process; what is published here goes there."""

    runner: ApartRunner
    bus: Bus
    folder: Path
    numbers: Any = field(default_factory=lambda: count(1))

    @property
    def pid(self) -> int:
        assert self.runner.process is not None
        return self.runner.process.pid

    def order_without(self, machine: str) -> Order:
        """The order of a firm in which this machine is gone."""
        site = firm(self.folder)
        left = tuple(one for one in site.machines if one.name != machine)
        signals = [one for one in SIGNALS if not one.id.startswith(f"{machine}/")]
        site = site.model_copy(update={"machines": left})
        return order("notes", NotesConfig(), site, signals, self.folder)

    def publish(self, machine: str = "mill-1", **values: Value | None) -> None:
        self.bus.publish(batch(machine, values, seq0=next(self.numbers) * 10))

    def do(self, what: str) -> None:
        """Have the sink do something, once: the newest value is again nothing."""
        self.publish(do=what)
        self.publish(do="")

    def notes(self, key: str) -> list[Any]:
        """What has been noted under ``key``, oldest first."""
        file = self.folder / "notes"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        return [note[key] for note in map(json.loads, lines) if key in note]

    def values(self, signal: str) -> list[Value]:
        file = self.folder / "notes"
        lines = file.read_text("utf-8").splitlines() if file.exists() else []
        notes = map(json.loads, lines)
        return [note["value"] for note in notes if note.get("signal") == signal]

    async def connected(self, times: int = 1) -> int:
        """Wait until the sink has connected so often and the gateway knows it; its process."""
        found = await until(lambda: self.notes("connected")[times - 1 :])
        await until(lambda: self.runner.health.connected)
        return int(found[0])


@asynccontextmanager
async def at_work(
    folder: Path,
    *,
    answers: Mapping[str, Handler] | None = None,
    memory: int = 300,
    config: NotesConfig | None = None,
) -> AsyncIterator[AtWork]:
    bus = Bus()
    runner = ApartRunner(
        order("notes", config or NotesConfig(), firm(folder), SIGNALS, folder),
        bus,
        memory=memory,
        answers=answers,
        backoff=Backoff(first=0.05, most=0.2),
    )
    running = asyncio.create_task(runner.run())
    try:
        yield AtWork(runner, bus, folder)
    finally:
        running.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(running, return_exceptions=True)
