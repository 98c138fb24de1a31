"""What a machine of any type shows: plausible values by unit and kind of each point. Pure.

Nobody knows the machine behind a template. So one is made up: it works in runs of 12 s with 6 s of
loading between them, and what its instruments show follows from that. Energy is the integral of
power, phases add up, counters count its runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import cos, exp, pi

from gateway.core.signals import Kind, Value
from gateway.machines.codec import encode
from gateway.machines.encodings import Shape
from gateway.machines.template import PointSpec, Template
from simulators.physics.chance import noisy

RUN = 12.0
"""Seconds of a run."""
CYCLE = 18.0
"""Seconds of a run and the loading before it."""
STANDBY_POWER, LOADING_POWER, RUN_POWER = 180.0, 620.0, 1_500.0
"""Watts."""
NOISE = 0.004
"""By which share a reading may be off."""
MOTOR = 0.86
"""Power factor."""
FIRST_COUNT = 1_000
"""What a counter of parts shows at the beginning."""
NAME = "Werkverbund"
"""What every text says."""
REJECTED = 25
"""Every so many-th part is none."""

_PHASE = re.compile(r"-l[123]$")
_TROUBLE = re.compile(r"alarm|fault|error|break|over|under|fail|warn|emergency|reject|door")


_WANTED = re.compile(r"setpoint|target|reference")


class Mode(StrEnum):
    """What the machine is switched to."""

    OFF = "off"
    STANDBY = "standby"
    WORKS = "works"


@dataclass(frozen=True, slots=True)
class Stand:
    """How the machine stands: seconds since it was made, in standby, and at work."""

    mode: Mode = Mode.WORKS
    at: float = 0.0
    idled: float = 0.0
    worked: float = 0.0

    def after(self, seconds: float) -> Stand:
        """How it stands so much later, in the same mode."""
        return replace(
            self,
            at=self.at + seconds,
            idled=self.idled + seconds * (self.mode is Mode.STANDBY),
            worked=self.worked + seconds * (self.mode is Mode.WORKS),
        )

    @property
    def runs(self) -> int:
        """Runs that are done."""
        return int(self.worked // CYCLE)

    @property
    def running(self) -> bool:
        """Whether it is in the middle of a run."""
        return self.mode is Mode.WORKS and self.worked % CYCLE >= CYCLE - RUN

    @property
    def power(self) -> float:
        """Watts, without noise."""
        if self.mode is Mode.OFF:
            return 0.0
        if self.mode is Mode.STANDBY:
            return STANDBY_POWER
        return RUN_POWER if self.running else LOADING_POWER

    @property
    def energy(self) -> float:
        """Joules since it was made."""
        loading = CYCLE - RUN
        into = self.worked % CYCLE
        whole = self.runs * (loading * LOADING_POWER + RUN * RUN_POWER)
        begun = min(into, loading) * LOADING_POWER + max(0.0, into - loading) * RUN_POWER
        return self.idled * STANDBY_POWER + whole + begun

    @property
    def load(self) -> float:
        """From 0 to 1."""
        return self.power / RUN_POWER

    @property
    def warmth(self) -> float:
        """From 0 (cold) to nearly 1, after some twenty minutes of work."""
        return 1 - exp(-self.worked / 400.0)

    def sway(self, period: float) -> float:
        """Between -1 and 1."""
        return cos(2 * pi * self.at / period)


WARM = Stand(worked=100 * CYCLE - 1)
"""What a setpoint is set to."""

Shown = Callable[[Stand, float], float]
"""What an instrument shows: ``share`` of the whole is 1/3 for one phase, else 1."""

_MAINS = 230.0


def _scaled(unit: str, shown: Shown) -> dict[str, Shown]:
    """The same in thousandths, in itself, in thousands and in millions."""

    def divided(by: float) -> Shown:
        return lambda stand, share: shown(stand, share) / by

    prefixes = {"m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6}
    return {prefix + unit: divided(by) for prefix, by in prefixes.items()}


def _hours(shown: Callable[[Stand], float]) -> Shown:
    return lambda stand, share: share * shown(stand) / 3_600.0


GAUGES: Mapping[str, Shown] = {
    **_scaled("W", lambda stand, share: share * stand.power),
    **_scaled("V.A", lambda stand, share: share * stand.power / MOTOR),
    **_scaled("var", lambda stand, share: share * stand.power * 0.59),
    **_scaled("W.h", _hours(lambda stand: stand.energy)),
    **_scaled("V.A.h", _hours(lambda stand: stand.energy / MOTOR)),
    **_scaled("var.h", _hours(lambda stand: stand.energy * 0.59)),
    **_scaled("V", lambda stand, _: _MAINS + 1.6 * stand.sway(1_700)),
    **_scaled("A", lambda stand, _: stand.power / 3 / _MAINS / MOTOR),
    **_scaled("Hz", lambda stand, _: 50.0 + 0.02 * stand.sway(900)),
    **_scaled("Ohm", lambda stand, _: 120.0 + stand.sway(600)),
    **_scaled("Pa", lambda stand, _: 600_000.0 + 20_000.0 * stand.sway(120)),
    **_scaled("bar", lambda stand, _: 6.0 + 0.2 * stand.sway(120)),
    **_scaled("m", lambda stand, _: 0.12 + 0.005 * stand.sway(60)),
    **_scaled("m/s", lambda stand, _: 0.0004 + 0.003 * stand.load),
    **_scaled("g", lambda stand, _: 2_500.0 + 100.0 * stand.sway(60)),
    "Cel": lambda stand, _: 22.0 + 38.0 * stand.warmth + stand.sway(300),
    "K": lambda stand, _: 295.15 + 38.0 * stand.warmth + stand.sway(300),
    "[degF]": lambda stand, _: 71.6 + 68.4 * stand.warmth + stand.sway(300),
    "%": lambda stand, _: 100.0 * stand.load,
    "1": lambda stand, _: MOTOR + 0.01 * stand.sway(60),
    "deg": lambda stand, _: 30.0 + stand.sway(60),
    "{rpm}": lambda stand, _: 1_450.0 * stand.running,
    "N.m": lambda stand, _: 12.0 * stand.load,
    "L/min": lambda stand, _: 8.0 * stand.load,
    "l/min": lambda stand, _: 8.0 * stand.load,
    "m3/h": lambda stand, _: 0.48 * stand.load,
    "m/min": lambda stand, _: 14.0 * stand.load,
    "m3": lambda stand, _: 40.0 + stand.worked * 0.48 / 3_600.0,
    "s": lambda stand, _: stand.at,
    "min": lambda stand, _: stand.at / 60.0,
    "h": lambda stand, _: stand.at / 3_600.0,
}
"""By UCUM unit; what counts (energy, volume, hours) grows steadily."""


RESTLESS = frozenset({"W", "kW", "V.A", "kV.A", "var", "kvar", "A"})
"""Units of what is never quite the same twice."""


POWER_OF_TEN = -1
"""What a register holds by which others are scaled."""


def values(template: Template, stand: Stand, seed: int) -> dict[str, Value]:
    """What every point of ``template`` shows; each value fits its limits and its encoding."""
    powers = {point.scale_from for point in template.points}
    return {
        point.name: POWER_OF_TEN if point.name in powers else value(point, stand, seed)
        for point in template.points
    }


def value(point: PointSpec, stand: Stand, seed: int) -> Value:
    """What one point shows."""
    if point.values:
        listed = sorted(point.values)
        return listed[stand.running % len(listed)]
    if point.kind is Kind.TEXT:
        return next(text for end in range(len(NAME), -1, -1) if _fits(point, text := NAME[:end]))
    yes_or_no = point.encoding.shape is Shape.BIT
    if yes_or_no or point.kind is Kind.STATE:
        trouble = point.role == "fault" or _TROUBLE.search(point.name)
        on = stand.running and not trouble
        return on if yes_or_no else int(on)
    shown = _number(point, stand, seed)
    if point.low is not None:
        shown = max(point.low, shown)
    if point.high is not None:
        shown = min(point.high, shown)
    return shown if _fits(point, shown) else 0


def _number(point: PointSpec, stand: Stand, seed: int) -> float:
    if _WANTED.search(point.name):
        stand = WARM
    known = GAUGES.get(point.unit)
    counts = point.kind is Kind.COUNTER
    if counts and (known is None or point.unit in ("1", "{pieces}")):
        rejects = "reject" in (point.role or point.name)
        return stand.runs // REJECTED if rejects else FIRST_COUNT + stand.runs
    if known is None:
        return _in_between(point, stand)
    share = 1 / 3 if _PHASE.search(point.role or point.name) else 1.0
    shown = known(stand, share)
    if counts or point.unit in ("s", "min", "h"):
        return shown
    if point.high is not None and not (point.low or 0) <= shown <= point.high:
        return _in_between(point, stand)
    return noisy(shown, NOISE, seed, point.unit, int(stand.at)) if point.unit in RESTLESS else shown


def _in_between(point: PointSpec, stand: Stand) -> float:
    """Somewhere between the limits, and more under load."""
    low = point.low or 0.0
    high = point.high if point.high is not None else low + 20.0
    return low + (high - low) * (0.3 + 0.4 * stand.load + 0.02 * stand.sway(60))


def _fits(point: PointSpec, shown: Value) -> bool:
    try:
        encode(point, shown, 0 if point.factor is None else POWER_OF_TEN)
    except ValueError:
        return False
    return True
