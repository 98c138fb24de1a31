"""What findings mean for a machine's totals and its job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.clock import to_ms
from gateway.core.events import Event, EventKind
from gateway.core.work import Gap, ItemState, JobState, Origin
from gateway.jobs.evidence.contract import Evidence, Traits
from gateway.jobs.evidence.findings import (
    WHY,
    Counted,
    CounterChanged,
    CounterJumped,
    Degraded,
    Finding,
    Made,
    NoRun,
    Pace,
    Recovered,
    RunFinished,
    RunStarted,
    Unseen,
)
from gateway.jobs.job.progress import counted
from gateway.jobs.job.record import JobRecord, with_cycle, with_gap
from gateway.jobs.questions import Teller, asked, made, withdrawn
from gateway.jobs.state import TrackerState


def shows_work(job: JobRecord, kept: Traits, found: Sequence[Finding] = ()) -> bool:
    """Whether the machine shows that it works at this job: by what was found just now, or since.

    That it still counts as working at what came before says nothing about this job.
    """
    if any(isinstance(one, RunStarted | RunFinished | Counted) for one in found):
        return True
    since = kept.since
    return kept.item is ItemState.EXECUTING and since is not None and since >= job.begins


def takes(job: JobRecord, at: datetime) -> bool:
    """Whether what a machine has done at ``at`` belongs to a job: it is released, and has begun."""
    return job.state is not JobState.PLANNED and at >= job.begins


def applied(
    state: TrackerState,
    name: str,
    rule: Evidence[Any],
    found: Sequence[Finding],
    *,
    at: datetime,
    events: list[Event],
) -> TrackerState:
    """The state after what a look has found; the events are added to ``events``."""
    for finding in found:
        state = _one(state, name, rule, finding, at=at, events=events)
    return state


def _one(
    state: TrackerState,
    name: str,
    rule: Evidence[Any],
    finding: Finding,
    *,
    at: datetime,
    events: list[Event],
) -> TrackerState:
    machine, job = state.machines[name], state.current(name)
    taking = job if job is not None and takes(job, at) else None
    told = Teller(name, at, None if job is None else job.id, events)
    match finding:
        case RunStarted():
            state, taking, run = _runs_begun(state, name, taking, 1)
            told(EventKind.RUN_STARTED, when=finding.at, run=run)
        case RunFinished():
            state, taking = _finished(state, name, rule, finding, taking, told=told)
        case NoRun():
            state, taking, _ = _runs_begun(state, name, taking, -1)
        case Counted():
            state, taking = _counted(state, name, finding, taking, told)
        case Pace():
            if taking is not None:
                taking = with_cycle(taking, finding.seconds / rule.pieces_per_run)
        case CounterChanged():
            kind = EventKind(f"counter_{finding.what}")
            told(kind, signal=finding.role, before=finding.before, after=finding.after)
            state = withdrawn(state, name, finding)
        case CounterJumped():
            state = asked(state, name, finding, taking, told)
        case Made():
            state = made(state, name, finding, told)
        case Unseen():
            taking = _unseen(finding, job, machine.evidence, told)
        case Degraded():
            taking = None if job is None else degraded(job, finding, at, events)
        case Recovered():
            taking = None if job is None else _recovered(job, finding, told)
    return state if taking is None else state.with_job(taking)


def _runs_begun(
    state: TrackerState, name: str, job: JobRecord | None, more: int
) -> tuple[TrackerState, JobRecord | None, int]:
    machine = state.machines[name]
    begun = machine.runs_started + more
    state = state.with_machine(name, replace(machine, runs_started=begun))
    if job is None:
        return state, None, begun
    job = replace(job, runs_started=job.runs_started + more)
    return state, job, job.runs_started


def _finished(
    state: TrackerState,
    name: str,
    rule: Evidence[Any],
    finding: RunFinished,
    job: JobRecord | None,
    *,
    told: Teller,
) -> tuple[TrackerState, JobRecord | None]:
    machine = state.machines[name]
    pieces = rule.pieces_per_run if job is None else job.pieces_per_run
    done = machine.runs_completed + 1
    state = state.with_machine(
        name, replace(machine, runs_completed=done, good=machine.good + pieces)
    )
    if job is not None:
        done = job.runs_completed + 1
        job = replace(job, runs_completed=done)
        if finding.cycle is not None:
            job = with_cycle(job, finding.cycle / pieces)
    seconds = None if finding.seconds is None else round(finding.seconds, 3)
    told(
        EventKind.RUN_FINISHED,
        when=finding.at,
        run=done,
        began_ms=None if finding.began is None else to_ms(finding.began),
        seconds=seconds,
        pieces=pieces,
        partial=finding.partial,
    )
    if job is not None:
        job, left = counted(job, pieces, 0, Origin.MEASURED, told.at)
        told.events.extend(left)
    return state, job


def _counted(
    state: TrackerState, name: str, finding: Counted, job: JobRecord | None, told: Teller
) -> tuple[TrackerState, JobRecord | None]:
    machine = state.machines[name]
    state = state.with_machine(
        name,
        replace(
            machine,
            runs_started=machine.runs_started + finding.counts,
            runs_completed=machine.runs_completed + finding.counts,
            good=machine.good + finding.good,
            scrap=machine.scrap + finding.scrap,
        ),
    )
    if finding.good or finding.scrap:
        told(EventKind.COUNTED, good=finding.good, scrap=finding.scrap)
    if job is None:
        return state, None
    job = replace(
        job,
        runs_started=job.runs_started + finding.counts,
        runs_completed=job.runs_completed + finding.counts,
    )
    job, left = counted(job, finding.good, finding.scrap, Origin.COUNTED, told.at)
    told.events.extend(left)
    return state, job


def _unseen(finding: Unseen, job: JobRecord | None, kept: Traits, told: Teller) -> JobRecord | None:
    if finding.end < finding.start:  # the clock was set back meanwhile
        finding = replace(finding, start=finding.end)
    if job is not None and told.at >= job.begins:
        return missed(job, finding, told.events)
    if job is not None or kept.run_at is not None:  # else nobody works here: nothing was missed
        _tell_gap(finding, told)
    return None


def missed(job: JobRecord, finding: Unseen, events: list[Event]) -> JobRecord:
    """A job with a stretch that nobody saw; what passed before it began is not its own."""
    _tell_gap(finding, Teller(job.machine, finding.end, job.id, events))
    return with_gap(job, Gap(max(finding.start, job.begins), finding.end, WHY[finding.why]))


def _tell_gap(finding: Unseen, told: Teller) -> None:
    why = WHY[finding.why]
    told(
        EventKind.GAP,
        seconds=round((finding.end - finding.start).total_seconds(), 3),
        from_ms=to_ms(finding.start),
        to_ms=to_ms(finding.end),
        why=finding.why,
        why_de=why.de,
        why_en=why.en,
    )


def degraded(job: JobRecord, finding: Degraded, at: datetime, events: list[Event]) -> JobRecord:
    """The declared slower rate holds at once; cycles from before say nothing about it."""
    details = {"evidence": finding.evidence, "rate_seconds": finding.per_run, "confirmed": False}
    events.append(Event(EventKind.DEGRADED, job.machine, at, job.id, details))
    return replace(
        job,
        degraded=finding.evidence,
        degraded_run=finding.per_run,
        degraded_because=finding.because,
        confirmed_run=None,
        cycles=(),
    )


def handed_over(
    state: TrackerState,
    machine: str,
    rule: Evidence[Any] | None,
    at: datetime,
    events: list[Event],
) -> TrackerState:
    """A job has become the machine's current one: a slower rate that holds there holds for it."""
    job = state.current(machine)
    if job is None or rule is None or job.degraded is not None:
        return state
    slower = rule.degraded(state.machines[machine].evidence)
    return state if slower is None else state.with_job(degraded(job, slower, at, events))


def _recovered(job: JobRecord, finding: Recovered, told: Teller) -> JobRecord:
    if job.degraded != finding.evidence:
        return job
    told(EventKind.RECOVERED, evidence=finding.evidence)
    return replace(
        job,
        degraded=None,
        degraded_run=None,
        degraded_because=None,
        confirmed_run=None,
        cycles=(),
    )
