"""The shared order: what partners see, offers, agreements, and the log of what left."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Response
from pydantic import BaseModel, ConfigDict, Field

from gateway.api.access import EVERYONE, OWNER, PRIVACY, Role, allowed
from gateway.api.answers import Here, Json, absent
from gateway.core.errors import ExchangeError
from gateway.exchange import Exchange

router = APIRouter(tags=["orders"])
owning = [Depends(allowed(OWNER))]

CUSTOMER_SEES = (
    "id",
    "item",
    "quantity",
    "unit",
    "simulated",
    "lapse",
    "clock",
    "start_s",
    "due_s",
    "progress",
    "forecast_s",
    "late",
    "complete",
)
"""The customer sees order progress, forecast and complete sets; nothing of single firms."""


class Opening(BaseModel):
    """Where a package stands when an order is opened in the middle; counts are simulated."""

    model_config = ConfigDict(extra="forbid")
    good: int = Field(ge=0)
    scrap: int = Field(default=0, ge=0)
    runs: int = Field(default=0, ge=0)
    departures_s: list[float] = []
    run_began_s: float | None = None


class NewOrder(BaseModel):
    """An order to open: the lead firm's own order file, at a moment of its order time."""

    model_config = ConfigDict(extra="forbid")
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,31}$")
    at_s: float = Field(ge=0)
    opening: dict[str, Opening] = {}
    accepted_reserve: bool = False


class NewOffer(BaseModel):
    """Lots of a package that another firm is asked to take."""

    model_config = ConfigDict(extra="forbid")
    package: str
    lots: list[int] = Field(min_length=1)
    to: str


class Withdrawal(BaseModel):
    """The level that is left when an agreement is narrowed."""

    model_config = ConfigDict(extra="forbid")
    level: Literal["L0", "L1", "L2", "L3"] = "L0"


def _exchange(rooms: Here) -> Exchange:
    if rooms.exchange is None:
        raise absent()
    return rooms.exchange


Partners = Annotated[Exchange, Depends(_exchange)]


def order_for(role: Role, order: dict[str, object]) -> dict[str, object]:
    """An order as a role may see it."""
    if role is Role.CUSTOMER:
        return {key: order[key] for key in CUSTOMER_SEES if key in order}
    return order


@router.get("/orders")
def orders(rooms: Here, role: Annotated[Role, Depends(allowed(EVERYONE))]) -> Response:
    """The joint orders of this firm, newest first; empty without a consortium."""
    found = rooms.exchange.orders() if rooms.exchange else []
    return Json([order_for(role, entry) for entry in found])


@router.get("/orders/{order}")
def order(
    partners: Partners, order: str, role: Annotated[Role, Depends(allowed(EVERYONE))]
) -> Response:
    """One joint order; what was not agreed is absent and named in ``not_agreed``."""
    found = partners.order(order)
    if found is None:
        raise absent()
    return Json(order_for(role, found))


@router.post("/orders", dependencies=owning, status_code=201)
async def open_order(partners: Partners, new: NewOrder) -> Response:
    """Open an order (lead firm): signed, sealed and sent to every member."""
    with refusals():
        await partners.open_order(
            new.id,
            at_s=new.at_s,
            opening={package: entry.model_dump() for package, entry in new.opening.items()},
            accepted_reserve=new.accepted_reserve,
        )
    return Json({"id": new.id}, 201)


@router.post("/orders/{order}/offers", dependencies=owning, status_code=201)
async def offer(partners: Partners, order: str, new: NewOffer) -> Response:
    """Ask another firm to take lots of a package (lead firm)."""
    with refusals():
        made = await partners.offer(order, new.package, new.lots, new.to)
    return Json({"id": made}, 201)


@router.post("/orders/{order}/offers/{offer}/accept", dependencies=owning)
async def accept(partners: Partners, order: str, offer: str) -> Response:
    """Take an offer (the firm that was asked)."""
    with refusals():
        await partners.answer(order, offer, accept=True)
    return Json({"id": offer})


@router.post("/orders/{order}/offers/{offer}/decline", dependencies=owning)
async def decline(partners: Partners, order: str, offer: str) -> Response:
    """Decline an offer."""
    with refusals():
        await partners.answer(order, offer, accept=False)
    return Json({"id": offer})


@router.get("/orders/{order}/agreements", dependencies=[Depends(allowed(PRIVACY))])
def agreements(partners: Partners, order: str) -> Response:
    """What each partner gets from whom, and what never leaves."""
    return Json(partners.agreements(order))


@router.post("/orders/{order}/agreements/{firm}/withdraw", dependencies=owning)
async def withdraw(partners: Partners, order: str, firm: str, what: Withdrawal) -> Response:
    """Narrow what a partner gets from this firm, at once."""
    with refusals():
        await partners.withdraw(order, firm, what.level)
    return Json({"firm": firm, "level": what.level})


@router.get("/sent", dependencies=[Depends(allowed(PRIVACY))])
def sent(rooms: Here, order: str | None = None, limit: int = 200) -> Response:
    """Every message that left this firm, with its exact content, newest first."""
    return Json(rooms.exchange.sent(order, limit) if rooms.exchange else [])


@router.get("/received", dependencies=[Depends(allowed(PRIVACY))])
def received(rooms: Here, order: str | None = None, limit: int = 200) -> Response:
    """Every message that came in, newest first."""
    return Json(rooms.exchange.received(order, limit) if rooms.exchange else [])


@router.get("/sent/compare", dependencies=[Depends(allowed(PRIVACY))])
async def compare(partners: Partners, firm: str, order: str | None = None) -> Response:
    """Ask a partner for its log's chain and say whether both agree."""
    with refusals():
        return Json(await partners.compare(firm, order))


class refusals:  # noqa: N801 - reads as a statement where it is used
    """Turns a refusal of the exchange into an answer that says why."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ExchangeError):
            raise HTTPException(409, str(error)) from error
