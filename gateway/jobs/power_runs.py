"""Runs from a power curve: hysteresis, and an edge needs two samples that agree.

A run that is over counts when its falling edge was seen. Nothing is invented: where two samples
that show the same level lie so far apart that a whole pause (or a whole run) fits between them,
the stretch is recorded as unseen; ``min_pause`` and ``min_run`` say how short either can be.
After a stretch in which more than one run may have ended, the run under way before it is lost
with the gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from gateway.config import Duration, Variant, wrong
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.findings import Finding, Frame, RunFinished, RunStarted, Unseen, Weakened
from gateway.jobs.wording import power, span

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
    min_pause: Duration = Field(
        description="So kurz kann eine Pause sein (Auftragszeit) / the shortest pause, order time"
    )
    settle: Duration = Field(
        default=timedelta(seconds=60),
        description="So lange muss Stillstand anhalten / how long it must stand, order time",
    )
    grace: Duration = Field(
        default=timedelta(minutes=10),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    @model_validator(mode="after")
    def _in_order(self) -> PowerRunsConfig:
        steps = (self.off_below, self.standby_below, self.run_below, self.run_above)
        if not (steps[0] < steps[1] <= steps[2] < steps[3]):
            raise wrong(
                Text(
                    "die Schwellen liegen nicht in der richtigen Reihenfolge",
                    "the thresholds are not in the right order",
                ),
                Text(
                    "Richtig ist: off_below < standby_below <= run_below < run_above.",
                    "It must be: off_below < standby_below <= run_below < run_above.",
                ),
            )
        return self

    def needs(self) -> Sequence[str]:
        """A meter with the sum of the power."""
        return ("power",)

    def bind(self, signals: Sequence[Signal]) -> PowerRuns:  # noqa: ARG002
        """The runs of one machine."""
        return PowerRuns(self)


@dataclass(frozen=True, slots=True)
class PowerRunsState:
    """What has to be remembered between two samples. Times ``*_t`` are the machine's clock."""

    kind: Literal["power-runs"] = "power-runs"
    item: ItemState = ItemState.NOT_AVAILABLE
    mode: OperationMode = OperationMode.NONE
    since: datetime | None = None
    since_t: float = 0.0
    seen: bool = False
    watts: float = 0.0
    running: bool = False
    level_t: float = 0.0  # the last sample that agreed with ``running``
    level_at: datetime | None = None
    level_since_t: float = 0.0
    edge_t: float | None = None  # the first sample of an edge that wants a second
    edge_at: datetime | None = None
    run_at: datetime | None = None
    run_t: float | None = None
    partial: bool = False
    ended_t: float | None = None  # the end of the run before, None where something came between
    low_t: float | None = None  # below standby since
    off_t: float | None = None  # below off since
    why: str = ""  # why the time before the first sample of an edge passed unseen
    lengths: tuple[float, ...] = ()


