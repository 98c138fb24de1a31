"""What commands do to jobs: from a person, from the order network, from the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from gateway.core.events import Detail, Event, EventKind
from gateway.core.text import Text
from gateway.core.work import JobState, Origin, Substate
from gateway.jobs.add import Rules, added
from gateway.jobs.apply import handed_over, shows_work
from gateway.jobs.commands import (
    AddJob,
    Answer,
    Book,
    ChangeJob,
    CloseOrder,
    ConfirmRate,
    End,
    Equip,
    Exchanged,
    FileJobs,
    Hold,
    Inbound,
    NotPossible,
    Restarted,
    Resume,
    Start,
)
from gateway.jobs.job.progress import (
    Moved,
    Standing,
    above_plan,
    begun,
    changed,
    completed,
    counted,
    departed,
    finished,
    released,
    settled,
)
from gateway.jobs.job.record import JobRecord
from gateway.jobs.questions import answered
from gateway.jobs.state import TrackerState, equip
from gateway.jobs.wording import number, pieces

Result = tuple[TrackerState, Sequence[Event]]
NO_MORE = "nimmt nichts mehr an"


def directed(state: TrackerState, command: object, rules: Rules) -> Result:
    """The state after a command. Raises NotPossible, and TypeError for what is no command."""
    match command:
        case AddJob():
            return added(state, command, rules)
        case FileJobs():
            return _in_the_file(state, command, rules)
        case CloseOrder():
            return _close(state, command, rules)
        case Equip() | Exchanged() | Restarted():
            return _of_machines(state, command, rules)
        case Answer():
            return _answered(state, command, rules)
        case Book() | ChangeJob() | ConfirmRate() | End() | Hold() | Inbound() | Resume() | Start():
            return _on_job(state, command, rules)
    raise TypeError(f"not a command: {command!r}")


def _in_the_file(state: TrackerState, command: FileJobs, rules: Rules) -> Result:
    events: list[Event] = []
    for job in command.jobs:
        state, found = added(state, job, rules)
        events.extend(found)
    names = {job.job_id for job in command.jobs}
    return replace(state, ended=tuple(job for job in state.ended if job in names)), events


def _of_machines(
    state: TrackerState, command: Equip | Exchanged | Restarted, rules: Rules
) -> Result:
    if isinstance(command, Equip):
        state = equip(state, command.equipment)
        if command.jobs is None:
            return state, ()
        return _in_the_file(state, command.jobs, command.equipment.rules)
    if isinstance(command, Restarted):
        return _restarted(state, command), ()
    return _exchanged(state, command, rules)


def _exchanged(state: TrackerState, command: Exchanged, rules: Rules) -> Result:
    """The counters of a new device count from what they show first."""
    machine, rule = state.machines.get(command.machine), rules.get(command.machine)
    if machine is None:
        raise NotPossible(
            Text(
                f"Die Maschine {command.machine} gibt es hier nicht.",
                f"There is no machine {command.machine} here.",
            )
        )
    if rule is not None:
        machine = replace(machine, evidence=rule.exchanged(machine.evidence), pending=None)
        state = state.with_machine(command.machine, machine)
    details: dict[str, Detail] = {"what": command.what}
    said = Event(EventKind.DEVICE_EXCHANGED, command.machine, command.at, machine.current, details)
    return state, (said,)


def _restarted(state: TrackerState, command: Restarted) -> TrackerState:
    """What every machine did since its last look passed unseen; the next look says how long."""
    here = command.computer
    rebooted = here is not None and (not here or here != state.computer)
    machines = {
        name: machine
        if machine.at is None
        else replace(machine, unseen="restart", rebooted=machine.rebooted or rebooted)
        for name, machine in state.machines.items()
    }
    return replace(state, machines=machines, computer=here or state.computer)


def _answered(state: TrackerState, command: Answer, rules: Rules) -> Result:
    """A question is answered; pieces that it brings may complete the job."""
    question = state.questions.get(command.question)
    machine = "" if question is None else question.machine
    rule = rules.get(machine)
    state, found = answered(state, command, rule)
    events = list(found)
    job = None if question is None else state.jobs[question.job]
    if job is not None and not job.over:
        job, ended = completed(job, command.at)
        events.extend(ended)
        state = state.with_job(job)
        if ended:
            state = handed_over(state, machine, rule, command.at, events)
    return state, events


def _close(state: TrackerState, command: CloseOrder, rules: Rules) -> Result:
    events: list[Event] = []
    for job in tuple(state.jobs.values()):
        if job.order != command.order or job.substate is Substate.CLOSED:
            continue
        if job.state is JobState.ABORTED:
            continue
        because = Text(
            f"Geschlossen mit dem Auftrag {command.order}.",
            f"Closed with the order {command.order}.",
        )
        closed, moved = _stopped(job, because, command.at)
        events.extend(moved)
        state = state.with_job(closed)
        state = handed_over(state, job.machine, rules.get(job.machine), command.at, events)
    return state, events


def _stopped(job: JobRecord, because: Text, at: datetime) -> Moved:
    """Over before its quantity is complete: ended where it had begun, aborted where it had not."""
    if job.state in (JobState.PLANNED, JobState.RELEASED):
        return changed(job, JobState.ABORTED, Substate.NONE, because, at)
    return changed(job, JobState.ENDED, Substate.CLOSED, because, at)


JobCommand = Book | ChangeJob | ConfirmRate | End | Hold | Inbound | Resume | Start


def _on_job(state: TrackerState, command: JobCommand, rules: Rules) -> Result:
    job = state.jobs.get(command.job_id)
    if job is None:
        raise NotPossible(
            Text(
                f"Den Auftrag {command.job_id} gibt es nicht.", f"There is no job {command.job_id}."
            )
        )
    if job.over:
        if isinstance(command, Inbound):
            return state, ()
        if isinstance(command, Book) and command.origin is Origin.CORRECTED:
            done, moved = _booked(job, command)
            return state.with_job(done), moved
        raise NotPossible(
            Text(
                f"Der Auftrag {job.id} ist beendet und {NO_MORE}.",
                f"The job {job.id} has ended and takes nothing more.",
            )
        )
    rule, machine = rules.get(job.machine), state.machines.get(job.machine)
    done, moved = _acted(job, command)
    events = list(moved)
    done, ended = completed(done, command.at)
    events.extend(ended)
    here = rule is not None and machine is not None and machine.current == job.id
    here = here and command.at >= job.begins
    if here and machine is not None and rule is not None and machine.known:
        item = machine.evidence.item
        if not ended and shows_work(done, machine.evidence):
            done, moved = begun(done, command.at, machine.explained(rule, machine.t))
            events.extend(moved)
        done, moved = settled(
            done,
            Standing(item, machine.t, machine.explained(rule, machine.t)),
            command.at,
            grace=rule.grace,
        )
        events.extend(moved)
    state = state.with_job(done)
    if done.over:
        state = handed_over(state, job.machine, rule, command.at, events)
    return state, events


def _acted(job: JobRecord, command: JobCommand) -> Moved:
    moved: Moved = (job, ())
    match command:
        case Start():
            moved = _started(job, command.at)
        case Hold():
            moved = _held(job, command.at)
        case Resume():
            moved = _resumed(job, command.at)
        case End():
            moved = _stopped(job, _by_hand(job), command.at)
        case Inbound():
            arrived = max(command.pieces, job.inbound or 0)
            moved = replace(job, inbound=arrived), ()
        case Book():
            moved = _booked(job, command)
        case ChangeJob():
            moved = _another_quantity(job, command)
        case ConfirmRate():
            moved = _confirmed(job, command)
    return moved


def _started(job: JobRecord, at: datetime) -> Moved:
    if job.state is not JobState.PLANNED:
        raise NotPossible(
            Text(
                f"Der Auftrag {job.id} ist schon freigegeben.",
                f"The job {job.id} is released already.",
            )
        )
    substate = Substate.WAITING if job.exhausted else Substate.READY
    return changed(job, JobState.RELEASED, substate, released(job), at)


def _by_hand(job: JobRecord) -> Text:
    done, planned = number(job.good), pieces(job.planned)
    return Text(
        f"Von Hand beendet: {done.de} von {planned.de} sind gut.",
        f"Ended by hand: {done.en} of {planned.en} are good.",
    )


def _another_quantity(job: JobRecord, command: ChangeJob) -> Moved:
    if command.planned < 1:
        raise NotPossible(
            Text("Die Menge muss mindestens 1 sein.", "The quantity must be at least 1.")
        )
    return departed(replace(job, planned=command.planned), _last_origin(job), command.at)


def _last_origin(job: JobRecord) -> Origin:
    return max(job.origins, key=lambda one: job.origins[one], default=Origin.ENTERED)


def _held(job: JobRecord, at: datetime) -> Moved:
    why = Text("Von Hand angehalten.", "Held by hand.")
    if job.state is JobState.PLANNED:
        raise NotPossible(
            Text(
                f"Der Auftrag {job.id} ist nicht freigegeben: Es gibt nichts anzuhalten.",
                f"The job {job.id} is not released: there is nothing to hold.",
            )
        )
    if job.by_hand and job.substate is Substate.HELD:
        raise NotPossible(
            Text(
                f"Der Auftrag {job.id} ist schon angehalten.",
                f"The job {job.id} is held already.",
            )
        )
    if job.state is JobState.RELEASED:
        because = Text("Freigabe von Hand zurückgenommen.", "Release taken back by hand.")
        return changed(job, JobState.PLANNED, Substate.WAITING, because, at)
    job = replace(job, by_hand=True, idle_t=None)
    if job.state is JobState.RUNNING:
        return changed(job, JobState.INTERRUPTED, Substate.HELD, why, at)
    return changed(job, job.state, Substate.HELD, why, at)


def _resumed(job: JobRecord, at: datetime) -> Moved:
    if job.state is not JobState.INTERRUPTED:
        raise NotPossible(
            Text(f"Der Auftrag {job.id} ist nicht angehalten.", f"The job {job.id} is not held.")
        )
    job = replace(job, by_hand=False, idle_t=None)
    why = Text("Von Hand fortgesetzt.", "Resumed by hand.")
    return changed(job, JobState.RUNNING, Substate.NONE, why, at)


def _booked(job: JobRecord, command: Book) -> Moved:
    if command.origin is Origin.CORRECTED:
        return _corrected(job, command)
    above_plan(job, command.good, sure=command.above_plan)
    mine = job.origins.get(command.origin, 0)
    if not command.good and not command.scrap:
        raise NotPossible(
            Text("Null Teile sind keine Buchung.", "No pieces are nothing to be booked.")
        )
    if mine + command.good < 0 or job.scrap + command.scrap < 0:
        raise NotPossible(
            Text(
                "So viel ist mit dieser Herkunft nicht gebucht.",
                "Not that much is booked with this origin.",
            )
        )
    events: list[Event] = []
    at = command.at
    if job.state is JobState.RELEASED and command.good > 0:
        booked = pieces(command.good)
        because = Text(f"In Arbeit: {booked.de} sind gebucht.", f"Running: {booked.en} are booked.")
        job, moved = begun(job, at, because)
        events.extend(moved)
    events.append(_booking(job, command))
    job, left = counted(job, command.good, command.scrap, command.origin, at)
    return job, (*events, *left)


def _booking(job: JobRecord, command: Book) -> Event:
    details: dict[str, Detail] = {
        "good": command.good,
        "scrap": command.scrap,
        "origin": str(command.origin),
    }
    return Event(EventKind.BOOKED, job.machine, command.at, job.id, details)


def _corrected(job: JobRecord, command: Book) -> Moved:
    """Less than was booked, as an entry of its own; never less than has left."""
    if command.good > 0 or command.scrap > 0:
        raise NotPossible(
            Text(
                "Eine Korrektur nimmt Stücke weg. Mehr Stücke werden gebucht.",
                "A correction takes pieces away. More pieces are booked.",
            )
        )
    if job.good + command.good < job.gone:
        left, least = pieces(job.gone), number(job.good - job.gone)
        raise NotPossible(
            Text(
                f"{left.de} haben den Betrieb schon verlassen: Weniger gute Stücke können es nicht "
                f"werden. Höchstens {least.de} lassen sich wegnehmen.",
                f"{left.en} have left the firm already: there cannot be fewer good ones. At most "
                f"{least.en} can be taken away.",
            )
        )
    if job.scrap + command.scrap < 0:
        raise NotPossible(
            Text(
                f"So viel Ausschuss ist nicht gebucht: Es sind {number(job.scrap).de}.",
                f"Not that much scrap is booked: it is {number(job.scrap).en}.",
            )
        )
    mine = job.origins.get(Origin.CORRECTED, 0) + command.good
    origins = {**job.origins, Origin.CORRECTED: mine} if mine else job.origins
    done = replace(job, origins=origins, scrap=job.scrap + command.scrap)
    for says in (finished, _by_hand):
        if job.because == says(job):
            done = replace(done, because=says(done))
    return done, (_booking(job, command),)


def _confirmed(job: JobRecord, command: ConfirmRate) -> Moved:
    per_run = None if command.per_run is None else command.per_run.total_seconds()
    if per_run is not None and per_run <= 0:
        raise NotPossible(
            Text("Die Zeit je Lauf muss größer als 0 sein.", "The time per run must be above 0.")
        )
    if per_run == job.confirmed_run and (per_run is not None or job.degraded_run is None):
        raise NotPossible(
            Text("Diese Zeit je Lauf gilt schon.", "This time per run holds already.")
        )
    rate = per_run if per_run is not None else job.degraded_run
    job = replace(job, confirmed_run=per_run, cycles=())
    if rate is None:
        return job, ()
    details: dict[str, Detail] = {"evidence": job.degraded, "rate_seconds": rate, "confirmed": True}
    return job, (Event(EventKind.DEGRADED, job.machine, command.at, job.id, details),)
