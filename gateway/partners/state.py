"""What the exchange knows, in memory: the ledger's content since the last start, and after."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from gateway.config import Reserve
from gateway.network.agreement import AgreementView, agreed_on
from gateway.network.disclosure import joined
from gateway.network.fields import read_lots
from gateway.network.knowledge import Agreed, Heard
from gateway.network.order import Consortium, JointOrder, Level, Prepared
from gateway.network.report import DepartedLot
from gateway.network.snapshot import Offered, Warned
from gateway.partners.messages import GENESIS, Kind

KEPT_FOR = timedelta(days=90)
"""So long the messages of an order that is over are kept."""
KEPT_LAPSED = 12
"""Of orders in time lapse only so many that are over are kept: each lasts some minutes."""

Pair = tuple[str, str]
"""Order and partner."""
Key = tuple[str, str, Kind, str | None]
"""Order, partner, kind and package (or offer): of each, one message may be on its way."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A message in one of the two logs; ``text`` is the signed text, as long as it is kept."""

    order: str
    partner: str
    chain: str
    sequence: int
    kind: Kind
    package: str | None
    version: int
    level: Level | None
    at: datetime
    order_s: float
    fields: Mapping[str, Any]
    text: str | None
    hash: str
    prev: str
    bytes: int
    state: Literal["pending", "acked", "kept", "withdrawn", "cancelled"]
    acked: datetime | None = None

    @property
    def key(self) -> Key:
        """What it is about."""
        return (self.order, self.partner, self.kind, self.package)


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain."""

    chain: str
    sequence: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Side:
    """Who we are: the firm, its consortium, and what it offers as a reserve."""

    firm: str
    consortium: Consortium
    reserve: Reserve | None = None

    def reaches(self, firm: str) -> bool:
        """Whether the consortium has the key with which messages for ``firm`` are sealed."""
        member = self.consortium.member(firm)
        return member is not None and member.seal is not None

    def keyless(self) -> list[str]:
        """The partners whose keys the consortium's file lacks: nothing is exchanged with them."""
        others = self.consortium.others(self.firm)
        return [member.id for member in others if member.sign is None or member.seal is None]


class SecurityEvent(TypedDict):
    """What was refused, withdrawn, compared or begun anew; without payload."""

    at: datetime
    firm: str
    what: str
    detail: str