class PowerRuns:
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
        watts = frame.values.get("power")
        if watts is None or isinstance(watts, str):
            return kept, ()
        watts = float(watts)
        if not kept.seen:
            return self._first(kept, frame, watts)
        config = self.config
        if kept.running:
            against = watts < config.run_below
        else:
            against = watts > config.run_above
        found: Sequence[Finding]
        if not against:
            state, found = self._agrees(kept, frame, watts)
        elif kept.edge_t is None or kept.edge_at is None:
            why = frame.unseen or kept.why
            state = replace(kept, watts=watts, edge_t=frame.t, edge_at=frame.at, why=why)
            found = ()
        else:
            state, found = self._edge(kept, frame, watts, kept.edge_t, kept.edge_at)
        return self._standing(state, frame), found

    def _first(
        self, kept: PowerRunsState, frame: Frame, watts: float
    ) -> tuple[PowerRunsState, Sequence[Finding]]:
        state = replace(
            kept,
            seen=True,
            watts=watts,
            level_t=frame.t,
            level_at=frame.at,
            level_since_t=frame.t,
            since=frame.at,
            since_t=frame.t,
            item=ItemState.NOT_EXECUTING,
        )
        if watts <= self.config.run_above:
            return self._standing(state, frame), ()
        # A run is under way: its end will count. Unless an opening told, its beginning is unknown.
        state = replace(
            state, running=True, item=ItemState.EXECUTING, mode=OperationMode.PROCESSING
        )
        if kept.run_at is not None:
            return state, ()
        return replace(state, partial=True, run_at=frame.at, run_t=frame.t), (RunStarted(frame.at),)

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
        if kept.level_at is None or (frame.t - kept.level_t < limit):
            return state, ()
        unseen = Unseen(kept.level_at, frame.at, frame.unseen or kept.why or "late")
        state = replace(state, ended_t=None)
        if kept.running:
            # Perhaps another run than before: where it began nobody saw.
            state = replace(state, partial=True, run_at=frame.at, run_t=frame.t)
        return state, (unseen,)

    def _edge(
        self,
        kept: PowerRunsState,
        frame: Frame,
        watts: float,
        edge_t: float,
        edge_at: datetime,
    ) -> tuple[PowerRunsState, Sequence[Finding]]:
        """Two samples in a row disagree with the level: it has changed."""
        state = replace(
            kept,
            watts=watts,
            running=not kept.running,
            level_t=frame.t,
            level_at=frame.at,
            level_since_t=edge_t,
            edge_t=None,
            edge_at=None,
            why="",
        )
        found: list[Finding] = []
        # One edge for certain lies between the levels; a second and third fit only into this:
        several = edge_t - kept.level_t >= self._min_run + self._min_pause
        between = self._min_run if kept.running else self._min_pause
        unsure = several or frame.t - edge_t >= between
        if unsure and kept.level_at is not None:
            found.append(Unseen(kept.level_at, frame.at, frame.unseen or kept.why or "late"))
        if kept.running:
            if several:
                return replace(state, run_at=None, run_t=None, ended_t=None), found
            seconds = None if kept.run_t is None else edge_t - kept.run_t
            cycle = None if kept.ended_t is None or unsure else edge_t - kept.ended_t
            found.append(RunFinished(edge_at, seconds, cycle, kept.partial))
            lengths = kept.lengths
            if seconds is not None and not kept.partial:
                lengths = (*lengths, seconds)[-REMEMBERED:]
            return replace(
                state,
                run_at=None,
                run_t=None,
                partial=False,
                lengths=lengths,
                ended_t=None if unsure else edge_t,
            ), found
        if kept.item is not ItemState.EXECUTING:
            state = replace(
                state,
                item=ItemState.EXECUTING,
                mode=OperationMode.PROCESSING,
                since=edge_at,
                since_t=edge_t,
            )
        state = replace(state, ended_t=None if unsure else kept.ended_t)
        if kept.run_at is not None:  # an opening told that this run is under way
            return state, found
        found.append(RunStarted(edge_at))
        return replace(state, run_at=edge_at, run_t=edge_t, partial=unsure), found

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
        self, kept: PowerRunsState, began: datetime | None, began_t: float | None
    ) -> PowerRunsState:
        """The next sample is the first one again; a run under way keeps its beginning."""
        return replace(
            PowerRunsState(run_at=began, run_t=began_t, lengths=kept.lengths),
            item=kept.item,
            mode=kept.mode,
            since=kept.since,
            since_t=kept.since_t,
            watts=kept.watts,
        )

    def weakened(self, kept: PowerRunsState) -> Weakened | None:  # noqa: ARG002
        """Power knows no evidence for a slower rate."""
        return None

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

    def explain(self, kept: PowerRunsState, t: float) -> Text:
        """What the curve shows, with the numbers that decide."""
        config, now = self.config, power(kept.watts)
        if not kept.seen:
            return Text("Noch kein Messwert da.", "No measured value yet.")
        if kept.running:
            long, limit = span(t - kept.level_since_t), power(config.run_above)
            if kept.watts <= config.run_above:
                limit = power(config.run_below)
                return Text(
                    f"Läuft: {now.de}, noch über dem Laufende von {limit.de}; "
                    f"der Lauf dauert seit {long.de}.",
                    f"Running: {now.en}, still above the end of a run at {limit.en}; "
                    f"the run has lasted {long.en}.",
                )
            return Text(
                f"Läuft: {now.de} liegen seit {long.de} über der Laufschwelle von {limit.de}.",
                f"Running: {now.en} have been above the run threshold of {limit.en} for {long.en}.",
            )
        if kept.item is ItemState.EXECUTING:
            long, limit = span(t - kept.level_since_t), power(config.run_below)
            return Text(
                f"Lädt zwischen zwei Läufen: {now.de} liegen seit {long.de} unter der "
                f"Laufschwelle von {limit.de}.",
                f"Loading between two runs: {now.en} have been below the run threshold of "
                f"{limit.en} for {long.en}.",
            )
        if kept.item is ItemState.NOT_AVAILABLE:
            long = span(t - (kept.since_t if kept.off_t is None else kept.off_t))
            limit = power(config.off_below)
            return Text(
                f"Aus: {now.de} liegen seit {long.de} unter der Einschaltschwelle von {limit.de}.",
                f"Off: {now.en} have been below the power-on threshold of {limit.en} "
                f"for {long.en}.",
            )
        if kept.low_t is None:
            limit = power(config.run_above)
            return Text(
                f"Eingeschaltet, noch kein Lauf erkannt: {now.de} liegen unter der Laufschwelle "
                f"von {limit.de}.",
                f"On, no run recognised yet: {now.en} are below the run threshold of {limit.en}.",
            )
        long, limit = span(t - kept.low_t), power(config.standby_below)
        return Text(
            f"In Bereitschaft: {now.de} liegen seit {long.de} unter der Bereitschaftsschwelle "
            f"von {limit.de}.",
            f"Standing by: {now.en} have been below the standby threshold of {limit.en} "
            f"for {long.en}.",
        )

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """The four lines of the curve."""
        config = self.config
        return (
            ("power", config.run_above, Text("Lauf beginnt", "Run begins")),
            ("power", config.run_below, Text("Lauf endet", "Run ends")),
            ("power", config.standby_below, Text("Bereitschaft", "Standby")),
            ("power", config.off_below, Text("Aus", "Off")),
        )
