"""Strokes of a press that has nothing but a contact: each closing of it is one.

An example of a kind of evidence: all that it takes lies in its folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from gateway.config import Duration, Variant
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.evidence.contract import Plain
from gateway.jobs.evidence.findings import Counted, Finding, Frame
from gateway.jobs.wording import span


class StrokesConfig(Variant):
    """Presse mit einem Kontakt / a press with a contact."""

    type: Literal["strokes"] = "strokes"
    idle_after: Duration = Field(
        description="Ohne Hub steht sie (Auftragszeit) / without a stroke she stands, order time"
    )

    def needs(self) -> Sequence[str]:
        """A contact that closes with each stroke."""
        return ("running",)

    def bind(self, signals: Sequence[Signal]) -> Strokes:  # noqa: ARG002
        """The strokes of one machine."""
        return Strokes(self.idle_after)


@dataclass(frozen=True, slots=True)
class StrokesState:
    """What is remembered between two looks; it is kept with the journal."""

    kind: Literal["strokes"] = "strokes"
    item: ItemState = ItemState.NOT_EXECUTING
    mode: OperationMode = OperationMode.NONE
    since: datetime | None = None
    run_at: datetime | None = None
    closed: bool = True
    stroke_t: float | None = None


class Strokes(Plain[StrokesState]):
    """Counts closings."""

    roles = ("running",)
    grace = 600.0
    pieces_per_run = 1

    def __init__(self, idle_after: timedelta) -> None:
        self._idle_after = idle_after.total_seconds()

    def initial(self) -> StrokesState:
        """Nothing was seen yet."""
        return StrokesState()

    def look(self, kept: StrokesState, frame: Frame) -> tuple[StrokesState, Sequence[Finding]]:
        """One look at the contact."""
        closed = bool(frame.values.get("running"))
        stroke = closed and not kept.closed
        stroke_t = frame.t if stroke else kept.stroke_t
        works = stroke_t is not None and frame.t - stroke_t < self._idle_after
        item = ItemState.EXECUTING if works else ItemState.NOT_EXECUTING
        since = kept.since if item is kept.item and kept.since else frame.at
        mode = OperationMode.PROCESSING if works else OperationMode.NONE
        state = replace(kept, closed=closed, stroke_t=stroke_t, item=item, mode=mode, since=since)
        return state, (Counted(1, 1, 0),) if stroke else ()

    def reopened(
        self,
        kept: StrokesState,
        began: datetime | None,  # noqa: ARG002
        began_t: float | None,  # noqa: ARG002
        *,
        degraded: bool,  # noqa: ARG002
    ) -> StrokesState:
        """Strokes of before belong to what was before."""
        return replace(kept, stroke_t=None)

    def explain(self, kept: StrokesState, t: float, begins_t: float) -> Text:
        """When the last stroke was."""
        if kept.stroke_t is None:
            return Text("Steht: bisher kein Hub.", "Standing: no stroke so far.")
        long = span(t - max(kept.stroke_t, begins_t))
        return Text(f"Letzter Hub vor {long.de}.", f"Last stroke {long.en} ago.")
