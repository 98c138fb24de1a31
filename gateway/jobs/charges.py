"""Charges of a furnace: phases from temperature, setpoint and phase currents.

A charge begins when the setpoint is hot and the furnace heats. It is finished, and its pieces are
made, when the furnace is cold again after a tempering, or when the next ramp begins. A phase of
the mains that stays without current while the others heat is evidence of a burnt-out element;
where the firm's file declares a slower rate for it, the rate holds at once.

What passed unseen is recorded. A charge of which both sides of the gap were seen goes on, since no
second one fits into the gap; after a longer gap the charge that was under way is lost with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from pydantic import Field

from gateway.config import Duration, Strict, Variant
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.charge_wording import NAMES, Seen, sentence
from gateway.jobs.findings import (
    Finding,
    Frame,
    RunFinished,
    RunStarted,
    Strong,
    Unseen,
    Weakened,
)

CURRENTS = ("current-l1", "current-l2", "current-l3")
PHASE_LOST = "phase_lost"


class Phase(StrEnum):
    """The phases of a charge, in order; ``NONE``: not looked yet."""

    NONE = "none"
    COLD = "cold"
    RAMP = "ramp"
    SOAK = "soak"
    QUENCH = "quench"
    TEMPER = "temper"
    HANDLING = "handling"


OPEN = (Phase.RAMP, Phase.SOAK, Phase.QUENCH, Phase.TEMPER, Phase.HANDLING)


class ChargePhases(Strict):
    """So lange dauern die Phasen nach Plan / how long the phases take by plan, order time."""

    ramp: Duration = Field(
        default=timedelta(minutes=68), description="Aufheizen / heating up, e.g. 68min"
    )
    soak: Duration = Field(
        default=timedelta(minutes=30), description="Halten auf Härtetemperatur / soaking"
    )
    quench: Duration = Field(
        default=timedelta(minutes=10), description="Abschrecken / quenching in oil"
    )
    temper: Duration = Field(default=timedelta(minutes=120), description="Anlassen / tempering")
    handling: Duration = Field(
        default=timedelta(minutes=42), description="Entladen und Beladen / unloading and loading"
    )


class DegradedRates(Strict):
    """Zeit je Charge bei erkanntem Mangel / time per charge under recognised evidence."""

    phase_lost: Duration | None = Field(
        default=None, description="Eine Phase führt keinen Strom / one phase carries no current"
    )


class ChargesConfig(Variant):
    """Ofen mit Regler und Stromzähler / a furnace with controller and meter."""

    type: Literal["charges"] = "charges"
    pieces: int = Field(ge=1, description="Teile je Charge / pieces per charge")
    hot: float = Field(default=860.0, description="Härtetemperatur, °C / hardening, °C")
    temper: float = Field(default=250.0, description="Anlasstemperatur, °C / tempering, °C")
    cold: float = Field(default=21.3, description="Ab hier gilt sie als fertig, °C / finished, °C")
    band: float = Field(default=5.0, gt=0, description="Erlaubte Abweichung, K / tolerance, K")
    live_above: float = Field(
        default=10.0, description="So viel Strom heißt heizen, A / current that means heating, A"
    )
    dead_below: float = Field(
        default=1.0, description="Darunter gilt eine Phase als tot, A / a dead phase, A"
    )
    phases: ChargePhases = Field(
        default=ChargePhases(), description="Plandauer der Phasen / planned length of each phase"
    )
    degraded: DegradedRates = Field(
        default=DegradedRates(),
        description="Zeit je Charge bei erkanntem Mangel / time per charge under evidence",
    )
    grace: Duration = Field(
        default=timedelta(minutes=30),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    def needs(self) -> Sequence[str]:
        """A controller, and a meter with the three currents."""
        return ("temperature", "setpoint", *CURRENTS)

    def bind(self, signals: Sequence[Signal]) -> Charges:  # noqa: ARG002
        """The charges of one machine."""
        return Charges(self)


@dataclass(frozen=True, slots=True)
class ChargesState:
    """What has to be remembered between two looks. Times ``*_t`` are the machine's clock."""

    kind: Literal["charges"] = "charges"
    item: ItemState = ItemState.NOT_AVAILABLE
    mode: OperationMode = OperationMode.NONE
    since: datetime | None = None
    phase: Phase = Phase.NONE
    phase_t: float = 0.0
    entered: bool = False  # its beginning was seen; False where we came into the middle of it
    run_at: datetime | None = None
    run_t: float | None = None
    partial: bool = False
    unsure: bool = False  # something passed unseen during this charge
    tempered: bool = False
    last_at: datetime | None = None
    last_t: float = 0.0
    temperature: float = 0.0
    setpoint: float = 0.0
    amps: tuple[float, float, float] | None = None
    odd: int = 0  # looks in a row with one dead phase
    whole: int = 0  # looks in a row with three live phases
    lost: int = 0  # the dead phase, 1 to 3


