"""What people do with orders: open, offer, answer, withdraw."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from gateway.core.clock import from_ms, to_ms
from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.agreement import agreed_on, narrowed
from gateway.network.knowledge import Agreed, departed_lots
from gateway.network.opening import opened_order
from gateway.network.order import JointOrder, Level
from gateway.network.plan import promised
from gateway.network.snapshot import Offered
from gateway.network.split import split
from gateway.partners.context import Context
from gateway.partners.lifecycle import in_earnest, take_order
from gateway.partners.messages import Kind
from gateway.partners.outbox import Outbox
from gateway.partners.outgoing import Outgoing, check_length, iso
from gateway.partners.state import ExchangeState, Key

ORDER_IS_OVER = Text("Der Auftrag ist vorbei.", "The order is over.")


class Actions:
    """Carries out what a person asks for; whatever follows leaves with the next tick."""

    def __init__(
        self,
        context: Context,
        outbox: Outbox,
        planned: JointOrder | None,
    ) -> None:
        self._context = context
        self._outbox = outbox
        self._planned = planned

    @property
    def _state(self) -> ExchangeState:
        return self._context.state

    async def open_order(
        self,
        name: str,
        at: timedelta,
        openings: Mapping[str, Mapping[str, Any]],
        *,
        reserve: bool,
        begins_in: timedelta,
        ends: str | None = None,
    ) -> None:
        """Open the order of the firm's file under ``name``; ``ends`` is one that need not be done.

        The order before is over with it; in earnest it has to be done, or a person names it.
        """
        firm, site = self._context.side.firm, self._context.site
        if self._planned is None or self._context.side.consortium.lead != firm:
            raise ExchangeError(
                Text(
                    "Aufträge eröffnet nur die federführende Firma, aus ihrer Auftragsdatei.",
                    "Only the lead firm opens orders, from its order file.",
                )
            )
        state = self._state
        if name in state.versions or name in state.closed or name in state.prior_orders():
            raise ExchangeError(
                Text(
                    f"Den Auftrag {name} gibt es schon; ersetzt wird nie etwas.",
                    f"An order {name} exists already; nothing is ever replaced.",
                )
            )
        if self._planned.lead != firm:
            raise ExchangeError(
                Text(
                    f"Die Auftragsdatei nennt {self._planned.lead} als federführend.",
                    f"The order file names {self._planned.lead} as its lead firm.",
                )
            )
        if self._planned.lapse > 1 and not site.simulated:
            raise ExchangeError(
                Text(
                    "Zeitraffer gibt es nur mit simulierten Maschinen; setzen Sie lapse auf 1.",
                    "Time lapse is for simulated machines only; set lapse to 1.",
                )
            )
        running = self._context.unfinished(firm)
        if running is not None and running.id != ends and in_earnest(running, self._planned):
            raise ExchangeError(
                Text(
                    f"Der Auftrag {running.id} ist noch nicht fertig; mit einem neuen wäre er bei "
                    "allen Firmen abgebrochen. Soll er unfertig enden, bestätigen Sie das mit "
                    f"seinem Namen (ends: {running.id}).",
                    f"The order {running.id} is not done yet; a new one would abort it at every "
                    f"firm. If it is to end unfinished, confirm that by its name "
                    f"(ends: {running.id}).",
                )
            )
        began = self._context.clock() + begins_in
        order = opened_order(self._planned, name, at, openings, began=began, reserve=reserve)
        check_length(order)
        await take_order(self._context, replace(order, ends=self._before(firm)))
        if running is not None and in_earnest(running, order):
            await self._context.audit(firm, "order ended unfinished", f"{running.id}: by {name}")

    def _before(self, lead: str) -> str | None:
        """The order of a lead firm that is not closed yet."""
        orders = (order for order in self._state.orders() if order.lead == lead)
        return next((order.id for order in orders if order.id not in self._state.closed), None)

    async def offer(self, order_id: str, package: str, lots: tuple[int, ...], to: str) -> str:
        """Ask a firm to take lots; it must have said that it could."""
        order = self._led(order_id)
        member = self._context.side.consortium.member(to)
        if member is None or member.seal is None:
            raise ExchangeError(
                Text(
                    f"{to} ist nicht erreichbar: Der Verbund hat keine Schlüssel der Firma.",
                    f"{to} cannot be reached: the consortium has no keys of it.",
                )
            )
        reserve = self._state.ready_reserve(order, to, package)
        if reserve is None:
            raise ExchangeError(
                Text(
                    f"{to} hat nicht angeboten, Lose von {package} zu übernehmen.",
                    f"{to} has not said that it could take lots of {package}.",
                )
            )
        for other in self._state.offers_of(order_id):
            if other.state == "open" and other.package == package and set(other.lots) & set(lots):
                raise ExchangeError(
                    Text(
                        f"Diese Lose von {package} sind schon angeboten.",
                        f"These lots of {package} are already offered.",
                    )
                )
        _tried(order, package, lots, to, self._state)
        gone = self._gone(order_id, package, lots)
        if gone:
            raise ExchangeError(
                Text(
                    f"Lose {gone} von {package} sind schon abgegangen.",
                    f"Lots {gone} of {package} have left already.",
                )
            )
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
        of, offer = self._state.offers.get(offer_id, ("", None))
        if offer is None or of != order_id or offer.to != self._context.side.firm:
            raise ExchangeError(
                Text(
                    "Ein solches Angebot an diese Firma gibt es nicht.",
                    "There is no such offer to this firm.",
                )
            )
        if offer.state != "open":
            raise ExchangeError(
                Text(
                    "Das Angebot ist nicht mehr offen.",
                    "The offer is not open any more.",
                )
            )
        if order_id in self._state.closed:
            raise ExchangeError(ORDER_IS_OVER)
        state = "accepted" if accept else "declined"
        await self._keep_offer(order_id, replace(offer, state=state))

    async def carry_out_accepted(self, real: datetime) -> None:
        """Lots of accepted offers move to the firm that took them (lead firm)."""
        for order in self._state.working():
            if order.lead != self._context.side.firm:
                continue
            left = order
            for offer in self._state.offers_of(order.id):
                if offer.state == "accepted" and not _moved(left, offer):
                    left = await self._move(left, offer, real)

    async def _move(self, order: JointOrder, offer: Offered, real: datetime) -> JointOrder:
        reserve = self._state.ready_reserve(order, offer.to, offer.package)
        if reserve is None:
            return order
        accepted = order.clock.order(real)
        try:
            changed = split(order, offer.package, offer.lots, reserve, accepted=accepted)
        except ValueError:
            changed = None
        if changed is None or self._gone(order.id, offer.package, offer.lots):
            await self._keep_offer(order.id, replace(offer, state="expired"))
            return order
        changed = promised(changed)
        await take_order(self._context, changed)
        return changed

    async def withdraw(self, order_id: str, recipient: str, level: Level) -> None:
        """Narrow an agreement; it holds from the commit of this call."""
        state, firm = self._state, self._context.side.firm
        self._agreement(order_id, recipient)
        left = narrowed(state.agreed(order_id, firm, recipient).level, level)
        now = from_ms(to_ms(self._context.clock()))
        await self._outbox.narrow(order_id, recipient, Agreed(left, now))
        await self._context.audit(recipient, "narrowed", f"{order_id}: {left}")

    async def give(self, order_id: str, recipient: str, mono: float) -> Level:
        """Let a partner see again what was agreed on, after something was taken back.

        The partner's log has it before ours lets more out: whatever ends in between, no more
        leaves than both know of.
        """
        context, state, firm = self._context, self._state, self._context.side.firm
        self._agreement(order_id, recipient)
        order = state.order(order_id)
        if order is None or order_id in state.closed:
            raise ExchangeError(ORDER_IS_OVER)
        level = agreed_on(context.side.consortium, order, firm, recipient)
        if level <= state.agreed(order_id, firm, recipient).level:
            raise ExchangeError(
                Text(
                    f"{recipient} sieht alles, was vereinbart ist; mehr gibt es nicht.",
                    f"{recipient} sees all that is agreed on; there is no more to give.",
                )
            )
        key: Key = (order_id, recipient, Kind.GIVEN, None)
        if recipient not in context.answered or key in state.pending:
            raise ExchangeError(
                Text(
                    f"{recipient} ist jetzt nicht erreichbar. Versuchen Sie es später noch einmal.",
                    f"{recipient} cannot be reached now. Please try again later.",
                )
            )
        real = context.clock()
        fields = {"level": level.value, "givenAt": iso(real)}
        given = Outgoing(key, order.version, order.clock.order(real), fields)
        await self._outbox.take([given], mono)
        agreed = Agreed(level)
        await context.keep(context.ledger.give, order_id, firm, recipient, agreed)
        state.agreements[order_id, firm, recipient] = agreed
        state.tell_again(order_id, recipient)
        await context.audit(recipient, "given again", f"{order_id}: {level}")
        return level

    def _agreement(self, order_id: str, recipient: str) -> None:
        """Raises ExchangeError where there is no agreement with a firm."""
        if (order_id, self._context.side.firm, recipient) not in self._state.agreements:
            raise ExchangeError(
                Text(
                    f"Mit {recipient} gibt es zu diesem Auftrag keine Vereinbarung.",
                    f"There is no agreement with {recipient} on this order.",
                )
            )

    async def narrow_again(self) -> None:
        """Carry out what was withdrawn when the gateway ended before the ledger had it."""
        state, firm = self._state, self._context.side.firm
        for (order, giver, taker), left in list(self._context.ledger.narrowed.items()):
            known = state.agreements.get((order, giver, taker))
            if giver == firm and known is not None and left.level < known.level:
                await self._outbox.narrow(order, taker, left)

    def _gone(self, order_id: str, package: str, lots: tuple[int, ...]) -> list[int]:
        """Those of ``lots`` that have left the firm that makes them."""
        heard = self._state.heard.get((order_id, package))
        return sorted(set(departed_lots(heard)) & set(lots))

    async def _keep_offer(self, order: str, offer: Offered) -> None:
        await self._context.keep(self._context.ledger.keep_offer, order, offer)
        self._state.offers[offer.id] = (order, offer)

    def _led(self, order_id: str) -> JointOrder:
        order = self._state.order(order_id)
        if order is None or order.lead != self._context.side.firm:
            raise ExchangeError(
                Text(
                    "Angebote macht nur die federführende Firma des Auftrags.",
                    "Only the lead firm of an order makes offers.",
                )
            )
        if order_id in self._state.closed:
            raise ExchangeError(ORDER_IS_OVER)
        return order


def _tried(
    order: JointOrder, package: str, lots: tuple[int, ...], to: str, state: ExchangeState
) -> None:
    """Refuse an offer that could not be carried out."""
    reserve = state.ready_reserve(order, to, package)
    try:
        if reserve is not None:
            check_length(promised(split(order, package, lots, reserve, accepted=order.clock.at)))
    except (KeyError, ValueError) as error:
        raise ExchangeError(
            Text(
                f"Diese Lose von {package} können nicht angeboten werden.",
                f"These lots of {package} cannot be offered: {error}.",
            )
        ) from error


def _moved(order: JointOrder, offer: Offered) -> bool:
    """Whether the lots of an offer are already with the firm that took them."""
    return any(
        package.part_of == offer.package
        and package.firm == offer.to
        and set(offer.lots) <= set(package.numbers or ())
        for package in order.packages
    )
