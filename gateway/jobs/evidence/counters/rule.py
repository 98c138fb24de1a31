"""Parts from a device's own counters: exact however often the gateway was away.

The baseline is kept in the state, so what ran meanwhile is counted with the next reading, as far as
the machine could have made it in that time. That it works is seen from movement: a count, or its
contact closing. Rejects may be seen later
than the parts they belong to; the good count then waits until the parts have made up for them,
it never falls.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from gateway.config import Duration, DurationOrZero, Variant, wrong
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode, Question
from gateway.jobs.evidence.contract import Plain
from gateway.jobs.evidence.counters.course import NEW, Counter, Most, Note
from gateway.jobs.evidence.counters.device_counter import read, settled
from gateway.jobs.evidence.findings import (
    Counted,
    CounterChanged,
    CounterJumped,
    Finding,
    Frame,
    Made,
    Pace,
    Unseen,
)
from gateway.jobs.wording import number, span

UINT32 = 2**32 - 1
ROLES = ("good-count", "reject-count")
FASTER = 4.0
"""A machine may be so many times as fast as its job plans: a plan has set-up and pauses in it."""
FASTER_THAN_EVER = 2.0
"""And so many times as fast as it was ever measured."""
UNKNOWN = 10.0
"""Counts a second that are believed of a machine of which nobody has said or seen a pace."""


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
    min_cycle: Duration | None = Field(
        default=None,
        description="So kurz kann ein Takt sein (Auftragszeit); was schneller wäre, wird gefragt / "
        "the shortest cycle, order time; what would be faster is asked",
    )
    refresh: DurationOrZero = Field(
        default=timedelta(0),
        description="So selten erneuert das Gerät seinen Zählerstand (Echtzeit); 0s: erkannt / "
        "so rarely the device renews its count, real time; 0s: recognised",
    )
    grace: DurationOrZero = Field(
        default=timedelta(minutes=10),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    @model_validator(mode="after")
    def _stands_longer_than_it_is_old(self) -> CountersConfig:
        if self.idle_after <= self.refresh:
            raise wrong(
                Text(
                    "die Maschine gälte als stehend, bevor das Gerät seinen Zählerstand erneuert",
                    "the machine would count as standing before the device renews its count",
                ),
                Text(
                    "Wählen Sie idle_after länger als refresh.",
                    "Make idle_after longer than refresh.",
                ),
                ("idle_after",),
            )
        return self

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
        least = self.refresh.total_seconds()
        every = {
            signal.role: max(signal.every, least) for signal in signals if signal.role is not None
        }
        return Counters(self, every, tops)


@dataclass(frozen=True, slots=True)
class CountersState:
    """What has to be remembered between two looks. Times ``*_t`` are the machine's clock.

    ``counts`` and ``rejects`` are totals since the gateway knows the machine; ``good`` is what was
    already handed on. ``fastest`` is the best pace that was measured, in counts a real second.
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
    pace_t: float | None = None  # the stretch over which the pace is averaged
    pace_counts: int = 0
    fastest: float = 0.0
    run_at: datetime | None = None  # never set: counters know no single run


