"""The firm's own jobs that a joint order asks for: opened, fed, changed and closed. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from gateway.config import SiteConfig
from gateway.core.work import Job, JobState, MachineStatus
from gateway.jobs import commands
from gateway.network.forecast import order_time
from gateway.network.knowledge import Knowledge, Work, arrived, goods_in
from gateway.network.order import JointOrder, Opening, WorkPackage

REMEMBERED = 1000
"""Of so many jobs, those that changed last, it is known when they did."""


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
class Shop:
    """The firm's own jobs, and its machines, at one moment."""

    jobs: Sequence[Job] = ()
    machines: Sequence[MachineStatus] = ()

    def unseen(self, machine: str, order: JointOrder) -> timedelta | None:
        """Since when a machine does not answer; None while it does."""
        status = next((each for each in self.machines if each.machine == machine), None)
        if status is None or status.known:
            return None
        never = status.state is None
        return order.clock.at if never else order_time(order, status.since)


@dataclass(frozen=True, slots=True)
class Bench:
    """Where a firm works on a package."""

    machine: str
    pieces_per_run: int


def bench(site: SiteConfig, package: WorkPackage) -> Bench | None:
    """The machine for a package, or for the one it took lots from; None where none is named."""
    work = site.network.work if site.network else ()
    for name in (package.id, package.part_of):
        for entry in work:
            if entry.package == name:
                return Bench(entry.machine, entry.pieces_per_run)
    return None


def job_id(order: JointOrder, package: WorkPackage) -> str:
    """The id of the job for a package."""
    return f"{order.id}-{package.id}"


def jobs_of(jobs: Sequence[Job], order: JointOrder) -> dict[str, Job]:
    """The jobs for an order's packages, by package."""
    return {job.package: job for job in jobs if job.order == order.id and job.package is not None}


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


class Counting:
    """Remembers when each good count last changed, in order time, and when we began to look."""

    def __init__(self) -> None:
        self._began: datetime | None = None
        self._seen: dict[str, tuple[int, timedelta]] = {}

    def work(self, order: JointOrder, shop: Shop, real: datetime) -> dict[str, Work]:
        """The jobs with the time of their last count; of a job that is new to us it is now."""
        now, found = order_time(order, real), dict[str, Work]()
        self._began = self._began or real
        for package, job in jobs_of(shop.jobs, order).items():
            good, at = self._seen.get(job.id, (-1, now))
            if good != job.good or at > now:
                at = now
                self._seen.pop(job.id, None)
                self._seen[job.id] = (job.good, at)
            unseen = shop.unseen(job.machine, order)
            in_vain = None if unseen is None else max(unseen, order_time(order, self._began))
            found[package] = Work(job, at if job.good else None, unseen, in_vain)
        for old in list(self._seen)[:-REMEMBERED]:
            del self._seen[old]
        return found
