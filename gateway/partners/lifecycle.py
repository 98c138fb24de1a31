"""What people and partners can bring about: orders are taken, closed, narrowed, let go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.network import disclosure
from gateway.network.agreement import agreed_on, in_force
from gateway.network.knowledge import Agreed, Heard
from gateway.network.order import JointOrder, Level
from gateway.partners.context import Context
from gateway.partners.outbox import Outbox
from gateway.partners.store.aside import Aside


async def take_order(context: Context, order: JointOrder) -> None:
    """Keep a version of an order; the agreements that it proposes begin where none exist.

    They give no more than the consortium's file does, whatever the lead firm proposes; nor more
    than was left by a withdrawal that a lost ledger knew.
    """
    state, firm = context.state, context.side.firm
    agreed: dict[tuple[str, str], Agreed] = {}
    for partner in order.firms():
        for pair in ((firm, partner), (partner, firm)):
            if in_force(order, *pair) and (order.id, *pair) not in state.agreements:
                most = agreed_on(context.side.consortium, order, *pair)
                agreed[pair] = _still(context, order, pair, most)
    await context.keep(context.ledger.keep_order, order, agreed, context.clock())
    state.versions.setdefault(order.id, {}).setdefault(order.version, order)
    for pair, entry in agreed.items():
        state.agreements[order.id, *pair] = entry


def _still(context: Context, order: JointOrder, pair: tuple[str, str], level: Level) -> Agreed:
    """What is left of an agreement that was made before the ledger was lost or begun anew."""
    state, noted = context.state, context.ledger.narrowed.get((order.id, *pair))
    old = state.anew is not None and (
        order.id in state.prior_orders() or (order.began is not None and order.began <= state.anew)
    )
    if old and pair[0] == context.side.firm:
        return Agreed(Level.L0, state.anew)
    if noted is None or noted.level >= level:
        return Agreed(level)
    return noted


def in_earnest(one: JointOrder, other: JointOrder) -> bool:
    """Whether at least one of two orders is real work: in time lapse each new one ends the last."""
    return min(one.lapse, other.lapse) == 1


async def close_older(context: Context, outbox: Outbox) -> None:
    """Of a lead firm's orders only the one opened last goes on; the others are over."""
    leads: set[str] = set()
    for order in context.state.orders():
        if order.lead in leads and order.id not in context.state.closed:
            await outbox.close(order.id)
        leads.add(order.lead)


async def forget_expired(context: Context, real: datetime) -> None:
    """Let go of the messages of orders that have been over for long."""
    for order in context.state.expired(real):
        await context.keep(context.ledger.forget, order)
        context.state.forget(order)


async def erase_aside(context: Context, aside: Sequence[Aside]) -> None:
    """Erase ledgers that were put aside; the security log keeps that they were there."""
    if aside:
        await context.keep(context.ledger.erase_aside, aside)
        names = ", ".join(each.path.name for each in aside)
        await context.audit(context.side.firm, "erased what was put aside", names)


def narrow_heard(context: Context, order: str, giver: str, level: Level) -> None:
    """What a partner told us shrinks to what is left of its agreement."""
    state = context.state
    newest = state.order(order)
    if newest is None:
        return
    for package in newest.of(giver):
        heard = state.heard.get((order, package.id))
        if heard is not None:
            _shrink(state.heard, (order, package.id), heard, level)
    if newest.lead == giver and order in state.summaries:
        _shrink(state.summaries, order, state.summaries[order], level)


def _shrink(kept: dict[Any, Heard], key: object, heard: Heard, level: Level) -> None:
    left = disclosure.only(disclosure.as_fields(heard.report), level)
    report = disclosure.read(left, level) if level < heard.level else heard.report
    if report is None:
        del kept[key]
    else:
        kept[key] = replace(heard, level=min(level, heard.level), report=report)
