"""The shared order: what partners see, offers, agreements, and the log of what left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import Depends, HTTPException, Query
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.access import EVERYONE, OWNER, PRIVACY, Change, Role, allowed, changing
from gateway.api.answers import Here, Json, group
from gateway.api.order_json import (
    agreement_json,
    comparison_json,
    order_shown,
    received_json,
    sent_json,
)
from gateway.api.order_shapes import (
    AgreementShape,
    ComparisonShape,
    LeftShape,
    MadeShape,
    OrderShape,
    ReceivedShape,
    SentShape,
)
from gateway.api.refusals import absent
from gateway.api.rooms import Partners
from gateway.core.errors import ExchangeError
from gateway.network.fields import CUSTOMER

router = group("orders")
seeing = [Depends(allowed(PRIVACY))]

CUSTOMER_SEES = (
    "id",
    "item",
    "quantity",
    "unit",
    "simulated",
    "lapse",
    "clock",
    "ended_s",
    "start_s",
    "due_s",
    *CUSTOMER,
    "late",  # follows from the forecast
    "not_agreed",
)
"""The customer sees what the table of fields lets it see of the whole; nothing of single firms."""

Name = Annotated[str, Field(min_length=1, max_length=64)]
Limit = Annotated[int, Query(ge=1, le=5000)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
BodySeconds = Annotated[float, Field(ge=0, le=100_000_000, allow_inf_nan=False)]


class OpeningBody(BaseModel):
    """Where a package stands when an order is opened in the middle; counts are simulated.

    ``degraded``: its firm had reported that it is slower than planned.
    """

    model_config = ConfigDict(extra="forbid")
    good: Count
    scrap: Count = 0
    runs: Count = 0
    departures_s: list[BodySeconds] = []
    run_began_s: BodySeconds | None = None
    degraded: bool = False


class NewOrder(BaseModel):
    """An order to open: the lead firm's own order file, at a moment of its order time.

    ``ends`` confirms by its name that an order which is not done yet ends unfinished.
    """

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")
    at_s: BodySeconds
    opening: dict[Name, OpeningBody] = {}
    accepted_reserve: bool = False
    begins_in_s: float = Field(default=0.0, ge=0, le=60, allow_inf_nan=False)
    ends: Name | None = None


class NewOffer(BaseModel):
    """Lots of a package that another firm is asked to take."""

    model_config = ConfigDict(extra="forbid")
    package: Name
    lots: list[Annotated[int, Field(ge=1)]] = Field(min_length=1, max_length=1000)
    to: Name


class Withdrawal(BaseModel):
    """The level that is left when an agreement is narrowed."""

    model_config = ConfigDict(extra="forbid")
    level: Literal["L0", "L1", "L2", "L3"]


class Question(BaseModel):
    """Whose log is laid beside ours, about which order (null: the present one)."""

    model_config = ConfigDict(extra="forbid")
    firm: Name
    order: Name | None = None


COMPARING = PRIVACY - {Role.VISITOR}
"""Who may ask a partner: a question goes out, so a demo's visitor does not."""


class Confirmed(BaseModel):
    """What is on purpose: the name of this firm, typed by whoever decides."""

    model_config = ConfigDict(extra="forbid")
    firm: Annotated[str, Field(max_length=200)]


deciding = [Depends(allowed(OWNER))]
Deciding = Annotated[Change, Depends(changing(OWNER))]


@contextmanager
def noted(decision: Change) -> Iterator[None]:
    """Carry out inside; a refusal of the exchange becomes an answer that says why."""
    with refusals():
        yield
    decision.note()


def _exchange(rooms: Here) -> Partners:
    if rooms.exchange is None:
        raise absent()
    return rooms.exchange


Exchanging = Annotated[Partners, Depends(_exchange)]


def _known(partners: Exchanging, order: str) -> str:
    """The id of an order that this firm knows; absent otherwise."""
    with refusals():
        if partners.order(order) is None:
            raise absent()
    return order


KnownOrder = Annotated[str, Depends(_known)]


def order_for(role: Role, order: OrderShape) -> OrderShape:
    """An order as a role may see it."""
    if role is not Role.CUSTOMER:
        return order
    seen: OrderShape = {key: order[key] for key in CUSTOMER_SEES if key in order}  # type: ignore[literal-required,assignment]
    return seen


@router.get("/orders")
def orders(
    rooms: Here, role: Annotated[Role, Depends(allowed(EVERYONE))]
) -> Json[list[OrderShape]]:
    """The joint orders of this firm, newest first; empty without a consortium."""
    found = rooms.exchange.orders() if rooms.exchange else []
    return Json([order_for(role, order_shown(rooms, entry)) for entry in found])


@router.get("/orders/{order}", dependencies=[Depends(allowed(EVERYONE))])
def order(
    rooms: Here, partners: Exchanging, order: str, role: Annotated[Role, Depends(allowed(EVERYONE))]
) -> Json[OrderShape]:
    """One joint order; what was not agreed is absent and named in ``not_agreed``."""
    found = partners.order(order)
    if found is None:
        raise absent()
    return Json(order_for(role, order_shown(rooms, found)))


