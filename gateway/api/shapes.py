"""The shapes of the answers: sessions, health, what is stored, what happened.

Documentation only: mypy holds the code to them and OpenAPI shows them, but nothing is validated a
second time while the gateway works. ``NotRequired`` means that the key may be absent.
"""

from __future__ import annotations

from typing import Annotated, Literal, NotRequired

from pydantic import WithJsonSchema
from typing_extensions import TypedDict

Role = Literal["owner", "foreman", "works_council", "customer", "visitor"]
Value = float | int | bool | str
# Words of other rooms, handed on as they are: the document names them, a test holds both together.
PartState = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["ok", "waiting", "failed", "absent"]})
]
Remedy = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["begin_anew", "erase_aside", "reload"]})
]
Reloaded = Annotated[
    str, WithJsonSchema({"type": "string", "enum": ["done", "nothing_new", "refused"]})
]


class Words(TypedDict):
    """A text in both languages."""

    de: str
    en: str


class Mistake(TypedDict):
    """A part of a request that does not fit, and why."""

    where: str
    what: Words


class Refusal(TypedDict):
    """Why a request was refused. ``mistakes`` only where its content does not fit (422).

    ``ask``: it is only asked back; the same request with this key set to true is carried out.
    """

    detail: Words
    ask: NotRequired[Literal["above_plan"]]
    mistakes: NotRequired[list[Mistake]]


class SessionShape(TypedDict):
    """Who the caller is (``role`` null: nobody yet) and whose gateway this is."""

    role: Role | None
    firm: str
    name: str
    demo: bool
    simulated: bool
    setup_needed: bool


class RoleShape(TypedDict):
    """The role that the request was about; null after logging out."""

    role: Role | None


class AccountShape(TypedDict):
    """Whether anybody can log in as a role."""

    role: Role
    set: bool


class EventShape(TypedDict):
    """A finding of the job logic; the keys of ``details`` depend on ``kind``."""

    id: int
    seq: int
    kind: str
    machine: str
    job: str | None
    at: str | None
    details: dict[str, Value | None]


class GapRecordShape(TypedDict):
    """A stretch that the journal lacks. Null where nobody can know the number."""

    why: str
    start: str | None
    end: str | None
    first_seq: int | None
    last_seq: int | None
    batches: int | None
    entries: int | None
    note: str


class LogShape(TypedDict):
    """What happened, each list with the newest last."""

    events: list[EventShape]
    gaps: list[GapRecordShape]


class PartShape(TypedDict):
    """A part of the gateway and how it does: ok, waiting, failed or absent.

    ``remedy``: what an owner can do about it, ``begin_anew``, ``erase_aside``, ``reload`` or null.
    """

    name: str
    state: PartState
    text: Words
    remedy: Remedy | None


class ClockShape(TypedDict):
    """Whether the computer's clock is known to be right."""

    state: Literal["synced", "unsynced"]
    text: Words


class HealthShape(TypedDict):
    """How the gateway does. A customer sees no parts."""

    firm: str
    name: str
    version: str
    started: str
    now: str
    parts: list[PartShape]
    clock: ClockShape


class StoredSignalShape(TypedDict):
    """What is stored of a signal: one value every ``every_s`` seconds, for ``keep_s`` seconds.

    ``step_s`` is the same step in order time: between two values nothing finer is known.
    """

    id: str
    means: Words
    unit: str
    every_s: float
    step_s: float
    keep_s: float


class JournalSizeShape(TypedDict):
    """The durable stream."""

    bytes: int
    most_bytes: int
    committed_seq: int
    oldest: str | None


class SizeShape(TypedDict):
    """How much a store holds, and since when; ``oldest`` is null where nothing is written yet."""

    bytes: int
    oldest: str | None


class AuditSizeShape(TypedDict):
    """The log of security events: by role, never by person."""

    bytes: int
    keep_s: float


class ParkedShape(TypedDict):
    """A batch that the peer of a sink has refused: its numbers, when it was laid aside, and why."""

    sink: str
    first_seq: int
    last_seq: int
    noted: str | None
    why: str


class ProblemShape(TypedDict):
    """A mistake in a file: where it is, what it is, and what to write instead."""

    file: str
    line: int
    column: int
    what: Words
    fix: Words


class ReloadedShape(TypedDict):
    """What became of reading the files again: ``done``, ``nothing_new`` or ``refused``.

    ``changes`` are what is others now, ``later`` the keys whose change needs a restart.
    """

    schema: int
    how: Reloaded
    at: str
    said: Words
    changes: list[Words]
    later: list[str]
    problems: list[ProblemShape]
    why: Words | None


class SinkShape(TypedDict):
    """A sink by its name."""

    sink: str


class OutletShape(TypedDict):
    """One way by which values leave the gateway, other than reports to partners.

    ``asks``: others come and fetch it. ``reach`` is ``unknown`` where a name does not tell whether
    it lies in the house.
    """

    name: str
    address: str
    reach: Literal["computer", "network", "outside", "unknown"]
    fields: Words
    when: Words
    asks: bool


class StoredShape(TypedDict):
    """What this gateway stores, where it goes to, and what it never records.

    ``curves_seen_by`` are the roles that may see the curve of a machine on the pages.
    """

    signals: list[StoredSignalShape]
    outlets: list[OutletShape]
    curves_seen_by: list[str]
    never: list[Words]
    journal: JournalSizeShape
    history: SizeShape
    audit: AuditSizeShape


_AuditFrom = TypedDict("_AuditFrom", {"from": NotRequired[Literal["this computer", "the network"]]})


class AuditShape(_AuditFrom):
    """A security event: of the web (``role``, ``what``) or of the exchange (``firm``).

    ``more`` counts equal events that were not written one by one; ``told`` is ``detail`` in both
    languages.
    """

    at: str
    source: Literal["web", "exchange"]
    event: str
    role: NotRequired[Role | None]
    what: NotRequired[str]
    more: NotRequired[int]
    firm: NotRequired[str]
    detail: NotRequired[str]
    told: NotRequired[Words]


class SentEvent(TypedDict):
    """``event: sent``: how many messages left and came, so that a page looks again."""

    firm: str
    sent: int
    received: int
