"""Records lines: whatever their devices answer while they are polled as a gateway polls them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.config import Machine, SiteConfig
from gateway.core.findings import Why
from gateway.flow.schedule import Schedule
from gateway.machines import recording
from gateway.machines.recording import Answer, Question
from gateway.sources.line.base import Exchange, ModbusConnect, Tap
from gateway.sources.opening import site_signals, units_of
from gateway.sources.recordings import MOST, Writer
from gateway.sources.source import ModbusSource

_AS_ASKED = frozenset({Why.EXCEPTION, Why.NO_ANSWER})
_FOR_THE_END = 100
"""Bytes that the last line needs at most."""
_QUIET = 0.5
"""Seconds until the next poll from which what has come is put into the file meanwhile."""


@dataclass(slots=True)
class Heard:
    """What has been recorded so far."""

    answers: int = 0
    refusals: int = 0
    silences: int = 0
    """Questions without a fitting answer, and lines that could not be opened."""


class Recorder:
    """Writes one recording. ``full`` is set as soon as there is no room for more.

    ``failed`` is why it cannot be written any more; ``close`` raises it.
    """

    def __init__(
        self, path: Path, connects: Sequence[ModbusConnect], program: str, most: int = MOST
    ) -> None:
        self.heard = Heard()
        self.full = asyncio.Event()
        self.failed: OSError | None = None
        self._writer = Writer(path, most)
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()
        lines = tuple(map(_line, connects))
        begun = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        self._write(recording.head_line(recording.Head(begun, program, lines)))

    @property
    def seconds(self) -> float:
        """How long it has been recording."""
        return self._clock() - self._began

    def tap(self, line: int) -> Tap:
        """Writes down what happens on a line; the first is 1."""

        def take(exchange: Exchange) -> None:
            at = max(0.0, self.seconds - exchange.seconds)
            self._count(exchange)
            self._write(recording.answer_line(_answer(line, at, exchange)))

        return take

    def flush(self) -> None:
        """Put what has come into the file."""
        if self.failed is None:
            self._writer.flush()

    def close(self) -> None:
        """End the recording. Raises OSError where it could not be written."""
        if self.failed is not None:
            raise self.failed
        self._writer.write(recording.end_line(self.seconds), self.seconds)
        self._writer.close()

    def _write(self, line: str) -> None:
        if self.full.is_set() or self._writer.room < len(line) + _FOR_THE_END:
            self.full.set()
            return
        try:
            self._writer.write(line, self.seconds)
        except OSError as error:
            self.failed = error
            self.full.set()

    def _count(self, exchange: Exchange) -> None:
        if exchange.found is None:
            self.heard.answers += 1
        elif exchange.found.why is Why.EXCEPTION:
            self.heard.refusals += 1
        else:
            self.heard.silences += 1


async def poll(site: SiteConfig, machines: Sequence[Machine], recorder: Recorder) -> None:
    """Poll the devices of ``machines`` as a gateway would, until the recorder is full or forever.

    The lines of the recording are those of ``connects_of``, in their order.
    """
    signals = site_signals(site)
    mine = {one.id: one for machine in machines for one in signals[machine.name]}
    sources = [
        ModbusSource(units, tap=recorder.tap(number))
        for number, units in enumerate(units_of(machines), 1)
    ]
    start = asyncio.get_running_loop().time()
    async with asyncio.TaskGroup() as group:
        polls = []
        for source in sources:
            schedule = Schedule([mine[one] for one in source.signals], start)
            polls.append(group.create_task(_poll(source, schedule, recorder), name=source.endpoint))
        await recorder.full.wait()
        for task in polls:
            task.cancel()


def connects_of(machines: Sequence[Machine]) -> list[ModbusConnect]:
    """How the lines of these machines are reached, one for each."""
    return [units[0].connect for units in units_of(machines)]


async def _poll(source: ModbusSource, schedule: Schedule, recorder: Recorder) -> None:
    clock = asyncio.get_running_loop().time
    try:
        while True:
            due = schedule.take(clock())
            if due.signals:
                await source.read(due.signals)
            rest = schedule.next - clock()
            if rest > _QUIET:
                recorder.flush()
            await asyncio.sleep(max(0.0, rest))
    finally:
        await source.close()


def _line(connect: ModbusConnect) -> recording.Line:
    wire = {} if connect.wire is None else {"baud": connect.wire.baud, "bits": connect.wire.bits}
    settings = {**connect.agreed(), **wire}
    return recording.Line(settings, connect.framing().numbered, gateway=connect.through_gateway)


def _answer(line: int, at: float, exchange: Exchange) -> Answer:
    found, block = exchange.found, exchange.block
    if block is None:
        return Answer(at, line, None, found=found)
    question = Question(exchange.unit, block.table, block.first, block.count)
    words = None if exchange.words is None else tuple(int(word) for word in exchange.words)
    strange = found is not None and found.why not in _AS_ASKED
    raw = exchange.received if strange else b""
    return Answer(at, line, question, words, found, exchange.seconds, raw)
