"""The plant: all machines of a simulation file, one order time, and what is done to them.

No sockets and no clock of its own: a test can play a whole order in milliseconds, and any order
time is reached at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from gateway.core.errors import WerkverbundError
from gateway.core.signals import Value
from gateway.machines.catalog import template
from gateway.machines.template import Template
from simulators.device import Device
from simulators.faults import COUNTER_RESET, ELEMENT, BurntElement, Intervention, Reroute
from simulators.machine import Moment, Physics, Showing, in_units, show
from simulators.material import Timeline, timeline
from simulators.opening import Balance, opening
from simulators.physics.drill import Drill
from simulators.physics.furnace import Phase, idle
from simulators.plant_clock import PlantClock
from simulators.setting import order_of, physics_of
from simulators.simulation_file import MachineModel, SimulationFile
from simulators.tracks import Charges, Cycles, Done, Order, Oven, Package


class PlantError(WerkverbundError):
    """The plant cannot do what was asked; the message says why."""


@dataclass(slots=True)
class SimulatedMachine:
    """A machine of the plant with its devices."""

    model: MachineModel
    physics: Physics
    devices: tuple[Device, ...]


class Plant:
    """The simulated machines of all firms. ``now`` gives the real time, UTC.

    ``clock`` is the order's; machines outside the order run on ``own_clock``, in real time.
    """

    def __init__(self, file: SimulationFile, now: Callable[[], datetime]) -> None:
        self.file = file
        self.now = now
        self.physics = {model.name: physics_of(model.model) for model in file.machines}
        self.order: Order = order_of(file, self.physics)
        self.clock = PlantClock(lapse=file.lapse)
        self.own_clock = PlantClock()
        self.interventions: tuple[Intervention, ...] = ()
        self.reserve_at_work = False
        self._timeline: Timeline = timeline(self.order)
        self.machines = {
            model.name: SimulatedMachine(
                model, self.physics[model.name], tuple(self._devices(model))
            )
            for model in file.machines
        }
        self.clock.place(self.order.start)
        self.own_clock.start(now(), 0.0, 1)

    @property
    def at(self) -> float:
        """The present order time in seconds."""
        return self.clock.now(self.now())

    @contextmanager
    def one_moment(self) -> Iterator[datetime]:
        """Whatever is looked at inside is looked at at one and the same real time."""
        now, real = self.now, self.now()
        self.now = lambda: real
        try:
            yield real
        finally:
            self.now = now

    @property
    def timeline(self) -> Timeline:
        """Everything that happens in the order, as far as is known now."""
        return self._timeline

    def showing(self, machine: str) -> Showing:
        """What every instrument of a machine shows now."""
        real, physics = self.now(), self.physics[machine]
        own = isinstance(physics, Drill)
        clock, start = (self.own_clock, 0.0) if own else (self.clock, self.order.start)
        moment = Moment(clock.now(real), start, clock.runs(real), self.file.seed)
        return show(physics, self.track(machine), moment)

    def track(self, machine: str) -> Cycles | Charges:
        """What a machine does in the order; nothing for a machine without a package."""
        found = self._timeline.tracks.get(machine)
        if found is not None:
            return found
        physics = self.physics[machine]
        if isinstance(physics, Oven):
            cold, start = physics.furnace.ambient, self.order.start
            return Charges((), (idle(physics.furnace, start, float("inf"), cold, (True,) * 3),))
        return Cycles()

    def done(self, machine: str) -> Done:
        """What a machine has done by now."""
        physics = self.physics[machine]
        if isinstance(physics, Drill):
            runs = physics.runs(self.own_clock.now(self.now()))
            return Done(runs, runs)
        return self.track(machine).done(self.at)

    def place(self, at: float, faults: Sequence[str] = (), *, reserve: bool = False) -> None:
        """Put material and physics to an order time, standing still; device counters stay."""
        if unknown := set(faults) - {ELEMENT}:
            raise PlantError(f"there is no fault {', '.join(sorted(unknown))}")
        interventions: list[Intervention] = []
        if faults:
            element = self.file.element
            if element is None:
                raise PlantError("this simulation has no element that burns out")
            armed = element.armed.total_seconds()
            interventions.append(BurntElement(element.machine, element.phase - 1, armed))
        if reserve:
            interventions += [
                Reroute(model.stands_in_for, lot, self._package(model.id).firm, self.order.start)
                for model in self.file.reserves
                for lot in model.lots
            ]
        shown = {id(device): device.told() for device in self._all_devices()}
        self.clock.place(at)
        self.reserve_at_work = reserve
        self.intervene(tuple(interventions))
        for device in self._all_devices():
            device.go_on_from(shown[id(device)])

    def opening(self) -> dict[str, Balance]:
        """What every package has behind it: the opening balance of an order placed here."""
        return opening(self.order, self._timeline, self.at, reserve=self.reserve_at_work)

    def failed(self) -> float | None:
        """When an element that has burnt out first was missing; None while all heat."""
        shows = self.shows()
        return shows if shows is not None and shows <= self.at else None

    def shows(self) -> float | None:
        """When a burnt element is first missing in a ramp, now or later; None if in none."""
        stages = [
            stage.begin
            for track in self._timeline.tracks.values()
            if isinstance(track, Charges)
            for stage in track.stages
            if stage.phase is Phase.RAMP and not all(stage.alive)
        ]
        return min(stages, default=None)

    def start(self, began: datetime, at: float, lapse: int) -> None:
        """Let the order run so that it was ``at`` at real time ``began``."""
        self.clock.start(began, at, lapse)

    def stop(self) -> None:
        """Let everything in the order stand."""
        self.clock.stop(self.now())

    def hold(self) -> None:
        """Keep the present moment: every value stays as it is."""
        real = self.now()
        self.clock.hold(real)
        self.own_clock.hold(real)

    def release(self) -> None:
        """Go on from the moment that was kept."""
        real = self.now()
        self.clock.release(real)
        self.own_clock.release(real)

    def arm(self, machine: str, fault: str) -> None:
        """Let something fail: the element in this ramp or the next one, the counters at once."""
        found = self.machine(machine)
        if fault == COUNTER_RESET:
            for device in found.devices:
                device.reset_counters()
            return
        element = self.file.element
        if fault != ELEMENT or element is None or not isinstance(found.physics, Oven):
            raise PlantError(f"{machine} knows no fault {fault}")
        known = [f for f in self.interventions if isinstance(f, BurntElement)]
        if not any(f.machine == machine for f in known):
            fault_now = BurntElement(machine, element.phase - 1, self.at)
            self.intervene((*self.interventions, fault_now))

    def route(self, package: str, lot: int, to: str) -> None:
        """Send a lot to the reserve: ``package`` is the one that works on it, or that made it."""
        reserve = next(
            (p for p in self.order.packages if p.stands_in_for is not None and p.firm == to), None
        )
        if reserve is None or reserve.stands_in_for is None:
            raise PlantError(f"{to} is no reserve")
        worker = self._package(reserve.stands_in_for)
        sources = [need.package for need in worker.needs]
        if package not in (worker.id, *sources):
            raise PlantError(f"{to} does not stand in for {package}")
        if not 1 <= lot <= -(-worker.quantity // worker.lot):
            raise PlantError(f"there is no lot {lot} of {package}")
        self.reserve_at_work = True
        routed = [f for f in self.interventions if isinstance(f, Reroute)]
        if any((r.package, r.lot) == (worker.id, lot) for r in routed):
            return
        if self._begun(worker, sources, lot):
            raise PlantError(f"lot {lot} is being worked on already")
        self.intervene((*self.interventions, Reroute(worker.id, lot, to, self.at)))

    def machine(self, name: str) -> SimulatedMachine:
        """A machine by its name. Raises PlantError."""
        if name not in self.machines:
            raise PlantError(f"there is no machine {name}")
        return self.machines[name]

    def faults(self, machine: str) -> list[str]:
        """What is wrong with a machine, or will be."""
        for fault in self.interventions:
            if isinstance(fault, BurntElement) and fault.machine == machine:
                track = self.track(machine)
                alive = isinstance(track, Charges) and track.stages[track.stage(self.at)].alive
                return [ELEMENT if alive and not alive[fault.element] else f"{ELEMENT}-armed"]
        return []

    def intervene(self, interventions: tuple[Intervention, ...]) -> None:
        """Let these be all that is done to the order, each at its own time."""
        self.interventions = interventions
        self._timeline = timeline(self.order, interventions)

    def _begun(self, worker: Package, sources: Sequence[str], lot: int) -> bool:
        """Whether the worker has begun with that lot: lots are taken in order of arrival."""
        inbound = [x for x in self._timeline.lots if x.package in sources and x.to == worker.firm]
        numbers = [x.number for x in sorted(inbound, key=lambda x: x.arrives)]
        track = self.track(worker.machine)
        works = track.charges if isinstance(track, Charges) else track.stretches
        begins = [work.begin for work in works]
        place = numbers.index(lot) if lot in numbers else len(begins)
        return place < len(begins) and begins[place] <= self.at

    def _package(self, package: str) -> Package:
        return next(found for found in self.order.packages if found.id == package)

    def _all_devices(self) -> Sequence[Device]:
        return [device for machine in self.machines.values() for device in machine.devices]

    def _devices(self, model: MachineModel) -> Sequence[Device]:
        def truth(of: Template) -> Callable[[], Mapping[str, Value]]:
            return lambda: in_units(self.showing(model.name).values, of)

        return [
            Device(
                template(device.template),
                device.unit,
                truth(template(device.template)),
                device.quirks.quirks(),
                device.counters,
            )
            for device in model.devices
        ]
