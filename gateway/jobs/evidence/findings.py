"""What a piece of evidence says about a machine.

Evidence lives on its machine's own clock: ``t``, seconds of order time, which never runs
backwards. Real times are carried along for people and files only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from gateway.core.signals import Value
from gateway.core.text import Text
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
class Degraded:
    """Evidence under which the firm's file declares a slower rate.

    ``because`` says what it is and means, for the sentence of a job: ``{run}`` is its time per run,
    ``{usual}`` the planned one.
    """

    evidence: str
    per_run: float | None
    because: Text


@dataclass(frozen=True, slots=True)
class Recovered:
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
    | Degraded
    | Recovered
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
