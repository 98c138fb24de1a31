"""The shapes of the answers about joint orders and about what leaves the firm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

from gateway.api.shapes import Words
from gateway.network.fields import FIELDS

Level = Literal["L0", "L1", "L2", "L3", "L4"]
Lamp = Literal["grey", "green", "yellow", "red", "done", "hatched"]
Status = Literal[
    "planned", "released", "running", "interrupted", "ended", "aborted", "no_news"
]  # fmt: skip


SentState = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["pending", "acked", "cancelled"]})
]
ReceivedState = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["kept", "withdrawn", "cancelled"]})
]


class LotShape(TypedDict):
    """A transfer lot: expected to leave, or departed, or arrived."""

    number: int
    quantity: int
    expected_s: NotRequired[int]
    departed_s: NotRequired[int]
    arrived_s: NotRequired[int]


class NeedShape(TypedDict):
    """What one piece of a package takes of another."""

    package: str
    per: int


if TYPE_CHECKING:

    class _TableShape(TypedDict):
        """What the table of fields shows of a package by itself."""

else:
    _TableShape = TypedDict(
        "_TableShape",
        {row.package: NotRequired[row.shape] for row in FIELDS if row.package and row.shape},
    )


class PackageShape(_TableShape):
    """A package as this firm knows it; what was not agreed is absent and in ``not_agreed``."""

    id: str
    title: Words
    item: Words
    firm: str
    firm_name: str
    needs: list[NeedShape]
    weight: float
    planned: int
    own: bool
    level: Level
    not_agreed: list[str]
    withdrawn: str | None
    machine_title: NotRequired[Words]
    plan_start_s: NotRequired[int]
    plan_end_s: NotRequired[int]
    critical: NotRequired[bool]
    slack_s: NotRequired[int | None]
    status: NotRequired[Status]
    substate: NotRequired[str]
    lamp: NotRequired[Lamp]
    lots: NotRequired[list[LotShape]]
    forecast_s: NotRequired[int]
    band_s: NotRequired[tuple[int, int]]
    told_s: NotRequired[int]
    own_delay_s: NotRequired[int]
    inbound_delay_s: NotRequired[int]
    unmeasured: NotRequired[bool]
    clock_off_s: NotRequired[int]
    age_s: NotRequired[int]
    stale: NotRequired[bool]


_OfferFrom = TypedDict("_OfferFrom", {"from": str})


class OfferShape(_OfferFrom):
    """Lots of a package that a firm was asked to take."""

    id: str
    package: str
    lots: list[int]
    to: str
    state: Literal["open", "accepted", "declined", "expired"]
    earliest_start_s: NotRequired[int]
    forecast_with_s: NotRequired[int]


class PreparedShape(TypedDict):
    """A reserve that has said from when on it could take lots."""

    firm: str
    firm_name: str
    package: str
    lots: list[int]
    earliest_start_s: int
    forecast_with_s: NotRequired[int]


class OrderClockShape(TypedDict):
    """Order time stood at ``at_s`` when real time was ``began``; it runs ``lapse`` times faster."""

    began: str
    at_s: int


class YouShape(TypedDict):
    """The part of the firm that is asked."""

    firm: str
    role: Literal["lead", "member", "reserve"]
    packages: list[str]


class WarnedShape(TypedDict):
    """When the forecast first passed the due time."""

    at_s: int
    hours_before_due: float


class OrderShape(TypedDict):
    """A joint order as this firm knows it.

    Present for every role: ``id`` to ``not_agreed``, and ``progress``, ``forecast_s``, ``late``,
    ``complete`` where they are known: what is not, because somebody has not agreed to it, is named
    in ``not_agreed``; ``ended_s`` once it was over: its clock stands there. All else is not for
    customers.
    """

    id: str
    item: Words
    quantity: int
    unit: Words
    simulated: bool
    lapse: int
    clock: OrderClockShape
    start_s: int
    due_s: int
    not_agreed: list[str]
    ended_s: NotRequired[int]
    progress: NotRequired[float]
    forecast_s: NotRequired[int]
    late: NotRequired[bool]
    complete: NotRequired[int]
    version: NotRequired[int]
    lead: NotRequired[str]
    threshold_s: NotRequired[int]
    interval_s: NotRequired[int]
    stale_s: NotRequired[int]
    opening: NotRequired[bool]
    you: NotRequired[YouShape]
    plan_end_s: NotRequired[int]
    level: NotRequired[Level]
    withdrawn: NotRequired[str | None]
    slack_s: NotRequired[int]
    age_s: NotRequired[int]
    stale: NotRequired[bool]
    lamp: NotRequired[Lamp]
    packages: NotRequired[list[PackageShape]]
    offers: NotRequired[list[OfferShape]]
    prepared: NotRequired[PreparedShape]
    warned: NotRequired[WarnedShape | None]


class MadeShape(TypedDict):
    """The id of what was opened, offered or answered."""

    id: str


class LeftShape(TypedDict):
    """What is left of an agreement."""

    firm: str
    level: Level


_AgreementFrom = TypedDict("_AgreementFrom", {"from": str})


class AgreementShape(_AgreementFrom):
    """What a firm gives another: the fields that may travel, and what never does."""

    to: str
    level: Level
    most: Level
    interval_s: int
    threshold_s: int
    fields: list[str]
    never: list[Words]
    withdrawn: str | None
    own: bool


class _MessageShape(TypedDict):
    id: str
    at: str
    kind: str
    order: str
    package: str | None
    sequence: int
    level: Level | None
    fields: dict[str, object]
    bytes: int
    hash: str
    prev: str | None
    acked: str | None


class SentShape(_MessageShape):
    """A message that left, with its exact content and its place in the chain of hashes."""

    to: str
    state: SentState


ReceivedShape = TypedDict(
    "ReceivedShape",
    {
        "id": str, "at": str, "kind": str, "order": str, "package": str | None, "sequence": int,
        "level": Level | None, "fields": dict[str, object], "bytes": int, "hash": str,
        "prev": str | None, "state": ReceivedState, "acked": str | None, "from": str,
    },
)  # fmt: skip
"""A message that came in; what was withdrawn is gone from it."""


class SideShape(TypedDict):
    """The last common place of a chain in both logs."""

    mine: str
    theirs: str | None
    count: int
    equal: bool


class ComparisonShape(SideShape):
    """Both firms' logs beside each other; ``theirs`` is null while the partner is silent."""

    firm: str
    order: str
    received: SideShape | None


class OrderEvent(TypedDict):
    """``event: order``: the newest order, when it has changed."""

    firm: str
    order: OrderShape
