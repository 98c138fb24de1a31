"""Receiving: open, check, commit, then acknowledge. What is refused gets no answer.

What a message brings about is kept before the message itself, and may be kept twice: a gateway
that ends in between does not know the message yet, so it comes again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from dataclasses import replace
from datetime import timedelta

from gateway.core.errors import ExchangeError, JournalError, NotConnected
from gateway.partners.checks import Fit, NotYetError, fit, skipped_before
from gateway.partners.context import Context
from gateway.partners.crypto import Opened, opened
from gateway.partners.effects import bring_about
from gateway.partners.messages import CHAINED, LAST, Kind, Message, read
from gateway.partners.outbox import Outbox
from gateway.partners.rate_limit import RateLimit
from gateway.partners.start_check import StartCheck
from gateway.partners.state import Head, LogEntry

log = logging.getLogger(__name__)

SEEN = 4096
"""So many sealed messages are remembered to recognise one that the way delivers twice."""
IDLE_INTERVAL = timedelta(seconds=10)
"""While no order is worked on, partners may say as much as if they reported this often."""
COMPLAIN_EVERY = 1.0
"""Seconds between two messages to a partner that something is missing."""


class Inbox:
    """Handles one message after the other."""

    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        start_check: StartCheck,
    ) -> None:
        self._context = context
        self._outbox = outbox
        self.start_check = start_check
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._complained: dict[tuple[str, str], float] = {}
        self._rate_limit = RateLimit()
        self.asked: dict[str, asyncio.Future[Message]] = {}
        """Questions to partners that wait for their answer, by message id."""

    async def handle(self, named: str, wire: bytes, mono: float) -> None:
        """One message as it arrived, under the sender's name that its address gives."""
        if self._rate_limit.used_up(named, self._interval(), mono):
            why = "it sends more than an order needs and is read more slowly"
            await self._context.audit(named, "slowed down", why, level=logging.WARNING)
            return  # as if lost on its way: what is honest comes again
        digest = hashlib.sha256(wire).digest()
        if digest in self._seen:
            return  # delivered twice, or played back: a repetition by its sender is sealed anew
        self._seen[digest] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        side = self._context.side
        try:
            got = opened(wire, side.firm, self._context.keys, side.consortium)
            if got.sender == side.firm:
                await self.start_check.returned(named, got.content)
                self._rate_limit.use(named, mono)
                return
            _same(got.sender, named)
            self._rate_limit.use(named, mono)
            message = read(got.content, got.sender, side.firm)
            if message.kind is not Kind.HEADS:
                self.start_check.heard(got.sender)
            await self._sort(got, message, len(wire), mono)
        except NotYetError:
            return
        except ExchangeError as error:
            await self._refuse(named, str(error))
        except (JournalError, NotConnected):
            raise  # it was not kept, or not answered: it comes again
        except Exception as error:  # what a member sends ends nothing, whatever we did not foresee
            log.exception("%s: a message that could not be taken in", named)
            await self._refuse(named, f"unsound ({type(error).__name__})")

    async def _refuse(self, named: str, why: str) -> None:
        member = self._context.side.consortium.member(named)
        name = member.id if member else "?"
        await self._context.audit(name, "refused", why, level=logging.WARNING)

    def _interval(self) -> timedelta:
        """How often partners report now, in real time."""
        working = self._context.state.working()
        return min((order.interval / order.lapse for order in working), default=IDLE_INTERVAL)

    async def _sort(self, got: Opened, message: Message, size: int, mono: float) -> None:
        if message.kind in CHAINED:
            await self._chained(got, message, size, mono)
        elif message.kind is Kind.ACK:
            await self._outbox.acknowledged(got.sender, message, self._context.clock())
        elif message.kind is Kind.BEHIND:
            await self._outbox.missing(got.sender, message, mono)
        elif message.kind is Kind.COMPARE:
            await self._compare(got.sender, message, mono)
        elif not await self.start_check.answered(got.sender, message):
            waiting = self.asked.get(message.header.relatedMessageId or "")
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def _chained(self, got: Opened, message: Message, size: int, mono: float) -> None:
        context, sender = self._context, got.sender
        chain, head = message.chain or "", context.state.in_heads.get((message.order, sender))
        replaced = (head is None or head.chain != chain) and await context.keep(
            context.ledger.knows_chain, message.order, sender, chain
        )
        where = fit(context.state, sender, message, replaced=replaced)
        if where is Fit.BEHIND:
            await self._complain(sender, message, mono)
            return
        if where is Fit.KNOWN:
            known = await context.keep(
                context.ledger.known, sender, message.chain or "", message.sequence
            )
            if known is None or known[0] != got.hash:
                raise ExchangeError(f"another message under the number {message.sequence}")
            if known[1] != "cancelled":
                await self._acknowledge(sender, message, got.hash)
            return
        await self._accept(got, message, size)
        await self._acknowledge(sender, message, got.hash)

    async def _accept(self, got: Opened, message: Message, size: int) -> None:
        context, state, sender = self._context, self._context.state, got.sender
        pair = (message.order, sender)
        chain = message.chain or ""
        head = state.in_heads.get(pair, Head(chain))
        if head.chain != chain:
            await context.audit(
                sender, "chain begun anew", f"{message.order}: after {head.sequence}"
            )
            head = Head(chain)
        entry = _entry(got, message, size)
        skipped = [
            replace(entry, sequence=e.sequence, hash=e.hash, prev=e.prev, kind=Kind.REPORT,
                    package=None, level=None, fields={}, text=None, bytes=0, state="cancelled")
            for e in skipped_before(message, head)
        ]  # fmt: skip
        await bring_about(context, entry, skipped, message)
        state.in_heads[pair] = Head(chain, message.sequence, got.hash)
        state.received_count += 1 + len(skipped)

    async def _acknowledge(self, sender: str, message: Message, hashed: str) -> None:
        fields: dict[str, object] = {
            "chain": message.chain,
            "sequence": message.sequence,
            "hash": hashed,
        }
        context, about = self._context, message.header.messageId
        await context.say(sender, context.reply(sender, Kind.ACK, message.order, fields, about))

    async def _complain(self, sender: str, message: Message, mono: float) -> None:
        pair = (message.order, sender)
        if mono < self._complained.get(pair, 0.0):
            return
        self._complained = {p: due for p, due in self._complained.items() if due > mono}
        self._complained[pair] = mono + COMPLAIN_EVERY
        head = self._context.state.in_heads.get(pair)
        known = head is not None and head.chain == message.chain
        have = head.sequence if head is not None and known else 0
        fields: dict[str, object] = {"chain": message.chain, "have": have}
        context, about = self._context, message.header.messageId
        await context.say(sender, context.reply(sender, Kind.BEHIND, message.order, fields, about))

    async def _compare(self, sender: str, message: Message, mono: float) -> None:
        """Tell the asking firm what we have of it, or the hashes at the places it names."""
        context, fields = self._context, dict[str, object]()
        if asked := "numbers" in message.fields:
            fields = await self.start_check.numbers(sender, message.fields["numbers"], mono)
        sides = () if asked else (("sent", "received"), ("received", "sent"))
        for side, log in sides:
            place = message.fields.get(side)
            if not isinstance(place, dict):
                continue
            chain, sequence = place.get("chain"), place.get("sequence")
            if isinstance(chain, str) and isinstance(sequence, int) and 0 <= sequence <= LAST:
                fields[side] = await context.keep(
                    context.ledger.hash_at, log, message.order, sender, chain, sequence
                )
        answer = context.reply(sender, Kind.HEADS, message.order, fields, message.header.messageId)
        await context.say(sender, answer, asking=asked)


_KEYS = {
    Kind.READY: ("package", "earliest_start_s", "lot_time_s"),
    Kind.OFFER: ("id", "package", "lots", "state", "earliest_start_s"),
    Kind.ANSWER: ("id", "accepted"),
    Kind.WITHDRAWAL: ("level", "withdrawnAt"),
    Kind.GIVEN: ("level", "givenAt"),
}
"""What is read, kept and shown of these kinds; orders and reports are as they were read."""


def _entry(got: Opened, message: Message, size: int) -> LogEntry:
    return LogEntry(
        order=message.order,
        partner=got.sender,
        chain=message.chain or "",
        sequence=message.sequence,
        kind=message.kind,
        package=message.package,
        version=message.version,
        level=message.level,
        at=message.header.sentDateTime,
        order_s=message.order_s,
        fields={
            key: message.fields[key] for key in _KEYS.get(message.kind, ()) if key in message.fields
        },
        text=got.text,
        hash=got.hash,
        prev=message.prev,
        bytes=size,
        state="kept",
    )


def _same(signer: str, named: str) -> None:
    if signer != named:
        raise ExchangeError(f"signed by {signer}, sent under another name")