class Counters(Plain[CountersState]):
    """Reads the counters and contacts of one machine."""

    def __init__(
        self, config: CountersConfig, every: dict[str, float], tops: dict[str, int]
    ) -> None:
        self.config = config
        optional = ("reject-count", "running", "fault")
        self.roles = ("good-count", *(role for role in optional if role in every))
        self.grace = config.grace.total_seconds()
        self.pieces_per_run = config.pieces_per_count
        self._every = every
        self._tops = tops
        self._min_cycle = None if config.min_cycle is None else config.min_cycle.total_seconds()
        self._idle_after = config.idle_after.total_seconds()
        self._pace_over = config.pace_over.total_seconds()

    def initial(self) -> CountersState:
        """Nothing was seen yet."""
        return CountersState()

    def look(self, kept: CountersState, frame: Frame) -> tuple[CountersState, Sequence[Finding]]:
        """One look at counters and contacts."""
        found: list[Finding] = []
        state = self._count(kept, frame, found)
        moved = state.counts > kept.counts or any(isinstance(one, CounterJumped) for one in found)
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
        return self._pace(state, frame, found, more=state.counts - kept.counts), found

    def _count(self, kept: CountersState, frame: Frame, found: list[Finding]) -> CountersState:
        cycles, good_counter = self._read(kept.counter, ROLES[0], kept, frame, found)
        bad, reject_counter = self._read(kept.reject_counter, ROLES[1], kept, frame, found)
        state = replace(kept, counter=good_counter, reject_counter=reject_counter)
        if not cycles and not bad:
            return state
        state, good, scrap = self._handed_on(state, cycles, bad)
        found.append(Counted(cycles, good, scrap))
        return state

    def _read(
        self,
        counter: Counter,
        role: str,
        kept: CountersState,
        frame: Frame,
        found: list[Finding],
    ) -> tuple[int, Counter]:
        """How many more a counter has counted; what else it did is added to ``found``."""
        value = frame.values.get(role)
        if value is None or isinstance(value, str):
            return 0, counter
        at_once = 1 if role == ROLES[0] else self.config.pieces_per_count
        most = Most(self._believable(kept, frame), self._every.get(role, 1.0), at_once)
        top = self._tops.get(role, UINT32)
        after, more, notes = read(counter, int(value), frame.now, top=top, most=most)
        for note in notes:
            found.extend(self._noted(note, role, frame))
        return more, after

    def _believable(self, kept: CountersState, frame: Frame) -> float:
        """Cycles a real second that this machine can make, by its job, its file and its past."""
        pieces = self.config.pieces_per_count
        planned = 1 / (frame.plan * pieces) if frame.plan else 0.0
        if self._min_cycle is not None:
            return max(frame.lapse / self._min_cycle, planned, kept.fastest)
        return max(FASTER * planned, FASTER_THAN_EVER * kept.fastest) or UNKNOWN

    def _noted(self, note: Note, role: str, frame: Frame) -> Sequence[Finding]:
        if note.what == "jumped":
            good, scrap = self._pieces(role, note.counts)
            start, question = note.start.at, note.question
            jumped = CounterJumped(
                role, note.before, note.after, note.counts, start, question, good, scrap
            )
            return jumped, Unseen(start, frame.at, "counter_jumped")
        if note.what == "made":
            return (Made(role, note.question),)
        if note.what == "round":
            return (Unseen(note.start.at, frame.at, "counter_round"),)
        changed = CounterChanged(role, note.what, note.before, note.after, note.question)
        if note.what == "reset":
            return changed, Unseen(note.start.at, frame.at, "counter_reset")
        return (changed,)

    def _pieces(self, role: str, counts: int) -> tuple[int, int]:
        """Good pieces and scrap in so many counts."""
        if role == ROLES[0]:
            return counts * self.config.pieces_per_count, 0
        return 0, counts if self.config.rejects == "scrap" else 0

    def _handed_on(
        self, state: CountersState, cycles: int, bad: int
    ) -> tuple[CountersState, int, int]:
        """Counts become pieces; rejects are taken off what comes, the good count never falls."""
        counts, rejects = state.counts + cycles, state.rejects + bad
        net = counts * self.config.pieces_per_count
        scrap = 0
        if self.config.rejects == "scrap":
            net, scrap = net - rejects, bad
        more = max(0, net - state.good)
        return replace(state, counts=counts, rejects=rejects, good=state.good + more), more, scrap

    def believed(self, kept: CountersState, question: Question) -> tuple[CountersState, int, int]:
        """What was asked about is counted like anything else."""
        name = question.id.rpartition(".")[2]
        if question.role == ROLES[1]:
            kept = replace(kept, reject_counter=settled(kept.reject_counter, name))
            return self._handed_on(kept, 0, question.counts)
        kept = replace(kept, counter=settled(kept.counter, name))
        seconds = (question.end - question.start).total_seconds()
        if seconds >= 1:
            kept = replace(kept, fastest=max(kept.fastest, question.counts / seconds))
        return self._handed_on(kept, question.counts, 0)

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
        fastest = max(state.fastest, counts / passed * frame.lapse)
        return replace(state, pace_t=frame.t, pace_counts=0, fastest=fastest)

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
        if kept.counter.refresh:
            rare = span(kept.counter.refresh)
            shown = Text(
                f"{shown.de} (das Gerät erneuert ihn nur etwa alle {rare.de})",
                f"{shown.en} (the device renews it only about every {rare.en})",
            )
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

    def exchanged(self, kept: CountersState) -> CountersState:
        """Both counters begin anew; what was counted stays."""
        return replace(kept, counter=NEW, reject_counter=NEW)
