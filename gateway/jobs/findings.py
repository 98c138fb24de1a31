"""What a piece of evidence says about a machine, and what every kind of evidence must answer.

Evidence lives on its machine's own clock: ``t``, seconds of order time, which never runs
backwards. Real times are carried along for people and files only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, Protocol, TypeVar

from gateway.core.signals import Signal, Value
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode, Question
from gateway.jobs.moments import NEVER, Moment


@dataclass(frozen=True, slots=True)
class Frame:
    """One look at a machine: the trustworthy values by role.

    ``unseen`` names why the time since the last look passed unseen (``connection``, ``restart``),
    empty when looks simply follow each other. ``blind``: nobody knows how long that was, and ``t``
    stood still meanwhile. ``now`` is the moment of the look, ``lapse`` how much faster ``t`` runs,
    ``plan`` the real seconds that the job plans for a piece (None: there is no job).
    """

    at: datetime
    t: float
    values: Mapping[str, Value]
    unseen: str = ""
    blind: bool = False
    now: Moment = NEVER
    lapse: int = 1
    plan: float | None = None


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A run or charge has begun; ``at`` is the first look that showed it."""

    at: datetime


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run or charge is finished and has made its pieces.

    ``seconds`` is its length, ``cycle`` the time since the end of the run before it (None where
    something came between); both order time. ``began`` is when it began, real time, or was first
    seen; ``partial``: its beginning was not seen.
    """

    at: datetime
    seconds: float | None
    cycle: float | None
    partial: bool
    began: datetime | None


@dataclass(frozen=True, slots=True)
class NoRun:
    """What looked like the beginning of a run was none: too short."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Pieces that a device counted; ``counts`` is how often the machine went through a cycle."""

    counts: int
    good: int
    scrap: int


@dataclass(frozen=True, slots=True)
class Pace:
    """The mean time of one count over a stretch of undisturbed work, in order time."""

    seconds: float


@dataclass(frozen=True, slots=True)
class CounterChanged:
    """A device's counter went backwards: it rolled over, was set back, or only seemed to.

    A ``glitch`` answers the ``question`` that it had raised, if there was one.
    """

    role: str
    what: Literal["rollover", "reset", "glitch"]
    before: int
    after: int
    question: str = ""


@dataclass(frozen=True, slots=True)
class CounterJumped:
    """A step of a counter that cannot be believed: ``counts`` more since ``start`` are a question.

    ``question`` names it within its machine and role; asked again, it grows. ``good`` and
    ``scrap`` are the pieces that the counts would be.
    """

    role: str
    before: int
    after: int
    counts: int
    start: datetime
    question: str
    good: int
    scrap: int


