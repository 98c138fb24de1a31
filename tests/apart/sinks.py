"""Sinks that tests run apart: one writes what it gets into a file, and does what a value says."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from gateway.config import Secret, SiteConfig
from gateway.core.batches import Judged
from gateway.core.errors import NotConnected, Rejected, Unanswered
from gateway.core.outlets import EACH_CYCLE, EVERYTHING, Outlet, Reach
from gateway.core.ports import Ask
from gateway.core.signals import Signal
from gateway.core.work import Job, MachineStatus
from gateway.sinks.base import Apart, SinkConfig

log = logging.getLogger(__name__)


class NotesConfig(SinkConfig):
    """A file with one JSON line for each reading."""

    title: ClassVar[str] = "Notes"
    apart: ClassVar[Apart] = Apart(memory=300)

    type: Literal["notes"] = "notes"
    secret: Secret | None = None

    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> Notes:
        return Notes(site, signals, folder)

    def outlet(self) -> Outlet:
        return Outlet("a file", Reach.COMPUTER, EVERYTHING, EACH_CYCLE)


class Notes:
    """Notes what it is given; a text in the point ``do`` is something to do."""

    def __init__(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> None:
        self._site = site
        self._signals = signals
        self._folder = folder
        self._ask: Ask | None = None
        self._kept: list[bytearray] = []

    def asking(self, ask: Ask) -> None:
        self._ask = ask

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:
        self._site, self._signals = site, signals
        self._note({"equipped": [machine.name for machine in site.machines]})

    async def connect(self) -> None:
        if (self._folder / "away").exists():
            raise NotConnected("the peer is away")
        self._note({"connected": os.getpid(), "signals": len(self._signals)})

    async def write(self, batches: Sequence[Judged]) -> None:
        for judged in batches:
            for reading in judged.readings():
                self._note(
                    {
                        "signal": reading.signal,
                        "value": reading.value,
                        "quality": int(reading.quality),
                        "fault": str(reading.fault),
                        "at": reading.at.isoformat(),
                        "seq": reading.seq,
                    }
                )
                if reading.signal.endswith("/do"):
                    await self._do(str(reading.value))

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        self._note(
            {
                "machines": {one.machine: one.because.en for one in machines},
                "jobs": {job.id: job.good for job in jobs},
            }
        )

    async def close(self) -> None:
        self._note({"closed": os.getpid()})

    def _note(self, line: Any) -> None:
        with (self._folder / "notes").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    async def _do(self, what: str) -> None:
        kind, _, rest = what.partition(" ")
        if kind == "hold":
            time.sleep(float(rest))
        elif kind == "eat":
            self._kept.append(bytearray(os.urandom(4096) * (int(rest) * 256)))
        elif kind == "eat-slowly":
            for _ in range(int(rest)):
                self._kept.append(bytearray(os.urandom(4096) * 256))
                await asyncio.sleep(0)
        elif kind == "err":
            raise ZeroDivisionError(rest)
        elif kind == "reject":
            raise Rejected(rest, (0,))
        elif kind == "lose":
            raise NotConnected(rest)
        elif kind == "babble":
            os.write(sys.stdin.fileno(), rest.encode())
        elif kind == "say":
            for number in range(int(rest)):
                log.warning("line %d", number)
        elif kind == "modules":
            self._note({"modules": sorted(sys.modules)})
        elif kind == "ask":
            await self._question(*rest.split(" "))

    async def _question(self, kind: str, content: str, within: str) -> None:
        assert self._ask is not None
        try:
            self._note({"answer": await self._ask(kind, content, float(within))})
        except Unanswered as why:
            self._note({"unanswered": str(why)})
