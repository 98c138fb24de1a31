"""The firm's own jobs for the packages of a joint order: found, and counted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.config import SiteConfig
from gateway.core.work import Job, MachineStatus
from gateway.network.forecast import order_time
from gateway.network.knowledge import Work
from gateway.network.order import JointOrder, WorkPackage

REMEMBERED = 1000
"""Of so many jobs, those that changed last, it is known when they did."""


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