@dataclass(slots=True)
class ExchangeState:
    """Everything that decides what is sent, accepted and shown."""

    versions: dict[str, dict[int, JointOrder]] = field(default_factory=dict)
    closed: dict[str, datetime] = field(default_factory=dict)
    """When orders were closed."""
    agreements: dict[tuple[str, str, str], Agreed] = field(default_factory=dict)
    told: dict[Key, LogEntry] = field(default_factory=dict)
    pending: dict[Key, LogEntry] = field(default_factory=dict)
    out_heads: dict[Pair, Head] = field(default_factory=dict)
    in_heads: dict[Pair, Head] = field(default_factory=dict)
    lots_told: dict[Key, dict[int, DepartedLot]] = field(default_factory=dict)
    """The departed lots that each partner has acknowledged in the chain in use."""
    cancelled: dict[Pair, list[LogEntry]] = field(default_factory=dict)
    heard: dict[tuple[str, str], Heard] = field(default_factory=dict)
    summaries: dict[str, Heard] = field(default_factory=dict)
    offers: dict[str, tuple[str, Offered]] = field(default_factory=dict)
    ready: dict[Pair, Prepared] = field(default_factory=dict)
    warned: dict[str, Warned] = field(default_factory=dict)
    clocks: dict[str, timedelta] = field(default_factory=dict)
    """Partners whose clock is not ours, and how far it is ahead (negative: behind)."""
    began: dict[str, datetime] = field(default_factory=dict)
    """When orders of other firms began, by the clock of their lead firm."""
    sent_count: int = 0
    received_count: int = 0
    numbers: dict[str, dict[tuple[str, str], int]] = field(default_factory=dict)
    """By partner: up to which number each chain of ours (order, chain) went at the start."""
    anew: datetime | None = None
    """When a person has begun this ledger anew; what was before stands at L0."""
    prior: set[tuple[str, str, str]] = field(default_factory=set)
    """What partners have of us from before that: partner, order, chain; '' once they have said."""

    proven: set[Pair] = field(default_factory=set)
    """Orders from before that, with the partners that have shown a message of ours about them."""

    def leads(self, order: JointOrder, firm: str, lead: str) -> bool:
        """Whether ``firm`` may send an order of which it is the lead firm, where ``lead`` is now.

        A lead firm leads its orders to their end. Where our ledger was begun anew we do not know
        them any more; that we worked on one for ``firm`` before, our own signature shows.
        """
        known = self.order(order.id)
        if known is not None:
            return known.lead == firm
        before = self.anew is not None and order.began is not None and order.began <= self.anew
        return lead == firm or (before and (order.id, firm) in self.proven)

    def prior_orders(self) -> set[str]:
        """Orders that were worked on before this ledger was begun anew."""
        return {order for _, order, _ in self.prior}

    def order(self, order: str) -> JointOrder | None:
        """The newest version of an order."""
        versions = self.versions.get(order)
        return versions[max(versions)] if versions else None

    def orders(self) -> list[JointOrder]:
        """The newest version of each order, the order opened last first."""
        newest = [versions[max(versions)] for versions in self.versions.values()]
        return sorted(newest, key=lambda order: order.clock.began, reverse=True)

    def working(self) -> list[JointOrder]:
        """The orders that are worked on, the one opened last first: one of each lead firm."""
        return [order for order in self.orders() if order.id not in self.closed]

    def expired(self, real: datetime) -> list[str]:
        """Orders whose messages need not be kept any more; nothing of them is on its way."""
        over = sorted((o for o in self.closed if o in self.versions), key=self.closed.__getitem__)
        lapsed = [
            order for order in over if self.versions[order][max(self.versions[order])].lapse > 1
        ]
        waiting = {entry.order for entry in self.pending.values()}
        return [
            order
            for order in over
            if order not in waiting
            and (order in lapsed[:-KEPT_LAPSED] or real - self.closed[order] > KEPT_FOR)
        ]

    def forget(self, order: str) -> None:
        """Drop an order that is over; what guards against repetition stays: ends and agreements."""
        self.versions.pop(order, None)
        self.warned.pop(order, None)
        self.began.pop(order, None)
        self.summaries.pop(order, None)
        self.told = {key: entry for key, entry in self.told.items() if key[0] != order}
        self.lots_told = {key: lots for key, lots in self.lots_told.items() if key[0] != order}
        self.heard = {key: heard for key, heard in self.heard.items() if key[0] != order}
        self.ready = {key: ready for key, ready in self.ready.items() if key[0] != order}
        self.offers = {name: made for name, made in self.offers.items() if made[0] != order}

    def tell_again(self, order: str, partner: str) -> None:
        """An agreement has changed: what a partner may know, or may no more, is told anew."""
        anew = (Kind.REPORT, Kind.SUMMARY, Kind.WITHDRAWAL)
        for key in list(self.told):
            if key[:2] == (order, partner) and key[2] in anew:
                del self.told[key]
        self.unlearnt(order, partner)

    def agreed(self, order: str, giver: str, taker: str) -> Agreed:
        """What ``giver`` lets ``taker`` see; nothing where nothing was agreed."""
        return self.agreements.get((order, giver, taker), Agreed(Level.L0))

    def hear(self, order: str, package: str, heard: Heard) -> None:
        """A partner's report, with the lots of those before it."""
        before = self.heard.get((order, package))
        report = joined(None if before is None else before.report, heard.report)
        self.heard[order, package] = replace(heard, report=report)

    def learnt(self, entry: LogEntry) -> None:
        """A partner has acknowledged ``entry``: it knows the lots in it, or has let go of them."""
        if entry.kind is Kind.WITHDRAWAL:
            self.unlearnt(entry.order, entry.partner)
        elif entry.kind is Kind.REPORT and "departedLots" in entry.fields:
            known = self.lots_told.get(entry.key, {}) if entry.fields.get("lotsBefore") else {}
            lots = read_lots(entry.fields["departedLots"])
            self.lots_told[entry.key] = known | {lot.number: lot for lot in lots}

    def unlearnt(self, order: str, partner: str) -> None:
        """A partner is told all lots anew: it has let go of them, or lost them."""
        for key in [key for key in self.lots_told if key[:2] == (order, partner)]:
            del self.lots_told[key]

    def unanswered(self, order: str, partner: str) -> Iterator[LogEntry]:
        """Messages to a partner that it has not acknowledged, in the order of their chain."""
        waiting = [e for e in self.pending.values() if (e.order, e.partner) == (order, partner)]
        yield from sorted(waiting, key=lambda entry: entry.sequence)

    def offers_of(self, order: str) -> list[Offered]:
        """The offers of an order."""
        return [offer for of, offer in self.offers.values() if of == order]

    def ready_reserve(self, order: JointOrder, firm: str, package: str) -> Prepared | None:
        """What ``firm`` said it could take of ``package``; else what was prepared before."""
        for found in (self.ready.get((order.id, firm)), order.prepared):
            if found is not None and (found.firm, found.package) == (firm, package):
                return found
        return None

    def prepared_reserve(self, order: JointOrder) -> Prepared | None:
        """The reserve that could be asked now, with the lots it would take; None once it has."""
        planned = order.prepared
        if planned is None or any(package.part_of for package in order.packages):
            return None
        reserve = self.ready_reserve(order, planned.firm, planned.package)
        return None if reserve is None else replace(reserve, lots=planned.lots)

    def agreements_of(self, order: str, side: Side) -> list[AgreementView]:
        """What the firm gives (``own``) and gets in an order, by pair."""
        found, firm = self.order(order), side.firm
        if found is None:
            return []
        return [
            AgreementView(
                giver,
                taker,
                agreed.level,
                agreed_on(side.consortium, found, giver, taker),
                found.interval,
                found.threshold,
                agreed.withdrawn,
                own=giver == firm,
            )
            for (of, giver, taker), agreed in sorted(self.agreements.items())
            if of == order and firm in (giver, taker)
        ]
