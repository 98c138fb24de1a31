"""What the instruments of a simulated machine show: named values at an order time. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi

from gateway.core.signals import Value
from gateway.machines.template import Template
from simulators.physics import furnace as heat
from simulators.physics.bench import Bench
from simulators.physics.chance import noisy
from simulators.physics.drill import Drill
from simulators.physics.laser import Laser
from simulators.physics.mill import Mill
from simulators.physics.press import Press
from simulators.tracks import Charges, Cycles, Oven, Track

Physics = Mill | Press | Laser | Bench | Oven | Drill

KWH = 3_600_000.0
"""Joules in a kilowatt-hour."""
NOISE = 0.004
"""By which share a meter's reading may be off."""
MOTOR = 0.86
"""Power factor of a machine with a motor."""


@dataclass(frozen=True, slots=True)
class Showing:
    """Values by point name, and the word for what the machine does."""

    values: Mapping[str, Value]
    phase: str


@dataclass(frozen=True, slots=True)
class Moment:
    """When to look: order time, the order's start, and whether the plant works at all."""

    at: float
    start: float
    works: bool
    seed: int


def show(machine: Physics, track: Track, moment: Moment) -> Showing:
    """What every instrument of ``machine`` shows."""
    if isinstance(machine, Drill):
        return drill(machine, moment)
    if isinstance(machine, Oven):
        return oven(machine, _charges(track), moment)
    cycles = _cycles(track)
    if isinstance(machine, Mill):
        return mill(machine, cycles, moment)
    done = cycles.done(moment.at)
    into = moment.at - done.began if moment.works and done.began is not None else None
    phase = "standing" if into is None else "working"
    if isinstance(machine, Press):
        closed = machine.mould_closed(into)
        values: dict[str, Value] = {
            "mould-closed": closed,
            "alarm": False,
            "shots": done.runs,
            "rejects": done.rejected,
            "inputs": int(closed),
        }
        return Showing(values, "mould closed" if closed else phase)
    if isinstance(machine, Laser):
        beam, door = machine.beam_on(into), machine.door_open(into)
        values = {"beam": beam, "door": door, "fault": False, "inputs": beam | door << 1}
        return Showing(values | {"programs": done.runs, "rejects": done.rejected}, phase)
    return Showing({"sets": done.good, "rejects": done.rejected}, phase)


def mill(machine: Mill, track: Cycles, moment: Moment) -> Showing:
    """The energy meter in front of the milling machine."""
    done = track.done(moment.at)
    energy = machine.base * max(0.0, moment.at - moment.start)
    run, into, turning = done.runs, None, 0.0
    for stretch in track.stretches:
        if stretch.begin > moment.at:
            break
        finished = min(done.runs - stretch.first, stretch.cycles)
        inside = moment.at - done.began if done.began is not None else None
        inside = inside if finished < stretch.cycles else None
        energy += machine.energy(0.0, stretch.first, finished, inside)
        turning = moment.at - stretch.begin
    if done.began is not None and moment.works:
        into = max(0.0, moment.at - done.began)
    power = machine.power(run, into, turning)
    return Showing(_three_phases(power, energy, moment), machine.phase(into))


def drill(machine: Drill, moment: Moment) -> Showing:
    """The energy meter in front of the bench drill."""
    worked = max(0.0, moment.at - moment.start)
    power = machine.power(worked) if moment.works else machine.standby_power
    phase = machine.phase(worked) if moment.works else "standing"
    return Showing(_three_phases(power, machine.energy(worked), moment), phase)


def oven(machine: Oven, track: Charges, moment: Moment) -> Showing:
    """Controller and meter of a furnace; the control itself hangs on phase 1."""
    furnace = machine.furnace
    index = track.stage(moment.at)
    stage = track.stages[index]
    seen = heat.moment(furnace, stage, moment.at)
    heated = sum(heat.heat(furnace, past, past.end) for past in track.stages[:index])
    heated += heat.heat(furnace, stage, moment.at)
    energy = heated + furnace.control * max(0.0, moment.at - moment.start)
    heating = seen.heating if moment.works else (0.0,) * len(seen.heating)
    phases = tuple(
        noisy(watts, NOISE, moment.seed, "meter", phase, int(moment.at))
        + (furnace.control if phase == 0 else 0.0)
        for phase, watts in enumerate(heating)
    )
    values = _meter(phases, energy, moment, factor=1.0)
    values |= {
        "temperature": seen.temperature,
        "setpoint": seen.setpoint,
        "output": 100 * seen.output if moment.works else 0.0,
        "sensor-break": False,
        "over-temperature": seen.temperature > 900.0,
    }
    return Showing(values, stage.phase if moment.works else "standing")


def _three_phases(power: float, energy: float, moment: Moment) -> dict[str, Value]:
    """A motor draws the same from each phase."""
    shown = noisy(power, NOISE, moment.seed, "meter", int(moment.at))
    return _meter((shown / 3,) * 3, energy, moment, factor=MOTOR)


def _meter(
    phases: tuple[float, ...], energy: float, moment: Moment, factor: float
) -> dict[str, Value]:
    """Every value of a three-phase meter; the mains sway a little."""
    values: dict[str, Value] = {}
    for number, power in enumerate(phases, start=1):
        voltage = 230.0 + _sway(moment.at, 1.6, 1_700.0 + 400.0 * number)
        values[f"voltage-l{number}"] = voltage
        values[f"power-l{number}"] = power
        values[f"current-l{number}"] = power / voltage / factor
    values["power"] = sum(phases)
    values["frequency"] = 50.0 + _sway(moment.at, 0.02, 900.0)
    values["energy"] = energy / KWH
    return values


def in_units(values: Mapping[str, Value], template: Template) -> Mapping[str, Value]:
    """The values as the points of a template count them: some meters tell energy in Wh."""
    told = next((point for point in template.points if point.name == "energy"), None)
    energy = values.get("energy")
    if told is None or told.unit != "W.h" or not isinstance(energy, float):
        return values
    return {**values, "energy": 1000 * energy}


def _sway(at: float, amplitude: float, period: float) -> float:
    return amplitude * cos(2 * pi * at / period)


def _cycles(track: Track) -> Cycles:
    if not isinstance(track, Cycles):
        raise TypeError("a cyclic machine has cycles")
    return track


def _charges(track: Track) -> Charges:
    if not isinstance(track, Charges):
        raise TypeError("a furnace has charges")
    return track
