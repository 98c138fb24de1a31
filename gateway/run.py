"""One gateway from opening to closing; its parts are put together in ``assembly``.

The way of a value, top to bottom: sources read, their runners judge, the journal and the bus get
each batch, the journal advances the jobs inside its commit, sinks and history follow, the exchange
and the pages look on. Polling starts first; what is slow to start (OPC UA) never delays it.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.assembly import control
from gateway.assembly.alone import STOP_PATIENCE, Start, end
from gateway.assembly.file_jobs import open_jobs
from gateway.assembly.first_values import after
from gateway.assembly.kept_lengths import KeptLengths
from gateway.assembly.pages import serve_pages
from gateway.assembly.plant import built
from gateway.assembly.reloading import Reloading
from gateway.assembly.showing import follow_commits
from gateway.assembly.taking_over import take_over
from gateway.assembly.works import Works
from gateway.core.errors import JournalError
from gateway.core.reloads import Outcome
from gateway.flow.history_runner import fill
from gateway.flow.numbering import Numbering
from gateway.history import Series
from gateway.jobs.tracker import JobTracker
from gateway.journal import Journal

if TYPE_CHECKING:
    from gateway.partners import Exchange

HANGS = 30.0
"""A line or the journal that is so many seconds behind makes no progress."""


@dataclass(slots=True)
class Gateway(Works):
    """One firm's gateway at work: ``run`` lives until ``stop`` is set."""

    _jobs_opened: bool = False
    _begun: bool = False

    def __post_init__(self) -> None:
        self.reloading = Reloading(
            None if self.files is None else self.files.read, partial(take_over, self)
        )

    async def run(self) -> None:
        """Open, work until asked to stop, close. Raises what is fatal."""
        site, self.plant = self.site, built(self.site)
        self.signals = dict(self.plant.signals)
        self.tracker = JobTracker(tuple(self.plant.equipment.specs.values()))
        self.journal = Journal(site.state, self.tracker, max_bytes=site.history.journal_size)
        self.series = Series(site.state)
        async with AsyncExitStack() as stack:
            await self.journal.open()
            stack.push_async_callback(self.journal.close)
            stack.push_async_callback(asyncio.to_thread, self.series.close)
            if self.journal.health.trouble is None:
                await open_jobs(self.journal, site)
                self._jobs_opened = True
            stack.callback(self.reloading.end)
            self.numbering = Numbering(self.journal.boot)
            self.lengths = KeptLengths(site.state)
            self.lengths.open()
            self.lengths.give(site, self.plant.sources)
            self.lines.start(map(self.runner, self.plant.sources))
            await self._work()

    async def _work(self) -> None:
        """Run every part until one that matters ends, or until asked to stop."""
        core: list[asyncio.Task[None]] = [
            asyncio.create_task(self.journal.run(), name="journal"),
            asyncio.create_task(follow_commits(self), name="commits"),
            asyncio.create_task(self.lines.run(), name="lines"),
        ]
        self._begun = True
        stopping = asyncio.create_task(self._until_stopped(), name="stop")
        alone: list[asyncio.Task[None]] = []
        try:
            alone += self.alone.tasks(await self._side())
            done, _ = await asyncio.wait({*core, stopping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end([*core[1:], *alone, stopping])
        ended = done - {stopping}
        if any(isinstance(task.exception(), JournalError) for task in ended):
            # others die of a closed journal, perhaps before it has said why: it has the first word
            await asyncio.wait(core[:1], timeout=STOP_PATIENCE)
            ended |= {task for task in core[:1] if task.done()}
        for task in (task for task in core if task in ended):
            task.result()  # a part that must not end has ended: its error is the gateway's
        if ended:
            raise RuntimeError(f"{ended.pop().get_name()} has ended by itself")

    async def _side(self) -> dict[str, Start]:
        """The parts that may fail alone. Machines are polled by now: what is heavy loads beside."""
        side: dict[str, Start] = {
            "pages": after(self._values_are_out, partial(serve_pages, self)),
            "history": self._history,
            "loop lag": self.lag.watch,
            "lengths": self.keep_lengths,
            "reload": self.reloading.run,
            "control": lambda: control.serve(self.site.state, self.reloading),
        }
        if not self._jobs_opened:
            side["jobs of the file"] = lambda: open_jobs(self.journal, self.site)
        side |= self.sinks.build(self.site, tuple(self.signals.values()), self.bus, self.journal)
        side |= {name: after(self._values_are_out, side[name]) for name in self.sinks.apart}
        if self.site.network is not None:
            kind = await asyncio.to_thread(_exchange)
            self.exchange = kind(self.site, self.journal, self.tracker, self.site.state)
            side["exchange"] = self.exchange.run
        return side

    def _values_are_out(self) -> bool:
        return self.working() and self.sinks.delivered

    async def _until_stopped(self) -> None:
        await self.stop.wait()

    async def _history(self) -> None:
        """Fill the charts' store; a mistake in it ends nothing else."""
        await asyncio.to_thread(self.series.open)
        await fill(self.series, self.journal, keep=self.site.history.keep)

    def reload(self) -> asyncio.Future[Outcome]:
        """Have the files read again."""
        return self.reloading.asked()

    def working(self) -> bool:
        """Whether every line is being polled and the journal runs."""
        return self._begun and all(runner.polls for runner in self.runners)

    def stuck(self) -> str | None:
        """What has made no progress for long: a line, or the journal; None where all is well."""
        if not self._begun:
            return None
        late = [(runner.overdue(), str(runner.source.endpoint)) for runner in self.runners]
        late.append((self.journal.overdue(), "the journal"))
        most, what = max(late)
        return what if most > HANGS else None


def _exchange() -> type[Exchange]:
    """Import the exchange: a firm alone needs no keys."""
    from gateway.partners import Exchange  # noqa: PLC0415

    return Exchange
