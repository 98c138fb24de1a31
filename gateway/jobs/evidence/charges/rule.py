"""Charges of a furnace: phases from temperature, setpoint and phase currents.

A charge begins when the setpoint is hot and the furnace heats. It is finished, and its pieces are
made, when the furnace is cold again after a tempering (where it tempers at all), or when the next
ramp begins. A phase of
the mains that stays without current while the others heat is evidence of a burnt-out element;
where the firm's file declares a slower rate for it, the rate holds at once.

What passed unseen is recorded. A charge of which both sides of the gap were seen goes on, since no
second one fits into the gap; after a longer gap the charge that was under way is lost with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field, model_validator

from gateway.config import Duration, DurationOrZero, Strict, Variant, wrong
from gateway.core.signals import Signal
from gateway.core.text import Text
from gateway.core.work import ItemState, OperationMode
from gateway.jobs.evidence.charges.steps import OPEN, ChargesState, Phase, Recipe
from gateway.jobs.evidence.charges.wording import LOST, NAMES, Seen, sentence
from gateway.jobs.evidence.contract import Plain
from gateway.jobs.evidence.findings import (
    Degraded,
    Finding,
    Frame,
    Recovered,
)

CURRENTS = ("current-l1", "current-l2", "current-l3")
PHASE_LOST = "phase_lost"


class ChargePhases(Strict):
    """So lange dauern die Phasen nach Plan / how long the phases take by plan, order time."""

    ramp: Duration = Field(description="Aufheizen / heating up, e.g. 68min")
    soak: Duration = Field(description="Halten auf Härtetemperatur / soaking")
    quench: Duration = Field(description="Abschrecken / quenching in oil")
    temper: DurationOrZero = Field(
        default=timedelta(0), description="Anlassen / tempering; 0s: it does not temper"
    )
    handling: DurationOrZero = Field(description="Entladen und Beladen / unloading and loading")


class DegradedRates(Strict):
    """Zeit je Charge bei erkanntem Mangel / time per charge under recognised evidence."""

    phase_lost: Duration | None = Field(
        default=None, description="Eine Phase führt keinen Strom / one phase carries no current"
    )


class ChargesConfig(Variant):
    """Ofen mit Regler und Stromzähler / a furnace with controller and meter."""

    type: Literal["charges"] = "charges"
    pieces: int = Field(ge=1, description="Teile je Charge / pieces per charge")
    hot: float = Field(description="Härtetemperatur, °C / hardening, °C")
    temper: float | None = Field(
        default=None,
        description="Anlasstemperatur, °C; fehlt sie, wird nicht angelassen / tempering, °C; "
        "without it there is none",
    )
    cold: float = Field(description="Ab hier gilt sie als fertig, °C / finished, °C")
    band: float = Field(default=5.0, gt=0, description="Erlaubte Abweichung, K / tolerance, K")
    live_above: float = Field(
        default=10.0, description="So viel Strom heißt heizen, A / current that means heating, A"
    )
    dead_below: float = Field(
        default=1.0, description="Darunter gilt eine Phase als tot, A / a dead phase, A"
    )
    phases: ChargePhases = Field(description="Plandauer der Phasen / planned length of each phase")
    degraded: DegradedRates = Field(
        default=DegradedRates(),
        description="Zeit je Charge bei erkanntem Mangel / time per charge under evidence",
    )
    grace: DurationOrZero = Field(
        default=timedelta(minutes=30),
        description="Danach gilt der Auftrag als angehalten / then the job counts as held",
    )

    @model_validator(mode="after")
    def _tempers_for_some_time(self) -> ChargesConfig:
        if (self.temper is None) != (not self.phases.temper):
            raise wrong(
                Text(
                    "zum Anlassen gehören seine Temperatur und seine Dauer",
                    "tempering needs its temperature and its length",
                ),
                Text(
                    "Schreiben Sie temper und phases.temper, oder lassen Sie beide weg.",
                    "Write temper and phases.temper, or leave both out.",
                ),
                ("temper",) if self.temper is None else ("phases", "temper"),
            )
        return self

    def needs(self) -> Sequence[str]:
        """A controller; a meter with the three currents tells of dead phases."""
        return ("temperature", "setpoint")

    def bind(self, signals: Sequence[Signal]) -> Charges:
        """The charges of one machine."""
        return Charges(self, metered=any(signal.role in CURRENTS for signal in signals))


class Charges(Plain[ChargesState]):
    """Recognises charges in temperature, setpoint and currents of one furnace."""

    roles = ("temperature", "setpoint", *CURRENTS)

    def __init__(self, config: ChargesConfig, *, metered: bool = True) -> None:
        self.config = config
        self._metered = metered
        self.grace = config.grace.total_seconds()
        self.pieces_per_run = config.pieces
        self._recipe = Recipe(
            hot=config.hot,
            temper=config.temper,
            cold=config.cold,
            band=config.band,
            live_above=config.live_above,
            lengths={phase: _planned(config.phases, phase) for phase in OPEN},
        )
        slower = config.degraded.phase_lost
        self._slower = None if slower is None else slower.total_seconds()

    @property
    def glance(self) -> float:
        """Looks closer together than so many seconds see every phase."""
        return self._recipe.glance

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
            state = self._recipe.passed(state, frame, float(temperature), found)
            state = replace(
                state,
                last_at=frame.at,
                last_t=frame.t,
                temperature=float(temperature),
                setpoint=float(wanted),
            )
            state = self._recipe.follow(state, frame, found)
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
        lost, told = kept.lost, kept.told
        if not lost and odd >= 2:
            lost = dead[0]
            if not told:
                found.append(self._degraded())
        elif (lost or told) and whole >= 2:
            lost, told = 0, False
            found.append(Recovered(PHASE_LOST))
        return replace(kept, amps=amps, odd=min(odd, 2), whole=min(whole, 2), lost=lost, told=told)

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
        self,
        kept: ChargesState,
        began: datetime | None,
        began_t: float | None,
        *,
        degraded: bool,
    ) -> ChargesState:
        """The next look is the first one again; a charge under way keeps its beginning."""
        return ChargesState(
            item=kept.item,
            mode=kept.mode,
            since=kept.since,
            run_at=began,
            run_t=began_t,
            told=degraded and self._slower is not None,
        )

    def degraded(self, kept: ChargesState) -> Degraded | None:
        """A dead phase, seen or told of."""
        return self._degraded() if kept.lost or kept.told else None

    def _degraded(self) -> Degraded:
        return Degraded(PHASE_LOST, self._slower, LOST)

    def expected(self, kept: ChargesState, t: float, per_run: float) -> float | None:
        """Phases that are over as they were, the present one as planned or overdue, the rest."""
        if kept.run_at is None:
            return None
        if kept.run_t is None or kept.partial or kept.phase not in OPEN:
            return per_run
        lengths = dict(self._recipe.lengths)
        slower = per_run - self._recipe.cycle
        lengths[Phase.RAMP] += slower  # a slower charge is slower while it heats
        later = sum(lengths[phase] for phase in OPEN[OPEN.index(kept.phase) + 1 :])
        if not kept.entered:  # how long this phase has lasted is not known, only the whole
            return max(per_run, t - kept.run_t + later)
        whole = kept.phase_t - kept.run_t + max(lengths[kept.phase], t - kept.phase_t) + later
        return per_run if abs(whole - per_run) < 0.03 * per_run else whole

    def phase(self, kept: ChargesState) -> Text | None:
        """The phase of the charge, for people."""
        return NAMES.get(kept.phase)

    def explain(self, kept: ChargesState, t: float, begins_t: float) -> Text:
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
                lasted=t - max(kept.phase_t, begins_t) if kept.entered else None,
                planned=self._recipe.lengths.get(kept.phase),
                metered=self._metered,
            )
        )

    def thresholds(self) -> Sequence[tuple[str, float, Text]]:
        """The temperatures that decide, and the current of a dead phase."""
        config = self.config
        return (
            ("temperature", config.hot, Text("Härten", "Hardening")),
            *(
                ("temperature", one, Text("Anlassen", "Tempering"))
                for one in (config.temper,)
                if one is not None
            ),
            ("temperature", config.cold, Text("Fertig", "Finished")),
            *((role, config.dead_below, Text("Phase tot", "Phase dead")) for role in CURRENTS),
        )


def _planned(phases: ChargePhases, phase: Phase) -> float:
    length: timedelta = getattr(phases, phase)
    return length.total_seconds()