@router.post("/orders", dependencies=deciding, status_code=201)
async def open_order(partners: Exchanging, new: NewOrder, decision: Deciding) -> Json[MadeShape]:
    """Open an order (lead firm): signed, sealed and sent to every member."""
    with noted(decision):
        await partners.open_order(
            new.id,
            at_s=new.at_s,
            opening={package: entry.model_dump() for package, entry in new.opening.items()},
            accepted_reserve=new.accepted_reserve,
            begins_in_s=new.begins_in_s,
            ends=new.ends,
        )
    return Json({"id": new.id}, 201)


@router.post("/orders/{order}/offers", dependencies=deciding, status_code=201)
async def offer(
    partners: Exchanging, order: KnownOrder, new: NewOffer, decision: Deciding
) -> Json[MadeShape]:
    """Ask another firm to take lots of a package (lead firm)."""
    with noted(decision):
        made = await partners.offer(order, new.package, new.lots, new.to)
    return Json({"id": made}, 201)


@router.post("/orders/{order}/offers/{offer}/accept", dependencies=deciding)
async def accept(
    partners: Exchanging, order: KnownOrder, offer: str, decision: Deciding
) -> Json[MadeShape]:
    """Take an offer (the firm that was asked)."""
    with noted(decision):
        await partners.answer(order, offer, accept=True)
    return Json({"id": offer})


@router.post("/orders/{order}/offers/{offer}/decline", dependencies=deciding)
async def decline(
    partners: Exchanging, order: KnownOrder, offer: str, decision: Deciding
) -> Json[MadeShape]:
    """Decline an offer."""
    with noted(decision):
        await partners.answer(order, offer, accept=False)
    return Json({"id": offer})


@router.get("/orders/{order}/agreements", dependencies=seeing)
def agreements(partners: Exchanging, order: KnownOrder) -> Json[list[AgreementShape]]:
    """What each partner gets from whom, and what never leaves."""
    return Json([agreement_json(agreed) for agreed in partners.agreements(order)])


@router.post("/orders/{order}/agreements/{firm}/withdraw", dependencies=deciding)
async def withdraw(
    partners: Exchanging, order: KnownOrder, firm: str, what: Withdrawal, decision: Deciding
) -> Json[LeftShape]:
    """Narrow what a partner gets from this firm, at once."""
    with noted(decision):
        await partners.withdraw(order, firm, what.level)
    return Json({"firm": firm, "level": what.level})


@router.post("/orders/{order}/agreements/{firm}/give", dependencies=deciding)
async def give(
    partners: Exchanging, order: KnownOrder, firm: str, decision: Deciding
) -> Json[LeftShape]:
    """Let a partner see again what was agreed on before something was taken back."""
    with noted(decision):
        level = await partners.give(order, firm)
    left: LeftShape = {"firm": firm, "level": level}  # type: ignore[typeddict-item]
    return Json(left)


@router.post("/exchange/anew", dependencies=deciding)
async def begin_anew(
    partners: Exchanging, confirmed: Confirmed, decision: Deciding
) -> Json[MadeShape]:
    """Begin anew where the ledger is lost: empty, every running agreement at nothing."""
    with noted(decision):
        await partners.begin_anew(confirmed.firm)
    return Json({"id": confirmed.firm})


@router.post("/exchange/aside/erase", dependencies=deciding)
async def erase_aside(
    partners: Exchanging, confirmed: Confirmed, decision: Deciding
) -> Json[MadeShape]:
    """Erase what was put aside when somebody began anew; it cannot be had back."""
    with noted(decision):
        await partners.erase_aside(confirmed.firm)
    return Json({"id": confirmed.firm})


@router.get("/sent", dependencies=seeing)
def sent(rooms: Here, order: str | None = None, limit: Limit = 200) -> Json[list[SentShape]]:
    """Every message that left this firm, with its exact content, newest first."""
    return Json(sent_json(rooms.exchange.sent(order, limit) if rooms.exchange else []))


@router.get("/received", dependencies=seeing)
def received(
    rooms: Here, order: str | None = None, limit: Limit = 200
) -> Json[list[ReceivedShape]]:
    """Every message that came in, newest first; what was withdrawn is gone from it."""
    return Json(received_json(rooms.exchange.received(order, limit) if rooms.exchange else []))


@router.post("/sent/compare", dependencies=[Depends(allowed(COMPARING))])
async def compare(partners: Exchanging, what: Question) -> Json[ComparisonShape]:
    """Ask a partner for its log's chain and say whether both agree; 404: nothing was shared.

    409 while an earlier question to this partner is still open.
    """
    with refusals():
        found = await partners.compare(what.firm, what.order)
    if found is None:
        raise absent()
    return Json(comparison_json(found))


@contextmanager
def refusals() -> Iterator[None]:
    """Turn a refusal of the exchange into an answer that says why."""
    try:
        yield
    except ExchangeError as error:
        raise HTTPException(409, error.why.as_json()) from error
