"""What should leave now: compared with what was told last, computed when it may go. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.agreement import LastTold, occasion
from gateway.network.disclosure import as_fields, disclose, unread
from gateway.network.document import as_document, cut
from gateway.network.order import JointOrder, Level
from gateway.network.report import OrderState, PackageState, Report
from gateway.network.snapshot import Offered
from gateway.partners.crypto import too_long
from gateway.partners.messages import Kind
from gateway.partners.state import ExchangeState, Key, Side

Fields = dict[str, Any]
Disclosed = dict[tuple[str | None, Level], Report | None]
"""What leaves of a package (None: of the order as a whole) at a level; None: nothing."""


AROUND = 4096
"""Bytes that a message needs besides its order: header, chain, what was taken back."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that should leave; ``at`` is the order time at which its fields hold."""

    key: Key
    version: int
    at: timedelta
    fields: Fields
    level: Level | None = None


def outgoing(
    side: Side,
    state: ExchangeState,
    order: JointOrder,
    own: Mapping[str, PackageState],
    *,
    whole: OrderState | None,
    now: timedelta,
    done: bool = False,
    made: Disclosed | None = None,
) -> Iterator[Outgoing]:
    """Everything that should leave for ``order`` now, an order before what refers to it.

    ``whole`` is the state of the order as its lead firm knows it; ``done``, whether all of it is,
    as far as we know. What is on its way to a
    recipient is not overtaken: the next of its kind is computed when that has been acknowledged.
    ``made`` is where the fields of the same states stand, once they have been made.
    """
    states: list[tuple[Kind, str | None, PackageState | OrderState]] = [
        (Kind.REPORT, package, subject) for package, subject in own.items()
    ]
    if whole is not None:
        states.append((Kind.SUMMARY, None, whole))
    known = {} if made is None else made
    for message in chain(
        _orders(side, state, order, now),
        _readiness(side, state, order, now),
        _offers(side, state, order, now),
        *(_reports(side, state, order, what, now, made=known, done=done) for what in states),
    ):
        if side.reaches(message.key[1]):
            yield message


def taken_back(side: Side, state: ExchangeState, real: datetime) -> Iterator[Outgoing]:
    """Every withdrawal that its recipient has not heard of, also of orders that are over."""
    for (of, giver, taker), agreed in state.agreements.items():
        order = state.order(of)
        if order is None or giver != side.firm or agreed.withdrawn is None:
            continue
        fields = {"level": agreed.level.value, "withdrawnAt": iso(agreed.withdrawn)}
        key: Key = (of, taker, Kind.WITHDRAWAL, None)
        if side.reaches(taker):
            yield from _changed(state, order, key, fields, order.clock.order(real))


def _orders(
    side: Side, state: ExchangeState, order: JointOrder, now: timedelta
) -> Iterator[Outgoing]:
    if order.lead != side.firm:
        return
    for firm in order.told():
        key: Key = (order.id, firm, Kind.ORDER, None)
        told = state.told.get(key)
        if key not in state.pending and (told is None or told.version < order.version):
            yield Outgoing(key, order.version, now, as_document(cut(order, firm)))


def _readiness(
    side: Side, state: ExchangeState, order: JointOrder, now: timedelta
) -> Iterator[Outgoing]:
    reserve = side.reserve
    if reserve is None or order.lead == side.firm:
        return
    fields = {
        "package": reserve.package,
        "earliest_start_s": reserve.earliest_start.total_seconds(),
        "lot_time_s": reserve.lot_time.total_seconds(),
    }
    key: Key = (order.id, order.lead, Kind.READY, reserve.package)
    yield from _changed(state, order, key, fields, now)


def _offers(
    side: Side, state: ExchangeState, order: JointOrder, now: timedelta
) -> Iterator[Outgoing]:
    for offer in state.offers_of(order.id):
        if offer.by == side.firm:
            key: Key = (order.id, offer.to, Kind.OFFER, offer.id)
            yield from _changed(state, order, key, offer_fields(offer), now)
        elif offer.to == side.firm and offer.state in ("accepted", "declined"):
            key = (order.id, offer.by, Kind.ANSWER, offer.id)
            answer = {"id": offer.id, "accepted": offer.state == "accepted"}
            yield from _changed(state, order, key, answer, now)


def _changed(
    state: ExchangeState, order: JointOrder, key: Key, fields: Fields, now: timedelta
) -> Iterator[Outgoing]:
    """A message that is a state: it leaves when it differs from what was told."""
    if key in state.pending:
        return
    told = state.told.get(key)
    if told is None or dict(told.fields) != fields:
        yield Outgoing(key, order.version, now, fields)


def _reports(
    side: Side,
    state: ExchangeState,
    order: JointOrder,
    what: tuple[Kind, str | None, PackageState | OrderState],
    now: timedelta,
    *,
    made: Disclosed,
    done: bool,
) -> Iterator[Outgoing]:
    kind, package, subject = what
    for taker in order.firms():
        level = state.agreed(order.id, side.firm, taker).level
        key: Key = (order.id, taker, kind, package)
        if taker == side.firm or key in state.pending:
            continue
        if (package, level) not in made:
            made[package, level] = disclose(subject, level, order.step)
        if (report := made[package, level]) is None:
            continue
        fields = as_fields(unread(report, state.lots_told.get(key, {})))
        told = state.told.get(key)
        before = None
        if told is not None and told.level is level:
            before = LastTold(told.fields, timedelta(seconds=told.order_s))
        if occasion(order, before, fields, now, done=done) is not None:
            yield Outgoing(key, order.version, now, fields, level)


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


def too_long_for(order: JointOrder) -> str | None:
    """A firm whose part of ``order`` is longer than a message may be; None where there is none."""
    around = "x" * AROUND
    return next(
        (
            firm
            for firm in order.told()
            if too_long({"around": around, "fields": as_document(cut(order, firm))}, order.lead)
        ),
        None,
    )


def check_length(order: JointOrder) -> None:
    """Refuse an order that could not travel. Raises ExchangeError."""
    if (firm := too_long_for(order)) is not None:
        lots = sum(len(package.lots()) for package in order.packages)
        raise ExchangeError(
            Text(
                f"Der Auftrag ist mit {lots} Losen zu lang für eine Nachricht an {firm}. Wählen "
                "Sie größere Lose, oder teilen Sie den Auftrag.",
                f"With {lots} lots the order is too long for a message to {firm}. Choose larger "
                "lots, or divide the order.",
            )
        )
