"""How a job moves: counts, lots and states. Every function returns the job and its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from gateway.core.events import Detail, Event, EventKind
from gateway.core.text import Text
from gateway.core.work import ItemState, JobState, Origin, Substate
from gateway.jobs.job.record import JobRecord
from gateway.jobs.job.refusals import AbovePlan
from gateway.jobs.job.states import may_change
from gateway.jobs.wording import number, pieces, span

Moved = tuple[JobRecord, Sequence[Event]]


def changed(
    job: JobRecord, state: JobState, substate: Substate, because: Text, at: datetime
) -> Moved:
    """The job in another state, with the event that says why."""
    if not may_change(job.state, state):
        raise ValueError(f"{job.id}: no way from {job.state} to {state}")
    moved = replace(job, state=state, substate=substate, because=because)
    if state is JobState.RUNNING and job.started is None:
        moved = replace(moved, started=at)
    if moved.over and job.ended is None:
        moved = replace(moved, ended=at)
    details: dict[str, Detail] = {
        "state": str(state),
        "substate": str(substate),
        "because_de": because.de,
        "because_en": because.en,
    }
    return moved, (Event(EventKind.JOB, job.machine, at, job.id, details),)


def waits(job: JobRecord) -> bool:
    """Whether the job begins to run, or runs again, as soon as its machine shows work."""
    return job.state is JobState.RELEASED or (job.state is JobState.INTERRUPTED and not job.by_hand)


def begun(job: JobRecord, at: datetime, because: Text) -> Moved:
    """The machine shows that it works: transition 5, or 10 after an interruption."""
    if not waits(job):
        return job, ()
    return changed(replace(job, idle_t=None), JobState.RUNNING, Substate.NONE, because, at)


def counted(job: JobRecord, good: int, scrap: int, origin: Origin, at: datetime) -> Moved:
    """More pieces; full lots leave."""
    if not good and not scrap:
        return job, ()
    origins = dict(job.origins)
    if good:
        origins[origin] = origins.get(origin, 0) + good
    moved = replace(job, origins=origins, scrap=max(0, job.scrap + scrap))
    return departed(moved, origin, at)


def departed(job: JobRecord, origin: Origin, at: datetime) -> Moved:
    """Every lot that is full leaves; the last one may be smaller."""
    events: list[Event] = []
    departures = job.departures
    while (gone := len(departures) * job.lot) < job.planned:
        full = min(gone + job.lot, job.planned)
        if job.good < full:
            break
        departures = (*departures, at)
        details: dict[str, Detail] = {
            "number": len(departures),
            "quantity": full - gone,
            "origin": str(origin),
        }
        events.append(Event(EventKind.LOT, job.machine, at, job.id, details))
    return (replace(job, departures=departures), events) if events else (job, ())


def above_plan(job: JobRecord, good: int, *, sure: bool) -> None:
    """Ask back where a person's pieces lift a job above its plan. Raises AbovePlan."""
    would = job.good + good
    if sure or good <= 0 or would <= job.planned:
        return
    done, planned, more = number(would), pieces(job.planned), pieces(good)
    raise AbovePlan(
        Text(
            f"Mit {more.de} wären {done.de} von {planned.de} gut: mehr als geplant. Stimmt das, "
            "dann bestätigen Sie es bitte ausdrücklich.",
            f"With {more.en} it would be {done.en} of {planned.en}: more than planned. If that is "
            "right, please confirm it expressly.",
        )
    )


def completed(job: JobRecord, at: datetime) -> Moved:
    """The job ends when its quantity is good."""
    if job.over or job.good < job.planned or job.state is JobState.PLANNED:
        return job, ()
    events: list[Event] = []
    if job.state is JobState.RELEASED:  # a booking was the first sign of work
        job, first = changed(job, JobState.RUNNING, Substate.NONE, _booked(job), at)
        events.extend(first)
    job, last = changed(job, JobState.ENDED, Substate.COMPLETED, finished(job), at)
    return job, (*events, *last)


def finished(job: JobRecord) -> Text:
    """Why a job is complete."""
    done, planned = number(job.good), pieces(job.planned)
    return Text(
        f"Fertig: {done.de} von {planned.de} sind gut.", f"Completed: {done.en} of {planned.en}."
    )


def _booked(job: JobRecord) -> Text:
    done = pieces(job.good)
    return Text(f"In Arbeit: {done.de} sind gebucht.", f"Running: {done.en} are booked.")


@dataclass(frozen=True, slots=True)
class Standing:
    """A machine at one look: its state, its clock, and its sentence where it is out of service."""

    item: ItemState
    t: float
    because: Text | None = None


def settled(job: JobRecord, machine: Standing, at: datetime, *, grace: float) -> Moved:
    """What it means for the job whether its machine works or stands."""
    if job.state is JobState.RELEASED:
        return _ready(job, at)
    if job.over or job.by_hand or job.state is JobState.PLANNED:
        return job, ()
    if machine.item is ItemState.OUT_OF_SERVICE:
        return _out_of_service(job, at, machine.because)
    if machine.item is ItemState.EXECUTING:
        return (job if job.idle_t is None else replace(job, idle_t=None)), ()
    return _stands(job, machine.t, at, grace)


def _stands(job: JobRecord, t: float, at: datetime, grace: float) -> Moved:
    """Nothing left to work on: suspended at once. Otherwise held, when it lasts."""
    if job.exhausted:
        job = job if job.idle_t is None else replace(job, idle_t=None)
        if job.state is JobState.RUNNING:
            return changed(job, JobState.INTERRUPTED, Substate.SUSPENDED, _used_up(job), at)
        return job, ()
    if job.idle_t is None:
        return replace(job, idle_t=t), ()
    if t - job.idle_t < grace or job.substate is Substate.HELD:
        return job, ()
    stood = span(t - job.idle_t)
    because = Text(
        f"Angehalten: Die Maschine steht seit {stood.de}, obwohl sie arbeiten könnte.",
        f"Held: the machine has been standing for {stood.en} although it could work.",
    )
    return changed(job, JobState.INTERRUPTED, Substate.HELD, because, at)


def _ready(job: JobRecord, at: datetime) -> Moved:
    """Released: with material it is ready, without it waits."""
    substate = Substate.WAITING if job.exhausted else Substate.READY
    if substate is job.substate:
        return job, ()
    return changed(job, JobState.RELEASED, substate, released(job), at)


def released(job: JobRecord) -> Text:
    """Why a released job does not run yet."""
    if job.exhausted:
        need = pieces(min(job.lot, job.planned))
        return Text(
            f"Freigegeben, wartet auf Material: Das erste Los von {need.de} ist noch unterwegs.",
            f"Released, waiting for material: the first lot of {need.en} is on its way.",
        )
    return Text(
        "Freigegeben: beginnt, sobald die Maschine arbeitet.",
        "Released: begins as soon as the machine works.",
    )


def _used_up(job: JobRecord) -> Text:
    arrived = pieces(job.inbound or 0)
    return Text(
        f"Wartet auf Anlieferung: {arrived.de} sind eingetroffen und verarbeitet.",
        f"Waiting for a delivery: {arrived.en} have arrived and are used up.",
    )


def _out_of_service(job: JobRecord, at: datetime, machine: Text | None) -> Moved:
    if job.substate is Substate.HELD or job.confirmed_run is not None:
        return job, ()
    why = machine or Text("Die Maschine ist gestört.", "The machine is out of service.")
    because = Text(f"Angehalten. {why.de}", f"Held. {why.en}")
    return changed(job, JobState.INTERRUPTED, Substate.HELD, because, at)
