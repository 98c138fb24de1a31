"""What people and partners can bring about: orders are taken, closed, narrowed, let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.network import disclosure
from gateway.network.knowledge import Agreed, Heard
from gateway.network.order import Consortium, JointOrder, Level
from gateway.network.split import in_force, proposed
from gateway.partners.context import Office
from gateway.partners.outbox import Dispatch
from gateway.partners.store.aside import Aside


def agreed_on(consortium: Consortium, order: JointOrder, giver: str, taker: str) -> Level:
    """What an agreement begins with, and the most that it ever gives."""
    return min(proposed(order, giver, taker), consortium.level(giver, taker))


async def take_order(office: Office, order: JointOrder) -> None:
    """Keep a version of an order; the agreements that it proposes begin where none exist.

    They give no more than the consortium's file does, whatever the lead firm proposes; nor more
    than was left by a withdrawal that a lost ledger knew.
    """
    book, firm = office.book, office.side.firm
    agreed: dict[tuple[str, str], Agreed] = {}
    for partner in order.firms():
        for pair in ((firm, partner), (partner, firm)):
            if in_force(order, *pair) and (order.id, *pair) not in book.agreements:
                most = agreed_on(office.side.consortium, order, *pair)
                agreed[pair] = _still(office, order, pair, most)
    await office.keep(office.ledger.keep_order, order, agreed, office.clock())
    book.versions.setdefault(order.id, {}).setdefault(order.version, order)
    for pair, entry in agreed.items():
        book.agreements[order.id, *pair] = entry


def _still(office: Office, order: JointOrder, pair: tuple[str, str], level: Level) -> Agreed:
    """What is left of an agreement that was made before the ledger was lost or begun anew."""
    book, noted = office.book, office.ledger.narrowed.get((order.id, *pair))
    old = book.anew is not None and (
        order.id in book.prior_orders() or (order.began is not None and order.began <= book.anew)
    )
    if old and pair[0] == office.side.firm:
        return Agreed(Level.L0, book.anew)
    if noted is None or noted.level >= level:
        return Agreed(level)
    return noted


def in_earnest(one: JointOrder, other: JointOrder) -> bool:
    """Whether at least one of two orders is real work: in time lapse each new one ends the last."""
    return min(one.lapse, other.lapse) == 1


async def close_older(office: Office, dispatch: Dispatch) -> None:
    """Of a lead firm's orders only the one opened last goes on; the others are over."""
    leads: set[str] = set()
    for order in office.book.orders():
        if order.lead in leads and order.id not in office.book.closed:
            await dispatch.close(order.id)
        leads.add(order.lead)


async def forget_expired(office: Office, real: datetime) -> None:
    """Let go of the messages of orders that have been over for long."""
    for order in office.book.expired(real):
        await office.keep(office.ledger.forget, order)
        office.book.forget(order)


async def erase_aside(office: Office, aside: Sequence[Aside]) -> None:
    """Erase ledgers that were put aside; the security log keeps that they were there."""
    if aside:
        await office.keep(office.ledger.erase_aside, aside)
        names = ", ".join(each.path.name for each in aside)
        await office.audit(office.side.firm, "erased what was put aside", names)


def narrow_heard(office: Office, order: str, giver: str, level: Level) -> None:
    """What a partner told us shrinks to what is left of its agreement."""
    book = office.book
    newest = book.order(order)
    if newest is None:
        return
    for package in newest.of(giver):
        heard = book.heard.get((order, package.id))
        if heard is not None:
            _shrink(book.heard, (order, package.id), heard, level)
    if newest.lead == giver and order in book.summaries:
        _shrink(book.summaries, order, book.summaries[order], level)


def _shrink(kept: dict[Any, Heard], key: object, heard: Heard, level: Level) -> None:
    left = disclosure.only(heard.report.fields(), level)
    report = disclosure.read(left, level) if level < heard.level else heard.report
    if report is None:
        del kept[key]
    else:
        kept[key] = replace(heard, level=min(level, heard.level), report=report)
