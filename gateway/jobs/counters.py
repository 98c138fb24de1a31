"""Parts from a device's own counters: exact however often the gateway was away.

The baseline is kept in the state, so what ran meanwhile is counted with the next reading. That the
machine works is seen from movement: a count, or its contact closing. Rejects may be seen later
than the parts they belong to; the good count then waits until the parts have made up for them,
it never falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from gateway.config import Duration, DurationOrZero, Variant
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.device_counter import NEW, Counter, read
from gateway.jobs.findings import Counted, CounterChanged, Finding, Frame, Pace, Unseen, Weakened
from gateway.jobs.wording import number, span

UINT32 = 2**32 - 1


class CountersConfig(Variant):
    """Maschine am E/A-Modul mit Zählern / a machine on an I/O module with counters."""

    type: Literal["counters"] = "counters"
    pieces_per_count: int = Field(default=1, ge=1, description="Teile je Lauf / pieces per run")
    rejects: Literal["scrap", "rework"] = Field(
        default="scrap",
        description="scrap: gut = Läufe x Teile - Ausschuss; rework: gut = Läufe x Teile / "
        "scrap: good = runs x pieces - rejects; rework: good = runs x pieces",
    )
    idle_after: Duration = Field(
        description="Ohne Bewegung steht die Maschine (Auftragszeit) / without movement she stands"
    )
    pace_over: Duration = Field(
        default=timedelta(minutes=15),
        description="Takt wird über so viel Zeit gemittelt / the rate is averaged over this long",
    )
    grace: DurationOrZero = Field(
        default=timedelta(minutes=10),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    def needs(self) -> Sequence[str]:
        """A counter of cycles."""
        return ("good-count",)

    def bind(self, signals: Sequence[Signal]) -> Counters:
        """The counters of one machine; contacts and the reject counter are optional."""
        tops = {
            signal.role: int(signal.wraps_after)
            for signal in signals
            if signal.role is not None and signal.wraps_after is not None
        }
        present = {signal.role for signal in signals}
        return Counters(self, present, tops)


@dataclass(frozen=True, slots=True)
class CountersState:
    """What has to be remembered between two looks. Times ``*_t`` are the machine's clock.

    ``counts`` and ``rejects`` are totals since the gateway knows the machine; ``good`` is what was
    already handed on.
    """

    kind: Literal["counters"] = "counters"
    item: ItemState = ItemState.NOT_AVAILABLE
    mode: OperationMode = OperationMode.NONE
    since: datetime | None = None
    counter: Counter = NEW
    reject_counter: Counter = NEW
    counts: int = 0
    rejects: int = 0
    good: int = 0
    closed: bool | None = None
    moved_t: float | None = None
    alarm: int = 0  # looks in a row with the fault lamp on, at most 2
    last_at: datetime | None = None
    pace_t: float | None = None  # the stretch over which the pace is averaged
    pace_counts: int = 0
    run_at: datetime | None = None  # never set: counters know no single run


class Counters:
    """Reads the counters and contacts of one machine."""

    def __init__(
        self, config: CountersConfig, present: set[str | None], tops: dict[str, int]
    ) -> None:
        self.config = config
        optional = ("reject-count", "running", "fault")
        self.roles = ("good-count", *(role for role in optional if role in present))
        self.grace = config.grace.total_seconds()
        self.pieces_per_run = config.pieces_per_count
        self._tops = tops
        self._idle_after = config.idle_after.total_seconds()
        self._pace_over = config.pace_over.total_seconds()

    def initial(self) -> CountersState:
        """Nothing was seen yet."""
        return CountersState()

    def look(self, kept: CountersState, frame: Frame) -> tuple[CountersState, Sequence[Finding]]:
        """One look at counters and contacts."""
        found: list[Finding] = []
        state = self._count(kept, frame, found)
        moved = state.counts > kept.counts
        closed = frame.values.get("running")
        if closed is not None:
            moved = moved or (bool(closed) and state.closed is False)
            if state.closed is not bool(closed):
                state = replace(state, closed=bool(closed))
        alarm = frame.values.get("fault")
        if alarm is not None:
            lit = min(2, state.alarm + 1) if alarm else 0
            if lit != state.alarm:
                state = replace(state, alarm=lit)
        state = self._state(state, frame, moved=moved)
        state = self._pace(state, frame, found, more=state.counts - kept.counts)
        return replace(state, last_at=frame.at), found

    def _count(self, kept: CountersState, frame: Frame, found: list[Finding]) -> CountersState:
        state, cycles, bad = kept, 0, 0
        for role in ("good-count", "reject-count"):
            value = frame.values.get(role)
            if value is None or isinstance(value, str):
                continue
            counts = role == "good-count"
            before = state.counter if counts else state.reject_counter
            after, change = read(before, int(value), self._tops.get(role, UINT32))
            if after is before:
                continue
            if change.jumped:
                found.append(CounterChanged(role, change.rollover, change.before, int(value)))
                if not change.rollover and counts and kept.last_at is not None:
                    found.append(Unseen(kept.last_at, frame.at, "counter_reset"))
            if counts:
                cycles = change.more
                state = replace(state, counter=after, counts=state.counts + cycles)
            else:
                bad = change.more
                state = replace(state, reject_counter=after, rejects=state.rejects + bad)
        if not cycles and not bad:
            return state
        scrap = bad if self.config.rejects == "scrap" else 0
        net = state.counts * self.config.pieces_per_count
        if self.config.rejects == "scrap":
            net -= state.rejects
        more = max(0, net - state.good)
        found.append(Counted(cycles, more, scrap))
        return replace(state, good=state.good + more)

    def _state(self, state: CountersState, frame: Frame, *, moved: bool) -> CountersState:
        moved_t = frame.t if moved else state.moved_t
        if state.alarm >= 2:
            item, mode = ItemState.OUT_OF_SERVICE, OperationMode.MAINTENANCE
        elif moved_t is not None and frame.t - moved_t < self._idle_after:
            item, mode = ItemState.EXECUTING, OperationMode.PROCESSING
        else:
            item, mode = ItemState.NOT_EXECUTING, OperationMode.NONE
        if item is not state.item:
            return replace(state, item=item, mode=mode, since=frame.at, moved_t=moved_t)
        return state if moved_t is state.moved_t else replace(state, moved_t=moved_t)

    def _pace(
        self, state: CountersState, frame: Frame, found: list[Finding], *, more: int
    ) -> CountersState:
        """The mean over a stretch of undisturbed work; it begins with a count, to be exact."""
        if state.item is not ItemState.EXECUTING or frame.unseen:
            return state if state.pace_t is None else replace(state, pace_t=None, pace_counts=0)
        if not more:
            return state
        if state.pace_t is None:
            return replace(state, pace_t=frame.t, pace_counts=0)
        counts, passed = state.pace_counts + more, frame.t - state.pace_t
        if passed < self._pace_over:
            return replace(state, pace_counts=counts)
        found.append(Pace(passed / counts))
        return replace(state, pace_t=frame.t, pace_counts=0)

    def reopened(
        self,
        kept: CountersState,
        began: datetime | None,  # noqa: ARG002
        began_t: float | None,  # noqa: ARG002
        *,
        degraded: bool,  # noqa: ARG002
    ) -> CountersState:
        """A device's counter never jumps: only its movement belongs to what was before."""
        return replace(kept, moved_t=None, pace_t=None, pace_counts=0)

    def weakened(self, kept: CountersState) -> Weakened | None:  # noqa: ARG002
        """Counters know no evidence for a slower rate."""
        return None

    def expected(self, kept: CountersState, t: float, per_run: float) -> float | None:  # noqa: ARG002
        """Counters know no single run."""
        return None

    def phase(self, kept: CountersState) -> Text | None:  # noqa: ARG002
        """Counters know no phases."""
        return None

    def explain(self, kept: CountersState, t: float, begins_t: float) -> Text:
        """What moved, and when."""
        if kept.counter.last is None and kept.closed is None:
            return Text("Noch kein Messwert da.", "No measured value yet.")
        if kept.item is ItemState.OUT_OF_SERVICE:
            return Text("Gestört: Die Störlampe ist an.", "Out of service: the fault lamp is on.")
        shown = Text("", "")
        if kept.counter.last is not None:
            count = number(kept.counter.last)
            shown = Text(f", Zählerstand {count.de}", f", counter at {count.en}")
        if kept.moved_t is None:
            return Text(
                f"Steht: Bisher keine Bewegung gesehen{shown.de}.",
                f"Standing: no movement seen so far{shown.en}.",
            )
        long, limit = span(t - max(kept.moved_t, begins_t)), span(self._idle_after)
        if kept.item is ItemState.EXECUTING:
            return Text(
                f"Arbeitet: letzte Bewegung vor {long.de}{shown.de}; "
                f"als Stillstand gelten {limit.de}.",
                f"Working: last movement {long.en} ago{shown.en}; "
                f"it counts as standing after {limit.en}.",
            )
        return Text(
            f"Steht: Seit {long.de} hat sich weder Zähler noch Kontakt bewegt{shown.de}.",
            f"Standing: neither counter nor contact has moved for {long.en}{shown.en}.",
        )

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """Counters have no lines to draw."""
        return ()
