"""The whole state of the job logic, and the form in which the journal keeps it."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gateway.core.errors import JournalError
from gateway.core.work import Question
from gateway.jobs.equipment import Equipment
from gateway.jobs.evidence.contract import Evidence, Traits
from gateway.jobs.job import lots
from gateway.jobs.job.record import JobRecord
from gateway.jobs.samples import MachineState

SCHEMA = 3
"""1: a counter had no courses, a job no reason for being slower, there were no questions.
2: a charge did not know how long it had been tempered; all lots stood in the state itself."""
MOST_ENDED = 40
"""So many ended jobs are remembered, beside those of the newest order."""


@dataclass(frozen=True, slots=True)
class TrackerState:
    """Machines by name, jobs by id in the order in which they came.

    ``ended`` are the names of the firm's own jobs that ended so long ago that nothing else of them
    is remembered: they may still stand in its file. ``questions`` wait for a person, by id, oldest
    first. ``computer`` is the computer's run that this state was kept in. ``equipment`` is what the
    machines are looked at with; it comes from the firm's files and is not kept.
    """

    machines: Mapping[str, MachineState]
    jobs: Mapping[str, JobRecord] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    questions: Mapping[str, Question] = field(default_factory=dict)
    computer: str = ""
    equipment: Equipment = field(default_factory=Equipment, compare=False)

    def current(self, machine: str) -> JobRecord | None:
        """The job at a machine: the oldest that has not ended; none at one that is gone."""
        there = self.machines.get(machine)
        return None if there is None or there.current is None else self.jobs[there.current]

    def with_machine(self, name: str, machine: MachineState) -> TrackerState:
        """The state with one machine changed."""
        return replace(self, machines={**self.machines, name: machine})

    def set_back(self, machine: str, before: datetime, now: datetime) -> TrackerState:
        """The wall clock went back from ``before`` to ``now``: what had begun does not wait."""
        begun = {
            job.id: replace(job, begins=now)
            for job in self.jobs.values()
            if job.machine == machine and now < job.begins <= before
        }
        state = replace(self, jobs={**self.jobs, **begun}) if begun else self
        here = self.machines[machine]
        if now < here.begins <= before:
            state = state.with_machine(machine, replace(here, begins=now))
        return state

    def with_job(self, job: JobRecord) -> TrackerState:
        """The state with one job new or changed, and its machine's current job and lapse anew."""
        jobs = {**self.jobs, job.id: job}
        old = _old(jobs)
        for one in old:
            del jobs[one.id]
        own = tuple(one.id for one in old if one.order is None)
        open_ = self.questions
        if old:
            open_ = {name: one for name, one in open_.items() if one.job in jobs}
        state = replace(self, jobs=jobs, ended=self.ended + own, questions=open_)
        machine = self.machines.get(job.machine)
        if machine is None:
            return state
        current = next(
            (one.id for one in jobs.values() if one.machine == job.machine and not one.over), None
        )
        # A machine whose job has ended goes on in the same order time.
        lapse = job.lapse if current is None else jobs[current].lapse
        if (current, lapse) == (machine.current, machine.lapse):
            return state
        return state.with_machine(job.machine, replace(machine, current=current, lapse=lapse))


def _old(jobs: Mapping[str, JobRecord]) -> list[JobRecord]:
    """The jobs to be forgotten. The newest order may still ask for its own: it keeps them."""
    newest = next(
        (one.order for one in reversed(tuple(jobs.values())) if one.order is not None), ""
    )
    over = [one for one in jobs.values() if one.over and one.order != newest]
    return over[: max(0, len(over) - MOST_ENDED)]


_JOBS = TypeAdapter(list[JobRecord])
_QUESTIONS = TypeAdapter(list[Question])
_MACHINE = TypeAdapter(MachineState)


def dump(state: TrackerState) -> bytes:
    """Compact JSON with a schema number, without what is fixed."""
    kept = {
        "schema": SCHEMA,
        "jobs": _JOBS.dump_python(
            [replace(job, departures=lots.rest(job)) for job in state.jobs.values()], mode="json"
        ),
        "lots": {job.id: names for job in state.jobs.values() if (names := lots.part_names(job))},
        "ended": state.ended,
        "questions": _QUESTIONS.dump_python(list(state.questions.values()), mode="json"),
        "computer": state.computer,
        "machines": {
            name: _MACHINE.dump_python(machine, mode="json")
            for name, machine in state.machines.items()
        },
    }
    return json.dumps(kept, separators=(",", ":"), ensure_ascii=False).encode()


