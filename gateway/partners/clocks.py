"""Partners' clocks, known from the times in the messages themselves, and what rests on them.

An answer was written after its question had left and before it came. A time outside says that one
of the two clocks is wrong, whoever's: both firms know it after one round trip, and both say so.
Where the lead firm's clock and ours are apart, the beginning of an order is kept by our own clock:
what the machine does is then counted and told in the order's true time all the same.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from gateway.core.text import Text
from gateway.network.document import YEARS
from gateway.network.order import JointOrder
from gateway.partners.context import Context

MOST = timedelta(minutes=1)
"""Clocks further apart than this are wrong; in time lapse, than half a report interval."""


def tolerance(order: JointOrder) -> timedelta:
    """How far clocks may be apart without harm to an order."""
    return min(MOST, order.interval / order.lapse / 2)


def ahead(sent: datetime, answered: datetime, received: datetime, most: timedelta) -> timedelta:
    """How far the partner's clock is before ours (negative: behind), zero where it may be right.

    ``sent`` and ``received`` are by our clock, ``answered`` by the partner's.
    """
    if sent - most <= answered <= received + most:
        return timedelta()
    return answered - (sent + (received - sent) / 2)


def began_here(order: JointOrder, sent: datetime, received: datetime) -> datetime:
    """When a new order begins by our clock, if it was ``sent`` by the lead firm's.

    An order that came before it was sent shows that our clock is behind. One that came late may
    have been on its way: whether our clock is ahead only an answer tells.
    """
    began = order.clock.began
    here = received + max(timedelta(), began - sent)
    return here if here < began - tolerance(order) else began


async def measured(
    context: Context, order_id: str, partner: str, sent: datetime, answered: datetime
) -> None:
    """A partner has answered: how far is its clock from ours? Its orders begin by ours."""
    state, order = context.state, context.state.order(order_id)
    if order is None:
        return
    off = ahead(sent, answered, context.stamp(), tolerance(order))
    if off and partner not in state.clocks:
        await context.audit(partner, "clock", f"{off.total_seconds():+.0f} s from ours")
    state.clocks.pop(partner, None)
    if off:
        state.clocks[partner] = off
    told = state.began.get(order_id)
    if partner != order.lead or told is None:
        return
    began = told - off
    if began.year in YEARS and abs(began - order.clock.began) > tolerance(order):
        for version, entry in state.versions[order_id].items():
            moved = replace(entry, began=began)
            await context.keep(context.ledger.replace_order, moved)
            state.versions[order_id][version] = moved


def clocks_apart(apart: dict[str, timedelta], names: dict[str, str]) -> Text | None:
    """Whose clocks are how far from ours; None where all agree."""
    if not apart:
        return None
    de, en = [], []
    for firm, off in sorted(apart.items()):
        name, minutes = names.get(firm, firm), abs(off) / timedelta(minutes=1)
        much = f"{minutes:.0f} min" if minutes >= 1 else f"{abs(off).total_seconds():.0f} s"
        de.append(f"{name} ist uns {much} {'voraus' if off > timedelta() else 'hinterher'}")
        en.append(f"{name} is {much} {'ahead of' if off > timedelta() else 'behind'} us")
    return Text(
        f"Uhr: {', '.join(de)}; eine der beiden geht falsch. Bitte stellen Sie sie.",
        f"clock: {', '.join(en)}; one of the two is wrong. Please set it.",
    )
