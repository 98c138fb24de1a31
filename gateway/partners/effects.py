"""What an accepted message brings about, by its kind: kept in the ledger, then known."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.network.agreement import agreed_on
from gateway.network.disclosure import as_fields
from gateway.network.document import as_document, from_document
from gateway.network.knowledge import Heard
from gateway.network.order import Level
from gateway.partners.checks import (
    NotYetError,
    check_order,
    check_reckoned,
    check_report,
    read_given,
    read_offer,
    read_ready,
    read_withdrawal,
)
from gateway.partners.clocks import began_here
from gateway.partners.context import Context
from gateway.partners.lifecycle import in_earnest, narrow_heard, take_order
from gateway.partners.messages import Kind, Message
from gateway.partners.state import LogEntry

Skipped = Sequence[LogEntry]
"""Messages that were taken back before they came: their numbers are passed over."""
Effect = Callable[[Context, LogEntry, Skipped, Message], Awaitable[None]]


async def bring_about(
    context: Context, entry: LogEntry, skipped: Skipped, message: Message
) -> None:
    """Let a message that continues its chain come into force. Raises ExchangeError."""
    await _BY_KIND[message.kind](context, entry, skipped, message)


async def _order(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    order = from_document(message.fields)
    may_lead = context.state.leads(order, entry.partner, context.side.consortium.lead)
    check_order(order, message, entry.partner, may_lead=may_lead, simulated=context.site.simulated)
    running = context.unfinished(order.lead)
    if running is not None and (running.id == order.id or not in_earnest(running, order)):
        running = None
    if running is not None and order.ends != running.id:
        raise ExchangeError(f"a second order while {running.id} is not done")
    if order.version not in context.state.versions.get(order.id, {}):
        check_reckoned(order, context.side.firm)
    read_as = as_document(order)
    known, state = context.state.order(order.id), context.state
    state.began[order.id] = order.clock.began
    began = began_here(order, entry.at, context.stamp()) if known is None else known.began
    order = replace(order, began=began)
    await take_order(context, order)
    entry = replace(entry, fields=read_as)
    await context.keep(context.ledger.receive, entry, skipped)
    if running is not None:
        what = f"{running.id}: by {order.id}"
        await context.audit(entry.partner, "order ended unfinished", what)


async def _report(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    state = context.state
    report = check_report(state, context.side.firm, entry.partner, message)
    entry = replace(entry, fields=_known(as_fields(report), message))
    await context.keep(context.ledger.receive, entry, skipped)
    basis = state.versions[entry.order][entry.version]
    package = next((p for p in basis.packages if p.id == entry.package), None)
    level = entry.level or Level.L0
    heard = Heard(level, report, timedelta(seconds=entry.order_s), package)
    if message.kind is Kind.SUMMARY:
        state.summaries[entry.order] = heard
    elif entry.package is not None:
        state.hear(entry.order, entry.package, heard)


async def _withdrawn(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    state = context.state
    if state.order(entry.order) is None and entry.order not in state.closed:
        raise NotYetError("a withdrawal for an order that is not known here yet")
    giver, taker = entry.partner, context.side.firm
    left = read_withdrawal(message, state.agreed(entry.order, giver, taker).level)
    await context.keep(context.ledger.receive_withdrawal, entry, skipped, taker, left)
    state.agreements[entry.order, giver, taker] = left
    narrow_heard(context, entry.order, giver, left.level)
    await context.audit(giver, "withdrawn", f"{entry.order}: {left.level}")


async def _given(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    state = context.state
    order, giver, taker = state.order(entry.order), entry.partner, context.side.firm
    if order is None:
        if entry.order not in state.closed:
            raise NotYetError("an agreement on an order that is not known here yet")
        await context.keep(context.ledger.receive, entry, skipped)
        return
    most = agreed_on(context.side.consortium, order, giver, taker)
    agreed = read_given(message, most)
    await context.keep(context.ledger.receive_given, entry, skipped, taker, agreed)
    state.agreements[entry.order, giver, taker] = agreed
    await context.audit(giver, "given again", f"{entry.order}: {agreed.level}")


async def _offer(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    state = context.state
    order = state.order(entry.order)
    if order is None:
        raise NotYetError("an offer for an order that is not known here yet")
    if order.lead != entry.partner:
        raise ExchangeError("an offer that is not from the lead firm")
    offer = read_offer(message, order, context.side.firm)
    mine = state.offers.get(offer.id)
    # What we have answered is not open again: the answer is on its way.
    if mine is None or mine[1].state == "open" or offer.state != "open":
        await context.keep(context.ledger.keep_offer, entry.order, offer)
        state.offers[offer.id] = (entry.order, offer)
    await context.keep(context.ledger.receive, entry, skipped)


async def _answer(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    state = context.state
    order_id, offer = state.offers.get(str(message.fields.get("id")), ("", None))
    if offer is None or order_id != entry.order or offer.to != entry.partner:
        raise ExchangeError("an answer to an offer that was not made to this firm")
    if offer.state == "open":
        said = "accepted" if message.fields.get("accepted") is True else "declined"
        answered = replace(offer, state=said)
        await context.keep(context.ledger.keep_offer, entry.order, answered)
        state.offers[offer.id] = (entry.order, answered)
    await context.keep(context.ledger.receive, entry, skipped)


async def _ready(context: Context, entry: LogEntry, skipped: Skipped, message: Message) -> None:
    order = context.state.order(entry.order)
    if order is None:
        raise NotYetError("a readiness for an order that is not known here yet")
    ready = read_ready(message.fields, entry.partner, order)
    await context.keep(context.ledger.keep_ready, entry.order, ready)
    context.state.ready[entry.order, entry.partner] = ready
    await context.keep(context.ledger.receive, entry, skipped)


_BY_KIND: Mapping[Kind, Effect] = {
    Kind.ORDER: _order,
    Kind.REPORT: _report,
    Kind.SUMMARY: _report,
    Kind.READY: _ready,
    Kind.OFFER: _offer,
    Kind.ANSWER: _answer,
    Kind.WITHDRAWAL: _withdrawn,
    Kind.GIVEN: _given,
}


def _known(read: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """A report as it was read, without what this version would have said besides."""
    return {key: value for key, value in read.items() if key in message.fields}
