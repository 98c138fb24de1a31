"""What a person or the order network may tell the job logic. Every ``at`` is real time, UTC.

``gateway.core.commands.Restarted`` is the one command that comes from the gateway itself.
A command that does not fit (an unknown job, a job that has ended), and one of a person's that would
change nothing, raises ``NotPossible``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.core.commands import Restarted
from gateway.core.text import Text
from gateway.core.work import Origin
from gateway.jobs.equipment import Equipment
from gateway.jobs.job.refusals import AbovePlan, NotPossible

__all__ = [
    "AbovePlan",
    "AddJob",
    "Answer",
    "Book",
    "ChangeJob",
    "CloseOrder",
    "Command",
    "ConfirmRate",
    "End",
    "Equip",
    "Exchanged",
    "FileJobs",
    "Hold",
    "Inbound",
    "NotPossible",
    "Opening",
    "Restarted",
    "Resume",
    "Start",
]


@dataclass(frozen=True, slots=True)
class Opening:
    """What was already done when a job came to us. Its count has the origin ``simulated``.

    ``departures`` are the times at which lots left before; ``run_began`` says that a run or
    charge was already under way, so that its end is recognised although its start was not seen.
    ``degraded``: it was known that the machine is slower than planned, for the reason for which
    the firm's file declares a rate.
    """

    good: int = 0
    scrap: int = 0
    runs: int = 0
    departures: tuple[datetime, ...] = ()
    run_began: datetime | None = None
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class AddJob:
    """A new job. A job id that is known already changes nothing (a command may come twice).

    It begins at ``at``, which may lie ahead: what its machine does before is not its own. Where
    it was ``heard`` of later, nobody counted for it in between: that is a gap.
    ``planned`` and ``lot`` are pieces; ``planned_per_piece`` is order time; ``needs_input``: the
    job waits for pieces booked in by ``Inbound``; ``release``: it may start at once.
    """

    job_id: str
    machine: str
    order: str | None
    package: str | None
    item: Text
    planned: int
    lot: int
    pieces_per_run: int
    planned_per_piece: timedelta
    at: datetime
    needs_input: bool = False
    release: bool = True
    lapse: int = 1
    simulated: bool = False
    opening: Opening | None = None
    heard: datetime | None = None


@dataclass(frozen=True, slots=True)
class FileJobs:
    """All jobs of the firm's own file, at each start: those that are new are added.

    One that ended long ago and is still in the file does not begin again.
    """

    jobs: tuple[AddJob, ...]


@dataclass(frozen=True, slots=True)
class Equip:
    """The firm's files were read again: these are its machines and jobs now.

    Counts go on; of the jobs those that are new are added.
    """

    equipment: Equipment
    jobs: FileJobs | None = None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """A person has put another meter or module at a machine: its counters begin anew.

    What the new device shows first is where counting goes on from; it is no jump, and no run.
    ``what`` says for people which device that was.
    """

    machine: str
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChangeJob:
    """Another planned quantity, for example because a lot goes to the reserve firm."""

    job_id: str
    planned: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Start:
    """Permission to start. It begins to run only when the machine shows it (transition 2)."""

    job_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Hold:
    """A person stops the job; it stays held until ``Resume``."""

    job_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Resume:
    """A person lets a held job go on."""

    job_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class End:
    """A person ends the job before its quantity is complete."""

    job_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Book:
    """A count from a person (``entered``) or from the demo's scenario (``simulated``).

    ``good`` and ``scrap`` say how many more. Negative numbers correct what was booked wrongly, as
    an entry of the origin ``corrected``, which also a job that has ended takes: nothing is erased.
    ``above_plan``: a person has confirmed that it is more than planned.
    """

    job_id: str
    good: int
    scrap: int
    origin: Origin
    at: datetime
    above_plan: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """A person's answer to an open question: ``confirm`` that the counter's jump was work."""

    question: str
    confirm: bool
    at: datetime
    above_plan: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """How many pieces of input have arrived in all."""

    job_id: str
    pieces: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ConfirmRate:
    """The foreman confirms or corrects the present rate: order time per run.

    None: what the evidence declared is right (or, where nothing is degraded, the plan holds again).
    """

    job_id: str
    per_run: timedelta | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """An order is over (a new one begins): its jobs are closed and count nothing more."""

    order: str
    at: datetime


Command = (
    AddJob
    | Answer
    | FileJobs
    | Equip
    | Exchanged
    | ChangeJob
    | Start
    | Hold
    | Resume
    | End
    | Book
    | Inbound
    | ConfirmRate
    | CloseOrder
    | Restarted
)
