"""Values on standard output, one line each. Also the blueprint: a new sink starts as a copy.

1. Copy this file; give ``type`` a new name. The file is found by its place, nothing registers it.
2. Say in the config model what a person must write; refuse there what cannot work. What pages and
   health tell of the sink stands there, too (``SinkConfig``): nothing else knows it by name.
3. Keep the constructor free of input and output; import a heavy driver in ``connect``. What may
   block goes into a thread.
4. Translate the driver's errors: NotConnected when the peer is away, Rejected when it refuses.
   Do not retry and do not sleep; the runner does.
5. Add the sink to ``tests/contracts/test_sinks.py`` and give it a test file of its own.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar, Literal, TextIO

from pydantic import Field

from gateway.config import SiteConfig
from gateway.core.batches import Judged, Reading
from gateway.core.errors import NotConnected
from gateway.core.outlets import EACH_CYCLE, EVERYTHING, Outlet, Reach
from gateway.core.signals import Quality, Signal, SignalId
from gateway.core.text import Language
from gateway.core.units import Unit
from gateway.core.work import Job, MachineStatus
from gateway.sinks.base import FirmSink, SinkConfig


class ConsoleConfig(SinkConfig):
    """Print every value, for looking on while a machine is being connected."""

    title: ClassVar[str] = "Konsole"
    optional: ClassVar[bool] = False

    type: Literal["console"] = Field(description="Werte ausgeben / print values")
    language: Language = Field(default="de", description="Sprache / language: de, en")

    def build(self, site: SiteConfig, signals: Sequence[Signal], folder: Path) -> FirmSink:  # noqa: ARG002
        """The sink on standard output."""
        return ConsoleSink(signals, self.language, sys.stdout)

    def outlet(self) -> Outlet:
        """To whoever started the gateway, or the log of the service."""
        return Outlet("stdout", Reach.COMPUTER, EVERYTHING, EACH_CYCLE)


class ConsoleSink:
    """Writes readings and changes of state as lines of text."""

    def __init__(self, signals: Sequence[Signal], language: Language, out: TextIO) -> None:
        self._units: dict[SignalId, Unit] = {signal.id: signal.unit for signal in signals}
        self._language = language
        self._out = out
        self._shown: dict[str, MachineStatus] = {}

    async def connect(self) -> None:
        """Nothing to open: standard output is there, or the process would not be."""

    async def write(self, batches: Sequence[Judged]) -> None:
        """One line per reading."""
        await self._print(self._line(reading) for batch in batches for reading in batch.readings())

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:  # noqa: ARG002
        """One line per machine whose state has changed."""
        changed = [status for status in machines if self._shown.get(status.machine) != status]
        self._shown.update((status.machine, status) for status in changed)
        await self._print(
            f"{status.machine}: {_state(status)}, {status.because.in_(self._language)}"
            for status in changed
        )

    async def equip(self, site: SiteConfig, signals: Sequence[Signal]) -> None:  # noqa: ARG002
        """The firm has other machines; a value of one that is gone may still be on its way."""
        self._units.update((signal.id, signal.unit) for signal in signals)

    async def close(self) -> None:
        """Flush; standard output stays open for others."""
        await self._print(())

    def _line(self, reading: Reading) -> str:
        unit = self._units[reading.signal].display
        value = "-" if reading.value is None else f"{reading.value} {unit}".rstrip()
        detail = reading.fault.detail
        said = "" if detail is None else f": {detail.in_(self._language)}"
        trust = "" if reading.quality is Quality.GOOD else f" ({reading.fault}{said})"
        return f"{reading.at:%H:%M:%S} {reading.signal} = {value}{trust}"

    async def _print(self, lines: Iterable[str]) -> None:
        """Print beside the event loop: who has stopped reading must not stop the gateway."""
        await asyncio.to_thread(self._write, [f"{line}\n" for line in lines])

    def _write(self, lines: Sequence[str]) -> None:
        try:
            self._out.writelines(lines)
            self._out.flush()
        except BrokenPipeError as error:
            raise NotConnected("nobody reads standard output any more") from error


def _state(status: MachineStatus) -> str:
    """Its state, with a question mark where it is only the last one known."""
    if status.state is None:
        return "?"
    return status.state.name.lower() + ("" if status.known else "?")
