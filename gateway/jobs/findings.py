"""What a piece of evidence says about a machine, and what every kind of evidence must answer.

Evidence lives on its machine's own clock: ``t``, seconds of order time, which never runs
backwards. Real times are carried along for people and files only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from gateway.core.signals import Signal, Value
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode


@dataclass(frozen=True, slots=True)
class Frame:
    """One look at a machine: the trustworthy values by role.

    ``unseen`` names why the time since the last look passed unseen (``connection``, ``restart``),
    empty when looks simply follow each other.
    """

    at: datetime
    t: float
    values: Mapping[str, Value]
    unseen: str = ""


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
    """A device's counter went backwards: it rolled over, or was set back."""

    role: str
    rollover: bool
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """Between two looks parts may have passed unseen; ``why`` is a key of ``WHY``."""

    start: datetime
    end: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Weakened:
    """Evidence under which the firm's file declares a slower rate."""

    evidence: str
    per_run: float | None


@dataclass(frozen=True, slots=True)
class Strong:
    """That evidence has gone again."""

    evidence: str


Finding = (
    RunStarted | RunFinished | NoRun | Counted | Pace | CounterChanged | Unseen | Weakened | Strong
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

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """Role, value and meaning of each line worth drawing into a chart."""


class EvidenceVariant(Protocol):
    """What an evidence model of a firm's file can do."""

    def bind(self, signals: Sequence[Signal]) -> Evidence[Traits]:
        """This evidence for a machine with these signals."""
