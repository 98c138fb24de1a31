"""What people do with orders: open, offer, answer, withdraw, compare."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import ExchangeError
from gateway.exchange.book import Book
from gateway.exchange.dispatch import Dispatch
from gateway.exchange.keeping import close_older, take_order
from gateway.exchange.lookout import ready_reserve
from gateway.exchange.messages import GENESIS, Kind, Message, header
from gateway.exchange.office import Office
from gateway.exchange.opening import opened_order
from gateway.exchange.reception import Reception
from gateway.network.agreement import narrowed
from gateway.network.knowledge import Agreed, departed_lots
from gateway.network.order import JointOrder, Level
from gateway.network.picture import Offered
from gateway.network.plan import promised
from gateway.network.split import split

PATIENCE = 5.0
"""Seconds to wait for a partner's answer to a comparison."""
Json = dict[str, Any]


class Desk:
    """Carries out what a person asks for; whatever follows leaves with the next tick."""

    def __init__(
        self, office: Office, dispatch: Dispatch, reception: Reception, planned: JointOrder | None
    ) -> None:
        self._office = office
        self._dispatch = dispatch
        self._reception = reception
        self._planned = planned

    @property
    def _book(self) -> Book:
        return self._office.book

    async def open_order(
        self,
        name: str,
        at: timedelta,
        openings: Mapping[str, Mapping[str, Any]],
        *,
        reserve: bool,
    ) -> None:
        """Open the order of the firm's file under ``name``; older orders are over."""
        firm, site = self._office.side.firm, self._office.site
        if self._planned is None or self._office.side.consortium.lead != firm:
            raise ExchangeError("only the lead firm opens orders, from the order file of its site")
        if name in self._book.versions:
            raise ExchangeError(f"an order {name} exists already; nothing is ever replaced")
        if self._planned.lead != firm:
            raise ExchangeError(f"the order file names {self._planned.lead} as its lead firm")
        if self._planned.lapse > 1 and not site.simulated:
            raise ExchangeError("time lapse is for simulated machines only; set lapse to 1")
        began = self._office.clock()
        order = opened_order(self._planned, name, at, openings, began=began, reserve=reserve)
        await take_order(self._office, order)
        await close_older(self._office, self._dispatch, order)

    async def offer(self, order_id: str, package: str, lots: tuple[int, ...], to: str) -> str:
        """Ask a firm to take lots; it must have said that it could."""
        order = self._led(order_id)
        member = self._office.side.consortium.member(to)
        if member is None or member.seal is None:
            raise ExchangeError(f"{to} cannot be reached: the consortium's file has no keys of it")
        reserve = ready_reserve(self._book, order, to, package)
        if reserve is None:
            raise ExchangeError(f"{to} has not said that it could take lots of {package}")
        for other in self._book.offers_of(order_id):
            if other.state == "open" and other.package == package and set(other.lots) & set(lots):
                raise ExchangeError(f"these lots of {package} are already offered")
        _tried(order, package, lots, to, self._book)
        heard = self._book.heard.get((order_id, package))
        gone = set(departed_lots(heard)) & set(lots)
        if gone:
            raise ExchangeError(f"lots {sorted(gone)} of {package} have left already")
        offer = Offered(
            id=secrets.token_hex(6),
            package=package,
            lots=lots,
            to=to,
            by=order.lead,
            state="open",
            earliest_start=reserve.earliest_start,
        )
        await self._keep_offer(order_id, offer)
        return offer.id

    async def answer(self, order_id: str, offer_id: str, *, accept: bool) -> None:
        """Accept or decline an offer made to this firm."""
        of, offer = self._book.offers.get(offer_id, ("", None))
        if offer is None or of != order_id or offer.to != self._office.side.firm:
            raise ExchangeError("there is no such offer to this firm")
        if offer.state != "open":
            raise ExchangeError(f"the offer is {offer.state} already")
        if order_id in self._book.closed:
            raise ExchangeError("the order is over")
        state = "accepted" if accept else "declined"
        await self._keep_offer(order_id, replace(offer, state=state))

    async def carry_out_accepted(self, real: datetime) -> None:
        """Lots of accepted offers move to the firm that took them (lead firm)."""
        order = self._book.active()
        if order is None or order.lead != self._office.side.firm:
            return
        for offer in self._book.offers_of(order.id):
            if offer.state == "accepted" and not _moved(order, offer):
                order = await self._move(order, offer, real)

    async def _move(self, order: JointOrder, offer: Offered, real: datetime) -> JointOrder:
        reserve = ready_reserve(self._book, order, offer.to, offer.package)
        if reserve is None:
            return order
        accepted = order.clock.order(real)
        try:
            changed = split(order, offer.package, offer.lots, reserve, accepted=accepted)
        except ValueError:
            await self._keep_offer(order.id, replace(offer, state="expired"))
            return order
        changed = promised(changed)
        await take_order(self._office, changed)
        return changed

    async def withdraw(self, order_id: str, recipient: str, level: Level) -> None:
        """Narrow an agreement; it holds from the commit of this call."""
        book, firm = self._book, self._office.side.firm
        if (order_id, firm, recipient) not in book.agreements:
            raise ExchangeError(f"there is no agreement with {recipient} on this order")
        left = narrowed(book.agreed(order_id, firm, recipient).level, level)
        now = from_ms(to_ms(self._office.clock()))
        await self._dispatch.narrow(order_id, recipient, Agreed(left, now))
        await self._office.audit(recipient, "narrowed", f"{order_id}: {left}")

    async def compare(self, firm: str, order_id: str | None) -> Json:
        """Ask a partner for the hashes in its log, at the places where ours must be equal."""
        office, book = self._office, self._book
        active = book.active()
        name = order_id or (active.id if active else None)
        member = office.side.consortium.member(firm)
        if name is None or member is None or firm == office.side.firm:
            raise ExchangeError("there is nothing to compare with this firm")
        places = await self._places(name, firm)
        question = Message(
            header=header(office.side.firm, firm, Kind.COMPARE),
            kind=Kind.COMPARE,
            order=name,
            fields={
                side: {"chain": chain, "sequence": sequence}
                for side, (chain, sequence, _) in places.items()
            },
        )
        answer = await self._ask(firm, question)
        sides = {side: _compared(place, answer, side) for side, place in places.items() if place[1]}
        sent = sides.get("sent", {"mine": GENESIS, "theirs": None, "count": 0, "equal": True})
        return {
            "firm": firm,
            "order": name,
            **sent,
            "count": sum(side["count"] for side in sides.values()),
            "equal": answer is not None and all(side["equal"] for side in sides.values()),
            "received": sides.get("received"),
        }

    async def _places(self, order: str, firm: str) -> dict[str, tuple[str, int, str]]:
        """Up to where both logs must agree: what the partner acknowledged, and what we did."""
        book, ledger = self._book, self._office.ledger
        out, into = book.out_heads.get((order, firm)), book.in_heads.get((order, firm))
        places: dict[str, tuple[str, int, str]] = {}
        if out is not None:
            open_ones = [e.sequence for e in book.unanswered(order, firm)]
            open_ones += [e.sequence for e in book.cancelled.get((order, firm), [])]
            last = min(open_ones, default=out.sequence + 1) - 1
            hashed = await self._office.keep(ledger.hash_at, "sent", order, firm, out.chain, last)
            places["sent"] = (out.chain, last, hashed or GENESIS)
        if into is not None:
            places["received"] = (into.chain, into.sequence, into.hash)
        return places

    async def _ask(self, firm: str, question: Message) -> Message | None:
        about, reception = question.header.messageId, self._reception
        waiting: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        reception.asked[about] = waiting
        try:
            await self._office.say(firm, question)
            async with asyncio.timeout(PATIENCE):
                return await waiting
        except TimeoutError:
            return None
        finally:
            del reception.asked[about]

    async def _keep_offer(self, order: str, offer: Offered) -> None:
        await self._office.keep(self._office.ledger.keep_offer, order, offer)
        self._book.offers[offer.id] = (order, offer)

    def _led(self, order_id: str) -> JointOrder:
        order = self._book.order(order_id)
        if order is None or order.lead != self._office.side.firm:
            raise ExchangeError("only the lead firm of an order makes offers")
        if order_id in self._book.closed:
            raise ExchangeError("the order is over")
        return order


def _tried(order: JointOrder, package: str, lots: tuple[int, ...], to: str, book: Book) -> None:
    """Refuse an offer that could not be carried out."""
    reserve = ready_reserve(book, order, to, package)
    try:
        if reserve is not None:
            split(order, package, lots, reserve, accepted=order.clock.at)
    except (KeyError, ValueError) as error:
        raise ExchangeError(f"these lots cannot be offered: {error}") from error


def _moved(order: JointOrder, offer: Offered) -> bool:
    """Whether the lots of an offer are already with the firm that took them."""
    return any(
        package.part_of == offer.package
        and package.firm == offer.to
        and set(offer.lots) <= set(package.numbers or ())
        for package in order.packages
    )


def _compared(place: tuple[str, int, str], answer: Message | None, side: str) -> Json:
    _, sequence, mine = place
    theirs = answer.fields.get(side) if answer is not None else None
    return {"mine": mine, "theirs": theirs, "count": sequence, "equal": mine == theirs}
