"""A firm's own jobs: what stands, and what people do with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import Depends, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from gateway.api import views
from gateway.api.access import PLANT, WORK, Change, allowed, changing
from gateway.api.answers import Here, Json, group
from gateway.api.plant_shapes import JobShape, QuestionShape
from gateway.api.refusals import AskedBack, absent, refusal
from gateway.core.work import Job, Origin
from gateway.jobs.commands import (
    AbovePlan,
    Answer,
    Book,
    Command,
    ConfirmRate,
    End,
    Hold,
    NotPossible,
    Resume,
    Start,
)

router = group("jobs")
seeing = [Depends(allowed(PLANT))]
working = [Depends(allowed(WORK))]
Working = Annotated[Change, Depends(changing(WORK))]

ACTIONS: dict[str, type[Start | Hold | Resume | End]] = {
    "start": Start,
    "hold": Hold,
    "resume": Resume,
    "end": End,
}


class Booking(BaseModel):
    """A count that a person enters; ``origin`` simulated is for the demo's scenario.

    ``above_plan`` confirms that more pieces than planned are meant.
    """

    model_config = ConfigDict(extra="forbid")
    good: int = Field(default=0, ge=0, le=1_000_000)
    scrap: int = Field(default=0, ge=0, le=1_000_000)
    origin: Literal["entered", "simulated"] = "entered"
    above_plan: bool = False


class Correction(BaseModel):
    """How many pieces too many were booked; ``good`` and ``scrap`` are taken away."""

    model_config = ConfigDict(extra="forbid")
    good: int = Field(default=0, ge=0, le=1_000_000)
    scrap: int = Field(default=0, ge=0, le=1_000_000)


class Reply(BaseModel):
    """Whether the counter's jump was work; ``above_plan`` confirms more pieces than planned."""

    model_config = ConfigDict(extra="forbid")
    confirm: bool
    above_plan: bool = False


class Rate(BaseModel):
    """The confirmed order time of a run in seconds; null confirms the declared one."""

    model_config = ConfigDict(extra="forbid")
    per_run_s: float | None = Field(default=None, gt=0, le=10_000_000, allow_inf_nan=False)


def _job(rooms: Here, job: str) -> Job:
    found = next((entry for entry in rooms.jobs() if entry.id == job), None)
    if found is None:
        raise absent()
    return found


WantedJob = Annotated[Job, Depends(_job)]


@router.get("/jobs", dependencies=seeing)
async def jobs(rooms: Here) -> Json[list[JobShape]]:
    """All jobs of this firm."""
    return Json([views.job(entry) for entry in rooms.jobs()])


@router.get("/jobs/{job}", dependencies=seeing)
async def job(wanted: WantedJob) -> Json[JobShape]:
    """One job."""
    return Json(views.job(wanted))


@router.post("/jobs/{job}/bookings", dependencies=working)
async def book(rooms: Here, wanted: WantedJob, booking: Booking, change: Working) -> Json[JobShape]:
    """Book a count; it carries its origin for ever."""
    if booking.origin == "simulated" and not rooms.site.simulated:
        raise refusal(
            422,
            "Simulierte Stückzahlen bucht nur eine simulierte Firma.",
            "Only a simulated firm books simulated counts.",
        )
    origin = Origin(booking.origin)
    command = Book(
        wanted.id,
        booking.good,
        booking.scrap,
        origin,
        at=rooms.now(),
        above_plan=booking.above_plan,
    )
    return await _carried_out(rooms, wanted, command, change)


@router.post("/jobs/{job}/corrections", dependencies=working)
async def correct(
    rooms: Here, wanted: WantedJob, correction: Correction, change: Working
) -> Json[JobShape]:
    """Take back what was booked wrongly, as an entry of the origin ``corrected``.

    Nothing is erased, and what has left with a lot cannot be taken back.
    """
    command = Book(wanted.id, -correction.good, -correction.scrap, Origin.CORRECTED, at=rooms.now())
    return await _carried_out(rooms, wanted, command, change)


@router.get("/questions", dependencies=seeing)
async def questions(rooms: Here) -> Json[list[QuestionShape]]:
    """The open questions about counters of this firm, oldest first."""
    return Json([views.question(rooms, entry) for entry in rooms.questions()])


@router.post("/questions/{question}/answer", dependencies=working)
async def answer(
    rooms: Here, question: str, reply: Reply, change: Working
) -> Json[list[QuestionShape]]:
    """Say whether a counter's jump was work; what is still open is answered."""
    command = Answer(question, reply.confirm, at=rooms.now(), above_plan=reply.above_plan)
    await _applied(rooms, command, change)
    return Json([views.question(rooms, entry) for entry in rooms.questions()])


@router.post("/jobs/{job}/rate", dependencies=working)
async def confirm_rate(
    rooms: Here, wanted: WantedJob, rate: Rate, change: Working
) -> Json[JobShape]:
    """Confirm or correct the slower rate that evidence applied."""
    per_run = timedelta(seconds=rate.per_run_s) if rate.per_run_s is not None else None
    command = ConfirmRate(wanted.id, per_run, at=rooms.now())
    return await _carried_out(rooms, wanted, command, change)


@router.post("/jobs/{job}/{action}", dependencies=working)
async def act(
    rooms: Here,
    wanted: WantedJob,
    action: Literal["start", "hold", "resume", "end"],
    change: Working,
) -> Json[JobShape]:
    """Release, hold, resume or end a job."""
    return await _carried_out(rooms, wanted, ACTIONS[action](wanted.id, at=rooms.now()), change)


async def _carried_out(
    rooms: Here, wanted: Job, command: Command, change: Change
) -> Json[JobShape]:
    """Apply a command and show what has become of its job."""
    await _applied(rooms, command, change)
    return Json(views.job(_job(rooms, wanted.id)))


async def _applied(rooms: Here, command: Command, change: Change) -> None:
    """Apply a command; what the job logic objects is told in both languages."""
    try:
        await rooms.journal.apply(command)
    except AbovePlan as error:
        raise AskedBack(error.why, "above_plan") from error
    except NotPossible as error:
        raise HTTPException(409, error.why.as_json()) from error
    change.note()
