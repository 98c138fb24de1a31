"""Messages between firms: the header after Catena-X, the place in the chain, the fields.

A firm's id stands where Catena-X has a business partner number.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gateway.core.errors import ExchangeError
from gateway.network.document import YEARS
from gateway.network.order import HORIZON, Level

SCHEMA = 2
"""Schema 1 told all departed lots in each report, and was not filled up before it was sealed."""
VERSION = "1.1.0"
GENESIS = ""
"""What the first message of a chain names as the one before it."""

Hash = Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")]
ChainId = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
WireName = Annotated[str, Field(min_length=1, max_length=64)]
LAST = 2**40
"""No number is higher: the ledger could not keep all of them."""
Sequence = Annotated[int, Field(ge=0, le=LAST)]
OrderSeconds = Annotated[
    float,
    Field(ge=-HORIZON.total_seconds(), le=HORIZON.total_seconds(), allow_inf_nan=False),
]


class Kind(StrEnum):
    """What a message is for. Those after ``GIVEN`` have no place in a chain."""

    ORDER = "order"  # lead firm: the joint order, as far as it concerns the recipient
    REPORT = "report"  # how an own package stands
    SUMMARY = "summary"  # lead firm: how the order as a whole stands
    READY = "ready"  # a reserve firm: from when it could take lots of a package
    OFFER = "offer"  # lead firm: lots that another firm is asked to take
    ANSWER = "answer"  # the asked firm: accepted or declined
    WITHDRAWAL = "withdrawal"  # an agreement is narrowed
    GIVEN = "given"  # what was taken back may be seen again
    ACK = "ack"  # the message is committed at the recipient; not itself acknowledged
    BEHIND = "behind"  # messages before this one are missing here
    COMPARE = "compare"  # asks for the state of both chains
    HEADS = "heads"  # answers that


CHAINED = frozenset(Kind) - {Kind.ACK, Kind.BEHIND, Kind.COMPARE, Kind.HEADS}


class _Wire(BaseModel):
    """What is not known here is left unread: a newer sender may have more to say."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def utc_moment(at: datetime) -> datetime:
    """A real time that can be kept and compared, as UTC."""
    if at.tzinfo is None or at.year not in YEARS:
        raise ValueError("a time without its zone, or of no year of ours")
    return at.astimezone(UTC)


class Header(_Wire):
    """Header after Catena-X."""

    messageId: WireName  # noqa: N815 - the words of Catena-X
    context: WireName
    sentDateTime: Annotated[datetime, AfterValidator(utc_moment)]  # noqa: N815
    senderBpn: WireName  # noqa: N815
    receiverBpn: WireName  # noqa: N815
    relatedMessageId: WireName | None = None  # noqa: N815
    version: WireName = VERSION


class Cancelled(_Wire):
    """A message that was taken back before the recipient acknowledged it."""

    sequence: Sequence
    hash: Hash
    prev: Hash


class Message(_Wire):
    """One message. ``order_s`` is the order time at which its fields held."""

    schema_: Annotated[int, Field(strict=True, ge=1, le=SCHEMA)] = Field(
        default=SCHEMA, alias="schema"
    )
    header: Header
    kind: Kind
    order: WireName
    version: Sequence = 0
    package: WireName | None = None
    chain: ChainId | None = None
    sequence: Sequence = 0
    prev: Hash = GENESIS
    level: Level | None = None
    agreement: WireName | None = None
    order_s: OrderSeconds = 0.0
    cancels: Annotated[tuple[Cancelled, ...], Field(max_length=1000)] = ()
    fields: dict[str, Any] = {}

    def content(self) -> dict[str, Any]:
        """As it is signed."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def header(
    sender: str, receiver: str, kind: Kind, at: datetime, *, answers: str | None = None
) -> Header:
    """A new header, written ``at``; ids are random, so that they tell nothing."""
    return Header(
        messageId=str(uuid.uuid4()),
        context=f"werkverbund:{kind.value}:{VERSION}",
        sentDateTime=at,
        senderBpn=sender,
        receiverBpn=receiver,
        relatedMessageId=answers,
    )


def read(content: dict[str, Any], sender: str, receiver: str) -> Message:
    """The message in a signed text; it must name both sides. Raises ExchangeError."""
    try:
        message = Message.model_validate(content)
        orjson.dumps(message.fields)  # what is nested too deeply could not be kept
    except (ValidationError, orjson.JSONEncodeError) as error:
        raise ExchangeError(f"the message is of no schema up to {SCHEMA}, or unsound") from error
    if message.header.senderBpn != sender or message.header.receiverBpn != receiver:
        raise ExchangeError("the message is for, or from, another firm")
    chained = message.chain is not None and message.sequence > 0
    if chained != (message.kind in CHAINED):
        raise ExchangeError(f"a message of kind {message.kind} without its place in the chain")
    return message
