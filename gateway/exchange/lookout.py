"""The pictures of the orders that pages and reports are made of, taken anew at every tick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from gateway.config import SiteConfig
from gateway.core.work import Job
from gateway.exchange.book import Book
from gateway.exchange.own_jobs import Counting, bench, jobs_of
from gateway.network.disclosure import OrderState
from gateway.network.knowledge import Agreed, Heard, Knowledge
from gateway.network.order import Consortium, JointOrder, Prepared
from gateway.network.picture import Offered, Picture
from gateway.network.rollup import own_packages, what_if, whole_plan
from gateway.network.standing import order_state

KEPT = 6
"""So many orders are shown, the ones opened last."""
PRICE_EVERY = timedelta(seconds=1)
"""What an offer would bring is computed this often (real time): it takes some plans."""

About = tuple[str, int, timedelta, Prepared, tuple[int, ...]]


class Lookout:
    """Takes the pictures; they are never changed, so any thread may read them."""

    def __init__(self, site: SiteConfig) -> None:
        self._site = site
        self._counting = Counting()
        self.pictures: tuple[Picture, ...] = ()
        self.newest: Picture | None = None
        self.whole: OrderState | None = None
        self._ends: dict[About, tuple[datetime, timedelta | None]] = {}

    def look(self, book: Book, consortium: Consortium, jobs: Sequence[Job], real: datetime) -> None:
        """Take all pictures anew; of orders that are over only what partners let us see."""
        active = book.active()
        before = {picture.knowledge.order.id: picture for picture in self.pictures}
        taken: list[Picture] = []
        self.newest = self.whole = None
        for order in book.orders()[:KEPT]:
            old = before.get(order.id)
            closed = book.closed.get(order.id)
            if closed is not None and old is not None:
                taken.append(_over(old, book, closed))
                continue
            picture = self._take(book, consortium, order, jobs, closed or real)
            taken.append(picture)
            if active is not None and order.id == active.id:
                self.newest, self.whole = picture, picture.whole
        self.pictures = tuple(taken)

    def knowledge(
        self, book: Book, order: JointOrder, jobs: Sequence[Job], real: datetime
    ) -> Knowledge:
        """What this firm has of an order."""
        return Knowledge(
            order,
            self._site.firm,
            self._counting.work(order, jobs_of(jobs, order), real),
            _heard(book, order.id),
            book.summaries.get(order.id),
            _agreed(book, order.id, self._site.firm),
        )

    def _take(
        self,
        book: Book,
        consortium: Consortium,
        order: JointOrder,
        jobs: Sequence[Job],
        real: datetime,
    ) -> Picture:
        firm, now = self._site.firm, order.clock.order(real)
        knowledge = self.knowledge(book, order, jobs, real)
        own = own_packages(knowledge, now)
        leads = knowledge.leads
        plan = whole_plan(knowledge, own, now) if leads else None
        prepared = prepared_reserve(book, order) if leads else None
        titles = {machine.name: machine.title.text for machine in self._site.machines}
        benches = {package.id: bench(self._site, package) for package in order.of(firm)}
        picture = Picture(
            knowledge=knowledge,
            own=own,
            names={member.id: member.name for member in consortium.members},
            titles={
                package: titles[where.machine]
                for package, where in benches.items()
                if where is not None and where.machine in titles
            },
            role=self._role(leads=leads),
            simulated=order.lapse > 1 or self._site.simulated,
            plan=plan,
            whole=None if plan is None else order_state(knowledge, own, plan, now),
            offers=tuple(book.offers_of(order.id)),
            prepared=prepared,
            warned=book.warned.get(order.id),
            closed=book.closed.get(order.id),
        )
        return self._with_forecasts(book, picture, real) if leads else picture

    def _with_forecasts(self, book: Book, picture: Picture, real: datetime) -> Picture:
        """What the order would come to with each open offer, and with the prepared reserve."""
        order = picture.knowledge.order

        def priced(offer: Offered) -> Offered:
            if offer.state != "open":
                return offer
            reserve = ready_reserve(book, order, offer.to, offer.package)
            return replace(offer, forecast_with=self._end_with(picture, reserve, offer.lots, real))

        prepared = picture.prepared
        lots = prepared.lots if prepared is not None else ()
        return replace(
            picture,
            offers=tuple(priced(offer) for offer in picture.offers),
            forecast_with=self._end_with(picture, prepared, lots, real),
        )

    def _end_with(
        self, picture: Picture, reserve: Prepared | None, lots: tuple[int, ...], real: datetime
    ) -> timedelta | None:
        """When the order would end if ``reserve`` took ``lots``; computed anew once a second.

        None where nobody knows either when it ends as it is.
        """
        order, plan, whole = picture.knowledge.order, picture.plan, picture.whole
        if reserve is None or plan is None or whole is None or whole.forecast is None:
            return None
        about = (order.id, order.version, plan.end, reserve, lots)
        then, end = self._ends.get(about, (None, None))
        if then is not None and timedelta() <= real - then < PRICE_EVERY:
            return end
        try:
            end = what_if(picture.knowledge, picture.own, reserve, lots, order.clock.order(real))
        except ValueError:
            end = None  # these lots cannot be given away any more
        self._ends = {key: kept for key, kept in self._ends.items() if key[:3] == about[:3]}
        self._ends[about] = (real, end)
        return end

    def _role(self, *, leads: bool) -> str:
        if leads:
            return "lead"
        network = self._site.network
        return "reserve" if network is not None and network.reserve is not None else "member"


def ready_reserve(book: Book, order: JointOrder, firm: str, package: str) -> Prepared | None:
    """What ``firm`` has said it could take of ``package``; else what was prepared before."""
    for found in (book.ready.get((order.id, firm)), order.prepared):
        if found is not None and (found.firm, found.package) == (firm, package):
            return found
    return None


def prepared_reserve(book: Book, order: JointOrder) -> Prepared | None:
    """The reserve that could be asked now, with the lots that it would take; None once it has."""
    planned = order.prepared
    if planned is None or any(package.part_of for package in order.packages):
        return None
    reserve = ready_reserve(book, order, planned.firm, planned.package)
    return None if reserve is None else replace(reserve, lots=planned.lots)


def _agreed(book: Book, order: str, firm: str) -> dict[str, Agreed]:
    """What others let ``firm`` see of an order."""
    return {
        giver: agreed
        for (of, giver, taker), agreed in book.agreements.items()
        if of == order and taker == firm
    }


def _heard(book: Book, order: str) -> dict[str, Heard]:
    """What was heard of an order's packages."""
    return {name: heard for (of, name), heard in book.heard.items() if of == order}


def _over(picture: Picture, book: Book, closed: datetime) -> Picture:
    """The last picture of an order that is over, without what was withdrawn since.

    It is the same picture as long as nothing was.
    """
    order, firm = picture.knowledge.order, picture.knowledge.firm
    left = replace(
        picture.knowledge,
        heard=_heard(book, order.id),
        summary=book.summaries.get(order.id),
        agreed=_agreed(book, order.id, firm),
    )
    if picture.closed == closed and left == picture.knowledge:
        return picture
    whole, now = picture.whole, order.clock.order(closed)
    if picture.plan is not None:
        whole = order_state(left, picture.own, picture.plan, now)
    return replace(picture, knowledge=left, whole=whole, closed=closed)
