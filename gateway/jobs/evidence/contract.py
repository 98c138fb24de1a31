"""What every kind of evidence must answer. Pure: the state goes in and comes out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode, Question
from gateway.jobs.evidence.findings import Degraded, Finding, Frame


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

    def degraded(self, kept: S) -> Degraded | None:
        """Evidence for a slower rate that holds at present."""

    def expected(self, kept: S, t: float, per_run: float) -> float | None:
        """How long the run under way will take in all, given the present time per run."""

    def believed(self, kept: S, question: Question) -> tuple[S, int, int]:
        """A person says that a counter's jump was work: the state, good pieces and scrap of it."""

    def exchanged(self, kept: S) -> S:
        """Another device measures now: what the old one showed last is nothing to compare with."""

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """Role, value and meaning of each line worth drawing into a chart."""


class Plain(Generic[S]):
    """What most kinds answer: no phases, no lines, never slower, and no counter to ask about."""

    def phase(self, kept: S) -> Text | None:  # noqa: ARG002
        """It knows no phases."""
        return None

    def degraded(self, kept: S) -> Degraded | None:  # noqa: ARG002
        """It knows no evidence for a slower rate."""
        return None

    def expected(self, kept: S, t: float, per_run: float) -> float | None:  # noqa: ARG002
        """It knows no single run."""
        return None

    def believed(self, kept: S, question: Question) -> tuple[S, int, int]:
        """It asks nothing; whoever asked has been replaced in the firm's file."""
        return kept, question.good, question.scrap

    def exchanged(self, kept: S) -> S:
        """A level says the same whoever measures it."""
        return kept

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """It has no lines to draw."""
        return ()


class EvidenceVariant(Protocol):
    """What an evidence model of a firm's file can do."""

    def bind(self, signals: Sequence[Signal]) -> Evidence[Traits]:
        """This evidence for a machine with these signals."""