@dataclass(frozen=True, slots=True)
class Made:
    """A question has answered itself: the machine could have made it all, and it was counted."""

    role: str
    question: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """Between two looks parts may have passed unseen; ``why`` is a key of ``WHY``."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Weakened:
    """Evidence under which the firm's file declares a slower rate.

    ``because`` says what it is and means, for the sentence of a job: ``{run}`` is its time per run,
    ``{usual}`` the planned one.
    """

    evidence: str
    per_run: float | None
    because: Text


@dataclass(frozen=True, slots=True)
class Strong:
    """That evidence has gone again."""

    evidence: str


Finding = (
    RunStarted
    | RunFinished
    | NoRun
    | Counted
    | Pace
    | CounterChanged
    | CounterJumped
    | Made
    | Unseen
    | Weakened
    | Strong
)

WHY: Mapping[str, Text] = {
    "late": Text(
        "Die Abfrage kam zu spät; dazwischen kann ein Lauf ungesehen geblieben sein.",
        "A poll came too late; a run may have passed unseen in between.",
    ),
    "connection": Text(
        "Das Messgerät war nicht erreichbar; was in dieser Zeit lief, ist nicht gezählt.",
        "The meter could not be reached; what ran in that time is not counted.",
    ),
    "restart": Text(
        "Das Gateway war nicht in Betrieb oder konnte nicht speichern; was in dieser Zeit lief, "
        "ist nicht gezählt.",
        "The gateway was not running or could not store; what ran in that time is not counted.",
    ),
    "late_order": Text(
        "Der Auftrag kam hier erst an, als er schon begonnen hatte; was bis dahin lief, ist für "
        "ihn nicht gezählt.",
        "The order arrived here when it had already begun; what ran until then is not counted "
        "for it.",
    ),
    "counter_reset": Text(
        "Der Zähler wurde zurückgestellt; was er seit der letzten Abfrage zählte, ist verloren.",
        "The counter was set back; what it had counted since the last poll is lost.",
    ),
    "reboot": Text(
        "Der Rechner des Gateways war aus, und seine Uhr weiß nicht, wie lange; was in dieser Zeit "
        "lief, ist nicht gezählt.",
        "The gateway's computer was off, and its clock does not know how long; what ran in that "
        "time is not counted.",
    ),
    "counter_round": Text(
        "Der Zähler war so lange nicht abzulesen, dass er einmal ganz herumgelaufen sein kann; "
        "diese Runde wäre nicht gezählt.",
        "The counter could not be read for so long that it may have gone round once more; that "
        "round would not be counted.",
    ),
    "counter_jumped": Text(
        "Der Zähler ist weiter gesprungen, als die Maschine in dieser Zeit arbeiten konnte; der "
        "Sprung zählt nur, wenn ihn jemand bestätigt.",
        "The counter jumped further than the machine could work in that time; the jump counts "
        "only if somebody confirms it.",
    ),
}


class Traits(Protocol):
    """What every state of evidence holds: its kind, the machine's state and mode, since when."""

    @property
    def kind(self) -> str:
        """The type of evidence, as in the firm's file."""

    @property
    def item(self) -> ItemState:
        """What the machine does."""

    @property
    def mode(self) -> OperationMode:
        """How it is operated."""

    @property
    def since(self) -> datetime | None:
        """Since when it is in this state."""

    @property
    def run_at(self) -> datetime | None:
        """When the run under way began."""


S = TypeVar("S", bound=Traits)


class Evidence(Protocol, Generic[S]):
    """One kind of evidence, bound to one machine. Pure: the state goes in and comes out."""

    @property
    def roles(self) -> Sequence[str]:
        """The roles it looks at; the first one decides whether the machine is known."""

    @property
    def grace(self) -> float:
        """How long a machine may stand before its job counts as held, in order time."""

    @property
    def pieces_per_run(self) -> int:
        """What a finished run makes where no job says so."""

    def initial(self) -> S:
        """The state before the first look."""

    def look(self, kept: S, frame: Frame) -> tuple[S, Sequence[Finding]]:
        """What one look changes."""

    def reopened(
        self, kept: S, began: datetime | None, began_t: float | None, *, degraded: bool
    ) -> S:
        """A job came with an opening: what ran here before is settled, ``began`` is under way.

        ``degraded``: the declared slower rate holds, until evidence says otherwise.
        """

    def explain(self, kept: S, t: float, begins_t: float) -> Text:
        """The sentence why we say that the machine is in this state.

        Durations in it begin at ``begins_t`` at the earliest.
        """

    def phase(self, kept: S) -> Text | None:
        """The recognised part of a run or charge."""

    def weakened(self, kept: S) -> Weakened | None:
        """Evidence for a slower rate that holds at present."""

    def expected(self, kept: S, t: float, per_run: float) -> float | None:
        """How long the run under way will take in all, given the present time per run."""

    def believed(self, kept: S, question: Question) -> tuple[S, int, int]:
        """A person says that a counter's jump was work: the state, good pieces and scrap of it."""

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """Role, value and meaning of each line worth drawing into a chart."""


class EvidenceVariant(Protocol):
    """What an evidence model of a firm's file can do."""

    def bind(self, signals: Sequence[Signal]) -> Evidence[Traits]:
        """This evidence for a machine with these signals."""
