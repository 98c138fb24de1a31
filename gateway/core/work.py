"""Work: machine states and jobs, as everyone outside the job logic sees them.

States after OPC 40001-1 (MachineryItemState, MachineryOperationMode) and OPC 10031-4 Job Control;
the whole mapping table is in ``gateway/jobs/job/states.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from gateway.core.text import Text


class ItemState(IntEnum):
    """MachineryItemState of OPC 40001-1."""

    NOT_AVAILABLE = 0
    OUT_OF_SERVICE = 1
    NOT_EXECUTING = 2
    EXECUTING = 3


class OperationMode(IntEnum):
    """MachineryOperationMode of OPC 40001-1."""

    NONE = 0
    MAINTENANCE = 1
    SETUP = 2
    PROCESSING = 3


class JobState(StrEnum):
    """States of a job and of a work package; numbers are those of OPC 10031-4."""

    PLANNED = "planned"  # 1 NotAllowedToStart
    RELEASED = "released"  # 2 AllowedToStart
    RUNNING = "running"  # 3 Running
    INTERRUPTED = "interrupted"  # 4 Interrupted
    ENDED = "ended"  # 5 Ended
    ABORTED = "aborted"  # 6 Aborted


class Substate(StrEnum):
    """Substates of Job Control; HELD: own cause, SUSPENDED: waiting for something from outside."""

    NONE = ""
    WAITING = "waiting"
    READY = "ready"
    HELD = "held"
    SUSPENDED = "suspended"
    COMPLETED = "completed"
    CLOSED = "closed"


class Origin(StrEnum):
    """Where a count comes from. Every count carries it."""

    MEASURED = "measured"
    COUNTED = "counted"
    ENTERED = "entered"
    SIMULATED = "simulated"
    CORRECTED = "corrected"  # may be negative: it takes off what was booked wrongly


@dataclass(frozen=True, slots=True)
class MachineStatus:
    """What a machine does now, since when, and the sentence why we say so.

    ``known`` is False while the machine does not answer, since ``since``: ``state`` and ``mode``
    are then the last ones known and must be shown as uncertain, or None where it never answered.
    A machine whose file says no evidence makes no statement either: None and never known.
    ``phase`` is the recognised part of a charge or run, for people. ``lapse`` is how much faster
    than real time the machine's own time runs, in which durations in ``because`` are told.
    """

    machine: str
    state: ItemState | None
    mode: OperationMode | None
    since: datetime
    because: Text
    known: bool = True
    phase: Text | None = None
    lapse: int = 1


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of real time in which parts may have passed unseen."""

    start: datetime
    end: datetime
    why: Text


@dataclass(frozen=True, slots=True)
class Question:
    """A step of a device's counter that the machine could not have made: was it work?

    ``role`` is the counter's, ``before`` and ``after`` are its readings at ``start`` and ``end``.
    ``counts`` is what it would count; ``good`` and ``scrap`` are the pieces of the job in it.
    """

    id: str
    machine: str
    job: str
    role: str
    before: int
    after: int
    counts: int
    good: int
    scrap: int
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Job:
    """A firm's own order on one machine.

    ``planned``, ``good``, ``scrap`` are pieces; ``origins`` splits ``good`` by origin;
    ``planned_per_piece`` and ``per_piece`` (the present rate, plan or measured) are order time.
    ``opening`` is how many of the good pieces were done when the job came here, of the origin
    ``simulated``; what else has that origin was booked.
    ``inbound`` is how many pieces of input have arrived so far (None: needs no input).
    ``departures`` are the real times at which transfer lots left. ``degraded`` names the
    evidence under which a declared slower rate holds.
    """

    id: str
    machine: str
    order: str | None
    package: str | None
    item: Text
    planned: int
    lot: int
    state: JobState
    substate: Substate
    because: Text
    good: int
    scrap: int
    origins: Mapping[Origin, int]
    runs_started: int
    runs_completed: int
    pieces_per_run: int
    planned_per_piece: timedelta
    per_piece: timedelta
    run_began: datetime | None
    run_expected: timedelta | None
    started: datetime | None
    ended: datetime | None
    lapse: int
    simulated: bool
    departures: tuple[datetime, ...] = ()
    inbound: int | None = None
    degraded: str | None = None
    gaps: tuple[Gap, ...] = field(default=())
    opening: int = 0
