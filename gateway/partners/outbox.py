"""Sending: messages get their place in the chain when they may go, and are repeated until known.

At most one message of each kind, package and recipient is on its way. What was taken back stays
in the chain as a hash: the next message names it, so that the recipient can continue without it.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from gateway.core.errors import ExchangeError
from gateway.network.knowledge import Agreed
from gateway.network.order import HORIZON
from gateway.partners.clocks import measured
from gateway.partners.context import Context
from gateway.partners.crypto import fingerprint, sealed, signed
from gateway.partners.messages import Cancelled, Message, header
from gateway.partners.outgoing import Outgoing
from gateway.partners.state import Head, Key, LogEntry, Pair

RETRY = (1.0, 2.0, 3.0, 5.0)
"""Seconds until an unanswered message is sent again; then always the last."""
ANEW_EVERY = 30.0
"""Seconds between two new beginnings of a chain: asking does not make our ledger grow fast."""


class Outbox:
    """The outbox: what is on its way, and when it is tried again (monotonic seconds)."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._tries: dict[Pair, tuple[int, float]] = {}
        self._anew: dict[Pair, float] = {}
        self._answered: dict[Pair, datetime] = {}  # by the partner's own clock

    async def take(self, outgoing: Iterable[Outgoing], mono: float) -> None:
        """Give messages their place in the chain, commit them, and send them."""
        state, heads = self._context.state, dict[Pair, Head]()
        made: list[LogEntry] = []
        for each in outgoing:
            try:
                made.append(self._place(each, heads))
            except ExchangeError as error:  # too long: everything else goes on
                partner = each.key[1]
                await self._context.audit(partner, "not sent", str(error), level=logging.WARNING)
        if not made:
            return
        await self._context.keep(self._context.ledger.send, made)
        state.out_heads |= heads
        state.sent_count += len(made)
        for entry in made:
            state.told[entry.key] = state.pending[entry.key] = entry
        for entry in made:
            if entry.text is not None:
                await self._context.post(entry.partner, entry.text)
            pair = (entry.order, entry.partner)
            self._tries.setdefault(pair, (0, mono + RETRY[0]))

    def _place(self, what: Outgoing, heads: dict[Pair, Head]) -> LogEntry:
        """A message at the end of its chain; ``heads`` are the new ends, until they are kept."""
        context, state = self._context, self._context.state
        order, partner, kind, package = what.key
        pair = (order, partner)
        head = heads.get(pair) or state.out_heads.get(pair) or Head(secrets.token_hex(8))
        message = Message(
            header=header(context.side.firm, partner, kind, context.stamp()),
            kind=kind,
            order=order,
            version=what.version,
            package=package,
            chain=head.chain,
            sequence=head.sequence + 1,
            prev=head.hash,
            level=what.level,
            agreement=f"{order}/{context.side.firm}/{partner}" if what.level else None,
            order_s=max(-HORIZON, min(what.at, HORIZON)).total_seconds(),
            cancels=tuple(
                Cancelled(sequence=e.sequence, hash=e.hash, prev=e.prev)
                for e in state.cancelled.get(pair, [])
            ),
            fields=what.fields,
        )
        text = signed(message.content(), context.side.firm, context.keys)
        member = context.side.consortium.member(partner)
        size = len(sealed(text, member)) if member is not None and member.seal else len(text)
        hashed = fingerprint(text)
        heads[pair] = Head(head.chain, message.sequence, hashed)
        return LogEntry(
            order=order,
            partner=partner,
            chain=head.chain,
            sequence=message.sequence,
            kind=kind,
            package=package,
            version=what.version,
            level=what.level,
            at=message.header.sentDateTime,
            order_s=message.order_s,
            fields=what.fields,
            text=text,
            hash=hashed,
            prev=head.hash,
            bytes=size,
            state="pending",
        )

    async def repeat(self, mono: float) -> None:
        """Send again what was not answered in time."""
        for pair in {
            (entry.order, entry.partner) for entry in self._context.state.pending.values()
        }:
            tries, due = self._tries.get(pair, (0, mono))
            if mono >= due:
                pause = RETRY[min(tries, len(RETRY) - 1)]
                self._tries[pair] = (tries + 1, mono + pause)
                await self._again(pair)

    async def _again(self, pair: Pair) -> None:
        for entry in list(self._context.state.unanswered(*pair)):
            if entry.text is not None:
                await self._context.post(entry.partner, entry.text)

    def reconnected(self) -> None:
        """The way is open again: everything unanswered goes at once."""
        self._tries.clear()

    def hurry(self, partner: str) -> None:
        """A partner may be told now: everything unanswered goes to it at once."""
        for pair in [pair for pair in self._tries if pair[1] == partner]:
            del self._tries[pair]

    async def acknowledged(self, partner: str, message: Message, now: datetime) -> bool:
        """The partner has committed what it names; True if that was on its way."""
        state = self._context.state
        for key, entry in state.pending.items():
            if (entry.order, entry.partner) != (message.order, partner):
                continue
            told = message.fields
            if (told.get("chain"), told.get("sequence"), told.get("hash")) == (
                entry.chain,
                entry.sequence,
                entry.hash,
            ):
                await self._context.keep(self._context.ledger.acknowledge, entry, now)
                del state.pending[key]
                self._answered[entry.order, partner] = message.header.sentDateTime
                self._settle(key, entry, now)
                answered = message.header.sentDateTime
                await measured(self._context, message.order, partner, entry.at, answered)
                return True
        return False

    def _settle(self, key: Key, entry: LogEntry, now: datetime) -> None:
        state, pair = self._context.state, (entry.order, entry.partner)
        state.learnt(entry)
        if state.told.get(key) is entry:
            state.told[key] = replace(entry, state="acked", acked=now)
        left = [e for e in state.cancelled.get(pair, []) if e.sequence > entry.sequence]
        state.cancelled[pair] = left
        if not any(True for _ in state.unanswered(*pair)):
            self._tries.pop(pair, None)

    async def narrow(self, order: str, taker: str, agreed: Agreed) -> None:
        """Narrow what ``taker`` may see, and take back what is on its way above that.

        Later messages to the same partner are taken back with it and made anew, because each
        names the one before it.
        """
        state = self._context.state
        waiting = list(state.unanswered(order, taker))
        above = [e.sequence for e in waiting if e.level is not None and e.level > agreed.level]
        cancelled = [e for e in waiting if above and e.sequence >= min(above)]
        await self._context.keep(
            self._context.ledger.narrow, order, self._context.side.firm, taker, agreed, cancelled
        )
        self._take_back(cancelled, (order, taker))
        state.tell_again(order, taker)
        state.agreements[order, self._context.side.firm, taker] = agreed

    async def begin_anew(self, order: str, partner: str) -> None:
        """The partner has lost its file: end this chain and tell everything again in a new one."""
        state = self._context.state
        waiting = list(state.unanswered(order, partner))
        await self._context.keep(self._context.ledger.abandon, waiting, order, partner)
        self._forget(waiting)
        state.out_heads.pop((order, partner), None)
        state.cancelled.pop((order, partner), None)
        state.unlearnt(order, partner)
        for key in [key for key in state.told if key[:2] == (order, partner)]:
            del state.told[key]

    async def close(self, order: str) -> None:
        """An order is over: of what is unanswered only withdrawals leave again, made anew."""
        state, now = self._context.state, self._context.clock()
        await self._context.keep(self._context.ledger.close_order, order, now)
        for partner in {entry.partner for entry in state.pending.values() if entry.order == order}:
            self._take_back(list(state.unanswered(order, partner)), (order, partner))
        state.closed[order] = now

    async def missing(self, partner: str, message: Message, mono: float) -> None:
        """The partner lacks messages: send them again, or begin anew where it lacks old ones.

        What it said before its last answer has been overtaken on the way.
        """
        state, pair = self._context.state, (message.order, partner)
        answered = self._answered.get(pair)
        if answered is not None and message.header.sentDateTime <= answered:
            return
        head, have = state.out_heads.get(pair), message.fields.get("have")
        if head is None or message.fields.get("chain") != head.chain or not isinstance(have, int):
            return
        unknown = [e.sequence for e in state.cancelled.get(pair, [])]
        unknown += [entry.sequence for entry in state.unanswered(*pair)]
        if have + 1 < min(unknown, default=head.sequence + 1):
            if mono < self._anew.get(pair, 0.0):
                return
            self._anew[pair] = mono + ANEW_EVERY
            await self._context.audit(
                partner, "chain begun anew", f"{message.order}: it has {have}"
            )
            await self.begin_anew(*pair)
        else:
            self._tries[pair] = (1, mono + RETRY[0])
            await self._again(pair)

    def _take_back(self, entries: list[LogEntry], pair: Pair) -> None:
        """Their hashes stay in the chain, so that the next message can name them."""
        self._forget(entries)
        self._context.state.cancelled.setdefault(pair, []).extend(entries)

    def _forget(self, entries: Iterable[LogEntry]) -> None:
        state = self._context.state
        for entry in list(entries):
            state.pending.pop(entry.key, None)
            if state.told.get(entry.key) == entry:
                del state.told[entry.key]
