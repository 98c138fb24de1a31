"""Machines come, go and change while jobs run: what has not changed does not notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.config import Variant
from gateway.core.events import EventKind
from gateway.core.work import JobState, Origin
from gateway.jobs.commands import Book, End, Equip, Exchanged, NotPossible
from gateway.jobs.equipment import Equipment, MachineSpec, equipped
from gateway.jobs.evidence.power_runs import PowerRunsConfig
from gateway.jobs.tracker import JobTracker
from tests.jobs.one_machine import Line, mill_evidence, press_evidence, signals


def spec(name: str, evidence: Variant | None, *roles: str) -> MachineSpec:
    return MachineSpec(name, signals(name, roles or ("power",)), evidence)


def machines(line: Line, *more: MachineSpec) -> Equipment:
    """Those of a line as they are, and more."""
    return equipped([MachineSpec("m-1", line.signals, line.evidence), *more])


@pytest.fixture
def mill() -> Line:
    line = Line(mill_evidence())
    line.add(per_run=12, per_piece=90)
    for step in range(20):
        line.see(step * 0.1, power=2400.0)
    return line


def test_a_machine_beside_a_new_one_is_not_touched(mill: Line) -> None:
    before = mill.state
    mill.tell(Equip(machines(mill, spec("m-2", None))))
    assert mill.state.machines["m-1"] is before.machines["m-1"]
    assert mill.state.jobs == before.jobs
    assert {one.machine for one in mill.tracker.machines(mill.state, mill.at(2))} == {"m-1", "m-2"}


def test_a_new_machine_is_looked_at_from_its_first_batch_on(mill: Line) -> None:
    mill.tell(Equip(machines(mill, spec("m-2", mill_evidence()))))
    other = replace(mill, machine="m-2")  # its batches
    mill.take(other.batch(3.0, {"power": 2400.0}))
    assert mill.state.machines["m-2"].known


def test_without_the_command_a_stranger_says_nothing(mill: Line) -> None:
    before = mill.state
    assert mill.take(replace(mill, machine="m-2").batch(3.0, {"power": 2400.0})) == ()
    assert mill.state is before


def test_a_machine_that_is_gone_is_not_shown_and_its_job_stays(mill: Line) -> None:
    job = mill.job
    mill.tell(Equip(equipped([spec("m-2", None)])))
    assert [one.machine for one in mill.tracker.machines(mill.state, mill.at(2))] == ["m-2"]
    assert mill.take(mill.batch(3.0, {"power": 0.0})) == ()
    assert mill.state.jobs[job.id].state is JobState.RUNNING
    mill.tell(Book(job.id, 2, 0, Origin.ENTERED, mill.at(3)))
    mill.tell(End(job.id, mill.at(4)))
    assert [(one.good, one.state) for one in mill.tracker.jobs(mill.state)] == [
        (job.good + 2, JobState.ENDED)
    ]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_machine_that_comes_back_finds_its_job(mill: Line, restarted: bool) -> None:
    mill.tell(Equip(equipped([])))
    if restarted:
        kept = mill.tracker.dump(mill.state)
        mill.state = mill.tracker.load(kept)
    else:
        mill.tell(Equip(machines(mill)))
    assert mill.state.machines["m-1"].current == mill.job.id
    assert mill.state.machines["m-1"].lapse == mill.job.lapse


def test_another_threshold_holds_from_the_next_look_and_the_run_goes_on(mill: Line) -> None:
    assert isinstance(mill.evidence, PowerRunsConfig)
    before = mill.state.machines["m-1"].evidence
    lower = mill.evidence.model_copy(update={"run_above": 5000.0, "run_below": 4000.0})
    mill.tell(Equip(equipped([MachineSpec("m-1", mill.signals, lower)])))
    assert mill.state.machines["m-1"].evidence == before
    assert [value for _, value, _ in mill.tracker.thresholds(mill.state, "m-1")][:2] == [5000, 4000]


def test_evidence_of_another_kind_begins_anew_and_the_job_stays(mill: Line) -> None:
    job = mill.job
    roles = ("good-count", "reject-count", "running", "fault")
    mill.tell(Equip(equipped([MachineSpec("m-1", signals("m-1", roles), press_evidence())])))
    assert mill.state.machines["m-1"].evidence.kind == "counters"
    assert mill.state.machines["m-1"].current == job.id
    assert (mill.job.good, mill.job.state) == (job.good, JobState.RUNNING)


def test_half_a_look_of_the_signals_before_is_forgotten() -> None:
    press = Line(press_evidence())
    press.see(0.0, good_count=5)
    assert press.state.machines["m-1"].pending is not None
    fewer = signals("m-1", ("good-count", "running"))
    press.tell(Equip(equipped([MachineSpec("m-1", fewer, press.evidence)])))
    assert press.state.machines["m-1"].pending is None


def test_what_is_kept_is_the_same_whatever_the_machines_are_looked_at_with(mill: Line) -> None:
    plain = mill.tracker.dump(mill.state)
    mill.tell(Equip(machines(mill)))
    assert mill.tracker.dump(mill.state) == plain


def test_the_counter_of_another_device_counts_from_what_it_shows_first() -> None:
    press = Line(press_evidence())
    press.add(per_run=4, per_piece=8)
    for real, shown in ((0.0, 5_000), (0.3, 5_001), (0.6, 5_002)):
        press.see(real, good_count=shown, reject_count=0, running=True, fault=False)
    good = press.job.good
    told = press.tell(Exchanged("m-1", "Zählmodul, neue Nummer 4711", press.at(1)))
    assert [(one.kind, one.details["what"]) for one in told] == [
        (EventKind.DEVICE_EXCHANGED, "Zählmodul, neue Nummer 4711")
    ]
    for real, shown in ((60.0, 90_000), (60.3, 90_000), (60.6, 90_001), (60.9, 90_001)):
        press.see(real, good_count=shown, reject_count=0, running=True, fault=False)
    assert press.job.good == good + 4
    assert press.tracker.questions(press.state) == ()
    assert press.of(EventKind.COUNTER_JUMPED) == []


def test_a_run_goes_on_over_the_exchange_of_a_meter(mill: Line) -> None:
    before = mill.state.machines["m-1"].evidence
    mill.tell(Exchanged("m-1", "meter", mill.at(3)))
    assert mill.state.machines["m-1"].evidence == before


def test_a_device_of_nobody_is_not_exchanged(mill: Line) -> None:
    with pytest.raises(NotPossible) as refused:
        mill.tell(Exchanged("m-9", "meter", mill.at(3)))
    assert refused.value.why.en == "There is no machine m-9 here."


def test_the_machines_at_the_beginning_are_those_of_the_specs() -> None:
    assert set(JobTracker([spec("m-1", None)]).initial().equipment.specs) == {"m-1"}
