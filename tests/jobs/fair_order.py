"""The simulated plant with the job logic of each firm beside it: no sockets, no waiting.

Every value goes the whole way: physics, registers of the simulated device, codec, batch, tracker;
thresholds, lots and polling periods are those of the demo's own files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway import resources
from gateway.cli import rooms
from gateway.config import Machine, read_model
from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.events import Event
from gateway.core.signals import Signal, SignalId, Value, signal_id
from gateway.core.text import Text
from gateway.core.work import Job, JobState
from gateway.jobs.commands import AddJob, Inbound, Opening
from gateway.jobs.tracker import JobTracker, MachineSpec
from gateway.machines.codec import Layout
from gateway.machines.read_plan import Block, plan
from gateway.machines.template import FUNCTIONS
from gateway.sources import site_signals
from simulators.device import Device
from simulators.plant import Plant
from simulators.simulation_file import SimulationFile
from tests.jobs.one_machine import ROLES

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
LAPSE = 144
STEP = 0.1
"""Seconds: the shortest polling period of the demo's machines."""
DAY1 = 6 * 3600.0
FIRMS = {
    "AP1": ("zerspanung-rennweg", 2400, 600, 12, 16.0),
    "AP2": ("spritzguss-ilmtal", 2400, 600, 4, 8.0),
    "AP3": ("haerterei-glutofen", 2400, 600, 600, 27.0),
    "AP4": ("laser-saalebogen", 400, 100, 1, 70.0),
    "AP5": ("montage-holzland", 400, 100, 1, 45.0),
}
NEEDS = {"AP3": ("AP1",), "AP5": ("AP2", "AP3", "AP4")}
PER_SET = {"AP2": 6, "AP3": 6, "AP4": 1}


@dataclass
class Now:
    """The wall clock of the plant."""

    at: datetime = BEGAN

    def __call__(self) -> datetime:
        return self.at


@dataclass
class Firm:
    """One firm's tracker beside the plant."""

    package: str
    plant: Plant
    machine: Machine
    signals: tuple[Signal, ...]
    now: Now
    seq: int = BOOT_SPAN
    events: list[Event] = field(default_factory=list)
    due: float = 0.0

    def __post_init__(self) -> None:
        spec = MachineSpec(self.machine.name, self.signals, self.machine.evidence)
        self.tracker = JobTracker([spec])
        self.state = self.tracker.initial()
        self.every = min(device.every.total_seconds() for device in self.machine.devices)
        evidence = self.tracker.initial().machines[self.machine.name].evidence
        wanted = ROLES[evidence.kind]
        roles = {signal.id for signal in self.signals if signal.role in wanted}
        blocks: list[tuple[Device, Block]] = []
        for device in self.plant.machines[self.machine.name].devices:
            points = [p for p in device.template.points if self.id(p.name) in roles]
            blocks += [(device, block) for block in plan(points, device.template)]
        self.blocks = [(device, b, Layout(b.first, b.count, b.points)) for device, b in blocks]
        self.ids = tuple(self.id(point.name) for _, block in blocks for point in block.points)

    def id(self, point: str) -> SignalId:
        return signal_id(self.machine.name, point)

    def poll(self) -> None:
        self.hear(self.read())

    def read(self) -> list[Value | None]:
        """What the devices show now, in the order of ``ids``."""
        values: list[Value | None] = []
        for device, block, layout in self.blocks:
            words = device.read(FUNCTIONS[block.table], block.first, block.count)
            values += layout.decode(words)[0]
        return values

    def hear(self, values: Sequence[Value | None]) -> None:
        """A poll that brought these values."""
        ids = self.ids
        mono = (self.now() - BEGAN).total_seconds()
        batch = Batch(self.machine.name, self.now(), mono, Clock.SYNCED, ids, tuple(values))
        self.state, found = self.tracker.advance(self.state, Judged(batch, self.seq, {}))
        self.seq += len(ids)
        self.events.extend(found)

    def tell(self, command: object) -> None:
        self.state, found = self.tracker.command(self.state, command)
        self.events.extend(found)

    @property
    def job(self) -> Job:
        return self.tracker.jobs(self.state)[-1]


@dataclass
class Fair:
    """The plant and the five firms; time goes on in steps of ``STEP`` of real time."""

    plant: Plant
    now: Now
    firms: dict[str, Firm]
    at: float = DAY1

    def order(self, at: float | None = None) -> float:
        """Open the order at a moment of its order time; returns it."""
        self.at = self.plant.at if at is None else at
        balances = self.plant.opening()
        for name, (_, planned, lot, per_run, per_piece) in FIRMS.items():
            balance = balances[name]
            began = balance["run_began_s"]
            self.firms[name].tell(
                AddJob(
                    f"GA-17-{name}",
                    self.firms[name].machine.name,
                    "GA-17",
                    name,
                    Text(name, name),
                    planned,
                    lot,
                    per_run,
                    timedelta(seconds=per_piece),
                    self.now(),
                    needs_input=name in NEEDS,
                    lapse=LAPSE,
                    simulated=True,
                    opening=Opening(
                        good=int(str(balance["good"])),
                        scrap=int(str(balance["scrap"])),
                        runs=int(str(balance["runs"])),
                        departures=tuple(self.real(d) for d in balance["departures_s"]),  # type: ignore[attr-defined]
                        run_began=None if began is None else self.real(float(str(began))),
                        degraded=balance["degraded"] is True,
                    ),
                )
            )
        return self.at

    def real(self, order: float) -> datetime:
        return self.now() + timedelta(seconds=(order - self.at) / LAPSE)

    def run(self, until: float) -> None:
        self.plant.start(self.now(), self.at, LAPSE)
        began, tick = self.now(), 0
        for firm in self.firms.values():
            firm.due = 0.0
        while self.at < until:
            tick += 1
            real = tick * STEP
            self.now.at = began + timedelta(seconds=real)
            self.at = self.plant.at
            for name, firm in self.firms.items():
                if real >= firm.due:
                    firm.due = real + firm.every - 1e-9
                    firm.poll()
                    self._deliver(name, firm)

    def _deliver(self, name: str, firm: Firm) -> None:
        if name not in NEEDS or firm.job.state is JobState.ENDED:
            return
        arrived = [
            sum(
                lot.quantity
                for lot in self.plant.timeline.lots
                if lot.package == source and lot.arrives <= self.at
            )
            // (PER_SET[source] if name == "AP5" else 1)
            for source in NEEDS[name]
        ]
        if min(arrived) > (firm.job.inbound or 0):
            firm.tell(Inbound(firm.job.id, min(arrived), self.now()))


def simulation() -> SimulationFile:
    """The demo's own machines."""
    return read_model(resources.demo() / "simulation.yaml", SimulationFile, {})


def fair_order(file: SimulationFile | None = None) -> Fair:
    """The plant and its firms, before anything has begun; of a ``file``, or of the demo's."""
    now = Now()
    file = file or simulation()
    plant = Plant(file, now)
    firms = {}
    for name, (firm, *_) in FIRMS.items():
        site = rooms.site(resources.demo() / "firms" / f"{firm}.yaml", with_files=False)
        machine = site.machines[0]
        firms[name] = Firm(name, plant, machine, tuple(site_signals(site)[machine.name]), now)
    return Fair(plant, now, firms)


def departures(fair: Fair, package: str) -> list[float]:
    """When the lots of a package truly leave, in order time."""
    return [lot.departed for lot in fair.plant.timeline.departures(package)]
