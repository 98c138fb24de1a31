"""A line of machines for the job logic: real evidence, samples as the journal hands them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.config import Variant
from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged, Mark
from gateway.core.events import Event, EventKind
from gateway.core.signals import Fault, Kind, Limits, Quality, Reason, Signal, Value, signal_id
from gateway.core.text import Text
from gateway.core.units import UNITS
from gateway.core.work import Job, MachineStatus
from gateway.jobs.commands import AddJob, Opening, Restarted
from gateway.jobs.evidence.charges import ChargePhases, ChargesConfig, DegradedRates
from gateway.jobs.evidence.counters import CountersConfig
from gateway.jobs.evidence.power_runs import PowerRunsConfig
from gateway.jobs.state import TrackerState
from gateway.jobs.tracker import JobTracker, MachineSpec

BEGAN = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)

ROLES: dict[str, tuple[str, ...]] = {
    "power-runs": ("power",),
    "counters": ("good-count", "reject-count", "running", "fault"),
    "charges": ("temperature", "setpoint", "current-l1", "current-l2", "current-l3"),
}


def signals(machine: str, roles: Iterable[str]) -> tuple[Signal, ...]:
    return tuple(
        Signal(
            signal_id(machine, role),
            Text(role, role),
            UNITS["1"],
            Kind.COUNTER if role.endswith("count") else Kind.GAUGE,
            Limits(),
            0.1,
            role,
            wraps_after=2**32 - 1 if role.endswith("count") else None,
        )
        for role in roles
    )


@dataclass
class Line:
    """One machine and its tracker; time runs in seconds of real time since ``BEGAN``."""

    evidence: Variant
    lapse: int = 144
    machine: str = "m-1"
    events: list[Event] = field(default_factory=list)
    seq: int = BOOT_SPAN
    mono0: float = 1000.0
    reload: bool = False  # dump and load around every batch
    clock: Clock = Clock.SYNCED
    behind: float = 0.0  # so many seconds the computer's wall clock is late

    def __post_init__(self) -> None:
        self.signals = signals(self.machine, ROLES[self.evidence.type])
        self.tracker = JobTracker(
            [MachineSpec(self.machine, self.signals, self.evidence)], self.lapse
        )
        self.state: TrackerState = self.tracker.initial()

    def at(self, real: float) -> datetime:
        return BEGAN + timedelta(seconds=real)

    def batch(self, real: float, values: Mapping[str, Value | None]) -> Judged:
        """``values`` by role; None is a bad value. A role that is absent is not in the batch."""
        ids = tuple(signal_id(self.machine, role) for role in values)
        bad = Mark(Quality.BAD, Fault(Reason.NO_CONNECTION))
        marks = {i: bad for i, value in enumerate(values.values()) if value is None}
        batch = Judged(
            Batch(
                self.machine,
                self.at(real - self.behind),
                self.mono0 + real,
                self.clock,
                ids,
                tuple(values.values()),
            ),
            self.seq,
            marks,
        )
        self.seq += len(ids)
        return batch

    def take(self, batch: Judged) -> tuple[Event, ...]:
        if self.reload:
            self.state = self.tracker.load(self.tracker.dump(self.state))
        self.state, found = self.tracker.advance(self.state, batch)
        self.events.extend(found)
        return tuple(found)

    def see(self, real: float, /, **values: Value | None) -> tuple[Event, ...]:
        """One sample; underscores in the names are hyphens in the roles."""
        return self.take(self.batch(real, {k.replace("_", "-"): v for k, v in values.items()}))

    def tell(self, command: object) -> tuple[Event, ...]:
        self.state, found = self.tracker.command(self.state, command)
        self.events.extend(found)
        return tuple(found)

    def restart(self, last: float | None, now: float) -> None:
        """The gateway died after ``last`` and is back at ``now``: state from disk, a new boot."""
        self.state = self.tracker.load(self.tracker.dump(self.state))
        self.seq = (self.seq // BOOT_SPAN + 1) * BOOT_SPAN
        self.mono0 = 5.0 - now  # monotonic time begins anew
        self.tell(Restarted(None if last is None else self.at(last), self.at(now)))

    def add(
        self,
        job_id: str = "j-1",
        *,
        planned: int = 2400,
        lot: int = 600,
        per_run: int = 12,
        per_piece: float = 16.0,
        real: float = 0.0,
        needs_input: bool = False,
        release: bool = True,
        opening: Opening | None = None,
        heard: float | None = None,
        order: str | None = "GA-17",
    ) -> tuple[Event, ...]:
        return self.tell(
            AddJob(
                job_id,
                self.machine,
                order,
                "AP1" if order else None,
                Text("Klinge", "Blade"),
                planned,
                lot,
                per_run,
                timedelta(seconds=per_piece),
                self.at(real),
                needs_input=needs_input,
                release=release,
                lapse=self.lapse,
                simulated=True,
                opening=opening,
                heard=None if heard is None else self.at(heard),
            )
        )

    @property
    def job(self) -> Job:
        return self.tracker.jobs(self.state)[-1]

    def status(self, real: float) -> MachineStatus:
        return self.tracker.machines(self.state, self.at(real))[0]

    def of(self, *kinds: EventKind) -> list[Event]:
        return [event for event in self.events if event.kind in kinds]


def mill_evidence() -> PowerRunsConfig:
    """As the demo's milling machine: standing 400 W, loading 1500 W, cutting 2400 W."""
    return PowerRunsConfig(
        off_below=150,
        standby_below=900,
        run_above=2050,
        run_below=1900,
        pieces_per_run=12,
        min_run=timedelta(seconds=120),
        min_pause=timedelta(seconds=50),
    )


def press_evidence() -> CountersConfig:
    return CountersConfig(pieces_per_count=4, idle_after=timedelta(minutes=2))


def furnace_evidence(*, declared: bool = True) -> ChargesConfig:
    slower = timedelta(minutes=315) if declared else None
    return ChargesConfig(
        pieces=600,
        hot=860,
        temper=250,
        cold=21.3,
        phases=ChargePhases(
            ramp=timedelta(minutes=68),
            soak=timedelta(minutes=30),
            quench=timedelta(minutes=10),
            temper=timedelta(minutes=120),
            handling=timedelta(minutes=42),
        ),
        degraded=DegradedRates(phase_lost=slower),
    )
