"""The tracker: jobs begin on evidence, lots leave when full, every state has its reason."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.events import EventKind
from gateway.core.signals import Value
from gateway.core.text import Text
from gateway.core.work import ItemState, JobState, Origin, Substate
from gateway.jobs.commands import (
    AddJob,
    Book,
    ChangeJob,
    CloseOrder,
    Command,
    ConfirmRate,
    End,
    FileJobs,
    Hold,
    Inbound,
    NotPossible,
    Opening,
    Resume,
    Start,
)
from gateway.jobs.tracker import JobTracker, MachineSpec
from tests.jobs.one_machine import BEGAN, Line, mill_evidence, signals

HIGH, LOADING, STANDBY = 2400.0, 1500.0, 400.0
RUN = [LOADING] * 4 + [HIGH] * 9


def play(line: Line, curve: list[float], since: float = 0.0) -> float:
    for i, watts in enumerate(curve):
        line.see(since + i * 0.1, power=watts)
    return since + len(curve) * 0.1


def states(line: Line) -> list[tuple[object, object]]:
    return [(e.details["state"], e.details["substate"]) for e in line.of(EventKind.JOB)]


# beginning


def test_released_job_waits_for_the_machine(mill: Line) -> None:
    mill.add()
    assert (mill.job.state, mill.job.substate) == (JobState.RELEASED, Substate.READY)
    assert mill.job.because.de == "Freigegeben: beginnt, sobald die Maschine arbeitet."
    play(mill, [STANDBY] * 20)
    assert mill.job.state is JobState.RELEASED
    play(mill, [HIGH] * 2, since=2.0)
    assert mill.job.state is JobState.RUNNING
    assert mill.job.started == mill.at(2.1)
    assert mill.job.because.de == (
        "In Arbeit: 0 von 2.400 Stück sind fertig, 12 Stück in 3 min 12 s (Plan 3 min 12 s)."
    )


def test_job_that_needs_input_waits_for_its_first_lot(mill: Line) -> None:
    mill.add(needs_input=True)
    assert (mill.job.state, mill.job.substate) == (JobState.RELEASED, Substate.WAITING)
    assert "Das erste Los von 600 Stück ist noch unterwegs" in mill.job.because.de
    play(mill, [STANDBY] * 3)
    mill.tell(Inbound("j-1", 600, mill.at(1)))
    assert (mill.job.state, mill.job.substate) == (JobState.RELEASED, Substate.READY)
    assert mill.job.inbound == 600


def test_planned_job_begins_only_after_its_release(mill: Line) -> None:
    mill.add(release=False)
    t = play(mill, RUN + [LOADING] * 2)
    assert (mill.job.state, mill.job.good) == (JobState.PLANNED, 0)
    mill.tell(Start("j-1", mill.at(t)))
    assert mill.job.state is JobState.RUNNING  # the machine shows it already
    play(mill, RUN + [LOADING] * 2, since=t)
    assert mill.job.good == 12


def test_add_twice_changes_nothing(mill: Line) -> None:
    mill.add()
    play(mill, RUN + [LOADING] * 2)
    before = mill.state
    assert mill.add(planned=7) == ()
    assert mill.state is before


def test_oldest_job_that_has_not_ended_is_the_current_one(mill: Line) -> None:
    mill.add("j-1", planned=12, lot=12)
    mill.add("j-2", planned=24, lot=24)
    play(mill, RUN * 2 + [LOADING] * 2)
    first, second = mill.tracker.jobs(mill.state)
    assert (first.good, first.state, first.substate) == (12, JobState.ENDED, Substate.COMPLETED)
    assert (second.good, second.state) == (12, JobState.RUNNING)


def test_machine_without_a_job_counts_for_itself_alone(mill: Line) -> None:
    play(mill, RUN * 3 + [LOADING] * 2)
    machine = mill.state.machines["m-1"]
    assert (machine.good, machine.runs_completed) == (36, 3)
    assert mill.tracker.jobs(mill.state) == ()
    assert {event.job for event in mill.events} == {None}


def test_what_the_machine_does_before_the_job_begins_is_not_its_own(mill: Line) -> None:
    mill.add(opening=Opening(good=24, runs=2), real=2.0)
    t = play(mill, RUN + [LOADING] * 4)
    assert (mill.job.good, mill.job.runs_completed) == (24, 2)
    assert mill.state.machines["m-1"].good == 12
    t = play(mill, [LOADING] * 10, since=t)
    play(mill, RUN + [LOADING] * 2, since=t)
    assert (mill.job.good, mill.job.runs_completed) == (36, 3)


def test_a_clock_that_is_set_back_does_not_put_off_what_has_begun(mill: Line) -> None:
    back = 86_400.0
    mill.add(planned=24, real=0.0)
    mill.add("j-2", planned=1200, real=0.0)
    t = play(mill, RUN)
    mill.mono0 += back
    play(mill, (RUN * 3)[4:] + [LOADING] * 2, since=t - back)
    first, second = mill.tracker.jobs(mill.state)
    assert (first.good, first.state) == (24, JobState.ENDED)
    assert (second.good, second.state) == (12, JobState.RUNNING)


def test_a_gap_over_which_the_clock_was_set_back_is_recorded_and_never_negative(mill: Line) -> None:
    mill.add()
    t = play(mill, RUN)
    mill.see(t, power=None)
    mill.mono0 += 3600.0
    play(mill, [HIGH] * 3, since=t + 10.0 - 3600.0)
    (gap,) = mill.job.gaps
    assert gap.start == gap.end == mill.at(t + 10.0 - 3600.0)
    (told,) = mill.of(EventKind.GAP)
    assert told.details["seconds"] == 0.0


def test_a_clock_that_is_set_back_begins_nothing_before_its_time(mill: Line) -> None:
    mill.add(real=3.0)
    t = play(mill, RUN)
    mill.mono0 += 1.0
    play(mill, [LOADING] * 4 + RUN[4:] + [LOADING] * 2, since=t - 1.0)
    assert mill.job.good == 0
    assert mill.state.machines["m-1"].good == 24


# lots


def test_lot_leaves_when_it_is_full(mill: Line) -> None:
    mill.add(planned=60, lot=24)
    play(mill, RUN * 5 + [LOADING] * 2)
    lots = mill.of(EventKind.LOT)
    assert [(e.details["number"], e.details["quantity"]) for e in lots] == [
        (1, 24),
        (2, 24),
        (3, 12),
    ]
    assert {e.details["origin"] for e in lots} == {"measured"}
    assert mill.job.departures == tuple(e.at for e in lots)
    assert (mill.job.state, mill.job.ended) == (JobState.ENDED, lots[-1].at)
    assert states(mill)[-1] == ("ended", "completed")
    assert mill.job.because.de == "Fertig: 60 von 60 Stück sind gut."


def test_booking_completes_a_lot_and_keeps_its_origin(mill: Line) -> None:
    mill.add(planned=48, lot=24)
    t = play(mill, RUN + [LOADING] * 2)
    mill.tell(Book("j-1", 12, 1, Origin.ENTERED, mill.at(t)))
    job = mill.job
    assert job.origins == {Origin.MEASURED: 12, Origin.ENTERED: 12}
    assert (job.good, job.scrap, job.departures) == (24, 1, (mill.at(t),))
    (lot,) = mill.of(EventKind.LOT)
    assert lot.details["origin"] == "entered"
    (booked,) = mill.of(EventKind.BOOKED)
    assert booked.details == {"good": 12, "scrap": 1, "origin": "entered"}


def test_booking_on_a_released_job_begins_and_completes_it(mill: Line) -> None:
    mill.add(planned=24, lot=24)
    mill.tell(Book("j-1", 24, 0, Origin.SIMULATED, mill.at(1)))
    assert states(mill) == [("released", "ready"), ("running", ""), ("ended", "completed")]
    assert len(mill.job.departures) == 1


def test_correction_takes_back_only_what_was_booked(mill: Line) -> None:
    mill.add()
    mill.tell(Book("j-1", 10, 0, Origin.ENTERED, mill.at(1)))
    mill.tell(Book("j-1", -4, 0, Origin.ENTERED, mill.at(2)))
    assert mill.job.origins == {Origin.ENTERED: 6}
    with pytest.raises(NotPossible, match="Not that much"):
        mill.tell(Book("j-1", -7, 0, Origin.ENTERED, mill.at(3)))
    with pytest.raises(NotPossible):
        mill.tell(Book("j-1", -1, 0, Origin.MEASURED, mill.at(3)))


def test_lot_that_went_to_the_reserve_shortens_the_job(mill: Line) -> None:
    mill.add(planned=48, lot=12)
    t = play(mill, RUN * 3 + [LOADING] * 2)
    mill.tell(ChangeJob("j-1", 36, mill.at(t)))
    assert (mill.job.state, mill.job.substate) == (JobState.ENDED, Substate.COMPLETED)
    assert len(mill.job.departures) == 3


# interruptions


def test_machine_that_stands_without_input_is_suspended(mill: Line) -> None:
    mill.add(planned=48, lot=24, needs_input=True)
    mill.tell(Inbound("j-1", 24, mill.at(0)))
    t = play(mill, RUN * 2 + [STANDBY] * 8)
    assert (mill.job.state, mill.job.substate) == (JobState.INTERRUPTED, Substate.SUSPENDED)
    assert mill.job.because.de.startswith("Wartet auf Anlieferung: 24 Stück")
    mill.tell(Inbound("j-1", 48, mill.at(t)))
    assert mill.job.substate is Substate.SUSPENDED  # resumed on evidence only
    play(mill, RUN + [LOADING] * 2, since=t)
    assert (mill.job.state, mill.job.good) == (JobState.RUNNING, 36)


def test_material_that_is_not_touched_turns_suspended_into_held(mill: Line) -> None:
    mill.add(planned=48, lot=24, needs_input=True)
    mill.tell(Inbound("j-1", 24, mill.at(0)))
    t = play(mill, RUN * 2 + [STANDBY] * 8)
    mill.tell(Inbound("j-1", 48, mill.at(t)))
    t = play(mill, [STANDBY] * 40, since=t)  # 576 s
    assert mill.job.substate is Substate.SUSPENDED
    play(mill, [STANDBY] * 4, since=t)
    assert (mill.job.state, mill.job.substate) == (JobState.INTERRUPTED, Substate.HELD)
    assert mill.job.because.de == (
        "Angehalten: Die Maschine steht seit 10 min, obwohl sie arbeiten könnte."
    )


def test_machine_that_stands_by_itself_is_held_after_the_grace_time(mill: Line) -> None:
    mill.add()
    t = play(mill, RUN + [STANDBY] * 40)
    assert mill.job.state is JobState.RUNNING
    t = play(mill, [STANDBY] * 10, since=t)
    assert (mill.job.state, mill.job.substate) == (JobState.INTERRUPTED, Substate.HELD)
    held = mill.of(EventKind.JOB)[-1]
    assert mill.at(t - 1) < held.at <= mill.at(t)
    play(mill, RUN, since=t)
    assert mill.job.state is JobState.RUNNING


def test_person_holds_and_resumes(mill: Line) -> None:
    mill.add()
    t = play(mill, RUN)
    mill.tell(Hold("j-1", mill.at(t)))
    assert (mill.job.state, mill.job.substate) == (JobState.INTERRUPTED, Substate.HELD)
    t = play(mill, [LOADING] * 4 + RUN, since=t)
    assert mill.job.state is JobState.INTERRUPTED  # evidence does not overrule a person
    assert mill.job.good == 12  # but what was made is counted
    mill.tell(Resume("j-1", mill.at(t)))
    assert mill.job.state is JobState.RUNNING
    assert states(mill)[1:] == [("running", ""), ("interrupted", "held"), ("running", "")]


def test_hold_before_the_start_takes_the_release_back(mill: Line) -> None:
    mill.add()
    mill.tell(Hold("j-1", mill.at(1)))
    assert mill.job.state is JobState.PLANNED
    mill.tell(Start("j-1", mill.at(2)))
    assert mill.job.state is JobState.RELEASED


def test_a_command_that_would_change_nothing_is_refused_and_changes_nothing(mill: Line) -> None:
    mill.add(release=False)
    nothing = {
        JobState.PLANNED: (Hold, Resume),
        JobState.RELEASED: (Start, Resume),
        JobState.RUNNING: (Start, Resume),
        JobState.INTERRUPTED: (Start, Hold),
    }
    t = 0
    for state, move in (
        (JobState.PLANNED, None),
        (JobState.RELEASED, Start),
        (JobState.RUNNING, None),
        (JobState.INTERRUPTED, Hold),
    ):
        if move is not None:
            mill.tell(move("j-1", mill.at(t)))
        if state is JobState.RUNNING:
            t = play(mill, RUN, since=t)
        assert mill.job.state is state
        before = mill.state
        commands: list[Command] = [kind("j-1", mill.at(t)) for kind in nothing[state]]
        commands += [
            Book("j-1", 0, 0, Origin.ENTERED, mill.at(t)),
            ConfirmRate("j-1", None, mill.at(t)),
        ]
        for command in commands:
            with pytest.raises(NotPossible) as refused:
                mill.tell(command)
            assert refused.value.why.de != refused.value.why.en
            assert mill.state is before, (state, command)
    mill.tell(ConfirmRate("j-1", timedelta(seconds=240), mill.at(t)))
    with pytest.raises(NotPossible):
        mill.tell(ConfirmRate("j-1", timedelta(seconds=240), mill.at(t)))


# ends


def test_end_by_hand_closes_a_running_job(mill: Line) -> None:
    mill.add()
    t = play(mill, RUN + [LOADING] * 2)
    mill.tell(End("j-1", mill.at(t)))
    assert (mill.job.state, mill.job.substate) == (JobState.ENDED, Substate.CLOSED)
    assert mill.job.because.de == "Von Hand beendet: 12 von 2.400 Stück sind gut."
    play(mill, RUN + [LOADING] * 2, since=t)
    assert mill.job.good == 12


def test_end_before_the_start_aborts(mill: Line) -> None:
    mill.add()
    mill.tell(End("j-1", mill.at(1)))
    assert mill.job.state is JobState.ABORTED


def test_closing_an_order_closes_its_jobs_whatever_they_do(mill: Line) -> None:
    mill.add("j-1", planned=12, lot=12)
    mill.add("j-2")
    mill.add("j-3")
    play(mill, RUN * 2 + [LOADING] * 2)
    mill.tell(CloseOrder("GA-17", mill.at(5)))
    shown = [(str(job.state), str(job.substate)) for job in mill.tracker.jobs(mill.state)]
    assert shown == [("ended", "closed"), ("ended", "closed"), ("aborted", "")]
    before = mill.state
    assert mill.tell(CloseOrder("GA-17", mill.at(6))) == ()
    assert mill.state is before


def test_next_order_takes_over_with_an_opening(mill: Line) -> None:
    mill.add("j-1")
    t = play(mill, RUN * 2 + RUN[:6])
    mill.tell(CloseOrder("GA-17", mill.at(t)))
    opening = Opening(good=600, runs=50, departures=(mill.at(-60),), run_began=None)
    mill.add("j-2", opening=opening, real=t)
    job = mill.job
    assert (job.state, job.good, job.runs_started) == (JobState.RUNNING, 600, 50)
    assert job.because.de.startswith("In Arbeit: 600 von 2.400 Stück")
    play(mill, RUN * 2 + [LOADING] * 2, since=t)
    assert mill.job.origins == {Origin.SIMULATED: 600, Origin.MEASURED: 24}
    assert mill.tracker.jobs(mill.state)[0].good == 24


@pytest.mark.parametrize("opening", [None, Opening(good=600, runs=50)])
@pytest.mark.parametrize("killed", [False, True])
def test_job_heard_of_after_it_began_records_the_stretch_in_between(
    mill: Line, killed: bool, opening: Opening | None
) -> None:
    mill.see(0.0, power=LOADING)
    if killed:
        mill.restart(0.0, 2.5)
    t = play(mill, RUN, since=3.0)
    mill.add(opening=opening, real=1.0, heard=t)
    (gap,) = mill.job.gaps
    assert (gap.start, gap.end) == (mill.at(1.0), mill.at(t))
    assert "kam hier erst an" in gap.why.de
    assert mill.of(EventKind.GAP)[-1].job == "j-1"


def test_job_heard_of_in_time_or_not_released_has_no_gap(mill: Line) -> None:
    t = play(mill, RUN)
    mill.add(real=t + 1.0, heard=t)
    assert mill.job.gaps == ()
    mill.tell(CloseOrder("GA-17", mill.at(t)))
    mill.add("j-2", real=t - 1.0, heard=t, release=False)
    assert mill.job.gaps == ()


def test_opening_that_is_complete_ends_at_once(mill: Line) -> None:
    mill.add(opening=Opening(good=2400, runs=200, departures=tuple(mill.at(-i) for i in range(4))))
    assert (mill.job.state, mill.job.substate) == (JobState.ENDED, Substate.COMPLETED)


STANDING = {
    "mill": {"power": STANDBY},
    "mill off": {"power": 50.0},
    "press": {"good_count": 701, "reject_count": 0, "running": False, "fault": False},
    "furnace": {"temperature": 30.0, "setpoint": 0.0}
    | {f"current_l{phase}": 0.0 for phase in (1, 2, 3)},
}


@pytest.mark.parametrize("name", STANDING)
@pytest.mark.parametrize("good", [0, 600, 2400])
@pytest.mark.parametrize("stood", [0.0, 200.0])
@pytest.mark.parametrize("lost", [False, True])
def test_no_duration_reaches_back_before_the_order_of_an_opening(
    request: pytest.FixtureRequest, name: str, good: int, stood: float, lost: bool
) -> None:
    """2400 is the whole quantity: such a job is over by its opening."""
    line: Line = request.getfixturevalue(name.split(maxsplit=1)[0])
    seen: dict[str, Value | None] = {**STANDING[name]}
    line.see(0.0, **seen)
    if lost:
        seen = dict.fromkeys(seen)
    for real in (stood + 1, stood + 2):
        line.see(real, **seen)
    line.add(opening=Opening(good=good, runs=good // 12), real=stood + 4, heard=stood + 2)
    for real in (stood + 3, stood + 4, stood + 8):
        line.see(real, **seen)
    status = line.status(stood + 9)
    assert status.since == line.at(stood + 4)
    told = re.findall(r"[Ss]eit ((?:\d+ (?:Tg\.|h|min|s) ?)+)", status.because.de)
    assert [one.strip() for one in told] in ([], ["12 min"])
    if lost or line.evidence.type == "power-runs":
        assert told


def test_what_is_booked_later_is_told_from_an_opening(mill: Line) -> None:
    mill.add(opening=Opening(good=588, runs=49))
    mill.tell(Book("j-1", 12, 0, Origin.SIMULATED, mill.at(5)))
    assert (mill.job.origins, mill.job.opening) == ({Origin.SIMULATED: 600}, 588)


def test_a_clock_set_back_takes_the_beginning_of_an_opening_with_it(mill: Line) -> None:
    mill.add(opening=Opening(good=600, runs=50))
    mill.see(1.0, power=STANDBY)
    mill.mono0 += 3600
    for real in (2.0, 3.0):
        mill.see(real - 3600, power=RUN[-1])
    assert mill.status(3.0 - 3600).since == mill.at(2.0 - 3600)


def test_without_an_opening_a_state_lasts_over_a_new_order(mill: Line) -> None:
    mill.see(0.0, power=STANDBY)
    mill.add(real=5.0)
    mill.see(10.0, power=STANDBY)
    assert mill.status(10.0).since == mill.at(0.0)
    assert "seit 24 min" in mill.status(10.0).because.de


def test_commands_that_do_not_fit_say_why(mill: Line) -> None:
    with pytest.raises(NotPossible) as unknown:
        mill.tell(Start("j-9", mill.at(0)))
    assert unknown.value.why.de == "Den Auftrag j-9 gibt es nicht."
    mill.add(planned=12, lot=12)
    play(mill, RUN + [LOADING] * 2)
    for command in (
        Book("j-1", 1, 0, Origin.ENTERED, mill.at(5)),
        Hold("j-1", mill.at(5)),
        ChangeJob("j-1", 24, mill.at(5)),
    ):
        with pytest.raises(NotPossible) as over:
            mill.tell(command)
        assert over.value.why.de == "Der Auftrag j-1 ist beendet und nimmt nichts mehr an."
    assert mill.tell(Inbound("j-1", 24, mill.at(6))) == ()  # news of the network may come late
    with pytest.raises(NotPossible):
        mill.tell(
            AddJob(
                *("x", "no-such-machine", None, None, Text("x", "x"), 1, 1, 1),
                timedelta(seconds=1),
                mill.at(0),
            )
        )
    with pytest.raises(TypeError):
        mill.tell("start")


def test_rate_confirmed_by_the_foreman_holds_and_can_be_taken_back(mill: Line) -> None:
    mill.add()
    play(mill, [LOADING])
    mill.tell(ConfirmRate("j-1", timedelta(seconds=240), mill.at(1)))
    assert mill.job.per_piece == timedelta(seconds=20)
    assert mill.job.planned_per_piece == timedelta(seconds=16)
    mill.tell(ConfirmRate("j-1", None, mill.at(2)))
    assert mill.job.per_piece == timedelta(seconds=16)
    with pytest.raises(NotPossible):
        mill.tell(ConfirmRate("j-1", timedelta(0), mill.at(3)))


def test_inbound_only_grows(mill: Line) -> None:
    mill.add(needs_input=True)
    mill.tell(Inbound("j-1", 1200, mill.at(1)))
    mill.tell(Inbound("j-1", 600, mill.at(2)))
    assert mill.job.inbound == 1200


def test_job_without_input_shows_no_inbound(mill: Line) -> None:
    mill.add()
    assert mill.job.inbound is None


def end_one_after_the_other(line: Line, names: list[str], order: str | None) -> None:
    for number, name in enumerate(names):
        line.add(name, planned=12, lot=12, order=order)
        line.tell(Book(name, 12, 0, Origin.ENTERED, line.at(number)))


def test_ended_jobs_are_forgotten_after_a_while(mill: Line) -> None:
    end_one_after_the_other(mill, [f"o-{n}" for n in range(60)], "GA-16")
    mill.add("j-now")
    jobs = mill.tracker.jobs(mill.state)
    assert len(jobs) == 41
    assert jobs[-1].id == "j-now"
    assert mill.state.ended == ()


def test_job_of_the_file_that_ended_long_ago_does_not_begin_again(mill: Line) -> None:
    names = [f"B-{n}" for n in range(60)]
    end_one_after_the_other(mill, names, None)
    mill.restart(60.0, 61.0)
    plain = AddJob("", "m-1", None, None, Text("", ""), 12, 12, 12, timedelta(seconds=1), BEGAN)
    in_the_file = tuple(replace(plain, job_id=name) for name in [*names[10:], "B-new"])
    mill.tell(FileJobs(in_the_file))
    waiting = [one for one in mill.tracker.jobs(mill.state) if one.state is JobState.RELEASED]
    assert [one.id for one in waiting] == ["B-new"]
    assert mill.state.ended == tuple(names[10:20])


def test_job_of_the_newest_order_is_remembered_however_many_end_after_it(mill: Line) -> None:
    end_one_after_the_other(mill, ["GA-17-AP1"], "GA-17")
    end_one_after_the_other(mill, [f"B-{n}" for n in range(60)], None)
    assert mill.tracker.jobs(mill.state)[0].id == "GA-17-AP1"


# machines


def test_batch_that_was_seen_before_changes_nothing(mill: Line) -> None:
    mill.add()
    batches = [mill.batch(i * 0.1, {"power": watts}) for i, watts in enumerate(RUN * 2)]
    for batch in batches:
        mill.take(batch)
    before, good = mill.state, mill.job.good
    for batch in batches:
        assert mill.take(batch) == ()
    assert mill.state is before
    assert mill.job.good == good == 12


def test_batches_of_a_machine_that_is_not_ours_change_nothing(mill: Line) -> None:
    stranger = Line(mill_evidence(), machine="m-2")
    before = mill.state
    assert mill.take(stranger.batch(0, {"power": 1.0})) == ()
    assert mill.state is before


def test_machine_without_evidence_makes_no_statement_about_its_state(mill: Line) -> None:
    mill.tracker = JobTracker([MachineSpec("m-1", signals("m-1", ("power",)), None)])
    mill.state = mill.tracker.initial()
    assert not mill.status(0).known
    mill.see(0, power=None)
    shown = mill.status(0)
    assert (shown.known, shown.state) == (False, None)
    mill.see(1, power=5.0)
    shown = mill.status(1)
    assert (shown.known, shown.state, shown.mode) == (False, None, None)
    assert "nur aufgezeichnet" in shown.because.de
    mill.see(2, power=None)
    mill.see(3, power=None)
    shown = mill.status(4)
    assert (shown.known, shown.since) == (False, mill.at(2))
    assert shown.because.de == "Seit 2,0 s keine Antwort von der Maschine."
    assert mill.tracker.load(mill.tracker.dump(mill.state)) == mill.state


def test_a_job_is_shown_although_nothing_says_any_more_what_its_machine_does(mill: Line) -> None:
    mill.add()
    mill.see(0, power=5.0)
    kept = mill.tracker.dump(mill.state)
    for machines in ([MachineSpec("m-1", signals("m-1", ("power",)), None)], []):
        mill.tracker = JobTracker(machines)
        mill.state = mill.tracker.load(kept)
        assert (mill.job.id, mill.job.run_began, mill.job.run_expected) == ("j-1", None, None)


def test_a_machine_that_never_answered_has_no_state(mill: Line) -> None:
    """NotAvailable would be a statement about the machine (OPC 40001-1), and nobody asked it."""
    assert (mill.status(0).state, mill.status(0).known) == (None, False)
    for t in (5, 10, 40):
        mill.see(t, power=None)
    shown = mill.status(41)
    assert (shown.state, shown.mode, shown.known, shown.since) == (None, None, False, mill.at(5))
    assert shown.because.de == "Noch keine Antwort von der Maschine."
    assert shown.lapse == 144


def test_a_machine_that_was_lost_is_unknown_since_its_loss(mill: Line) -> None:
    mill.see(0, power=5.0)
    mill.see(1, power=5.0)
    known_since = mill.status(1).since
    for t in (2, 12, 32):
        mill.see(t, power=None)
    shown = mill.status(33)
    assert (shown.known, shown.since) == (False, mill.at(2))
    assert shown.state is not None
    mill.see(34, power=5.0)
    assert mill.status(34).since == known_since


def test_the_last_sentence_of_a_lost_machine_does_not_age(mill: Line) -> None:
    """What was not measured has not lasted; all durations of a card are of order time."""
    for t in range(6):
        mill.see(t, power=5.0)
    last = mill.status(5).because.de
    for t in (6, 16, 36):
        mill.see(t, power=None)
    told = [mill.status(t) for t in (36, 37)]
    for shown, long in zip(told, ("1 h 12 min", "1 h 14 min"), strict=True):
        said, _, kept = shown.because.de.partition(" Zuletzt: ")
        assert said == f"Seit {long} keine Antwort von der Maschine."
        assert (kept, shown.lapse) == (told[0].because.de.partition(" Zuletzt: ")[2], 144)
    assert last[:20] in told[0].because.de
    assert "14 min" in told[0].because.de.partition(" Zuletzt: ")[2]


def test_every_event_of_a_state_says_why_in_both_languages(mill: Line) -> None:
    mill.add()
    play(mill, [STANDBY] * 3 + RUN * 2 + [STANDBY] * 60)
    told = mill.of(EventKind.STATE, EventKind.JOB)
    assert len(told) >= 5
    for event in told:
        for language in ("de", "en"):
            sentence = event.details[f"because_{language}"]
            assert isinstance(sentence, str)
            assert sentence.endswith(".")


def test_a_machine_whose_job_has_ended_stays_in_its_order_time(mill: Line) -> None:
    mill.reload = True
    mill.tracker = JobTracker([MachineSpec("m-1", mill.signals, mill.evidence)])
    mill.add(planned=12)
    ended = play(mill, [*RUN, LOADING, LOADING])
    assert mill.job.state is JobState.ENDED
    real = play(mill, [STANDBY] * 10, since=ended)  # two minutes of order time
    assert mill.status(real).state is ItemState.NOT_EXECUTING
