"""Questions that only a person can answer: was a jump of a device's counter work?

Until then it counts nothing and stands in its job as a gap. Confirmed, it is booked as entered;
refused, it never happened. Either way it is answered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.core.events import Detail, Event, EventKind
from gateway.core.text import Text
from gateway.core.work import Origin, Question
from gateway.jobs.commands import Answer, NotPossible
from gateway.jobs.evidence.contract import Evidence
from gateway.jobs.evidence.findings import CounterChanged, CounterJumped, Made
from gateway.jobs.job.progress import above_plan, counted
from gateway.jobs.job.record import JobRecord
from gateway.jobs.state import TrackerState

MOST_OPEN = 200
"""So many may wait; a device that jumps more often is broken, and its jumps stay gaps."""


class Teller:
    """Adds events of one machine to a list."""

    def __init__(self, machine: str, at: datetime, job: str | None, events: list[Event]) -> None:
        self.machine = machine
        self.at = at
        self.job = job
        self.events = events

    def __call__(self, kind: EventKind, *, when: datetime | None = None, **details: Detail) -> None:
        """Add one; it happened now, or at ``when``."""
        self.events.append(Event(kind, self.machine, when or self.at, self.job, details))


def asked(
    state: TrackerState, machine: str, finding: CounterJumped, job: JobRecord | None, told: Teller
) -> TrackerState:
    """The state with a question, or with one that has grown; without a job nobody is asked."""
    name = _name(machine, finding.role, finding.question)
    known = state.questions.get(name)
    told(
        EventKind.COUNTER_JUMPED,
        signal=finding.role,
        before=finding.before,
        after=finding.after,
        counts=finding.counts,
        question=name if known is not None or job is not None else None,
    )
    if known is not None:
        question = replace(
            known,
            after=finding.after,
            counts=known.counts + finding.counts,
            good=known.good + finding.good,
            scrap=known.scrap + finding.scrap,
            end=told.at,
        )
    elif job is not None and len(state.questions) < MOST_OPEN:
        question = Question(
            name,
            machine,
            job.id,
            finding.role,
            finding.before,
            finding.after,
            finding.counts,
            finding.good,
            finding.scrap,
            max(finding.start, job.begins),
            told.at,
        )
    else:
        return state
    return replace(state, questions={**state.questions, name: question})


def withdrawn(state: TrackerState, machine: str, finding: CounterChanged) -> TrackerState:
    """A counter that came back has answered its question by itself."""
    return _without(state, _name(machine, finding.role, finding.question))


def made(state: TrackerState, machine: str, finding: Made, told: Teller) -> TrackerState:
    """It was work after all, and has been counted: nobody has to be asked any more."""
    name = _name(machine, finding.role, finding.question)
    question = state.questions.get(name)
    if question is None:
        return state
    told(
        EventKind.COUNTER_ANSWERED,
        signal=finding.role,
        question=name,
        confirmed=True,
        counts=question.counts,
    )
    return _without(state, name)


def _name(machine: str, role: str, question: str) -> str:
    return f"{machine}.{role}.{question}"


def _without(state: TrackerState, name: str) -> TrackerState:
    left = {key: one for key, one in state.questions.items() if key != name}
    return replace(state, questions=left)


def answered(
    state: TrackerState, command: Answer, rule: Evidence[Any] | None
) -> tuple[TrackerState, Sequence[Event]]:
    """A person has answered. Raises NotPossible."""
    question = state.questions.get(command.question)
    if question is None:
        raise NotPossible(
            Text(
                "Diese Frage ist nicht mehr offen: Sie wurde schon beantwortet, oder der Zähler "
                "hat sie selbst beantwortet.",
                "This question is not open any more: it has been answered, or the counter has "
                "answered it by itself.",
            )
        )
    told = Teller(question.machine, command.at, question.job, [])
    told(
        EventKind.COUNTER_ANSWERED,
        signal=question.role,
        question=question.id,
        confirmed=command.confirm,
        counts=question.counts,
    )
    if command.confirm:
        state = _counted(state, command, question, rule, told)
    return _without(state, question.id), told.events


def _counted(
    state: TrackerState,
    command: Answer,
    question: Question,
    rule: Evidence[Any] | None,
    told: Teller,
) -> TrackerState:
    """The jump was work: its pieces are the job's, entered by a person."""
    job, good, scrap = state.jobs[question.job], question.good, question.scrap
    machine = state.machines.get(question.machine)
    if rule is not None and machine is not None:
        evidence, good, scrap = rule.believed(machine.evidence, question)
        state = state.with_machine(
            question.machine,
            replace(
                machine, evidence=evidence, good=machine.good + good, scrap=machine.scrap + scrap
            ),
        )
    above_plan(job, good, sure=command.above_plan)
    told(EventKind.BOOKED, good=good, scrap=scrap, origin=str(Origin.ENTERED))
    if job.over:
        origins = {**job.origins, Origin.ENTERED: job.origins.get(Origin.ENTERED, 0) + good}
        job = replace(job, origins=origins, scrap=job.scrap + scrap)
    else:
        job, left = counted(job, good, scrap, Origin.ENTERED, command.at)
        told.events.extend(left)
    if question.role == "good-count":
        job = replace(
            job,
            runs_started=job.runs_started + question.counts,
            runs_completed=job.runs_completed + question.counts,
        )
    return state.with_job(job)
