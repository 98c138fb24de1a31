"""Runs from a power curve: hysteresis, and an edge needs two samples that agree.

A run counts when its falling edge was seen. ``min_run`` and ``min_pause`` say how short a run and
a pause can be, and everything follows from them:

- Two samples that show one level, with no edge between them, so far apart that a whole pause (or
  a whole run) fits in: that stretch passed unseen. A closer pair hides nothing.
- High before and low after: one run has ended, and counts, unless more than one may have ended
  in between; then it is lost with the gap. Nothing is invented.
- What stays above for less than a run (the inrush of a spindle) is none; a dip of less than a
  pause ends none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from gateway.config import Duration, DurationOrZero, Variant, wrong
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.evidence.contract import Plain
from gateway.jobs.evidence.findings import Finding, Frame, NoRun, RunFinished, RunStarted
from gateway.jobs.evidence.power_runs.state import (
    Dropped,
    PowerRunsState,
    levelled,
    opened,
    slept,
    unseen,
)
from gateway.jobs.evidence.power_runs.wording import (
    LOADING,
    OFF,
    ON,
    RUNNING,
    STANDBY,
    STILL_RUNNING,
)

REMEMBERED = 9


class PowerRunsConfig(Variant):
    """Werkzeugmaschine am Leistungsmesser / a machine tool on a power meter."""

    type: Literal["power-runs"] = "power-runs"
    off_below: float = Field(
        ge=0, description="Darunter ist die Maschine aus, W / below it the machine is off, W"
    )
    standby_below: float = Field(
        gt=0, description="Darunter steht sie in Bereitschaft, W / below it she stands by, W"
    )
    run_above: float = Field(
        gt=0, description="Darüber beginnt ein Lauf, W / above it a run begins, W"
    )
    run_below: float = Field(
        gt=0, description="Darunter endet ein Lauf, W / below it a run ends, W"
    )
    pieces_per_run: int = Field(default=1, ge=1, description="Teile je Lauf / pieces per run")
    min_run: Duration = Field(
        description="So kurz kann ein Lauf sein (Auftragszeit) / the shortest run, order time"
    )
    min_pause: DurationOrZero = Field(
        description="So kurz kann eine Pause sein (Auftragszeit) / the shortest pause, order time"
    )
    settle: DurationOrZero = Field(
        default=timedelta(seconds=60),
        description="So lange muss Stillstand anhalten / how long it must stand, order time",
    )
    grace: DurationOrZero = Field(
        default=timedelta(minutes=10),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    @model_validator(mode="after")
    def _in_order(self) -> PowerRunsConfig:
        steps = (self.off_below, self.standby_below, self.run_below, self.run_above)
        ordered = (steps[0] < steps[1], steps[1] <= steps[2], steps[2] < steps[3])
        if not all(ordered):
            key = ("standby_below", "run_below", "run_above")[ordered.index(False)]
            raise wrong(
                Text(
                    "die Schwellen liegen nicht in der richtigen Reihenfolge",
                    "the thresholds are not in the right order",
                ),
                Text(
                    "Richtig ist: off_below < standby_below <= run_below < run_above.",
                    "It must be: off_below < standby_below <= run_below < run_above.",
                ),
                (key,),
            )
        return self

    def needs(self) -> Sequence[str]:
        """A meter with the sum of the power."""
        return ("power",)

    def bind(self, signals: Sequence[Signal]) -> PowerRuns:  # noqa: ARG002
        """The runs of one machine."""
        return PowerRuns(self)


class PowerRuns(Plain[PowerRunsState]):
    """Recognises runs in the power of one machine."""

    roles = ("power",)

    def __init__(self, config: PowerRunsConfig) -> None:
        self.config = config
        self.grace = config.grace.total_seconds()
        self.pieces_per_run = config.pieces_per_run
        self._min_run = config.min_run.total_seconds()
        self._min_pause = config.min_pause.total_seconds()
        self._settle = config.settle.total_seconds()

    def initial(self) -> PowerRunsState:
        """Nothing was seen yet."""
        return PowerRunsState()

    def look(self, kept: PowerRunsState, frame: Frame) -> tuple[PowerRunsState, Sequence[Finding]]:
        """One sample of power."""
        value = frame.values.get("power")
        if value is None or isinstance(value, str):
            return kept, ()
        watts, config = float(value), self.config
        if not kept.seen:
            kept = opened(kept, frame)
        elif frame.blind:
            kept = slept(kept, frame)
        against = watts < config.run_below if kept.running else watts > config.run_above
        found: Sequence[Finding] = ()
        if not against:
            state, found = self._agrees(kept, frame, watts)
        elif kept.edge_t is None or kept.edge_at is None:
            why = frame.unseen or kept.why
            state = replace(kept, edge_t=frame.t, edge_at=frame.at, why=why)
        elif kept.running:
            state, found = self._falls(replace(kept, watts=watts), frame, kept.edge_t, kept.edge_at)
        else:
            state, found = self._rises(replace(kept, watts=watts), frame, kept.edge_t, kept.edge_at)
        return self._standing(state, frame), found

    def _agrees(
        self, kept: PowerRunsState, frame: Frame, watts: float
    ) -> tuple[PowerRunsState, Sequence[Finding]]:
        """The level goes on; a single sample that disagreed was none of its kind."""
        limit = self._min_pause if kept.running else self._min_run
        state = replace(
            kept,
            watts=watts,
            level_t=frame.t,
            level_at=frame.at,
            edge_t=None,
            edge_at=None,
            why="",
        )
        if kept.level_at is None or frame.t - kept.level_t < limit:
            return state, ()
        state = replace(state, ended_t=None, last_high_t=None)
        if kept.running:
            # Perhaps another run than before: where it began nobody saw.
            state = replace(state, partial=True, run_at=frame.at, run_t=frame.t, again=False)
        return state, unseen(kept, frame)

    def _falls(
        self, kept: PowerRunsState, frame: Frame, edge_t: float, edge_at: datetime
    ) -> tuple[PowerRunsState, Sequence[Finding]]:
        """Two low samples in a row: a run is over, if it was one."""
        # One falling edge is certain. A second one hides only in this much time:
        several = edge_t - kept.level_t >= self._min_run + self._min_pause
        unsure = several or frame.t - edge_t >= self._min_run
        found: list[Finding] = [*unseen(kept, frame)] if unsure else []
        state = replace(
            levelled(kept, frame, edge_t),
            running=False,
            run_at=None,
            run_t=None,
            partial=False,
            again=False,
            last_high_t=None if unsure else kept.level_t,
            dropped=None,
            ended_t=None if unsure else edge_t,
        )
        if several or kept.again:
            return state, found
        if edge_t - kept.low_before_t < self._min_run and not kept.told:
            began_t = edge_t if kept.run_t is None else kept.run_t
            dropped = Dropped(kept.run_at or edge_at, began_t, kept.low_before_t)
            return replace(state, ended_t=kept.ended_t, dropped=dropped), (*found, NoRun())
        seconds = None if kept.run_t is None else edge_t - kept.run_t
        cycle = None if kept.ended_t is None or unsure else edge_t - kept.ended_t
        found.append(RunFinished(edge_at, seconds, cycle, kept.partial, kept.run_at))
        if seconds is not None and not kept.partial and not kept.told:
            state = replace(state, lengths=(*kept.lengths, seconds)[-REMEMBERED:])
        return replace(state, told=False), found

    def _rises(
        self, kept: PowerRunsState, frame: Frame, edge_t: float, edge_at: datetime
    ) -> tuple[PowerRunsState, Sequence[Finding]]:
        """Two high samples in a row: a run has begun, or the run before goes on after a dip."""
        first = kept.level_at is None
        unsure = not first and (
            edge_t - kept.level_t >= self._min_run + self._min_pause
            or frame.t - edge_t >= self._min_pause
        )
        found: list[Finding] = [*unseen(kept, frame)] if unsure else []
        state = replace(
            levelled(kept, frame, edge_t),
            running=True,
            low_before_t=edge_t if first else kept.level_t,
            ended_t=None if unsure else kept.ended_t,
        )
        if kept.item is not ItemState.EXECUTING:
            state = replace(
                state,
                item=ItemState.EXECUTING,
                mode=OperationMode.PROCESSING,
                since=edge_at,
                since_t=edge_t,
            )
        if kept.told:
            return state, found
        begun = replace(state, run_at=edge_at, run_t=edge_t, partial=first or unsure, dropped=None)
        if kept.last_high_t is not None and edge_t - kept.last_high_t < self._min_pause:
            if kept.dropped is None:
                return replace(begun, again=True), found
            part = kept.dropped  # too short alone, but only a dip parts it from this
            begun = replace(begun, run_at=part.at, run_t=part.t, low_before_t=part.low_before_t)
        found.append(RunStarted(begun.run_at or edge_at))
        return begun, found

    def _standing(self, state: PowerRunsState, frame: Frame) -> PowerRunsState:
        """Off, standing by, or loading: what a machine does that does not run."""
        config, t, watts = self.config, frame.t, state.watts
        low_t = (
            None
            if state.running or watts >= config.standby_below
            else (t if state.low_t is None else state.low_t)
        )
        off_t = (
            None
            if state.running or watts >= config.off_below
            else (t if state.off_t is None else state.off_t)
        )
        if low_t is not state.low_t or off_t is not state.off_t:
            state = replace(state, low_t=low_t, off_t=off_t)
        item = state.item
        if off_t is not None and t - off_t >= self._settle:
            item = ItemState.NOT_AVAILABLE
        elif (item is ItemState.NOT_AVAILABLE and off_t is None) or (
            item is ItemState.EXECUTING and low_t is not None and t - low_t >= self._settle
        ):
            item = ItemState.NOT_EXECUTING
        if item is state.item:
            return state
        return replace(
            state, item=item, mode=OperationMode.NONE, since=frame.at, since_t=t, ended_t=None
        )

    def reopened(
        self,
        kept: PowerRunsState,
        began: datetime | None,
        began_t: float | None,
        *,
        degraded: bool,  # noqa: ARG002
    ) -> PowerRunsState:
        """The next sample is the first one again; a run under way keeps its beginning."""
        return replace(
            PowerRunsState(
                run_at=began, run_t=began_t, told=began is not None, lengths=kept.lengths
            ),
            item=kept.item,
            mode=kept.mode,
            since=kept.since,
            since_t=kept.since_t,
            watts=kept.watts,
        )

    def expected(self, kept: PowerRunsState, t: float, per_run: float) -> float | None:
        """The median of the last runs, once there are three; else the whole time per run."""
        if kept.run_at is None:
            return None
        known = sorted(kept.lengths)
        usual = known[len(known) // 2] if len(known) >= 3 else per_run
        return usual if kept.run_t is None else max(usual, t - kept.run_t)

    def phase(self, kept: PowerRunsState) -> Text | None:
        """Running, or loading between two runs."""
        if kept.running:
            return Text("Lauf", "Run")
        if kept.item is ItemState.EXECUTING:
            return Text("Laden", "Loading")
        return None

    def explain(self, kept: PowerRunsState, t: float, begins_t: float) -> Text:
        """What the curve shows, with the numbers that decide."""
        config, watts = self.config, kept.watts
        level = t - max(kept.level_since_t, begins_t)
        if not kept.seen:
            text = Text("Noch kein Messwert da.", "No measured value yet.")
        elif kept.running and watts > config.run_above:
            text = RUNNING.said(watts, level, config.run_above)
        elif kept.running:
            text = STILL_RUNNING.said(watts, level, config.run_below)
        elif kept.item is ItemState.EXECUTING:
            text = LOADING.said(watts, level, config.run_below)
        elif kept.item is ItemState.NOT_AVAILABLE:
            since = kept.since_t if kept.off_t is None else kept.off_t
            text = OFF.said(watts, t - max(since, begins_t), config.off_below)
        elif kept.low_t is None:
            text = ON.said(watts, level, config.run_above)
        else:
            text = STANDBY.said(watts, t - max(kept.low_t, begins_t), config.standby_below)
        return text

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """The four lines of the curve."""
        config = self.config
        return (
            ("power", config.run_above, Text("Lauf beginnt", "Run begins")),
            ("power", config.run_below, Text("Lauf endet", "Run ends")),
            ("power", config.standby_below, Text("Bereitschaft", "Standby")),
            ("power", config.off_below, Text("Aus", "Off")),
        )
