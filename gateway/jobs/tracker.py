"""The job tracker: pure ``advance`` and ``command`` over one immutable state."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.core.batches import Judged
from gateway.core.events import Detail, Event, EventKind
from gateway.core.signals import SignalId
from gateway.core.text import Text
from gateway.core.work import ItemState, Job, MachineStatus, Question
from gateway.jobs import apply_commands
from gateway.jobs import state as states
from gateway.jobs.apply import applied, handed_over, shows_work, takes
from gateway.jobs.equipment import MachineSpec, equipped
from gateway.jobs.evidence.contract import Evidence
from gateway.jobs.job.progress import Standing, begun, completed, settled, waits
from gateway.jobs.job.record import public
from gateway.jobs.moments import Moment
from gateway.jobs.samples import (
    Look,
    MachineState,
    asleep,
    framed,
    gathered,
    latest,
    moment,
    ticked,
)
from gateway.jobs.state import TrackerState
from gateway.jobs.wording import span

__all__ = ["JobTracker", "MachineSpec"]
PATIENCE = 5.0
"""Real seconds (at least) without any word from a machine until it counts as unknown."""


class JobTracker:
    """Implements ``gateway.core.ports.Tracker``.

    ``specs`` are the machines at its beginning; ``Equip`` brings others. ``lapse`` holds for
    machines that never had a job; a job brings its own.
    """

    def __init__(self, specs: Sequence[MachineSpec], lapse: int = 1) -> None:
        self.lapse = lapse
        self._equipment = equipped(specs)

    def initial(self) -> TrackerState:
        """The state of a gateway that has seen nothing."""
        return states.initial(self._equipment)

    def dump(self, state: TrackerState) -> bytes:
        """The state as it is kept."""
        return states.dump(state)

    def fixed(self, state: TrackerState, known: Container[str]) -> dict[str, bytes | None]:
        """The parts of it that never change again."""
        return states.fixed(state, known)

    def load(self, kept: bytes, fixed: Mapping[str, bytes] | None = None) -> TrackerState:
        """The state from what was kept. Raises JournalError."""
        return states.load(kept, self._equipment, fixed or {})

    def command(self, state: TrackerState, command: object) -> tuple[TrackerState, Sequence[Event]]:
        """What a command changes. Raises NotPossible; unknown commands are a bug."""
        return apply_commands.directed(state, command, state.equipment.rules)

    def advance(self, state: TrackerState, batch: Judged) -> tuple[TrackerState, Sequence[Event]]:
        """What a batch changes; one that was seen before changes nothing."""
        machine = state.machines.get(batch.machine)
        if machine is None or batch.seq0 <= machine.seq:
            return state, ()
        if machine.seq >= 0 and machine.at is not None and batch.at < machine.at:
            state = state.set_back(batch.machine, machine.at, batch.at)
        now, lapse = moment(machine, batch), machine.lapse or self.lapse
        t = ticked(machine, now, lapse)
        if asleep(machine, now):
            machine = replace(machine, unseen="reboot")
            state = state.with_machine(batch.machine, machine)
        if machine.opened is not None:
            if batch.at < machine.opened:
                passed = _Heard(batch.last_seq, now, now.mono, t, None)
                return state.with_machine(batch.machine, passed.by(machine)), ()
            machine = replace(machine, opened=None)
            state = state.with_machine(batch.machine, machine)
        rule = state.equipment.rules[batch.machine]
        roles = state.equipment.roles[batch.machine]
        pending, looks = gathered(machine.pending, batch, t, roles, now)
        heard = _Heard(batch.last_seq, now, latest(machine, now), t, pending)
        if rule is None:
            known = len(batch.marks) < len(batch.batch.signals)
            lost = None if known else machine.lost or batch.at
            return state.with_machine(batch.machine, heard.by(machine, known=known, lost=lost)), ()
        if not looks:
            return state.with_machine(batch.machine, heard.by(machine)), ()
        events: list[Event] = []
        for look in looks:
            state = self._look(state, batch.machine, rule, look, heard, events)
        return state, events

    def _look(  # noqa: PLR0917
        self,
        state: TrackerState,
        name: str,
        rule: Evidence[Any],
        look: Look,
        heard: _Heard,
        events: list[Event],
    ) -> TrackerState:
        """One look at a machine: its state, then the work that it shows, then its job."""
        machine = state.machines[name]
        before, answers = machine.evidence, look.values.get(rule.roles[0]) is not None
        frame = framed(
            look,
            machine.unseen if answers else "",
            machine.lapse or self.lapse,
            None if (plans := state.current(name)) is None else plans.real_per_piece,
        )
        after, found = rule.look(before, frame)
        known = machine.known
        machine = heard.by(machine, evidence=after, **_answering(machine, look, answers=answers))
        state = state.with_machine(name, machine)
        if (after.item, after.mode, machine.known) != (before.item, before.mode, known):
            events.append(_state_event(name, machine, rule, look))
        job = state.current(name)
        waiting = job is not None and waits(job) and takes(job, look.at)
        if waiting and job is not None and shows_work(job, after, found):
            job, moved = begun(job, look.at, machine.explained(rule, look.t))
            state = state.with_job(job)
            events.extend(moved)
        if found:
            state = applied(state, name, rule, found, at=look.at, events=events)
        return self._settle(state, name, rule, look, events) if answers else state

    def _settle(
        self,
        state: TrackerState,
        name: str,
        rule: Evidence[Any],
        look: Look,
        events: list[Event],
    ) -> TrackerState:
        job = state.current(name)
        if job is None or look.at < job.begins:
            return state
        item = state.machines[name].evidence.item
        why = (
            state.machines[name].explained(rule, look.t)
            if item is ItemState.OUT_OF_SERVICE
            else None
        )
        done, ended = completed(job, look.at)
        events.extend(ended)
        if not ended:
            machine = Standing(item, look.t, why)
            done, moved = settled(done, machine, look.at, grace=rule.grace)
            events.extend(moved)
        if done is job:
            return state
        state = state.with_job(done)
        return handed_over(state, name, rule, look.at, events) if ended else state

    def machines(self, state: TrackerState, now: datetime) -> tuple[MachineStatus, ...]:
        """Every machine as everyone outside sees it."""
        return tuple(self._status(state, name, now) for name in state.equipment.specs)

    def _status(self, state: TrackerState, name: str, now: datetime) -> MachineStatus:
        machine, rule = state.machines[name], state.equipment.rules[name]
        silent = 0.0 if machine.at is None else (now - machine.at).total_seconds()
        known = machine.known and silent < _patience(state, name)
        since = max(machine.lost or machine.at or now, machine.begins)
        lapse = machine.lapse or self.lapse
        if not known and (rule is None or machine.evidence.since is None):
            never = rule is not None or machine.lost is None
            because = _NEVER if never else _no_answer(machine, None, now, lapse)
            return MachineStatus(name, None, None, since, because, known=False, lapse=lapse)
        if rule is None:
            nothing = Text(
                "Für diese Maschine ist nicht eingerichtet, woran man Arbeit erkennt; "
                "ihre Werte werden nur aufgezeichnet.",
                "Nothing says what shows that this machine works; its values are only recorded.",
            )
            return MachineStatus(name, None, None, since, nothing, known=False, lapse=lapse)
        kept = machine.evidence
        if known:
            since = max(kept.since or since, machine.begins)
            because = machine.explained(rule, machine.t + max(0.0, silent) * lapse)
        else:
            last = machine.explained(rule, machine.t if machine.lost_t is None else machine.lost_t)
            because = _no_answer(machine, last, now, lapse)
        phase = rule.phase(kept)
        return MachineStatus(name, kept.item, kept.mode, since, because, known, phase, lapse)

    def jobs(self, state: TrackerState) -> tuple[Job, ...]:
        """Every job as everyone outside sees it, in the order in which they came."""
        shown: list[Job] = []
        for job in state.jobs.values():
            machine = state.machines.get(job.machine)
            rule = state.equipment.rules.get(job.machine)
            if machine is None or rule is None or machine.current != job.id:
                shown.append(public(job))
                continue
            kept = machine.evidence
            expected = rule.expected(kept, machine.t, job.per_run)
            shown.append(public(job, kept.run_at, expected))
        return tuple(shown)

    def questions(self, state: TrackerState) -> tuple[Question, ...]:
        """What only a person can answer, oldest first."""
        return tuple(state.questions.values())

    def thresholds(
        self, state: TrackerState, machine: str
    ) -> tuple[tuple[SignalId, float, Text], ...]:
        """The lines worth drawing into the charts of a machine."""
        rule = state.equipment.rules.get(machine)
        if rule is None:
            return ()
        ids = {role: signal for signal, role in state.equipment.roles[machine].items()}
        return tuple(
            (ids[role], value, means) for role, value, means in rule.thresholds() if role in ids
        )


def _patience(state: TrackerState, name: str) -> float:
    spec, roles = state.equipment.specs[name], state.equipment.roles[name]
    every = max((s.every for s in spec.signals if s.id in roles), default=1.0)
    return max(PATIENCE, 5 * every)


@dataclass(frozen=True, slots=True)
class _Heard:
    """What a batch leaves at its machine whatever it says; written together with the rest."""

    seq: int
    now: Moment
    mono: float
    t: float
    pending: Look | None

    def by(self, machine: MachineState, **more: Any) -> MachineState:
        return replace(
            machine,
            seq=self.seq,
            at=self.now.at,
            mono=self.mono,
            run=self.now.run,
            rebooted=False,
            synced=self.now.synced,
            t=self.t,
            pending=self.pending,
            **more,
        )


def _answering(machine: MachineState, look: Look, *, answers: bool) -> dict[str, Any]:
    """Whether the machine answers, and why what comes next may have passed unseen."""
    if answers:
        return {} if machine.known and not machine.unseen else _ANSWERS
    if machine.lost is not None:
        return {}
    unseen = machine.unseen or "connection"
    return {"known": False, "lost": look.at, "lost_t": look.t, "unseen": unseen}


_ANSWERS: dict[str, Any] = {"known": True, "lost": None, "lost_t": None, "unseen": ""}


def _state_event(name: str, machine: MachineState, rule: Evidence[Any], look: Look) -> Event:
    kept = machine.evidence
    because = machine.explained(rule, look.t)
    if not machine.known:
        because = _no_answer(machine, because, look.at, 1)
    details: dict[str, Detail] = {
        "state": int(kept.item),
        "mode": int(kept.mode),
        "known": machine.known,
        "because_de": because.de,
        "because_en": because.en,
    }
    return Event(EventKind.STATE, name, look.at, machine.current, details)


_NEVER = Text("Noch keine Antwort von der Maschine.", "No answer from the machine yet.")


def _no_answer(machine: MachineState, last: Text | None, now: datetime, lapse: int) -> Text:
    """The sentence about a machine that does not answer, with what was known of it at its loss.

    Both durations are of order time, as in every other sentence.
    """
    since = machine.lost or machine.at
    if since is None:
        return _NEVER
    silent = (now - max(since, machine.begins)).total_seconds()
    said = Text("Keine Antwort von der Maschine.", "No answer from the machine.")
    if silent >= 1:
        long = span(silent * lapse)
        said = Text(
            f"Seit {long.de} keine Antwort von der Maschine.",
            f"No answer from the machine for {long.en}.",
        )
    if last is None:
        return said
    return Text(f"{said.de} Zuletzt: {last.de}", f"{said.en} Last known: {last.en}")
