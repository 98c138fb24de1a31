"""The pictures of the orders that pages and reports are made of, taken anew when something changed.

Every tick looks whether what a picture is made of is as it was; the same picture means that
nothing has changed, so that whoever made something of it need not make it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.config import SiteConfig
from gateway.core.work import JobState
from gateway.network.knowledge import Agreed, Heard, Knowledge
from gateway.network.order import Consortium, JointOrder, Prepared
from gateway.network.picture import Offered, Picture
from gateway.network.rollup import own_packages, what_if, whole_plan
from gateway.network.standing import order_state
from gateway.partners.own_jobs import Counting, Shop, bench
from gateway.partners.state import Book

OVER = (JobState.ENDED, JobState.ABORTED)
KEPT = 6
"""So many orders are shown, the ones opened last; besides them those that are worked on."""
PRICE_EVERY = timedelta(seconds=1)
"""What an offer would bring is computed this often (real time): it takes some plans."""

About = tuple[str, int, timedelta, Prepared, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A picture, what it was made of, and the order times from which and up to which it holds."""

    basis: object
    since: timedelta
    until: timedelta
    picture: Picture


class Lookout:
    """Takes the pictures; they are never changed, so any thread may read them."""

    def __init__(self, site: SiteConfig) -> None:
        self.site = site
        self._counting = Counting()
        self.pictures: tuple[Picture, ...] = ()
        self._ends: dict[About, tuple[datetime, timedelta | None]] = {}
        self._taken: dict[str, _Taken] = {}

    def look(self, book: Book, consortium: Consortium, shop: Shop, real: datetime) -> None:
        """Take the pictures that are not as they were; of what is over, what we may still see."""
        opened = book.orders()
        orders = [*opened[:KEPT], *(each for each in opened[KEPT:] if each.id not in book.closed)]
        for order in orders:
            closed, last = book.closed.get(order.id), self._taken.get(order.id)
            if closed is not None and last is not None:
                self._over(last, book, closed)
                continue
            knowledge = self.knowledge(book, order, shop, real)
            self._look(book, consortium, knowledge, closed or real)
        self._taken = {order.id: self._taken[order.id] for order in orders}
        self.pictures = tuple(taken.picture for taken in self._taken.values())

    def _look(
        self, book: Book, consortium: Consortium, knowledge: Knowledge, real: datetime
    ) -> None:
        order = knowledge.order
        now = order.clock.order(real)
        ready = {key: said for key, said in book.ready.items() if key[0] == order.id}
        offers, closed = tuple(book.offers_of(order.id)), book.closed.get(order.id)
        clocks = dict(book.clocks)
        here = self.site.machines
        basis = (
            knowledge,
            consortium,
            ready,
            offers,
            book.warned.get(order.id),
            closed,
            clocks,
            here,
        )
        self._keep(order.id, basis, now, lambda: self._take(book, consortium, knowledge, real))

    def _keep(self, order: str, basis: object, now: timedelta, take: Callable[[], Picture]) -> None:
        """Keep the picture as it was where nothing has changed it, else a new one."""
        last = self._taken.get(order)
        if last is not None and last.since <= now < last.until and last.basis == basis:
            return
        picture = take()
        self._taken[order] = _Taken(basis, now, picture.knowledge.holds_until(now), picture)

    def of(self, order: str) -> Picture:
        """The picture of an order that is worked on."""
        return self._taken[order].picture

    def unfinished(self, lead: str) -> JointOrder | None:
        """A lead firm's order of which something is left: here, or, if we lead it, anywhere."""
        for picture in self.pictures:
            left = any(own.state.state not in OVER for own in picture.own.values())
            mine = picture.knowledge.order.lead == lead and picture.ended is None
            if mine and (left or picture.knowledge.leads):
                return picture.knowledge.order
        return None

    def knowledge(self, book: Book, order: JointOrder, shop: Shop, real: datetime) -> Knowledge:
        """What this firm has of an order."""
        return Knowledge(
            order,
            self.site.firm,
            self._counting.work(order, shop, real),
            _heard(book, order.id),
            book.summaries.get(order.id),
            _agreed(book, order.id, self.site.firm),
        )

    def _take(
        self, book: Book, consortium: Consortium, knowledge: Knowledge, real: datetime
    ) -> Picture:
        firm, order = self.site.firm, knowledge.order
        now = order.clock.order(real)
        own = own_packages(knowledge, now)
        leads = knowledge.leads
        plan = whole_plan(knowledge, own, now) if leads else None
        prepared = prepared_reserve(book, order) if leads else None
        titles = {machine.name: machine.title.text for machine in self.site.machines}
        benches = {package.id: bench(self.site, package) for package in order.of(firm)}
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
            simulated=order.lapse > 1 or self.site.simulated,
            plan=plan,
            whole=None if plan is None else order_state(knowledge, own, plan, now),
            offers=tuple(book.offers_of(order.id)),
            prepared=prepared,
            warned=book.warned.get(order.id),
            closed=book.closed.get(order.id),
            clocks=dict(book.clocks),
        )
        return self._with_forecasts(book, picture, real) if leads else picture

    def _over(self, last: _Taken, book: Book, closed: datetime) -> None:
        """The last picture of an order that is over, without what was withdrawn since."""
        picture = last.picture
        order, firm = picture.knowledge.order, picture.knowledge.firm
        heard, agreed = _heard(book, order.id), _agreed(book, order.id, firm)
        basis = (heard, book.summaries.get(order.id), agreed, closed)
        now = order.clock.order(closed)

        def take() -> Picture:
            left = replace(picture.knowledge, heard=heard, summary=basis[1], agreed=agreed)
            whole = picture.whole
            if picture.plan is not None:
                whole = order_state(left, picture.own, picture.plan, now)
            return replace(picture, knowledge=left, whole=whole, closed=closed, made={})

        self._keep(order.id, basis, now, take)

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
        network = self.site.network
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
