"""A new job: planned, released, or already under way by its opening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gateway.core.events import Detail, Event, EventKind
from gateway.core.text import Text
from gateway.core.work import JobState, Origin, Substate
from gateway.jobs.apply import handed_over, missed
from gateway.jobs.commands import AddJob, NotPossible, Opening
from gateway.jobs.evidence.contract import Evidence
from gateway.jobs.evidence.findings import Unseen
from gateway.jobs.job.progress import released
from gateway.jobs.job.record import JobRecord
from gateway.jobs.state import TrackerState
from gateway.jobs.wording import pieces

Rules = Mapping[str, Evidence[Any] | None]


def added(
    state: TrackerState, command: AddJob, rules: Rules
) -> tuple[TrackerState, Sequence[Event]]:
    """The state with a new job. Raises NotPossible."""
    if command.job_id in state.jobs or command.job_id in state.ended:
        return state, ()
    if command.machine not in state.machines:
        raise NotPossible(
            Text(
                f"Die Maschine {command.machine} gibt es hier nicht.",
                f"There is no machine {command.machine} here.",
            )
        )
    opening = command.opening or Opening()
    job = _new(command, opening)
    state = state.with_job(job)
    details: dict[str, Detail] = {
        "state": str(job.state),
        "substate": str(job.substate),
        "because_de": job.because.de,
        "because_en": job.because.en,
    }
    events = [Event(EventKind.JOB, job.machine, command.at, job.id, details)]
    rule = rules[job.machine]
    current = state.machines[job.machine].current
    # A job that is over by its opening is never at its machine, but settles what ran there.
    if rule is not None and command.opening is not None and current in (job.id, None):
        state = _reopened(state, command, opening, rule)
    if rule is not None and current == job.id:
        state = _late(state, command, events)
    return handed_over(state, job.machine, rule, command.at, events), events


def _new(command: AddJob, opening: Opening) -> JobRecord:
    """The job as it begins: planned, released, or already under way by its opening."""
    job = JobRecord(
        id=command.job_id,
        machine=command.machine,
        order=command.order,
        package=command.package,
        item=command.item,
        planned=command.planned,
        lot=max(1, command.lot),
        pieces_per_run=command.pieces_per_run,
        planned_per_piece=command.planned_per_piece.total_seconds(),
        needs_input=command.needs_input,
        lapse=command.lapse,
        simulated=command.simulated,
        state=JobState.PLANNED,
        substate=Substate.WAITING,
        because=Text("Angelegt, noch nicht freigegeben.", "Planned, not released yet."),
        begins=command.at,
        origins={Origin.SIMULATED: opening.good} if opening.good else {},
        opening=opening.good,
        scrap=opening.scrap,
        runs_started=opening.runs + (opening.run_began is not None),
        runs_completed=opening.runs,
        departures=opening.departures,
    )
    if not command.release:
        return job
    if opening.good >= command.planned:
        because = Text(
            f"Fertig laut Eröffnung: {pieces(opening.good).de}.",
            f"Completed by the opening: {pieces(opening.good).en}.",
        )
        return replace(
            job,
            state=JobState.ENDED,
            substate=Substate.COMPLETED,
            because=because,
            ended=command.at,
        )
    if opening.good or opening.runs or opening.run_began is not None:
        because = Text(
            f"In Arbeit: laut Eröffnung sind {pieces(opening.good).de} fertig.",
            f"Running: by the opening {pieces(opening.good).en} are done.",
        )
        started = opening.run_began or command.at
        return replace(
            job, state=JobState.RUNNING, substate=Substate.NONE, because=because, started=started
        )
    substate = Substate.WAITING if job.exhausted else Substate.READY
    return replace(job, state=JobState.RELEASED, substate=substate, because=released(job))


def _reopened(
    state: TrackerState, command: AddJob, opening: Opening, rule: Evidence[Any]
) -> TrackerState:
    """What ran on the machine before is settled; what the opening tells of is under way."""
    machine = state.machines[command.machine]
    at, now_t, lapse = machine.at or command.at, machine.t, command.lapse
    begins_t = now_t + (command.at - at).total_seconds() * lapse
    began, began_t = opening.run_began, None
    if began is not None:
        began_t = now_t - (at - began).total_seconds() * lapse
    kept = rule.reopened(machine.evidence, began, began_t, degraded=opening.degraded)
    machine = replace(
        machine,
        at=at,
        evidence=kept,
        pending=None,
        opened=command.heard,
        unseen="",
        begins=command.at,
        begins_t=begins_t,
    )
    return state.with_machine(command.machine, machine)


def _late(state: TrackerState, command: AddJob, events: list[Event]) -> TrackerState:
    """What ran between the job's beginning and now was counted for nobody."""
    job, seen = state.jobs[command.job_id], state.machines[command.machine].at
    heard = max(filter(None, (command.heard, seen)), default=command.at)
    if not command.release or job.over or heard <= command.at:
        return state
    return state.with_job(missed(job, Unseen(command.at, heard, "late_order"), events))
