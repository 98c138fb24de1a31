"""What should leave now: compared with what was told last, computed when it may go. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from gateway.config import Reserve
from gateway.network.agreement import Told, occasion
from gateway.network.disclosure import OrderState, PackageState, Report, disclose, unread
from gateway.network.document import as_document, cut
from gateway.network.order import Consortium, JointOrder, Level
from gateway.network.picture import Offered
from gateway.partners.messages import Kind
from gateway.partners.state import Book, Key

Fields = dict[str, Any]
Made = dict[tuple[str | None, Level], Report | None]
"""What leaves of a package (None: of the order as a whole) at a level; None: nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message that should leave; ``at`` is the order time at which its fields hold."""

    key: Key
    version: int
    at: timedelta
    fields: Fields
    level: Level | None = None


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


def wanted(
    side: Side,
    book: Book,
    order: JointOrder,
    own: Mapping[str, PackageState],
    *,
    whole: OrderState | None,
    now: timedelta,
    done: bool = False,
    made: Made | None = None,
) -> Iterator[Wanted]:
    """Everything that should leave for ``order`` now, an order before what refers to it.

    ``whole`` is the state of the order as its lead firm knows it; ``done``, whether all of it is,
    as far as we know. What is on its way to a
    recipient is not overtaken: the next of its kind is computed when that has been acknowledged.
    ``made`` is where the fields of the same states stand, once they have been made.
    """
    states: list[tuple[Kind, str | None, PackageState | OrderState]] = [
        (Kind.REPORT, package, state) for package, state in own.items()
    ]
    if whole is not None:
        states.append((Kind.SUMMARY, None, whole))
    known = {} if made is None else made
    for message in chain(
        _orders(side, book, order, now),
        _readiness(side, book, order, now),
        _offers(side, book, order, now),
        *(_reports(side, book, order, what, now, made=known, done=done) for what in states),
    ):
        if side.reaches(message.key[1]):
            yield message


def taken_back(side: Side, book: Book, real: datetime) -> Iterator[Wanted]:
    """Every withdrawal that its recipient has not heard of, also of orders that are over."""
    for (of, giver, taker), agreed in book.agreements.items():
        order = book.order(of)
        if order is None or giver != side.firm or agreed.withdrawn is None:
            continue
        fields = {"level": agreed.level.value, "withdrawnAt": iso(agreed.withdrawn)}
        key: Key = (of, taker, Kind.WITHDRAWAL, None)
        if side.reaches(taker):
            yield from _changed(book, order, key, fields, order.clock.order(real))


def _orders(side: Side, book: Book, order: JointOrder, now: timedelta) -> Iterator[Wanted]:
    if order.lead != side.firm:
        return
    for firm in order.told():
        key: Key = (order.id, firm, Kind.ORDER, None)
        told = book.told.get(key)
        if key not in book.pending and (told is None or told.version < order.version):
            yield Wanted(key, order.version, now, as_document(cut(order, firm)))


def _readiness(side: Side, book: Book, order: JointOrder, now: timedelta) -> Iterator[Wanted]:
    reserve = side.reserve
    if reserve is None or order.lead == side.firm:
        return
    fields = {
        "package": reserve.package,
        "earliest_start_s": reserve.earliest_start.total_seconds(),
        "lot_time_s": reserve.lot_time.total_seconds(),
    }
    key: Key = (order.id, order.lead, Kind.READY, reserve.package)
    yield from _changed(book, order, key, fields, now)


def _offers(side: Side, book: Book, order: JointOrder, now: timedelta) -> Iterator[Wanted]:
    for offer in book.offers_of(order.id):
        if offer.by == side.firm:
            key: Key = (order.id, offer.to, Kind.OFFER, offer.id)
            yield from _changed(book, order, key, offer_fields(offer), now)
        elif offer.to == side.firm and offer.state in ("accepted", "declined"):
            key = (order.id, offer.by, Kind.ANSWER, offer.id)
            answer = {"id": offer.id, "accepted": offer.state == "accepted"}
            yield from _changed(book, order, key, answer, now)


def _changed(
    book: Book, order: JointOrder, key: Key, fields: Fields, now: timedelta
) -> Iterator[Wanted]:
    """A message that is a state: it leaves when it differs from what was told."""
    if key in book.pending:
        return
    told = book.told.get(key)
    if told is None or dict(told.fields) != fields:
        yield Wanted(key, order.version, now, fields)


def _reports(
    side: Side,
    book: Book,
    order: JointOrder,
    what: tuple[Kind, str | None, PackageState | OrderState],
    now: timedelta,
    *,
    made: Made,
    done: bool,
) -> Iterator[Wanted]:
    kind, package, state = what
    for taker in order.firms():
        level = book.agreed(order.id, side.firm, taker).level
        key: Key = (order.id, taker, kind, package)
        if taker == side.firm or key in book.pending:
            continue
        if (package, level) not in made:
            made[package, level] = disclose(state, level, order.step)
        if (report := made[package, level]) is None:
            continue
        fields = unread(report, book.lots_told.get(key, {})).fields()
        told = book.told.get(key)
        before = None
        if told is not None and told.level is level:
            before = Told(told.fields, timedelta(seconds=told.order_s))
        if occasion(order, before, fields, now, done=done) is not None:
            yield Wanted(key, order.version, now, fields, level)


def offer_fields(offer: Offered) -> Fields:
    """An offer as the asked firm gets it; what the order would come to stays with the lead."""
    fields: Fields = {
        "id": offer.id,
        "package": offer.package,
        "lots": list(offer.lots),
        "state": offer.state,
    }
    if offer.earliest_start is not None:
        fields["earliest_start_s"] = offer.earliest_start.total_seconds()
    return fields


def iso(at: datetime) -> str:
    """A UTC time as messages and the API carry it."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
