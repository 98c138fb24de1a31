"""Keeps the firm's own jobs as the joint orders ask for it: opened, fed, changed and closed."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.config import SiteConfig
from gateway.core.work import Job, JobState, MachineStatus
from gateway.jobs import commands
from gateway.jobs.commands import CloseOrder, Command, NotPossible
from gateway.jobs.job.states import OVER
from gateway.network.knowledge import Knowledge, arrived, goods_in
from gateway.network.order import JointOrder, Opening, WorkPackage
from gateway.network.own_jobs import Bench, Shop, bench, job_id, jobs_of
from gateway.partners.snapshots import Snapshots
from gateway.partners.state import ExchangeState

log = logging.getLogger(__name__)

AGAIN = timedelta(minutes=1)
"""What the job logic has refused is tried again, and told in the log, at most this often."""


class JobLog(Protocol):
    """What the exchange needs of the journal: the jobs' state, and a way to command them."""

    @property
    def state(self) -> Any:
        """The state of the jobs after the last commit."""

    async def apply(self, command: object) -> object:
        """Give a command to the job logic; committed when it returns. Raises NotPossible."""


class Jobs(Protocol):
    """What the exchange needs of the tracker: how to read the journal's state."""

    def jobs(self, state: Any) -> Sequence[Job]:
        """Every job in ``state``."""

    def machines(self, state: Any, now: datetime) -> Sequence[MachineStatus]:
        """Every machine in ``state``, at a real moment."""


@dataclass(frozen=True, slots=True)
class _Settled:
    """The jobs fit what is known, from an order time on and until the next lot arrives."""

    knowledge: Knowledge
    since: timedelta
    until: timedelta | None

    def holds(self, knowledge: Knowledge, now: timedelta) -> bool:
        """Whether nothing has changed since."""
        arrives = self.until is not None and now >= self.until
        return now >= self.since and not arrives and knowledge == self.knowledge


class JobSync:
    """Gives the job logic the commands that follow from the orders."""

    def __init__(self, site: SiteConfig, journal: JobLog, tracker: Jobs) -> None:
        self.site = site
        self._journal = journal
        self._tracker = tracker
        self._refused: dict[tuple[str, str], datetime] = {}
        self._settled: dict[str, _Settled] = {}

    def shop(self, real: datetime) -> Shop:
        """Every job and machine after the journal's last commit."""
        state = self._journal.state
        return Shop(self._tracker.jobs(state), self._tracker.machines(state, real))

    async def keep(self, state: ExchangeState, snapshots: Snapshots, real: datetime) -> None:
        """Close the jobs of orders that are over; open, feed and change those of the others."""
        for job in self._tracker.jobs(self._journal.state):
            if job.order is not None and job.order in state.closed and job.state not in OVER:
                await self._give(CloseOrder(job.order, real), job.order, real)
        working = state.working()
        present = {order.id for order in working}
        self._settled = {order: each for order, each in self._settled.items() if order in present}
        for order in working:
            await self._keep_order(state, snapshots, order, real)

    async def _keep_order(
        self, state: ExchangeState, snapshots: Snapshots, order: JointOrder, real: datetime
    ) -> None:
        shop, now = self.shop(real), order.clock.order(real)
        knowledge = snapshots.knowledge(state, order, shop, real)
        mine = jobs_of(shop.jobs, order)
        settled = self._settled.pop(order.id, None)
        if settled is not None and settled.holds(knowledge, now):
            self._settled[order.id] = settled
            return
        missing = list(due(self.site, knowledge, mine, now, real))
        for command in missing:
            await self._give(command, str(getattr(command, "job_id", order.id)), real)
        if not missing:
            arrives = next_delivery(knowledge, now)
            self._settled[order.id] = _Settled(knowledge, now, arrives)

    async def _give(self, command: Command, about: str, real: datetime) -> None:
        key = (type(command).__name__, about)
        last = self._refused.get(key)
        if last is not None and timedelta() <= real - last < AGAIN:
            return
        try:
            await self._journal.apply(command)
        except NotPossible as error:
            self._refused[key] = real
            log.warning("%s: what follows from the order was refused: %s", about, error)
        else:
            self._refused.pop(key, None)


def due(
    site: SiteConfig,
    knowledge: Knowledge,
    jobs: Mapping[str, Job],
    now: timedelta,
    real: datetime,
) -> Iterator[commands.Command]:
    """What the job logic has to be told so that it fits the order."""
    order = knowledge.order
    for package in order.of(site.firm):
        job, where = jobs.get(package.id), bench(site, package)
        if where is None:
            continue
        if job is None:
            yield _new(site, order, package, where, real)
            continue
        if job.state in (JobState.ENDED, JobState.ABORTED):
            continue
        if job.planned != package.quantity:
            yield commands.ChangeJob(job.id, package.quantity, real)
        pieces = arrived(knowledge, package, now)
        if pieces is not None and pieces > (job.inbound or 0):
            yield commands.Inbound(job.id, pieces, real)


def next_delivery(knowledge: Knowledge, now: timedelta) -> timedelta | None:
    """When the next lot arrives here after ``now``, as far as it has left; None: none is known."""
    times = [
        arriving.after(now)
        for package in knowledge.order.of(knowledge.firm)
        for arriving in goods_in(knowledge, package)
    ]
    return min((at for at in times if at is not None), default=None)


def _new(
    site: SiteConfig, order: JointOrder, package: WorkPackage, where: Bench, real: datetime
) -> commands.AddJob:
    return commands.AddJob(
        job_id=job_id(order, package),
        machine=where.machine,
        order=order.id,
        package=package.id,
        item=package.item,
        planned=package.quantity,
        lot=package.lot,
        pieces_per_run=where.pieces_per_run,
        planned_per_piece=package.per_piece or timedelta(),
        at=order.clock.began,
        needs_input=bool(package.needs),
        release=order.lapse > 1 or site.simulated,
        lapse=order.lapse,
        simulated=site.simulated,
        opening=None if package.opening is None else _opening(order, package.opening),
        heard=real,
    )


def _opening(order: JointOrder, opening: Opening) -> commands.Opening:
    real, began = order.clock.real, opening.run_began
    return commands.Opening(
        good=opening.good,
        scrap=opening.scrap,
        runs=opening.runs,
        departures=tuple(real(left) for left in opening.departures),
        run_began=None if began is None else real(began),
        degraded=opening.degraded,
    )
