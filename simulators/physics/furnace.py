"""The chamber furnace of 1991: one heat capacity, three elements, a door.

Every stage of a charge is one of two things: full power until the setpoint is reached and then
just what is lost, or no power while it is hotter than the setpoint. Both have a closed form, so
any moment of a charge is computed at once and the ramp lasts as long as the physics says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import exp, inf, log

Elements = tuple[bool, ...]
"""Which heating elements live, one per phase."""


class Phase(StrEnum):
    """The stages of a charge; between charges the furnace is idle."""

    IDLE = "idle"
    RAMP = "ramp"
    SOAK = "soak"
    QUENCH = "quench"
    TEMPER = "temper"
    HANDLING = "handling"


@dataclass(frozen=True, slots=True)
class Furnace:
    """``capacity`` in J/K, losses in W/K, power of one element and of the control in watts.

    With the door open, in quench and handling, it loses ``open_loss``. ``ambient`` in °C.
    """

    capacity: float = 150_000.0
    loss: float = 12.0
    open_loss: float = 324.0
    element: float = 12_000.0
    control: float = 120.0
    ambient: float = 20.0


@dataclass(frozen=True, slots=True)
class Recipe:
    """Temperatures in °C, durations in seconds.

    The program's clock waits in the ramp until the furnace is within ``holdback`` of ``hot``.
    """

    hot: float = 860.0
    holdback: float = 3.0
    soak: float = 1_800.0
    quench: float = 600.0
    warm: float = 250.0
    temper: float = 7_200.0
    handling: float = 2_520.0


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of order time in which nothing is changed from outside.

    ``temperature`` is that at ``begin``; ``end`` is infinite while the furnace waits for work.
    """

    phase: Phase
    begin: float
    end: float
    temperature: float
    setpoint: float
    alive: Elements

    @property
    def door_open(self) -> bool:
        """The charge goes to the oil bath, or in and out."""
        return self.phase in (Phase.QUENCH, Phase.HANDLING)


@dataclass(frozen=True, slots=True)
class Moment:
    """What controller and meter see: °C, share of the output, watts per element."""

    temperature: float
    setpoint: float
    output: float
    heating: tuple[float, ...]


def charge(
    furnace: Furnace,
    recipe: Recipe,
    begin: float,
    temperature: float,
    alive: Elements,
    *,
    losses: Sequence[tuple[float, Elements]] = (),
) -> tuple[Stage, ...]:
    """The stages of a charge that begins at ``temperature``.

    ``losses``: from when in order time which elements live, earliest first. One that falls into
    the ramp divides it; one that falls into a later stage does not show in this charge.
    """
    plan: Sequence[tuple[Phase, float, float]] = (
        (Phase.RAMP, recipe.hot, inf),
        (Phase.SOAK, recipe.hot, recipe.soak),
        (Phase.QUENCH, furnace.ambient, recipe.quench),
        (Phase.TEMPER, recipe.warm, recipe.temper),
        (Phase.HANDLING, furnace.ambient, recipe.handling),
    )
    stages: list[Stage] = []
    for phase, setpoint, duration in plan:
        stage = Stage(phase, begin, begin + duration, temperature, setpoint, alive)
        if phase is Phase.RAMP:
            stage = _ramp(furnace, recipe, stage)
            for at, left in losses:
                if stage.begin < at < stage.end:
                    stages.append(replace(stage, end=at))
                    reached = moment(furnace, stage, at).temperature
                    alive = left
                    stage = _ramp(furnace, recipe, Stage(phase, at, inf, reached, setpoint, alive))
        stages.append(stage)
        if stage.end == inf:
            break  # it never gets hot enough: the program waits in the ramp
        begin, temperature = stage.end, moment(furnace, stage, stage.end).temperature
    return tuple(stages)


def _ramp(furnace: Furnace, recipe: Recipe, stage: Stage) -> Stage:
    """The ramp until the furnace is hot enough for the program's clock to go on."""
    return replace(
        stage, end=stage.begin + time_to_reach(furnace, stage, recipe.hot - recipe.holdback)
    )


def idle(furnace: Furnace, begin: float, end: float, temperature: float, alive: Elements) -> Stage:
    """The furnace waits, switched off and closed."""
    return Stage(Phase.IDLE, begin, end, temperature, furnace.ambient, alive)


def time_to_reach(furnace: Furnace, stage: Stage, temperature: float) -> float:
    """Seconds of heating (or cooling) until ``temperature``; infinite if it never gets there."""
    loss, final = _loss(furnace, stage), _final(furnace, stage)
    if stage.temperature == temperature:
        return 0.0
    ratio = (final - stage.temperature) / (final - temperature) if final != temperature else inf
    return furnace.capacity / loss * log(ratio) if 1.0 <= ratio < inf else inf


def moment(furnace: Furnace, stage: Stage, at: float) -> Moment:
    """The furnace at order time ``at`` of the stage."""
    passed = min(at, stage.end) - stage.begin
    reached = time_to_reach(furnace, stage, stage.setpoint)
    power = _available(furnace, stage)
    if passed >= reached:
        needed = _loss(furnace, stage) * (stage.setpoint - furnace.ambient)
        return _shown(furnace, stage, stage.setpoint, needed / power if power else 0.0)
    final = _final(furnace, stage)
    cooling = exp(-passed * _loss(furnace, stage) / furnace.capacity)
    temperature = final + (stage.temperature - final) * cooling
    return _shown(furnace, stage, temperature, 1.0 if _heats(stage) else 0.0)


def heat(furnace: Furnace, stage: Stage, at: float) -> float:
    """Joules that the elements gave from the beginning of the stage until ``at``."""
    passed = min(at, stage.end) - stage.begin
    reached = min(passed, time_to_reach(furnace, stage, stage.setpoint))
    full = _available(furnace, stage) if _heats(stage) else 0.0
    holding = _loss(furnace, stage) * (stage.setpoint - furnace.ambient)
    if not any(stage.alive):
        holding = 0.0
    return full * reached + holding * (passed - reached)


def _shown(furnace: Furnace, stage: Stage, temperature: float, output: float) -> Moment:
    heating = tuple(output * furnace.element if lives else 0.0 for lives in stage.alive)
    return Moment(temperature, stage.setpoint, output, heating)


def _heats(stage: Stage) -> bool:
    return stage.temperature < stage.setpoint


def _available(furnace: Furnace, stage: Stage) -> float:
    return furnace.element * sum(stage.alive)


def _loss(furnace: Furnace, stage: Stage) -> float:
    return furnace.open_loss if stage.door_open else furnace.loss


def _final(furnace: Furnace, stage: Stage) -> float:
    """Where the temperature would end with the present power."""
    power = _available(furnace, stage) if _heats(stage) else 0.0
    return furnace.ambient + power / _loss(furnace, stage)