class Charges:
    """Recognises charges in temperature, setpoint and currents of one furnace."""

    roles = ("temperature", "setpoint", *CURRENTS)

    def __init__(self, config: ChargesConfig) -> None:
        self.config = config
        self.grace = config.grace.total_seconds()
        self.pieces_per_run = config.pieces
        self._lengths = {phase: _planned(config.phases, phase) for phase in OPEN}
        self._cycle = sum(self._lengths.values())
        self._glance = min(self._lengths.values()) / 2
        slower = config.degraded.phase_lost
        self._slower = None if slower is None else slower.total_seconds()
        self._middle = (config.hot + config.temper) / 2

    def initial(self) -> ChargesState:
        """Nothing was seen yet."""
        return ChargesState()

    def look(self, kept: ChargesState, frame: Frame) -> tuple[ChargesState, Sequence[Finding]]:
        """One look at controller and meter; either may be missing."""
        found: list[Finding] = []
        state = self._currents(kept, frame, found)
        temperature, setpoint = frame.values.get("temperature"), frame.values.get("setpoint")
        if isinstance(temperature, int | float):
            wanted = setpoint if isinstance(setpoint, int | float) else kept.setpoint
            state = self._unseen(state, frame, found)
            state = replace(
                state,
                last_at=frame.at,
                last_t=frame.t,
                temperature=float(temperature),
                setpoint=float(wanted),
            )
            state = self._phases(state, frame, found)
        return self._item(state, frame), found

    def _currents(self, kept: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        """A dead phase while the others heat, twice in a row; and its return."""
        read = [frame.values.get(role) for role in CURRENTS]
        numbers = [float(value) for value in read if isinstance(value, int | float)]
        if len(numbers) != 3:
            return kept if kept.amps is None else replace(kept, amps=None, odd=0, whole=0)
        amps = (numbers[0], numbers[1], numbers[2])
        dead = [i for i, amp in enumerate(amps, 1) if amp < self.config.dead_below]
        live = sum(amp > self.config.live_above for amp in amps)
        odd = kept.odd + 1 if len(dead) == 1 and live == 2 else 0
        whole = kept.whole + 1 if live == 3 else 0
        lost = kept.lost
        if not lost and odd >= 2:
            lost = dead[0]
            found.append(Weakened(PHASE_LOST, self._slower))
        elif lost and whole >= 2:
            lost = 0
            found.append(Strong(PHASE_LOST))
        return replace(kept, amps=amps, odd=min(odd, 2), whole=min(whole, 2), lost=lost)

    def _unseen(self, kept: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        """What lay between this look and the one before."""
        if kept.last_at is None:
            return kept
        passed = frame.t - kept.last_t
        if passed < self._glance and frame.unseen != "restart":
            return kept
        found.append(Unseen(kept.last_at, frame.at, frame.unseen or "late"))
        if kept.phase not in OPEN:
            return kept
        if passed >= 0.8 * self._cycle:  # another charge may have begun in between
            return replace(
                kept,
                phase=Phase.NONE,
                run_at=None,
                run_t=None,
                partial=False,
                unsure=False,
                tempered=False,
            )
        return replace(kept, unsure=True)

    def _phases(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        """Follow the charge; after a gap it may be several phases further."""
        for _ in range(len(OPEN)):
            before = state
            state = self._step(state, frame, found)
            if state.phase is before.phase:
                break
        return state

    def _step(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        """One phase further, if the look shows it."""
        hot = state.setpoint >= self._middle
        match state.phase:
            case Phase.NONE:
                return self._first(state, frame, found, hot=hot)
            case Phase.COLD:
                return self._begin(state, frame, found) if hot and self._heats(state) else state
            case Phase.RAMP:
                return self._from_ramp(state, frame, hot=hot)
            case Phase.SOAK:
                left = not hot or state.temperature < self.config.hot - 100
                return _enter(state, Phase.QUENCH, frame) if left else state
        return self._from_late(self._tempered(state, frame), frame, found, hot=hot)

    def _from_ramp(self, state: ChargesState, frame: Frame, *, hot: bool) -> ChargesState:
        config = self.config
        if state.temperature >= config.hot - config.band:
            return _enter(state, Phase.SOAK, frame)
        if hot:
            return state
        if state.unsure or state.temperature >= config.hot - 100:
            return _enter(state, Phase.QUENCH, frame)
        return _dropped(state, frame)  # stopped before it was hot: no charge

    def _from_late(
        self, state: ChargesState, frame: Frame, found: list[Finding], *, hot: bool
    ) -> ChargesState:
        """After the soak: cooling, tempering, handling, or the next ramp."""
        if hot and self._heats(state):
            if state.tempered:
                return self._begin(self._finish(state, frame, found), frame, found)
            return _enter(state, Phase.RAMP, frame)  # heated again: still the same charge
        config, now = self.config, state.temperature
        warm = state.setpoint >= config.temper / 2
        fallen = now < config.temper - 3 * config.band
        if state.phase is Phase.HANDLING:
            return self._finish(state, frame, found) if now <= config.cold else state
        if state.tempered and (fallen or (state.phase is Phase.TEMPER and not warm)):
            return _enter(state, Phase.HANDLING, frame)
        if state.phase is Phase.QUENCH and warm and now <= config.temper + config.band:
            return _enter(state, Phase.TEMPER, frame)
        return _dropped(state, frame) if now <= config.cold else state

    def _first(
        self,
        state: ChargesState,
        frame: Frame,
        found: list[Finding],
        *,
        hot: bool,
    ) -> ChargesState:
        """Where a charge stands when nobody saw its beginning, or an opening told of it."""
        config, now = self.config, state.temperature
        warm = state.setpoint >= config.temper / 2
        told = state.run_at is not None
        if hot and (told or self._heats(state) or now >= config.hot - config.band):
            phase = Phase.RAMP if now < config.hot - config.band else Phase.SOAK
        elif warm and now <= config.temper + config.band and (told or now > config.temper / 2):
            phase = Phase.TEMPER
        elif not hot and now > config.temper + config.band:
            phase = Phase.QUENCH
        elif told:
            handling = replace(_enter(state, Phase.HANDLING, frame), tempered=True)
            return self._finish(handling, frame, found) if now <= config.cold else handling
        else:
            return _enter(state, Phase.COLD, frame)
        state = replace(_enter(state, phase, frame), entered=False)
        if told:
            return replace(state, unsure=True)
        found.append(RunStarted(frame.at))
        seen = phase is Phase.RAMP and now <= config.cold + 2 * config.band
        return replace(state, run_at=frame.at, run_t=frame.t, partial=not seen, entered=seen)

    def _heats(self, state: ChargesState) -> bool:
        """Current flows; without a meter, that it has become warm must do."""
        if state.amps is None:
            return state.temperature > self.config.cold + self.config.band
        return max(state.amps) > self.config.live_above

    def _tempered(self, state: ChargesState, frame: Frame) -> ChargesState:
        """Tempering was seen, or (around a gap) the charge is old enough to have had it."""
        if state.tempered:
            return state
        seen = (
            state.phase is Phase.TEMPER
            and frame.t - state.phase_t >= self._lengths[Phase.TEMPER] / 2
        )
        old = (
            state.unsure and state.run_t is not None and frame.t - state.run_t >= 0.85 * self._cycle
        )
        return replace(state, tempered=True) if seen or old else state

    def _begin(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        found.append(RunStarted(frame.at))
        begun = replace(
            state, run_at=frame.at, run_t=frame.t, partial=False, unsure=False, tempered=False
        )
        return _enter(begun, Phase.RAMP, frame)

    def _finish(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        seconds = None if state.run_t is None or state.partial else frame.t - state.run_t
        cycle = None if state.unsure else seconds
        found.append(RunFinished(frame.at, seconds, cycle, state.partial))
        return _dropped(state, frame)

    def _item(self, state: ChargesState, frame: Frame) -> ChargesState:
        item, mode = ItemState.NOT_EXECUTING, OperationMode.NONE
        if state.phase is Phase.NONE:
            item = ItemState.NOT_AVAILABLE
        elif state.phase in OPEN:
            item, mode = ItemState.EXECUTING, OperationMode.PROCESSING
            if state.lost and self._slower is None:
                item, mode = ItemState.OUT_OF_SERVICE, OperationMode.MAINTENANCE
        if item is state.item:
            return state
        return replace(state, item=item, mode=mode, since=frame.at)

    def reopened(
        self, kept: ChargesState, began: datetime | None, began_t: float | None
    ) -> ChargesState:
        """The next look is the first one again; a charge under way keeps its beginning."""
        return ChargesState(
            item=kept.item, mode=kept.mode, since=kept.since, run_at=began, run_t=began_t
        )

    def weakened(self, kept: ChargesState) -> Weakened | None:
        """A dead phase."""
        return Weakened(PHASE_LOST, self._slower) if kept.lost else None

    def expected(self, kept: ChargesState, t: float, per_run: float) -> float | None:
        """Phases that are over as they were, the present one as planned or overdue, the rest."""
        if kept.run_at is None:
            return None
        if kept.run_t is None or kept.partial or kept.phase not in OPEN:
            return per_run
        lengths = dict(self._lengths)
        lengths[Phase.RAMP] += per_run - self._cycle  # a slower charge is slower while it heats
        later = sum(lengths[phase] for phase in OPEN[OPEN.index(kept.phase) + 1 :])
        if not kept.entered:  # how long this phase has lasted is not known, only the whole
            return max(per_run, t - kept.run_t + later)
        whole = kept.phase_t - kept.run_t + max(lengths[kept.phase], t - kept.phase_t) + later
        return per_run if abs(whole - per_run) < 0.03 * per_run else whole

    def phase(self, kept: ChargesState) -> Text | None:
        """The phase of the charge, for people."""
        return NAMES.get(kept.phase)

    def explain(self, kept: ChargesState, t: float) -> Text:
        """What controller and meter show, with the numbers that decide."""
        return sentence(
            Seen(
                phase=kept.phase,
                temperature=kept.temperature,
                hot=self.config.hot,
                temper=self.config.temper,
                cold=self.config.cold,
                amps=kept.amps,
                lost=kept.lost,
                lasted=t - kept.phase_t if kept.entered else None,
                planned=self._lengths.get(kept.phase),
            )
        )

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """The temperatures that decide, and the current of a dead phase."""
        config = self.config
        return (
            ("temperature", config.hot, Text("Härten", "Hardening")),
            ("temperature", config.temper, Text("Anlassen", "Tempering")),
            ("temperature", config.cold, Text("Fertig", "Finished")),
            *((role, config.dead_below, Text("Phase tot", "Phase dead")) for role in CURRENTS),
        )


def _planned(phases: ChargePhases, phase: Phase) -> float:
    length: timedelta = getattr(phases, phase)
    return length.total_seconds()


def _enter(state: ChargesState, phase: Phase, frame: Frame) -> ChargesState:
    return replace(state, phase=phase, phase_t=frame.t, entered=True)


def _dropped(state: ChargesState, frame: Frame) -> ChargesState:
    """The furnace is empty."""
    empty = replace(state, run_at=None, run_t=None, partial=False, unsure=False, tempered=False)
    return _enter(empty, Phase.COLD, frame)
