"""Machines, their history and their jobs."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from gateway.api import views
from gateway.api.access import PLANT, PRIVACY, WORK, Role, allowed
from gateway.api.answers import Here, Json, absent
from gateway.config import Machine
from gateway.core.clock import to_ms
from gateway.core.events import EventKind
from gateway.core.signals import SignalId
from gateway.core.text import Text
from gateway.core.work import Job, Origin
from gateway.jobs.commands import (
    Book,
    Command,
    ConfirmRate,
    End,
    Hold,
    NotPossible,
    Resume,
    Start,
)
from gateway.machines import catalog

router = APIRouter(tags=["plant"])
seeing = [Depends(allowed(PLANT))]
working = [Depends(allowed(WORK))]

MAX_POINTS = 5000
MAX_RUNS = 2000
ACTIONS: dict[str, type[Start | Hold | Resume | End]] = {
    "start": Start,
    "hold": Hold,
    "resume": Resume,
    "end": End,
}


class Booking(BaseModel):
    """A count that a person enters; ``origin`` simulated is for the demo's scenario."""

    model_config = ConfigDict(extra="forbid")
    good: int = Field(default=0, ge=0, le=1_000_000)
    scrap: int = Field(default=0, ge=0, le=1_000_000)
    origin: Literal["entered", "simulated"] = "entered"


class Rate(BaseModel):
    """The confirmed order time of a run in seconds; null confirms the declared one."""

    model_config = ConfigDict(extra="forbid")
    per_run_s: float | None = Field(default=None, gt=0)


def _machine(rooms: Here, name: str) -> Machine:
    found = next((entry for entry in rooms.site.machines if entry.name == name), None)
    if found is None:
        raise absent()
    return found


def _job(rooms: Here, job: str) -> Job:
    found = next((entry for entry in rooms.jobs() if entry.id == job), None)
    if found is None:
        raise absent()
    return found


async def _carry_out(rooms: Here, command: Command) -> None:
    """Apply a command; what the job logic objects is told in both languages."""
    try:
        await rooms.journal.apply(command)
    except NotPossible as error:
        raise HTTPException(409, error.why.as_json()) from error


Wanted = Annotated[Machine, Depends(_machine)]
WantedJob = Annotated[Job, Depends(_job)]


@router.get("/machines", dependencies=seeing)
def machines(rooms: Here) -> Response:
    """All machines with their newest readings."""
    return Json([views.machine(rooms, entry) for entry in rooms.site.machines])


@router.get("/machines/{name}", dependencies=seeing)
def machine(rooms: Here, wanted: Wanted) -> Response:
    """One machine: state and why, signals with quality and reason, thresholds, job."""
    return Json(views.machine(rooms, wanted))


@router.get("/machines/{name}/trace", dependencies=seeing)
async def trace(rooms: Here, wanted: Wanted, signal: str) -> Response:
    """One number followed back: reading, register words, OPC UA node, MQTT topic, stored point."""
    what = rooms.signals.get(SignalId(signal))
    if what is None or not signal.startswith(f"{wanted.name}/"):
        raise absent()
    now = rooms.now()
    words = rooms.words(what.id)
    point_name = signal.split("/", 1)[1]
    device, point = next(
        (device, point)
        for device in wanted.devices
        for point in catalog.template(device.template).points
        if point.name == point_name
    )
    stored = rooms.series.history(what.id, now - timedelta(minutes=10), now, 1_000_000)
    last = stored[-1] if stored else None
    return Json(
        {
            "signal": views.signal(rooms, what, now),
            "register": {
                "function": words.function,
                "address": words.address,
                "words": list(words.words),
                "at": views.iso(words.at),
            }
            if words
            else None,
            "encoding": point.encoding.value,
            "order": point.order.value if point.order else None,
            "scale": point.scale,
            "template": device.template,
            "unit": getattr(device.connect, "unit", None),
            "source": point.source,
            "opcua": rooms.addresses.opcua(what.id),
            "mqtt": rooms.addresses.mqtt(what.id),
            "stored": {"at": views.iso(last.at), "value": last.last, "quality": int(last.quality)}
            if last
            else None,
            "committed_seq": rooms.journal.committed_seq,
        }
    )


@router.get("/machines/{name}/runs", dependencies=seeing)
async def runs(
    rooms: Here,
    wanted: Wanted,
    start: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
) -> Response:
    """The finished runs that the job logic recognised, oldest first, for marking a curve."""
    until = end or rooms.now()
    since = start or until - timedelta(minutes=5)
    found = [
        kept.event
        for kept in await rooms.journal.events(
            machine=wanted.name,
            kinds=(EventKind.RUN_FINISHED,),
            start=since,
            end=until,
            limit=MAX_RUNS,
        )
    ]
    return Json(
        [
            {
                "number": event.details.get("run"),
                "start": views.iso(
                    event.at - timedelta(seconds=float(event.details.get("real_seconds") or 0.0))
                ),
                "end": views.iso(event.at),
                "seconds": event.details.get("seconds"),
                "pieces": event.details.get("pieces"),
                "partial": bool(event.details.get("partial")),
                "job": event.job,
            }
            for event in found
        ]
    )


