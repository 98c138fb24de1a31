"""Keeps the firm's own jobs as the joint orders ask for it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.config import SiteConfig
from gateway.core.work import JobState
from gateway.jobs.commands import CloseOrder, Command, NotPossible
from gateway.network.knowledge import Knowledge
from gateway.network.order import JointOrder
from gateway.partners import own_jobs
from gateway.partners.own_jobs import JobLog, Jobs, Shop
from gateway.partners.snapshots import Lookout
from gateway.partners.state import Book

log = logging.getLogger(__name__)

OVER = (JobState.ENDED, JobState.ABORTED)
AGAIN = timedelta(minutes=1)
"""What the job logic has refused is tried again, and told in the log, at most this often."""


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


class Upkeep:
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

    async def keep(self, book: Book, lookout: Lookout, real: datetime) -> None:
        """Close the jobs of orders that are over; open, feed and change those of the others."""
        for job in self._tracker.jobs(self._journal.state):
            if job.order is not None and job.order in book.closed and job.state not in OVER:
                await self._give(CloseOrder(job.order, real), job.order, real)
        working = book.working()
        present = {order.id for order in working}
        self._settled = {order: each for order, each in self._settled.items() if order in present}
        for order in working:
            await self._keep_order(book, lookout, order, real)

    async def _keep_order(
        self, book: Book, lookout: Lookout, order: JointOrder, real: datetime
    ) -> None:
        shop, now = self.shop(real), order.clock.order(real)
        knowledge = lookout.knowledge(book, order, shop, real)
        mine = own_jobs.jobs_of(shop.jobs, order)
        settled = self._settled.pop(order.id, None)
        if settled is not None and settled.holds(knowledge, now):
            self._settled[order.id] = settled
            return
        commands = list(own_jobs.due(self.site, knowledge, mine, now, real))
        for command in commands:
            await self._give(command, str(getattr(command, "job_id", order.id)), real)
        if not commands:
            arrives = own_jobs.next_delivery(knowledge, now)
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
