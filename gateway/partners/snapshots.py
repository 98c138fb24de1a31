"""The snapshots of the orders that pages and reports are made of, taken anew when that has changed.

Every tick looks whether what a snapshot is made of is as it was; the same snapshot means that
nothing has changed, so that whoever made something of it need not make it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gateway.config import SiteConfig
from gateway.jobs.job.states import OVER
from gateway.network.knowledge import Agreed, Heard, Knowledge
from gateway.network.order import Consortium, JointOrder, Prepared
from gateway.network.order_state import order_state
from gateway.network.own_jobs import Counting, Shop, bench
from gateway.network.rollup import own_packages, what_if, whole_plan
from gateway.network.snapshot import Offered, Snapshot
from gateway.partners.hours import hours_of
from gateway.partners.state import ExchangeState

KEPT = 6
"""So many orders are shown, the ones opened last; besides them those that are worked on."""
PRICE_EVERY = timedelta(seconds=1)
"""What an offer would bring is computed this often (real time): it takes some plans."""

About = tuple[str, int, timedelta, Prepared, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Taken:
    """A snapshot, what it was made of, and the order times from which and up to which it holds."""

    basis: object
    since: timedelta
    until: timedelta
    snapshot: Snapshot


class Snapshots:
    """Takes the snapshots; they are never changed, so any thread may read them."""

    def __init__(self, site: SiteConfig) -> None:
        self.site = site
        self._counting = Counting()
        self.all: tuple[Snapshot, ...] = ()
        self._ends: dict[About, tuple[datetime, timedelta | None]] = {}
        self._taken: dict[str, _Taken] = {}

    def refresh(
        self, state: ExchangeState, consortium: Consortium, shop: Shop, real: datetime
    ) -> None:
        """Take the snapshots that are not as they were; of what is over, what we may still see."""
        opened = state.orders()
        orders = [*opened[:KEPT], *(each for each in opened[KEPT:] if each.id not in state.closed)]
        for order in orders:
            closed, last = state.closed.get(order.id), self._taken.get(order.id)
            if closed is not None and last is not None:
                self._over(last, state, closed)
                continue
            knowledge = self.knowledge(state, order, shop, real)
            self._refresh(state, consortium, knowledge, closed or real)
        self._taken = {order.id: self._taken[order.id] for order in orders}
        self.all = tuple(taken.snapshot for taken in self._taken.values())

    def _refresh(
        self, state: ExchangeState, consortium: Consortium, knowledge: Knowledge, real: datetime
    ) -> None:
        order = knowledge.order
        now = order.clock.order(real)
        ready = {key: said for key, said in state.ready.items() if key[0] == order.id}
        offers, closed = tuple(state.offers_of(order.id)), state.closed.get(order.id)
        clocks = dict(state.clocks)
        here = self.site.machines
        basis = (
            knowledge,
            consortium,
            ready,
            offers,
            state.warned.get(order.id),
            closed,
            clocks,
            here,
        )
        self._keep(order.id, basis, now, lambda: self._take(state, consortium, knowledge, real))

    def _keep(
        self, order: str, basis: object, now: timedelta, take: Callable[[], Snapshot]
    ) -> None:
        """Keep the snapshot as it was where nothing has changed it, else a new one."""
        last = self._taken.get(order)
        if last is not None and last.since <= now < last.until and last.basis == basis:
            return
        snapshot = take()
        self._taken[order] = _Taken(basis, now, snapshot.knowledge.holds_until(now), snapshot)

    def of(self, order: str) -> Snapshot:
        """The snapshot of an order that is worked on."""
        return self._taken[order].snapshot

    def unfinished(self, lead: str) -> JointOrder | None:
        """A lead firm's order of which something is left: here, or, if we lead it, anywhere."""
        for snapshot in self.all:
            left = any(own.state.state not in OVER for own in snapshot.own.values())
            mine = snapshot.knowledge.order.lead == lead and snapshot.ended is None
            if mine and (left or snapshot.knowledge.leads):
                return snapshot.knowledge.order
        return None

    def knowledge(
        self, state: ExchangeState, order: JointOrder, shop: Shop, real: datetime
    ) -> Knowledge:
        """What this firm has of an order."""
        return Knowledge(
            order,
            self.site.firm,
            self._counting.work(order, shop, real),
            _heard(state, order.id),
            state.summaries.get(order.id),
            _agreed(state, order.id, self.site.firm),
            hours_of(self.site, order),
        )

    def _take(
        self, state: ExchangeState, consortium: Consortium, knowledge: Knowledge, real: datetime
    ) -> Snapshot:
        firm, order = self.site.firm, knowledge.order
        now = order.clock.order(real)
        own = own_packages(knowledge, now)
        leads = knowledge.leads
        plan = whole_plan(knowledge, own, now) if leads else None
        prepared = state.prepared_reserve(order) if leads else None
        titles = {machine.name: machine.title.text for machine in self.site.machines}
        benches = {package.id: bench(self.site, package) for package in order.of(firm)}
        snapshot = Snapshot(
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
            offers=tuple(state.offers_of(order.id)),
            prepared=prepared,
            warned=state.warned.get(order.id),
            closed=state.closed.get(order.id),
            clocks=dict(state.clocks),
        )
        return self._with_forecasts(state, snapshot, real) if leads else snapshot

    def _over(self, last: _Taken, state: ExchangeState, closed: datetime) -> None:
        """The last snapshot of an order that is over, without what was withdrawn since."""
        snapshot = last.snapshot
        order, firm = snapshot.knowledge.order, snapshot.knowledge.firm
        heard, agreed = _heard(state, order.id), _agreed(state, order.id, firm)
        basis = (heard, state.summaries.get(order.id), agreed, closed)
        now = order.clock.order(closed)

        def take() -> Snapshot:
            left = replace(snapshot.knowledge, heard=heard, summary=basis[1], agreed=agreed)
            whole = snapshot.whole
            if snapshot.plan is not None:
                whole = order_state(left, snapshot.own, snapshot.plan, now)
            return replace(snapshot, knowledge=left, whole=whole, closed=closed, made={})

        self._keep(order.id, basis, now, take)

    def _with_forecasts(self, state: ExchangeState, snapshot: Snapshot, real: datetime) -> Snapshot:
        """What the order would come to with each open offer, and with the prepared reserve."""
        order = snapshot.knowledge.order

        def priced(offer: Offered) -> Offered:
            if offer.state != "open":
                return offer
            reserve = state.ready_reserve(order, offer.to, offer.package)
            return replace(offer, forecast_with=self._end_with(snapshot, reserve, offer.lots, real))

        prepared = snapshot.prepared
        lots = prepared.lots if prepared is not None else ()
        return replace(
            snapshot,
            offers=tuple(priced(offer) for offer in snapshot.offers),
            forecast_with=self._end_with(snapshot, prepared, lots, real),
        )

    def _end_with(
        self, snapshot: Snapshot, reserve: Prepared | None, lots: tuple[int, ...], real: datetime
    ) -> timedelta | None:
        """When the order would end if ``reserve`` took ``lots``; computed anew once a second.

        None where nobody knows either when it ends as it is.
        """
        order, plan, whole = snapshot.knowledge.order, snapshot.plan, snapshot.whole
        if reserve is None or plan is None or whole is None or whole.forecast is None:
            return None
        about = (order.id, order.version, plan.end, reserve, lots)
        then, end = self._ends.get(about, (None, None))
        if then is not None and timedelta() <= real - then < PRICE_EVERY:
            return end
        try:
            end = what_if(snapshot.knowledge, snapshot.own, reserve, lots, order.clock.order(real))
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


def _agreed(state: ExchangeState, order: str, firm: str) -> dict[str, Agreed]:
    """What others let ``firm`` see of an order."""
    return {
        giver: agreed
        for (of, giver, taker), agreed in state.agreements.items()
        if of == order and taker == firm
    }


def _heard(state: ExchangeState, order: str) -> dict[str, Heard]:
    """What was heard of an order's packages."""
    return {name: heard for (of, name), heard in state.heard.items() if of == order}
