"""Two firms lay their logs beside each other: the hashes at the same place must be the same."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from gateway.partners.context import Context
from gateway.partners.inbox import Inbox
from gateway.partners.messages import GENESIS, Kind, Message, header

PATIENCE = 5.0
"""Seconds to wait for the partner's answer."""


@dataclass(frozen=True, slots=True)
class ChainPlace:
    """A place in a chain that both firms have: its number, and the hash that we hold there."""

    chain: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Beside:
    """The last common place of a chain in both logs; ``theirs`` is what the partner has said."""

    mine: str = GENESIS
    theirs: object = None
    count: int = 0
    equal: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both firms' logs beside each other; ``answered``: whether the partner has said anything."""

    firm: str
    order: str
    answered: bool
    sent: Beside
    received: Beside | None

    @property
    def count(self) -> int:
        """So many messages were compared."""
        return self.sent.count + (self.received.count if self.received is not None else 0)

    @property
    def equal(self) -> bool:
        """Whether both logs are the same."""
        received = self.received is None or self.received.equal
        return self.answered and self.sent.equal and received


async def compare(
    context: Context, inbox: Inbox, firm: str, order_id: str | None
) -> Comparison | None:
    """Ask ``firm`` for the hashes in its log where ours must be equal.

    None where no message about the order ever went either way (a stranger and a firm of the
    consortium that we share nothing with are the same), or where the order is not kept any more.
    """
    newest = next(iter(context.state.working()), None)
    order = order_id or (newest.id if newest else "")
    places = await _places(context, order, firm) if order in context.state.versions else {}
    if not places:
        return None
    question = Message(
        header=header(context.side.firm, firm, Kind.COMPARE, context.stamp()),
        kind=Kind.COMPARE,
        order=order,
        fields={
            side: {"chain": place.chain, "sequence": place.sequence}
            for side, place in places.items()
        },
    )
    answer = await _ask(context, inbox, firm, question)
    sides = {side: _beside(place, answer, side) for side, place in places.items() if place.sequence}
    sent = sides.get("sent", Beside())
    return Comparison(firm, order, answer is not None, sent, sides.get("received"))


async def _places(context: Context, order: str, firm: str) -> dict[str, ChainPlace]:
    """Up to where both logs must agree: what the partner acknowledged, and what we did."""
    state = context.state
    out, into = state.out_heads.get((order, firm)), state.in_heads.get((order, firm))
    places: dict[str, ChainPlace] = {}
    if out is not None:
        unsure = [entry.sequence for entry in state.unanswered(order, firm)]
        unsure += [entry.sequence for entry in state.cancelled.get((order, firm), [])]
        last = min(unsure, default=out.sequence + 1) - 1
        hashed = await context.keep(context.ledger.hash_at, "sent", order, firm, out.chain, last)
        places["sent"] = ChainPlace(out.chain, last, hashed or GENESIS)
    if into is not None:
        places["received"] = ChainPlace(into.chain, into.sequence, into.hash)
    return places


async def _ask(context: Context, inbox: Inbox, firm: str, question: Message) -> Message | None:
    about = question.header.messageId
    waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
    inbox.asked[about] = waiting
    try:
        await context.say(firm, question)
        async with asyncio.timeout(PATIENCE):
            return await waiting
    except TimeoutError:
        return None
    finally:
        del inbox.asked[about]


def _beside(place: ChainPlace, answer: Message | None, side: str) -> Beside:
    theirs = answer.fields.get(side) if answer is not None else None
    return Beside(place.hash, theirs, place.sequence, place.hash == theirs)
