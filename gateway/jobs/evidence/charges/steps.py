"""Follows a charge from phase to phase: a state table over temperature, setpoint and currents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import Literal

from gateway.core.work import ItemState, OperationMode
from gateway.jobs.evidence.findings import Finding, Frame, RunFinished, RunStarted, Unseen


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
    held: float = 0.0  # seconds at tempering temperature, as far as it was watched
    hidden: float = 0.0  # seconds since the last soak that nobody watched
    last_at: datetime | None = None
    last_t: float = 0.0
    temperature: float = 0.0
    setpoint: float = 0.0
    amps: tuple[float, float, float] | None = None
    odd: int = 0  # looks in a row with one dead phase
    whole: int = 0  # looks in a row with three live phases
    lost: int = 0  # the dead phase, 1 to 3
    told: bool = False  # an opening told of a dead phase; which one shows when it heats


@dataclass(frozen=True, slots=True)
class Recipe:
    """What tells the phases apart: °C, K and A; ``lengths`` in seconds of order time.

    ``temper`` is None where the furnace does not temper: it cools down, and that is it.
    """

    hot: float
    temper: float | None
    cold: float
    band: float
    live_above: float
    lengths: Mapping[Phase, float]

    @property
    def cycle(self) -> float:
        """A whole charge as planned."""
        return sum(self.lengths.values())

    @property
    def glance(self) -> float:
        """Looks closer together than this see every phase."""
        return min(length for length in self.lengths.values() if length) / 2

    @property
    def _middle(self) -> float:
        return (self.hot + (self.cold if self.temper is None else self.temper)) / 2

    def passed(
        self, kept: ChargesState, frame: Frame, temperature: float, found: list[Finding]
    ) -> ChargesState:
        """What lay between this look, which shows ``temperature``, and the one before."""
        if kept.last_at is None:
            return kept
        passed = inf if frame.blind else frame.t - kept.last_t
        if passed < self.glance and frame.unseen != "restart":
            warm = self._tempers(kept.temperature) and self._tempers(temperature)
            if kept.phase is not Phase.TEMPER or not warm:
                return kept
            return replace(kept, held=kept.held + passed)
        found.append(Unseen(kept.last_at, frame.at, frame.unseen or "late"))
        if kept.phase not in OPEN:
            return kept
        if passed >= 0.8 * self.cycle:  # another charge may have begun in between
            return replace(_empty(kept), phase=Phase.NONE)
        return replace(kept, unsure=True, hidden=kept.hidden + passed)

    def follow(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
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
                left = not hot or state.temperature < self.hot - 100
                return self._cools(state, frame) if left else state
        return self._from_late(self._tempered(state, frame), frame, found, hot=hot)

    def _from_ramp(self, state: ChargesState, frame: Frame, *, hot: bool) -> ChargesState:
        if state.temperature >= self.hot - self.band:
            return _enter(replace(state, held=0.0, hidden=0.0), Phase.SOAK, frame)
        if hot:
            return state
        if state.unsure or state.temperature >= self.hot - 100:
            return self._cools(state, frame)
        return _dropped(state, frame)  # stopped before it was hot: no charge

    def _cools(self, state: ChargesState, frame: Frame) -> ChargesState:
        """It is hot no more; where nothing is tempered, the work is done."""
        return _enter(replace(state, tempered=self.temper is None), Phase.QUENCH, frame)

    def _from_late(
        self, state: ChargesState, frame: Frame, found: list[Finding], *, hot: bool
    ) -> ChargesState:
        """After the soak: cooling, tempering, handling, or the next ramp."""
        if hot and self._heats(state):
            if state.tempered:
                return self._begin(self._finish(state, frame, found), frame, found)
            return _enter(state, Phase.RAMP, frame)  # heated again: still the same charge
        now = state.temperature
        if state.phase is Phase.HANDLING or self.temper is None:
            return self._finish(state, frame, found) if now <= self.cold else state
        warm = state.setpoint >= self.temper / 2
        fallen = now < self.temper - 3 * self.band
        if state.tempered and (fallen or (state.phase is Phase.TEMPER and not warm)):
            return _enter(state, Phase.HANDLING, frame)
        if state.phase is Phase.QUENCH and warm and now <= self.temper + self.band:
            return _enter(state, Phase.TEMPER, frame)
        return _dropped(state, frame) if now <= self.cold else state

    def _first(
        self,
        state: ChargesState,
        frame: Frame,
        found: list[Finding],
        *,
        hot: bool,
    ) -> ChargesState:
        """Where a charge stands when nobody saw its beginning, or an opening told of it."""
        now, temper = state.temperature, self.temper
        warm = temper is not None and state.setpoint >= temper / 2
        told = state.run_at is not None
        if hot and (told or self._heats(state) or now >= self.hot - self.band):
            phase = Phase.RAMP if now < self.hot - self.band else Phase.SOAK
        elif (
            warm and temper is not None and now <= temper + self.band and (told or now > temper / 2)
        ):
            phase = Phase.TEMPER
        elif not hot and now > (self.cold if temper is None else temper) + self.band:
            phase = Phase.QUENCH
        elif told:
            handling = replace(_enter(state, Phase.HANDLING, frame), tempered=True, entered=False)
            return self._finish(handling, frame, found) if now <= self.cold else handling
        else:
            return _enter(state, Phase.COLD, frame)
        tempered = state.tempered or (temper is None and phase is Phase.QUENCH)
        state = replace(_enter(state, phase, frame), entered=False, tempered=tempered)
        if told:
            began = frame.t if state.run_t is None else state.run_t
            hidden = 0.0 if phase is Phase.SOAK else frame.t - began
            return replace(state, unsure=True, hidden=hidden)
        found.append(RunStarted(frame.at))
        seen = phase is Phase.RAMP and now <= self.cold + 2 * self.band
        return replace(state, run_at=frame.at, run_t=frame.t, partial=not seen, entered=seen)

    def _heats(self, state: ChargesState) -> bool:
        """Current flows; without a meter, that it has become warm must do."""
        if state.amps is None:
            return state.temperature > self.cold + self.band
        return max(state.amps) > self.live_above

    def _tempers(self, temperature: float) -> bool:
        return self.temper is not None and abs(temperature - self.temper) <= 3 * self.band

    def _tempered(self, state: ChargesState, frame: Frame) -> ChargesState:
        """Half the planned time at tempering temperature was seen.

        Around a gap that can hide the rest of it, the charge must be old enough to have had it.
        """
        if state.tempered:
            return state
        half = self.lengths[Phase.TEMPER] / 2
        old = state.run_t is not None and frame.t - state.run_t >= 0.85 * self.cycle
        seen = state.held + (state.hidden if state.unsure and old else 0.0)
        return replace(state, tempered=True) if seen >= half else state

    def _begin(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        found.append(RunStarted(frame.at))
        begun = replace(_empty(state), run_at=frame.at, run_t=frame.t)
        return _enter(begun, Phase.RAMP, frame)

    def _finish(self, state: ChargesState, frame: Frame, found: list[Finding]) -> ChargesState:
        seconds = None if state.run_t is None or state.partial else frame.t - state.run_t
        cycle = None if state.unsure else seconds
        found.append(RunFinished(frame.at, seconds, cycle, state.partial, state.run_at))
        return _dropped(state, frame)


def _enter(state: ChargesState, phase: Phase, frame: Frame) -> ChargesState:
    return replace(state, phase=phase, phase_t=frame.t, entered=True)


def _empty(state: ChargesState) -> ChargesState:
    """No charge is under way."""
    return replace(
        state,
        run_at=None,
        run_t=None,
        partial=False,
        unsure=False,
        tempered=False,
        held=0.0,
        hidden=0.0,
    )


def _dropped(state: ChargesState, frame: Frame) -> ChargesState:
    """The furnace is empty."""
    return _enter(_empty(state), Phase.COLD, frame)