@router.get("/history", dependencies=seeing)
async def history(
    rooms: Here,
    signal: str,
    start: AwareDatetime | None = None,
    end: AwareDatetime | None = None,
    points: Annotated[int, Query(ge=1, le=MAX_POINTS)] = 500,
) -> Response:
    """A chart's points; each bucket keeps its lowest and highest value, so peaks stay."""
    what = rooms.signals.get(SignalId(signal))
    if what is None:
        raise absent()
    until = (end or rooms.now()).astimezone(UTC)
    since = (start or until - timedelta(minutes=5)).astimezone(UTC)
    if since >= until:
        raise HTTPException(422, "start must be before end")
    found = rooms.series.history(what.id, since, until, points)
    return Json(
        {
            "signal": what.id,
            "unit": what.unit.display,
            "points": [
                [to_ms(point.at), point.low, point.high, point.last, int(point.quality)]
                for point in found
            ],
        }
    )


@router.get("/jobs", dependencies=seeing)
def jobs(rooms: Here) -> Response:
    """All jobs of this firm."""
    return Json([views.job(entry) for entry in rooms.jobs()])


@router.get("/jobs/{job}", dependencies=seeing)
def job(wanted: WantedJob) -> Response:
    """One job."""
    return Json(views.job(wanted))


@router.post("/jobs/{job}/bookings", dependencies=working)
async def book(rooms: Here, wanted: WantedJob, booking: Booking) -> Response:
    """Book a count; it carries its origin for ever."""
    if booking.origin == "simulated" and not rooms.site.simulated:
        raise HTTPException(422, "only a simulated firm can book simulated counts")
    await _carry_out(
        rooms, Book(wanted.id, booking.good, booking.scrap, Origin(booking.origin), at=rooms.now())
    )
    return Json(views.job(_job(rooms, wanted.id)))


@router.post("/jobs/{job}/rate", dependencies=working)
async def confirm_rate(rooms: Here, wanted: WantedJob, rate: Rate) -> Response:
    """Confirm or correct the slower rate that evidence applied."""
    per_run = timedelta(seconds=rate.per_run_s) if rate.per_run_s is not None else None
    await _carry_out(rooms, ConfirmRate(wanted.id, per_run, at=rooms.now()))
    return Json(views.job(_job(rooms, wanted.id)))


@router.post("/jobs/{job}/{action}", dependencies=working)
async def act(
    rooms: Here, wanted: WantedJob, action: Literal["start", "hold", "resume", "end"]
) -> Response:
    """Release, hold, resume or end a job."""
    await _carry_out(rooms, ACTIONS[action](wanted.id, at=rooms.now()))
    return Json(views.job(_job(rooms, wanted.id)))


@router.get("/health", dependencies=[Depends(allowed(frozenset(Role)))])
def health(rooms: Here) -> Response:
    """How each part of the gateway does, plainly."""
    return Json(health_view(rooms))


def health_view(rooms: Here) -> views.Json:
    """The JSON of ``health``."""
    return {
        "firm": rooms.site.firm,
        "name": rooms.site.name,
        "version": rooms.version,
        "started": views.iso(rooms.started),
        "now": views.iso(rooms.now()),
        "parts": [
            {"name": part.name, "state": part.state, "text": views.text(part.text)}
            for part in rooms.parts()
        ],
    }


def _bytes(folder: Path, pattern: str) -> int:
    return sum(file.stat().st_size for file in folder.glob(pattern))


NEVER = (
    Text(
        "Namen, Personalnummern, Schichten, Anmeldungen einzelner Personen",
        "Names, personnel numbers, shifts, log-ins of single persons",
    ),
    Text(
        "Zeiten einzelner Handgriffe an Handarbeitsplätzen",
        "Times of single movements at manual stations",
    ),
    Text("Ranglisten oder Vergleiche von Personen", "Rankings or comparisons of persons"),
    Text("Ton, Bild, Standort", "Sound, pictures, location"),
)


@router.get("/stored", dependencies=[Depends(allowed(PRIVACY))])
async def stored(rooms: Here) -> Response:
    """What this gateway stores, how finely and for how long, and what it never records."""
    keep = rooms.site.history.keep.total_seconds()
    size = await rooms.journal.size()
    return Json(
        {
            "signals": [
                {
                    "id": what.id,
                    "means": views.text(what.means),
                    "unit": what.unit.display,
                    "every_s": what.every,
                    "keep_s": keep,
                }
                for what in rooms.signals.values()
            ],
            "never": [views.text(entry) for entry in NEVER],
            "journal": {
                "bytes": size.bytes,
                "committed_seq": rooms.journal.committed_seq,
                "oldest": views.iso(size.oldest),
            },
            "history": {"bytes": _bytes(rooms.site.state, "history.db*")},
        }
    )
