"""One gateway, wired: the only file that knows every room.

The way of a value, top to bottom: sources read, their runners judge, the journal and the bus get
each batch, the journal advances the jobs inside its commit, sinks and history follow, the exchange
and the pages look on. Polling starts first; what is slow to start (OPC UA) never delays it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, cast

from gateway import resources
from gateway.apart.order import order
from gateway.apart.runner import ApartRunner
from gateway.api import parts
from gateway.api.live import Hub, Latest
from gateway.api.rooms import Part, Rooms
from gateway.assembly import control
from gateway.assembly.lines import Lines
from gateway.assembly.plant import Plant, built, difference
from gateway.assembly.reloading import LIVE, OTHER_FOLDER, Read, Reloading, later
from gateway.config import SiteConfig
from gateway.core.batches import Judged
from gateway.core.errors import JournalError, WerkverbundError, no_room, reason
from gateway.core.figures import Figure
from gateway.core.ports import Words
from gateway.core.reloads import Outcome, Reloaded
from gateway.core.sayings import in_words, text_of
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import MachineStatus
from gateway.flow import figures
from gateway.flow.backoff import Backoff
from gateway.flow.bus import Bus
from gateway.flow.distinct import Distinct
from gateway.flow.forward_runner import ForwardRunner
from gateway.flow.history_runner import fill
from gateway.flow.live_runner import LiveRunner
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import Line, SourceRunner
from gateway.history import Series
from gateway.jobs.commands import AddJob, Equip, FileJobs
from gateway.jobs.state import TrackerState
from gateway.jobs.tracker import JobTracker
from gateway.journal import Journal
from gateway.sinks.base import FirmSink, Lane, Place, SinkConfig

if TYPE_CHECKING:
    from gateway.api.lan import Lan
    from gateway.exchange import Exchange

log = logging.getLogger(__name__)

STEADY = 60.0
"""A part that has run for so many seconds is well again: its failures are forgotten."""
SILENCE = 2.0
"""Seconds without a commit after which it is looked whether states are still known."""
REFRESH = 10.0
"""Seconds after which the sentences are shown anew although no state has changed."""
STOP_PATIENCE = 2.0
HANGS = 30.0
"""A line or the journal that is so many seconds behind makes no progress."""


SinkRunner = LiveRunner | ForwardRunner | ApartRunner


@dataclass(slots=True)
class Gateway:
    """One firm's gateway: ``run`` lives until ``stop`` is set.

    ``announce`` is told what whoever started it must know to open the pages. ``read`` reads the
    files again when somebody asks for it; ``site`` and what follows from it are then others.
    """

    site: SiteConfig
    announce: Callable[[Text, str | None], None] = lambda _text, _link: None
    read: Read | None = None
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    hub: Hub = field(default_factory=Hub)
    latest: Latest = field(default_factory=Latest)
    bus: Bus = field(default_factory=Bus)
    signals: dict[SignalId, Signal] = field(default_factory=dict)
    lines: Lines = field(default_factory=Lines)
    sinks: dict[str, SinkRunner] = field(default_factory=dict)
    journal: Journal[TrackerState] = field(init=False)
    tracker: JobTracker = field(init=False)
    series: Series = field(init=False)
    reloading: Reloading = field(init=False)
    exchange: Exchange | None = None
    _distinct: Distinct = field(default_factory=Distinct)
    _lag: figures.LoopLag = field(default_factory=figures.LoopLag)
    _jobs_opened: bool = False
    _begun: bool = False
    _configs: dict[str, SinkConfig] = field(default_factory=dict)
    _shown_rooms: Rooms | None = None
    _plant: Plant = field(init=False)
    _numbering: Numbering = field(init=False)
    _failed: dict[str, datetime] = field(default_factory=dict)
    _lan: Lan | None = None

    def __post_init__(self) -> None:
        self.reloading = Reloading(self.read, self._take_over)

    async def run(self) -> None:
        """Open, work until asked to stop, close. Raises what is fatal."""
        site, self._plant = self.site, built(self.site)
        self.signals = dict(self._plant.signals)
        self.tracker = JobTracker(tuple(self._plant.equipment.specs.values()))
        self.journal = Journal(site.state, self.tracker, max_bytes=site.history.journal_size)
        self.series = Series(site.state)
        async with AsyncExitStack() as stack:
            await self.journal.open()
            stack.push_async_callback(self.journal.close)
            stack.push_async_callback(asyncio.to_thread, self.series.close)
            if self.journal.health.trouble is None:
                await self._open_jobs()
                self._jobs_opened = True
            stack.callback(self.reloading.end)
            self._numbering = Numbering(self.journal.boot)
            self.lines.start(map(self._runner, self._plant.sources))
            await self._work()

    def _runner(self, source: Line) -> SourceRunner:
        mine = [self.signals[entry] for entry in source.signals]
        return SourceRunner(source, mine, self._publish, self._numbering)

    async def _work(self) -> None:
        """Run every part until one that matters ends, or until asked to stop."""
        core: list[asyncio.Task[None]] = [
            asyncio.create_task(self.journal.run(), name="journal"),
            asyncio.create_task(self._follow_commits(), name="commits"),
            asyncio.create_task(self.lines.run(), name="lines"),
        ]
        self._begun = True
        stopping = asyncio.create_task(self._until_stopped(), name="stop")
        alone: list[asyncio.Task[None]] = []
        try:
            alone += [
                asyncio.create_task(self._keep(name, start), name=name)
                for name, start in (await self._side()).items()
            ]
            done, _ = await asyncio.wait({*core, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await self._end([*core[1:], *alone, stopping])
        ended = done - {stopping}
        if any(isinstance(task.exception(), JournalError) for task in ended):
            # others die of a closed journal, perhaps before it has said why: it has the first word
            await asyncio.wait(core[:1], timeout=STOP_PATIENCE)
            ended |= {task for task in core[:1] if task.done()}
        for task in (task for task in core if task in ended):
            task.result()  # a part that must not end has ended: its error is the gateway's
        if ended:
            raise RuntimeError(f"{ended.pop().get_name()} has ended by itself")

    async def _side(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """The parts that may fail alone. Machines are polled by now: what is heavy loads beside."""
        side: dict[str, Callable[[], Awaitable[None]]] = {
            "pages": self._pages,
            "history": self._history,
            "loop lag": self._lag.watch,
            "reload": self.reloading.run,
            "control": lambda: control.serve(self.site.state, self.reloading.ask),
        }
        if not self._jobs_opened:
            side["jobs of the file"] = self._open_jobs
        for index, config in enumerate(self._sink_configs()):
            name = config.type if config.type not in self.sinks else f"{config.type}-{index + 1}"
            self.sinks[name], self._configs[name] = self._sink(config, name), config
            side[name] = self.sinks[name].run
        if self.site.network is not None:
            kind = await asyncio.to_thread(_exchange)
            self.exchange = kind(self.site, self.journal, self.tracker, self.site.state)
            side["exchange"] = self.exchange.run
        return side

    async def _until_stopped(self) -> None:
        await self.stop.wait()

    def reload(self) -> asyncio.Future[Outcome]:
        """Have the files read again."""
        return self.reloading.asked()

    def working(self) -> bool:
        """Whether every line is being polled and the journal runs."""
        return self._begun and all(runner.polls for runner in self.runners)

    @property
    def runners(self) -> Sequence[SourceRunner]:
        """The lines that are polled now."""
        return self.lines.runners

    def stuck(self) -> str | None:
        """What has made no progress for long: a line, or the journal; None where all is well."""
        if not self._begun:
            return None
        late = [(runner.overdue(), str(runner.source.endpoint)) for runner in self.runners]
        late.append((self.journal.overdue(), "the journal"))
        most, what = max(late)
        return what if most > HANGS else None

    async def _history(self) -> None:
        """Fill the charts' store; a mistake in it ends nothing else."""
        await asyncio.to_thread(self.series.open)
        await fill(self.series, self.journal, keep=self.site.history.keep)

    def _publish(self, judged: Judged) -> None:
        """Every batch: to the journal, to the pages' table, to the live sinks. Never waits."""
        judged = self._distinct(judged)
        self.journal.offer(judged)
        self.latest.take(judged)
        self.bus.publish(judged)

    async def _follow_commits(self) -> None:
        """After each commit that changed a job, a state or its phase, the sinks show the new ones.

        Also where a state is not known any more, be it that no commit comes: what was true last
        must not stand there as true for ever. The numbers in the sentences change all the time:
        these are shown anew every ``REFRESH`` seconds.
        """
        feed = self.journal.commits()
        clock = asyncio.get_running_loop().time
        shown, at = self._show(), clock()
        while True:
            changed = False
            try:
                async with asyncio.timeout(SILENCE):
                    changed = bool((await anext(feed)).events)
            except TimeoutError:
                pass  # nothing could be stored
            except StopAsyncIteration:
                return
            if changed or shown != _gist(self._machines()) or clock() - at >= REFRESH:
                shown, at = self._show(), clock()

    def _machines(self) -> Sequence[MachineStatus]:
        return self._known(self.tracker.machines(self.journal.state, datetime.now(UTC)))

    def _known(self, machines: Sequence[MachineStatus]) -> Sequence[MachineStatus]:
        """Those that everything else knows, too: during a reload the job logic is a step ahead."""
        return [one for one in machines if one.machine in self._plant.equipment.specs]

    def _show(self) -> list[object]:
        machines = self._machines()
        jobs = self.tracker.jobs(self.journal.state)
        for runner in self.sinks.values():
            runner.changed(machines, jobs)
        return _gist(machines)

    async def _open_jobs(self) -> None:
        """The jobs that stand in the firm's own file; on a full disk as soon as there is room."""
        backoff = Backoff(most=30.0)
        while True:
            try:
                await self.journal.apply(_file_jobs(self.site))
            except JournalError:  # the journal itself says so, in log and health
                await asyncio.sleep(backoff.failed(time.monotonic()))
            else:
                break

    async def _take_over(self, site: SiteConfig) -> Outcome:
        """Let the machines be those of ``site``: built first, then exchanged, without a way back.

        Raises what stands against it while nothing is changed yet.
        """
        now = datetime.now(UTC)
        if site.state != self.site.state:
            return Outcome(Reloaded.REFUSED, now, why=OTHER_FOLDER)
        open_keys = later(self.site, site)
        fresh = built(self.site.model_copy(update={key: getattr(site, key) for key in LIVE}))
        changes = difference(self._plant, fresh)
        known = {entry.id for entry in self.site.jobs}
        jobs = [entry.id for entry in site.jobs if entry.id not in known]
        if not changes and site.jobs == self.site.jobs:
            return Outcome(Reloaded.NOTHING_NEW, now, later=open_keys)
        await self.journal.apply(Equip(fresh.equipment, _file_jobs(fresh.site)))
        self._adopt(fresh)
        await self.lines.exchange(
            changes.kept_lines,
            [
                self._runner(source)
                for source in fresh.sources
                if str(source.endpoint) not in changes.kept_lines
            ],
        )
        self.latest.keep(self.signals)
        self._show()
        said = [*changes.texts(), *_jobs_said(jobs)]
        return Outcome(Reloaded.DONE, now, tuple(said), open_keys)

    def _adopt(self, plant: Plant) -> None:
        """From here on everybody knows these machines; nothing in it may fail or wait."""
        self._plant, self.site, self.signals = plant, plant.site, dict(plant.signals)
        if self._shown_rooms is not None:
            self._shown_rooms.site, self._shown_rooms.signals = self.site, self.signals
        if self.exchange is not None:
            self.exchange.equip(self.site)
        signals = tuple(self.signals.values())
        for name, runner in self.sinks.items():
            if isinstance(runner, ApartRunner):
                config, folder = self._configs[name], self.site.state / name
                runner.equip(order(name, config, self.site, signals, folder))
            else:
                sink = cast("FirmSink", runner.sink)
                runner.equip(partial(sink.equip, self.site, signals))

    def _sink_configs(self) -> list[SinkConfig]:
        return [config for config in self.site.sinks if isinstance(config, SinkConfig)]

    def _sink(self, config: SinkConfig, name: str) -> SinkRunner:
        signals, folder = tuple(self.signals.values()), self.site.state / name
        if config.apart is not None:
            return ApartRunner(
                order(name, config, self.site, signals, folder),
                self.bus,
                memory=config.apart.memory,
            )
        sink = config.build(self.site, signals, folder)
        if config.lane is Lane.JOURNAL:
            return ForwardRunner(sink, self.journal, name)
        return LiveRunner(sink, self.bus.subscribe(name), name)

    async def _keep(self, name: str, start: Callable[[], Awaitable[None]]) -> None:
        """Run a part that may fail alone; one traceback, then again after a pause.

        What is no bug (an address that is taken, no memory) is one line.
        """
        backoff = Backoff(most=30.0)
        while True:
            began = time.monotonic()
            try:
                await start()
            except Exception as error:  # the one supervisor: it must not end the others
                if (why := _no_bug(error)) is None:
                    part = in_words(name)
                    log.exception("%s failed; it starts again, everything else goes on", part)
                else:
                    log.warning("%s failed; it starts again: %s", in_words(name), why)
            else:
                return
            now = time.monotonic()
            if now - began > STEADY:
                backoff.succeeded()
            wait = backoff.failed(now)
            self._failed[name] = datetime.now(UTC)
            await asyncio.sleep(wait)
            del self._failed[name]

    @staticmethod
    async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        _, late = await asyncio.wait(tasks, timeout=STOP_PATIENCE)
        for task in late:
            log.warning("%s did not stop in time", in_words(task.get_name()))

    # What the pages need

    async def _pages(self) -> None:
        """Serve pages and API."""
        serve = await asyncio.to_thread(_pages_server)
        web = self.site.web
        if web.listen.lan:
            lan = await asyncio.to_thread(_lan)
            self._lan = lan(self.site.state, self.site.firm, web.listen.port, _now, self.announce)
        token = web.demo_token.get_secret_value() if web.demo_token else None
        try:
            await serve(
                self._rooms(),
                lan=self._lan,
                demo_token=token,
                pages=resources.pages(),
                announce=self.announce,
            )
        except OSError as error:
            raise WerkverbundError(f"no pages at {web.listen}: {reason(error).en}") from error

    def _rooms(self) -> Rooms:
        self._shown_rooms = Rooms(
            site=self.site,
            version=resources.version(),
            started=self.started,
            signals=self.signals,
            journal=self.journal,
            series=self.series,
            tracker=self.tracker,
            latest=self.latest,
            hub=self.hub,
            exchange=self.exchange,
            places=self._places,
            words=self._words,
            parts=self._parts,
            polling=lambda name: [
                one.told() for one in self.runners if name in one.source.machines
            ],
            figures=self._figures,
            send_again=self._send_again,
            reload=self.reloading.ask,
            now=_now,
        )
        return self._shown_rooms

    def _words(self, what: SignalId) -> Words | None:
        found = (runner.source.words(what) for runner in self.runners)
        return next((words for words in found if words is not None), None)

    def _send_again(self, name: str) -> bool | None:
        runner = self.sinks.get(name)
        return runner.send_again() if isinstance(runner, ForwardRunner) else None

    def _figures(self) -> Iterator[Figure]:
        """What monitoring may know: counts of what health says in words."""
        yield from figures.house(resources.version(), self.started)
        yield from figures.journal(self.journal.health, self.journal.overdue())
        yield from figures.lines(self.runners)
        yield from figures.sinks(runner.health for runner in self.sinks.values())
        yield from self._lag.figures()
        yield from figures.parts((part.name, part.state) for part in self._parts())

    def _places(self, what: SignalId) -> list[Place]:
        found = (config.where(self.site, what) for config in self._sink_configs())
        return [place for place in found if place is not None]

    def _parts(self) -> list[Part]:
        all_parts = (
            parts.journal(self.journal.health),
            parts.history(self.series.trouble),
            parts.files(self.reloading.last, self.started, len(self.site.machines)),
            parts.questions(len(self.tracker.questions(self.journal.state))),
            *parts.sources(health for runner in self.runners for health in runner.health()),
            *parts.sinks(
                (runner.health, self._configs[name].well) for name, runner in self.sinks.items()
            ),
            *self._partners(),
            *([] if self._lan is None else [self._lan.part()]),
            *parts.missing(
                {config.type for config in self.site.sinks},
                consortium=self.site.network is not None,
            ),
        )
        return [
            part if (at := self._failed.get(part.name)) is None else parts.failed(part.name, at)
            for part in all_parts
        ]

    def _partners(self) -> list[Part]:
        if self.exchange is None:
            return []
        exchange = self.exchange
        present = parts.exchange(exchange.health(), connected=exchange.well, shut=exchange.shut)
        aside = None if exchange.shut else exchange.aside()
        return [present] if aside is None else [present, parts.aside(aside)]