def load(kept: bytes, equipment: Equipment, fixed: Mapping[str, bytes]) -> TrackerState:
    """The state again, for the machines of today. Raises JournalError.

    A machine that is new, or whose evidence is of another type than before, begins anew; the
    jobs stay.
    """
    try:
        read: dict[str, Any] = json.loads(kept)
        schema = read["schema"]
        if schema not in (1, 2, SCHEMA):
            raise JournalError(f"job state of schema {schema}; this version knows {SCHEMA}")
        if schema == 1:
            read["machines"] = {name: _of_1(one) for name, one in read["machines"].items()}
        if schema <= 2:
            read["machines"] = {name: _of_2(one) for name, one in read["machines"].items()}
        jobs = {job.id: job for job in _JOBS.validate_json(json.dumps(read["jobs"]))}
        for name, names in read.get("lots", {}).items():
            jobs[name] = replace(jobs[name], departures=lots.joined(jobs[name], names, fixed))
        ended = tuple(map(str, read.get("ended", ())))
        asked = _QUESTIONS.validate_json(json.dumps(read.get("questions", ())))
        questions = {one.id: one for one in asked if one.job in jobs}
        computer = str(read.get("computer", ""))
        machines = {
            name: _at_work(name, _machine(read["machines"].get(name), rule), jobs)
            for name, rule in equipment.rules.items()
        }
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise JournalError(f"the kept job state cannot be read: {error}") from error
    return TrackerState(machines, jobs, ended, questions, computer, equipment)


def _of_1(machine: dict[str, Any]) -> dict[str, Any]:
    """A machine of the first schema: a counter's last reading was as old as its last batch."""
    shown = machine["evidence"]
    if shown is None or shown.get("kind") != "counters" or machine["at"] is None:
        return machine
    seen = {"at": machine["at"], "mono": machine["mono"], "run": 0, "synced": False}
    counters: dict[str, Any] = {}
    for key in ("counter", "reject_counter"):
        last = shown[key]["last"]
        course = {"first": last, "value": last, "began": seen, "seen": seen, "sure": True}
        counters[key] = {"courses": [] if last is None else [course]}
    return {**machine, "evidence": {**shown, **counters}}


def _of_2(machine: dict[str, Any]) -> dict[str, Any]:
    """A machine of the second schema: what was in the tempering phase counted as tempered."""
    shown = machine["evidence"]
    if shown is None or shown.get("kind") != "charges" or shown["phase"] != "temper":
        return machine
    held = max(0.0, shown["last_t"] - shown["phase_t"])
    return {**machine, "evidence": {**shown, "held": held}}


def fixed(state: TrackerState, known: Container[str]) -> dict[str, bytes | None]:
    """What never changes again, by name: lots that have left; None for what is known."""
    found: dict[str, bytes | None] = {}
    for job in state.jobs.values():
        found |= lots.parts(job, known)
    return found


def initial(equipment: Equipment) -> TrackerState:
    """Nothing was seen yet, no job is known."""
    machines = {name: _machine(None, rule) for name, rule in equipment.rules.items()}
    return TrackerState(machines, equipment=equipment)


def equip(state: TrackerState, equipment: Equipment) -> TrackerState:
    """The state with other machines. What has not changed is not touched; the jobs stay.

    A machine is who it was by its name: its counts go on, and so does what its evidence had found
    as long as that is of the same type. One that is new begins anew, with the job that waits at it.
    """
    machines: dict[str, MachineState] = {}
    for name, rule in equipment.rules.items():
        before = state.machines.get(name)
        if before is None:
            machines[name] = _at_work(name, _machine(None, rule), state.jobs)
        elif equipment.specs[name] == state.equipment.specs.get(name):
            machines[name] = before
        else:
            machines[name] = _refitted(before, rule)
    return replace(state, machines=machines, equipment=equipment)


def _refitted(machine: MachineState, rule: Evidence[Any] | None) -> MachineState:
    """A machine whose signals or evidence are others now; half a look does not fit them."""
    fresh: Traits | None = None if rule is None else rule.initial()
    kept: Traits | None = machine.evidence
    same = fresh is not None and kept is not None and kept.kind == fresh.kind
    return replace(machine, evidence=kept if same else fresh, pending=None)


def _at_work(name: str, machine: MachineState, jobs: Mapping[str, JobRecord]) -> MachineState:
    """A machine with the job that waits at it: one that comes back finds its own."""
    if machine.current is not None:
        return machine
    job = next((one for one in jobs.values() if one.machine == name and not one.over), None)
    return machine if job is None else replace(machine, current=job.id, lapse=job.lapse)


def _machine(kept: dict[str, Any] | None, rule: Evidence[Any] | None) -> MachineState:
    fresh: Traits | None = None if rule is None else rule.initial()
    if kept is None:
        return MachineState(evidence=fresh)
    shown = kept["evidence"]
    machine = _MACHINE.validate_json(json.dumps({**kept, "evidence": None}))
    if fresh is None or shown is None or shown.get("kind") != fresh.kind:
        return replace(machine, evidence=fresh)
    return replace(machine, evidence=TypeAdapter(type(fresh)).validate_json(json.dumps(shown)))
