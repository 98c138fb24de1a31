"""The parts of one gateway, and its files as they hold now: what is built is found here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.api.live import Hub, Latest
from gateway.api.rooms import Rooms
from gateway.assembly.alone import Alone
from gateway.assembly.kept_lengths import LOOK_EVERY, KeptLengths
from gateway.assembly.lines import Lines
from gateway.assembly.plant import Plant
from gateway.assembly.reloading import Reloading
from gateway.assembly.sinks import Sinks
from gateway.config import Files, SiteConfig
from gateway.core.asking import Asking
from gateway.core.batches import Judged
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.flow.bus import Bus
from gateway.flow.distinct import Distinct
from gateway.flow.figures import LoopLag
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import Line, SourceRunner
from gateway.history import Series
from gateway.jobs.state import TrackerState
from gateway.jobs.tracker import JobTracker
from gateway.journal import Journal

if TYPE_CHECKING:
    from gateway.api.lan import Lan
    from gateway.partners import Exchange


@dataclass(slots=True)
class Works:
    """One firm's gateway as a whole.

    ``announce`` is told what whoever started it must know to open the pages. ``files`` are read
    again when somebody asks for it; ``site`` and what follows from it are then others.
    """

    site: SiteConfig
    announce: Callable[[Text, str | None], None] = lambda _text, _link: None
    files: Files | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    hub: Hub = field(default_factory=Hub)
    latest: Latest = field(default_factory=Latest)
    bus: Bus = field(default_factory=Bus)
    signals: dict[SignalId, Signal] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)
    sinks: Sinks = field(default_factory=Sinks)
    alone: Alone = field(default_factory=Alone)
    asking: Asking = field(default_factory=Asking)
    lag: LoopLag = field(default_factory=LoopLag)
    journal: Journal[TrackerState] = field(init=False)
    tracker: JobTracker = field(init=False)
    series: Series = field(init=False)
    reloading: Reloading = field(init=False)
    plant: Plant = field(init=False)
    numbering: Numbering = field(init=False)
    lengths: KeptLengths = field(init=False)
    exchange: Exchange | None = None
    lan: Lan | None = None
    shown_rooms: Rooms | None = None
    _distinct: Distinct = field(default_factory=Distinct)

    @property
    def runners(self) -> Sequence[SourceRunner]:
        """The lines that are polled now."""
        return self.lines.runners

    @property
    def sources(self) -> Sequence[Line]:
        """What is read now."""
        return [runner.source for runner in self.runners]

    def runner(self, source: Line) -> SourceRunner:
        """What polls a line of this firm."""
        mine = [self.signals[entry] for entry in source.signals]
        return SourceRunner(source, mine, self._publish, self.numbering)

    async def poll(self, plant: Plant, kept: Collection[str]) -> None:
        """Let the lines be those of ``plant``; what is ``kept`` notices nothing."""
        fresh = [source for source in plant.sources if str(source.endpoint) not in kept]
        self.lengths.give(plant.site, fresh)
        await self.lines.exchange(kept, [self.runner(source) for source in fresh])

    def adopt(self, plant: Plant) -> None:
        """From here on everybody knows these machines; nothing in it may fail or wait."""
        self.plant, self.site, self.signals = plant, plant.site, dict(plant.signals)
        if self.shown_rooms is not None:
            self.shown_rooms.site, self.shown_rooms.signals = self.site, self.signals
        if self.exchange is not None:
            self.exchange.equip(self.site)
        self.sinks.equip(self.site, tuple(self.signals.values()))

    async def keep_lengths(self) -> None:
        """Keep what is found out about how long requests may be."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            self.lengths.note(self.site, self.sources)
            await self.lengths.save()

    def _publish(self, judged: Judged) -> None:
        """Every batch: to the journal, to the pages' table, to the live sinks. Never waits."""
        judged = self._distinct(judged)
        self.journal.offer(judged)
        self.latest.take(judged)
        self.bus.publish(judged)
