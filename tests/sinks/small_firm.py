"""A small firm for the sinks: two machines, every kind of signal, and batches to hand over."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import Bilingual, Machine, SiteConfig, Variant
from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.signals import Fault, Kind, Limits, Quality, Reason, Signal, Value, signal_id
from gateway.core.text import Text
from gateway.core.units import UNITS
from gateway.core.work import (
    ItemState,
    Job,
    JobState,
    MachineStatus,
    OperationMode,
    Origin,
    Substate,
)

AT = datetime(2026, 3, 2, 8, 30, 0, 250_000, tzinfo=UTC)


def firm(folder: Path, *, simulated: bool = True) -> SiteConfig:
    def machine(name: str, de: str, en: str, built: int | None) -> Machine:
        nowhere = Variant(type="nowhere")
        return Machine(
            name=name,
            title=Bilingual(de=de, en=en),
            built=built,
            template="sdm630",
            connect=nowhere,
        )

    return SiteConfig(
        firm="zerspanung-rennweg",
        name="Zerspanung Rennweg GmbH",
        plant="rennweg",
        simulated=simulated,
        state=folder,
        machines=(
            machine("mill-1", "Fräsmaschine", "Milling machine", 1987),
            machine("press-1", "Presse", "Press", None),
        ),
    )


def signal(
    machine: str, point: str, unit: str, kind: Kind, role: str | None = None, *limits: float
) -> Signal:
    low, high = limits or (None, None)
    means = Text(f"Größe {point}", f"Quantity {point}")
    return Signal(signal_id(machine, point), means, UNITS[unit], kind, Limits(low, high), 0.1, role)


SIGNALS = (
    signal("mill-1", "power", "W", Kind.GAUGE, "power", 0.0, 20_000.0),
    signal("mill-1", "energy", "kW.h", Kind.COUNTER, "energy"),
    signal("press-1", "mould-closed", "1", Kind.STATE, "running"),
    signal("press-1", "door-open", "1", Kind.STATE),
    signal("press-1", "never-asked", "bar", Kind.GAUGE),
    signal("press-1", "shots", "{pieces}", Kind.COUNTER, "good-count"),
)


def batch(
    machine: str,
    values: Mapping[str, Value | None],
    marks: Mapping[str, Mark] | None = None,
    *,
    seq0: int = 2**40 + 1,
    at: datetime = AT,
) -> Judged:
    points = tuple(values)
    signals = tuple(signal_id(machine, point) for point in points)
    inner = Batch(machine, at, 12.5, Clock.SYNCED, signals, tuple(values.values()))
    indexed = {points.index(point): mark for point, mark in (marks or {}).items()}
    return Judged(inner, seq0, indexed)


UNREACHED = Mark(Quality.BAD, Fault(Reason.NO_CONNECTION))
TIMED_OUT = Mark(Quality.BAD, Fault(Reason.TIMEOUT))
TOO_HIGH = Mark(Quality.UNCERTAIN, Fault(Reason.OUT_OF_RANGE))
REFUSED = Mark(Quality.BAD, Fault(Reason.REFUSED, 2))


def executing(machine: str = "mill-1", *, known: bool = True, at: datetime = AT) -> MachineStatus:
    because = Text("Leistung über 1200 W seit 3 s", "Power above 1200 W for 3 s")
    return MachineStatus(
        machine, ItemState.EXECUTING, OperationMode.PROCESSING, at, because, known=known
    )


def never_reached(machine: str = "mill-1") -> MachineStatus:
    because = Text("Noch keine Antwort von der Maschine.", "No answer from the machine yet.")
    return MachineStatus(machine, None, None, AT, because, known=False)


def job(identity: str = "GA-17-AP1", state: JobState = JobState.RUNNING, good: int = 24) -> Job:
    return Job(
        id=identity,
        machine="mill-1",
        order="GA-17",
        package="AP1",
        item=Text("Grundkörper", "Base body"),
        planned=240,
        lot=60,
        state=state,
        substate=Substate.NONE,
        because=Text("läuft", "running"),
        good=good,
        scrap=1,
        origins={Origin.SIMULATED: good},
        runs_started=3,
        runs_completed=2,
        pieces_per_run=12,
        planned_per_piece=timedelta(seconds=90),
        per_piece=timedelta(seconds=92),
        run_began=AT,
        run_expected=timedelta(minutes=18),
        started=AT,
        ended=None,
        lapse=60,
        simulated=True,
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