def _now() -> datetime:
    return datetime.now(UTC)


def _pages_server() -> Callable[..., Awaitable[None]]:
    """Import what serves pages: FastAPI takes some tenths of a second, on a Pi over a second."""
    from gateway.api.serving import serve  # noqa: PLC0415

    import_module("gateway.api.app")  # ``serve`` needs it at once
    return serve


def _lan() -> type[Lan]:
    """Import what makes the pages known in the network: on this computer alone nobody needs it."""
    from gateway.api.lan import Lan  # noqa: PLC0415

    return Lan


def _exchange() -> type[Exchange]:
    """Import the exchange: a firm alone needs no keys."""
    from gateway.exchange import Exchange  # noqa: PLC0415

    return Exchange


def _no_bug(error: Exception) -> Text | None:
    """Why a part failed, where that is no mistake of ours."""
    if (lacking := no_room(error)) is not None:
        return lacking
    return text_of(error) if isinstance(error, WerkverbundError) else None


def _file_jobs(site: SiteConfig) -> FileJobs:
    """The jobs that stand in the firm's own file."""
    now = datetime.now(UTC)
    return FileJobs(
        tuple(
            AddJob(
                job_id=entry.id,
                machine=entry.machine,
                order=None,
                package=None,
                item=Text(entry.item.de, entry.item.en),
                planned=entry.quantity,
                lot=entry.lot or entry.quantity,
                pieces_per_run=entry.pieces_per_run,
                planned_per_piece=entry.per_piece,
                at=now,
                simulated=site.simulated,
            )
            for entry in site.jobs
        )
    )


def _jobs_said(jobs: Sequence[str]) -> Iterator[Text]:
    if jobs:
        named = ", ".join(jobs)
        yield Text(f"neue Aufträge: {named}", f"new jobs: {named}")


def _gist(machines: Sequence[MachineStatus]) -> list[object]:
    """What is shown at once when it changes: everything but the numbers in the sentences."""
    return [(one.known, one.state, one.mode, one.phase) for one in machines]
