"""Receiving: open, check, commit, then acknowledge. What is refused gets no answer.

What a message brings about is kept before the message itself, and may be kept twice: a gateway
that ends in between does not know the message yet, so it comes again.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.core.errors import ExchangeError, JournalError, NotConnected
from gateway.network.document import as_document, from_document
from gateway.network.knowledge import Heard
from gateway.network.order import JointOrder, Level
from gateway.partners.checks import (
    Fit,
    NotYetError,
    check_order,
    check_reckoned,
    check_report,
    fit,
    read_given,
    read_offer,
    read_ready,
    read_withdrawal,
    skipped_before,
)
from gateway.partners.clocks import began_here
from gateway.partners.context import Office
from gateway.partners.crypto import Opened, opened
from gateway.partners.lifecycle import agreed_on, in_earnest, narrow_heard, take_order
from gateway.partners.messages import CHAINED, LAST, Kind, Message, read
from gateway.partners.outbox import Dispatch
from gateway.partners.rate_limit import Allowance
from gateway.partners.start_check import Inquiry
from gateway.partners.state import Entry, Head

log = logging.getLogger(__name__)

SEEN = 4096
"""So many sealed messages are remembered to recognise one that the way delivers twice."""
NO_ORDER = timedelta(seconds=10)
"""While no order is worked on, partners may say as much as if they reported this often."""
COMPLAIN_EVERY = 1.0
"""Seconds between two messages to a partner that something is missing."""


class Reception:
    """Handles one message after the other."""

    def __init__(
        self,
        office: Office,
        dispatch: Dispatch,
        inquiry: Inquiry,
        unfinished: Callable[[str], JointOrder | None],
    ) -> None:
        self._office = office
        self._dispatch = dispatch
        self.inquiry = inquiry
        self._unfinished = unfinished
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._complained: dict[tuple[str, str], float] = {}
        self._allowance = Allowance()
        self.asked: dict[str, asyncio.Future[Message]] = {}
        """Questions to partners that wait for their answer, by message id."""

    async def handle(self, named: str, wire: bytes, mono: float) -> None:
        """One message as it arrived, under the sender's name that its address gives."""
        if self._allowance.used_up(named, self._interval(), mono):
            why = "it sends more than an order needs and is read more slowly"
            await self._office.audit(named, "slowed down", why, level=logging.WARNING)
            return  # as if lost on its way: what is honest comes again
        digest = hashlib.sha256(wire).digest()
        if digest in self._seen:
            return  # delivered twice, or played back: a repetition by its sender is sealed anew
        self._seen[digest] = None
        if len(self._seen) > SEEN:
            self._seen.popitem(last=False)
        side = self._office.side
        try:
            got = opened(wire, side.firm, self._office.keys, side.consortium)
            if got.sender == side.firm:
                await self.inquiry.returned(named, got.content)
                self._allowance.use(named, mono)
                return
            _same(got.sender, named)
            self._allowance.use(named, mono)
            message = read(got.content, got.sender, side.firm)
            if message.kind is not Kind.HEADS:
                self.inquiry.heard(got.sender)
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
        member = self._office.side.consortium.member(named)
        name = member.id if member else "?"
        await self._office.audit(name, "refused", why, level=logging.WARNING)

    def _interval(self) -> timedelta:
        """How often partners report now, in real time."""
        working = self._office.book.working()
        return min((order.interval / order.lapse for order in working), default=NO_ORDER)

    async def _sort(self, got: Opened, message: Message, size: int, mono: float) -> None:
        if message.kind in CHAINED:
            await self._chained(got, message, size, mono)
        elif message.kind is Kind.ACK:
            await self._dispatch.acknowledged(got.sender, message, self._office.clock())
        elif message.kind is Kind.BEHIND:
            await self._dispatch.missing(got.sender, message, mono)
        elif message.kind is Kind.COMPARE:
            await self._compare(got.sender, message, mono)
        elif not await self.inquiry.answered(got.sender, message):
            waiting = self.asked.get(message.header.relatedMessageId or "")
            if waiting is not None and not waiting.done():
                waiting.set_result(message)

    async def _chained(self, got: Opened, message: Message, size: int, mono: float) -> None:
        office, sender = self._office, got.sender
        chain, head = message.chain or "", office.book.in_heads.get((message.order, sender))
        replaced = (head is None or head.chain != chain) and await office.keep(
            office.ledger.knows_chain, message.order, sender, chain
        )
        where = fit(office.book, sender, message, replaced=replaced)
        if where is Fit.BEHIND:
            await self._complain(sender, message, mono)
            return
        if where is Fit.KNOWN:
            known = await office.keep(
                office.ledger.known, sender, message.chain or "", message.sequence
            )
            if known is None or known[0] != got.hash:
                raise ExchangeError(f"another message under the number {message.sequence}")
            if known[1] != "cancelled":
                await self._acknowledge(sender, message, got.hash)
            return
        await self._accept(got, message, size)
        await self._acknowledge(sender, message, got.hash)

    async def _accept(self, got: Opened, message: Message, size: int) -> None:
        office, book, sender = self._office, self._office.book, got.sender
        pair = (message.order, sender)
        chain = message.chain or ""
        head = book.in_heads.get(pair, Head(chain))
        if head.chain != chain:
            await office.audit(
                sender, "chain begun anew", f"{message.order}: after {head.sequence}"
            )
            head = Head(chain)
        entry = _entry(got, message, size)
        skipped = [
            replace(entry, sequence=e.sequence, hash=e.hash, prev=e.prev, kind=Kind.REPORT,
                    package=None, level=None, fields={}, text=None, bytes=0, state="cancelled")
            for e in skipped_before(message, head)
        ]  # fmt: skip
        await _BY_KIND[message.kind](self, entry, skipped, message)
        book.in_heads[pair] = Head(chain, message.sequence, got.hash)
        book.received_count += 1 + len(skipped)

    async def _order(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office = self._office
        order = from_document(message.fields)
        opened_before = office.book.order(order.id)
        lead = office.side.consortium.lead if opened_before is None else opened_before.lead
        check_order(order, message, entry.partner, lead, simulated=office.site.simulated)
        running = self._unfinished(order.lead)
        if running is not None and (running.id == order.id or not in_earnest(running, order)):
            running = None
        if running is not None and order.ends != running.id:
            raise ExchangeError(f"a second order while {running.id} is not done")
        if order.version not in office.book.versions.get(order.id, {}):
            check_reckoned(order, office.side.firm)
        read_as = as_document(order)
        known, book = office.book.order(order.id), office.book
        book.began[order.id] = order.clock.began
        began = began_here(order, entry.at, office.stamp()) if known is None else known.began
        order = replace(order, began=began)
        await take_order(office, order)
        entry = replace(entry, fields=read_as)
        await office.keep(office.ledger.receive, entry, skipped)
        if running is not None:
            what = f"{running.id}: by {order.id}"
            await office.audit(entry.partner, "order ended unfinished", what)

    async def _report(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office, book = self._office, self._office.book
        report = check_report(book, office.side.firm, entry.partner, message)
        entry = replace(entry, fields=_known(report.fields(), message))
        await office.keep(office.ledger.receive, entry, skipped)
        basis = book.versions[entry.order][entry.version]
        package = next((p for p in basis.packages if p.id == entry.package), None)
        level = entry.level or Level.L0
        heard = Heard(level, report, timedelta(seconds=entry.order_s), package)
        if message.kind is Kind.SUMMARY:
            book.summaries[entry.order] = heard
        elif entry.package is not None:
            book.hear(entry.order, entry.package, heard)

    async def _withdrawal(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office, book = self._office, self._office.book
        if book.order(entry.order) is None and entry.order not in book.closed:
            raise NotYetError("a withdrawal for an order that is not known here yet")
        giver, taker = entry.partner, office.side.firm
        left = read_withdrawal(message, book.agreed(entry.order, giver, taker).level)
        await office.keep(office.ledger.receive_withdrawal, entry, skipped, taker, left)
        book.agreements[entry.order, giver, taker] = left
        narrow_heard(office, entry.order, giver, left.level)
        await office.audit(giver, "withdrawn", f"{entry.order}: {left.level}")

    async def _given(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office, book = self._office, self._office.book
        order, giver, taker = book.order(entry.order), entry.partner, office.side.firm
        if order is None:
            if entry.order not in book.closed:
                raise NotYetError("an agreement on an order that is not known here yet")
            await office.keep(office.ledger.receive, entry, skipped)
            return
        most = agreed_on(office.side.consortium, order, giver, taker)
        agreed = read_given(message, most)
        await office.keep(office.ledger.receive_given, entry, skipped, taker, agreed)
        book.agreements[entry.order, giver, taker] = agreed
        await office.audit(giver, "given again", f"{entry.order}: {agreed.level}")

    async def _offer(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office, book = self._office, self._office.book
        order = book.order(entry.order)
        if order is None:
            raise NotYetError("an offer for an order that is not known here yet")
        if order.lead != entry.partner:
            raise ExchangeError("an offer that is not from the lead firm")
        offer = read_offer(message, order, office.side.firm)
        mine = book.offers.get(offer.id)
        # What we have answered is not open again: the answer is on its way.
        if mine is None or mine[1].state == "open" or offer.state != "open":
            await office.keep(office.ledger.keep_offer, entry.order, offer)
            book.offers[offer.id] = (entry.order, offer)
        await office.keep(office.ledger.receive, entry, skipped)

    async def _answer(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office, book = self._office, self._office.book
        order_id, offer = book.offers.get(str(message.fields.get("id")), ("", None))
        if offer is None or order_id != entry.order or offer.to != entry.partner:
            raise ExchangeError("an answer to an offer that was not made to this firm")
        if offer.state == "open":
            state = "accepted" if message.fields.get("accepted") is True else "declined"
            answered = replace(offer, state=state)
            await office.keep(office.ledger.keep_offer, entry.order, answered)
            book.offers[offer.id] = (entry.order, answered)
        await office.keep(office.ledger.receive, entry, skipped)

    async def _ready(self, entry: Entry, skipped: list[Entry], message: Message) -> None:
        office = self._office
        order = office.book.order(entry.order)
        if order is None:
            raise NotYetError("a readiness for an order that is not known here yet")
        ready = read_ready(message.fields, entry.partner, order)
        await office.keep(office.ledger.keep_ready, entry.order, ready)
        office.book.ready[entry.order, entry.partner] = ready
        await office.keep(office.ledger.receive, entry, skipped)

    async def _acknowledge(self, sender: str, message: Message, hashed: str) -> None:
        fields: dict[str, object] = {
            "chain": message.chain,
            "sequence": message.sequence,
            "hash": hashed,
        }
        office, about = self._office, message.header.messageId
        await office.say(sender, office.reply(sender, Kind.ACK, message.order, fields, about))

    async def _complain(self, sender: str, message: Message, mono: float) -> None:
        pair = (message.order, sender)
        if mono < self._complained.get(pair, 0.0):
            return
        self._complained = {p: due for p, due in self._complained.items() if due > mono}
        self._complained[pair] = mono + COMPLAIN_EVERY
        head = self._office.book.in_heads.get(pair)
        known = head is not None and head.chain == message.chain
        have = head.sequence if head is not None and known else 0
        fields: dict[str, object] = {"chain": message.chain, "have": have}
        office, about = self._office, message.header.messageId
        await office.say(sender, office.reply(sender, Kind.BEHIND, message.order, fields, about))

    async def _compare(self, sender: str, message: Message, mono: float) -> None:
        """Tell the asking firm what we have of it, or the hashes at the places it names."""
        office, fields = self._office, dict[str, object]()
        if asked := "numbers" in message.fields:
            fields = await self.inquiry.numbers(sender, message.fields["numbers"], mono)
        sides = () if asked else (("sent", "received"), ("received", "sent"))
        for side, log in sides:
            place = message.fields.get(side)
            if not isinstance(place, dict):
                continue
            chain, sequence = place.get("chain"), place.get("sequence")
            if isinstance(chain, str) and isinstance(sequence, int) and 0 <= sequence <= LAST:
                fields[side] = await office.keep(
                    office.ledger.hash_at, log, message.order, sender, chain, sequence
                )
        answer = office.reply(sender, Kind.HEADS, message.order, fields, message.header.messageId)
        await office.say(sender, answer, asking=asked)


_BY_KIND: dict[Kind, Any] = {
    Kind.ORDER: Reception._order,  # noqa: SLF001 - its own methods, by kind
    Kind.REPORT: Reception._report,  # noqa: SLF001
    Kind.SUMMARY: Reception._report,  # noqa: SLF001
    Kind.READY: Reception._ready,  # noqa: SLF001
    Kind.OFFER: Reception._offer,  # noqa: SLF001
    Kind.ANSWER: Reception._answer,  # noqa: SLF001
    Kind.WITHDRAWAL: Reception._withdrawal,  # noqa: SLF001
    Kind.GIVEN: Reception._given,  # noqa: SLF001
}


_KEYS = {
    Kind.READY: ("package", "earliest_start_s", "lot_time_s"),
    Kind.OFFER: ("id", "package", "lots", "state", "earliest_start_s"),
    Kind.ANSWER: ("id", "accepted"),
    Kind.WITHDRAWAL: ("level", "withdrawnAt"),
    Kind.GIVEN: ("level", "givenAt"),
}
"""What is read, kept and shown of these kinds; orders and reports are as they were read."""


def _known(read: Mapping[str, Any], message: Message) -> dict[str, Any]:
    """A report as it was read, without what this version would have said besides."""
    return {key: value for key, value in read.items() if key in message.fields}


def _entry(got: Opened, message: Message, size: int) -> Entry:
    return Entry(
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
