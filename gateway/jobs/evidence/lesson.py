"""What a kind of evidence must say so that it can be learnt from a guided recording. Pure.

What is found in a recording is found by the rule that counts later: ``replayed`` lets it look at
the recording as it would look at the machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import ceil, floor, log10
from typing import Any, Protocol

from gateway.config import Variant
from gateway.core.clock import EPOCH
from gateway.core.errors import WerkverbundError
from gateway.core.text import Text
from gateway.jobs.evidence.contract import Evidence
from gateway.jobs.evidence.findings import Finding, Frame
from gateway.jobs.evidence.recording import Recording, Sample
from gateway.jobs.moments import Moment
from gateway.jobs.wording import span

PERIODS = (1.0, 0.5, 0.25, 0.1, 0.05)
"""Usual polling periods, in seconds."""
HOLE = 1.0
"""A recording has a hole where it shows nothing for more than so many seconds."""
LATE = 0.99
"""This share of all looks came in time; what is later than these is told as missing."""


class NotLearnable(WerkverbundError):
    """The recording does not show what it should; ``why`` says what to do."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


@dataclass(frozen=True, slots=True)
class Step:
    """What somebody does at the machine while it is recorded, usually for ``seconds``."""

    name: str
    title: Text
    text: Text
    seconds: float
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A threshold that may be moved: its key in the evidence, and what it divides."""

    key: str
    role: str
    value: float
    unit: str
    means: Text


@dataclass(frozen=True, slots=True)
class Piece:
    """A run, a stroke or a charge in the recording: when it began, how long it was (None: only a
    moment), and its mean power, highest temperature or count.
    """

    begin: float
    seconds: float | None
    level: float | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rule finds in a recording, what it will not see, and what speaks against it.

    ``as_announced``: it finds as much as somebody was asked to do.
    """

    pieces: tuple[Piece, ...]
    lines: tuple[Line, ...]
    expects: tuple[Text, ...]
    doubts: tuple[Text, ...]
    as_announced: bool


class Lesson(Protocol):
    """One kind of evidence that can be learnt.

    ``needs`` and ``also`` are roles without which it cannot be learnt, and that help. ``unit`` is
    that of the first one. ``look_every`` seconds it is looked at, for at most ``longest``.
    """

    @property
    def kind(self) -> str:
        """The type of evidence, as in the firm's file."""

    @property
    def needs(self) -> Sequence[str]:
        """The roles without which it cannot be learnt; the first is drawn."""

    @property
    def also(self) -> Sequence[str]:
        """The roles that help."""

    @property
    def unit(self) -> str:
        """The unit of the first role."""

    @property
    def look_every(self) -> float:
        """Seconds between two looks."""

    @property
    def longest(self) -> float:
        """Seconds after which a recording ends by itself."""

    @property
    def steps(self) -> Sequence[Step]:
        """What somebody does, one after the other."""

    def learn(self, recording: Recording) -> dict[str, Any]:
        """The evidence that a recording shows. Raises NotLearnable."""

    def judge(self, recording: Recording, evidence: Variant, every: float) -> Verdict:
        """What a rule with this evidence, asked ``every`` so many seconds, makes of a recording."""

    def period(self, evidence: Variant) -> float:
        """The polling period in seconds that this evidence wants."""


def replayed(
    rule: Evidence[Any], recording: Recording, every: float
) -> Iterator[tuple[Sample, Finding]]:
    """What a rule finds, with when and at which value of its first role it found it."""
    state, due = rule.initial(), float("-inf")
    for t, values in recording.looks():
        if t + 1e-9 < due:
            continue
        due = t + every if due < t - every else due + every
        at = EPOCH + timedelta(seconds=t)
        frame = Frame(at, t, values, now=Moment(at, t, 0, synced=True))
        state, found = rule.look(state, frame)
        for one in found:
            yield (t, values.get(rule.roles[0], 0.0)), one


def gaps(times: Sequence[float]) -> tuple[float, tuple[float, ...]]:
    """How far apart looks usually are at most, and what was further apart, in seconds."""
    between = sorted(b - a for a, b in pairwise(times))
    if not between:
        return 0.0, ()
    usual = between[min(len(between) - 1, floor(LATE * len(between)))]
    return usual, tuple(one for one in between if one > max(HOLE, 2 * usual))


def holes(recording: Recording, role: str) -> tuple[Text, ...]:
    """What is missing in a recording, in words."""
    _, far = gaps([t for t, _ in recording.samples(role)])
    missing = recording.missing(role)
    if not missing and not far:
        return ()
    longest = span(max(far, default=0.0))
    return (
        Text(
            f"In der Aufnahme fehlen Werte ({missing} Abfragen ohne brauchbaren Wert, längste "
            f"Lücke {longest.de}). Prüfen Sie Kabel und Frist, und nehmen Sie noch einmal auf.",
            f"Values are missing in the recording ({missing} polls without a fit value, longest "
            f"gap {longest.en}). Check cable and timeout, and record again.",
        ),
    )


def seconds_since_epoch(at: Any) -> float:
    """The moment in a recording that a rule was told as ``at``."""
    return float((at - EPOCH).total_seconds())


def duration(seconds: float) -> str:
    """As a file says it: 9s, 4.5s, 15min."""
    if seconds >= 120 and seconds % 60 == 0:
        return f"{seconds / 60:g}min"
    return f"{seconds:g}s" if seconds >= 0.1 else f"{max(1, floor(seconds * 1000))}ms"


def rounded(value: float) -> float:
    """Two digits that matter are enough for a threshold."""
    if value <= 0:
        return 0.0
    step = 10.0 ** max(-1, floor(log10(value)) - 1)
    return round(round(value / step) * step, 3)


def up(seconds: float, steps: Sequence[float] = (1, 2, 5, 10, 15, 20, 30)) -> float:
    """A duration that people choose, at least so long: in seconds, minutes or hours."""
    for unit in (1.0, 60.0, 3600.0):
        for step in steps:
            if seconds <= step * unit:
                return step * unit
    return ceil(seconds / 3600) * 3600.0


def sigma(values: Sequence[float]) -> float:
    """How much a value trembles from look to look, whatever its level: a standard deviation."""
    steps = sorted(abs(b - a) for a, b in pairwise(values))
    return 1.05 * steps[len(steps) // 2] if steps else 0.0


def between(samples: Sequence[Sample], span: tuple[float, float] | None) -> list[float]:
    """The values of a stretch of time."""
    if span is None:
        return []
    return [value for t, value in samples if span[0] <= t < span[1]]
