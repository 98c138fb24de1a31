"""Charges of a furnace, driven by the simulator's own physics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.batches import Clock
from gateway.core.events import EventKind
from gateway.core.text import Text
from gateway.core.work import ItemState, JobState, OperationMode, Origin, Substate
from gateway.jobs.commands import ConfirmRate, Inbound, Opening
from simulators.physics.furnace import Furnace, Recipe, Stage, charge, idle, moment
from tests.jobs.one_machine import Line, furnace_evidence

ALL = (True, True, True)
TWO = (True, False, True)
POLL = 0.25
CHARGE = 270 * 60.0
VOLT = 230.0


@dataclass
class Hall:
    """A furnace of the simulator: charges one after another; ``stages`` lie in order time."""

    furnace: Furnace = field(default_factory=Furnace)
    recipe: Recipe = field(default_factory=Recipe)
    stages: list[Stage] = field(default_factory=list)

    @property
    def end(self) -> float:
        return self.stages[-1].end if self.stages else 0.0

    @property
    def temperature(self) -> float:
        return moment(self.furnace, self.stages[-1], self.end).temperature if self.stages else 20.0

    def burn(self, alive: tuple[bool, ...] = ALL) -> Hall:
        begin, warm = self.end, self.temperature
        self.stages += charge(self.furnace, self.recipe, begin, warm, alive)
        return self

    def wait(self, seconds: float) -> Hall:
        begin, warm = self.end, self.temperature
        self.stages.append(idle(self.furnace, begin, begin + seconds, warm, ALL))
        return self

    def seen(self, order: float) -> dict[str, float]:
        stage = next((s for s in self.stages if order < s.end), self.stages[-1])
        now = moment(self.furnace, stage, order)
        amps = [round(watts / VOLT, 2) for watts in now.heating]
        return {
            "temperature": round(now.temperature, 1),
            "setpoint": round(now.setpoint, 1),
            "current_l1": amps[0],
            "current_l2": amps[1],
            "current_l3": amps[2],
        }


def watch(line: Line, hall: Hall, begin: float, end: float, poll: float = POLL) -> None:
    """Poll from order time to order time; real time is order time over the lapse."""
    real = begin / line.lapse
    while real * line.lapse < end:
        line.see(real, **hall.seen(real * line.lapse))
        real += poll


def add(line: Line, *, opening: Opening | None = None, planned: int = 2400) -> None:
    line.add(
        planned=planned,
        lot=600,
        per_run=600,
        per_piece=27,
        needs_input=True,
        opening=opening,
    )


def phases(line: Line, hall: Hall, end: float) -> Sequence[str]:
    seen: list[str] = []
    real = 0.0
    while real * line.lapse < end:
        line.see(real, **hall.seen(real * line.lapse))
        phase = line.status(real).phase
        if phase is not None and (not seen or seen[-1] != phase.de):
            seen.append(phase.de)
        real += POLL
    return seen


def test_a_whole_charge_is_recognised_and_makes_its_pieces(furnace: Line) -> None:
    hall = Hall().wait(1800).burn().wait(3600)
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    seen = phases(furnace, hall, 1800 + CHARGE + 3600)
    assert seen == [
        "Kalt",
        "Aufheizen",
        "Halten",
        "Abschrecken",
        "Anlassen",
        "Entladen und Beladen",
        "Kalt",
    ]
    job = furnace.job
    assert (job.good, job.runs_started, job.runs_completed) == (600, 1, 1)
    assert job.origins == {Origin.MEASURED: 600}
    (finished,) = furnace.of(EventKind.RUN_FINISHED)
    assert finished.details["seconds"] == pytest.approx(CHARGE, abs=200)
    assert finished.details["partial"] is False
    assert job.departures == (finished.at,)
    assert (job.state, job.substate) == (JobState.INTERRUPTED, Substate.SUSPENDED)
    assert job.because.de == "Wartet auf Anlieferung: 600 Stück sind eingetroffen und verarbeitet."


def test_four_charges_in_a_row_are_exactly_four(furnace: Line) -> None:
    hall = Hall().burn().burn().burn().burn().wait(3600)
    add(furnace)
    furnace.tell(Inbound("j-1", 2400, furnace.at(0)))
    watch(furnace, hall, 0, hall.end)
    assert (furnace.job.good, furnace.job.runs_completed) == (2400, 4)
    assert furnace.job.state is JobState.ENDED
    assert furnace.job.gaps == ()
    ends = [stage.end / 144 for stage in hall.stages if stage.phase == "handling"]
    for departed, true in zip(furnace.job.departures, ends, strict=True):
        # cold a little before the program's clock is through: two minutes of order time
        assert abs((departed - furnace.at(true)).total_seconds()) * 144 < 200


def test_running_charge_says_when_it_began_and_how_long_it_takes(furnace: Line) -> None:
    hall = Hall().burn().wait(60)
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    for begin, end in ((0, 1_000), (1_000, 5_000), (5_000, 12_000)):
        watch(furnace, hall, begin, end)
        assert furnace.job.run_began == furnace.at(0)
        assert furnace.job.run_expected == timedelta(minutes=270)
    watch(furnace, hall, 12_000, hall.end)
    assert (furnace.job.run_began, furnace.job.run_expected) == (None, None)


def test_element_that_burns_out_slows_the_running_charge_and_all_later_ones(furnace: Line) -> None:
    hall = Hall().burn().burn(TWO)
    add(furnace)
    furnace.tell(Inbound("j-1", 2400, furnace.at(0)))
    watch(furnace, hall, 0, CHARGE)
    assert furnace.job.degraded is None
    assert furnace.job.per_piece == timedelta(seconds=27)
    watch(furnace, hall, CHARGE, CHARGE + 120)
    job = furnace.job
    assert (job.state, job.degraded) == (JobState.RUNNING, "phase_lost")
    assert job.run_expected == timedelta(minutes=315)
    assert job.per_piece * 600 == timedelta(minutes=315)
    (event,) = furnace.of(EventKind.DEGRADED)
    assert event.details == {
        "evidence": "phase_lost",
        "rate_seconds": 18_900.0,
        "confirmed": False,
    }
    # two looks after the ramp began: well below ten seconds of real time
    assert (event.at - furnace.at(CHARGE / 144)).total_seconds() <= 3 * POLL
    shown = furnace.status(CHARGE / 144 + 0.8)
    assert shown.state is ItemState.EXECUTING
    assert "Phase L2 führt nur 0,0 A, die anderen 52 A" in shown.because.de
    assert job.because.de == (
        "In Arbeit, aber langsamer: Ein Heizelement ist ausgefallen, eine Charge dauert "
        "5 h 15 min statt 4 h 30 min. 600 von 2.400 Stück sind fertig."
    )
    watch(furnace, hall, CHARGE + 120, hall.end + 60)
    assert furnace.job.good == 1200
    assert hall.end - CHARGE == pytest.approx(315 * 60, abs=120)
    second = furnace.of(EventKind.RUN_FINISHED)[1]
    assert second.details["seconds"] == pytest.approx(315 * 60, abs=250)


def test_new_element_recovers_at_the_next_ramp(furnace: Line) -> None:
    hall = Hall().burn(TWO).burn()
    add(furnace)
    furnace.tell(Inbound("j-1", 2400, furnace.at(0)))
    watch(furnace, hall, 0, hall.stages[4].end)
    assert furnace.job.degraded == "phase_lost"
    watch(furnace, hall, hall.stages[4].end, hall.stages[4].end + 150)
    assert furnace.job.degraded is None
    assert furnace.job.per_piece == timedelta(seconds=27)
    assert furnace.job.run_expected == timedelta(minutes=270)
    assert len(furnace.of(EventKind.RECOVERED)) == 1


def test_foreman_confirms_and_corrects_the_rate(furnace: Line) -> None:
    hall = Hall().burn(TWO)
    add(furnace)
    furnace.tell(Inbound("j-1", 2400, furnace.at(0)))
    watch(furnace, hall, 0, 300)
    furnace.tell(ConfirmRate("j-1", None, furnace.at(3)))
    assert furnace.of(EventKind.DEGRADED)[-1].details["confirmed"] is True
    assert furnace.job.per_piece * 600 == timedelta(minutes=315)
    furnace.tell(ConfirmRate("j-1", timedelta(minutes=330), furnace.at(4)))
    assert furnace.job.per_piece * 600 == timedelta(minutes=330)
    assert furnace.job.run_expected == timedelta(minutes=330)


def test_without_a_declared_rate_a_dead_phase_holds_the_job() -> None:
    line = Line(furnace_evidence(declared=False))
    hall = Hall().burn(TWO)
    add(line)
    line.tell(Inbound("j-1", 600, line.at(0)))
    watch(line, hall, 0, 300)
    assert line.status(2).state is ItemState.OUT_OF_SERVICE
    assert (line.job.state, line.job.substate) == (JobState.INTERRUPTED, Substate.HELD)
    line.tell(ConfirmRate("j-1", timedelta(minutes=320), line.at(2)))
    watch(line, hall, 300, hall.end + 100)
    assert line.job.good == 600


def test_overdue_ramp_moves_the_expected_end_without_any_other_evidence() -> None:
    """All three phases carry current, but heating is slow: the safety net."""
    line = Line(furnace_evidence())
    hall = Hall(Furnace(element=8_000.0)).burn()
    add(line)
    line.tell(Inbound("j-1", 600, line.at(0)))
    watch(line, hall, 0, 68 * 60)
    assert line.job.run_expected == timedelta(minutes=270)
    watch(line, hall, 68 * 60, 100 * 60)
    assert line.job.degraded is None
    assert line.job.run_expected is not None
    assert line.job.run_expected > timedelta(minutes=300)
    assert "überfällig um" in line.status(100 * 60 / 144).because.de


@pytest.mark.parametrize("into", [10, 60, 80, 102, 150, 200, 235, 245, 262])
def test_charge_of_an_opening_is_recognised_at_its_end(furnace: Line, into: int) -> None:
    hall = Hall().burn().wait(3600)
    began = furnace.at(0)
    opening = Opening(good=600, runs=1, departures=(furnace.at(-10),), run_began=began)
    watch(furnace, hall, 0, 30)  # what stood there before belongs to another order
    real = into * 60 / 144
    add(furnace, opening=opening)
    furnace.tell(Inbound("j-1", 1200, furnace.at(real)))
    assert furnace.job.state is JobState.RUNNING
    assert furnace.job.run_began == began
    for begin in range(into * 60, int(CHARGE) - 600, 600):
        watch(furnace, hall, begin, begin + 600)
        assert furnace.job.run_expected == timedelta(minutes=270)
    watch(furnace, hall, int(CHARGE) - 600, hall.end)
    job = furnace.job
    assert (job.good, job.runs_completed, job.runs_started) == (1200, 2, 2)
    assert job.origins == {Origin.SIMULATED: 600, Origin.MEASURED: 600}
    assert len(job.departures) == 2
    (finished,) = furnace.of(EventKind.RUN_FINISHED)
    assert finished.details["seconds"] == pytest.approx(CHARGE, abs=200)


@pytest.mark.parametrize(("alive", "mended"), [(TWO, False), (ALL, True)])
def test_opening_tells_of_a_dead_phase_before_the_furnace_heats(
    furnace: Line, alive: tuple[bool, ...], mended: bool
) -> None:
    """In tempering nothing shows it; the next ramp confirms it, or shows that it was mended."""
    hall = Hall().burn(TWO).burn(alive)
    first = hall.stages[4].end  # the charge under way
    opening = Opening(good=600, runs=1, run_began=furnace.at(0), degraded=True)
    add(furnace, opening=opening)
    assert (furnace.job.degraded, furnace.job.per_piece) == (
        "phase_lost",
        timedelta(minutes=315) / 600,
    )
    furnace.tell(Inbound("j-1", 1800, furnace.at(200 * 60 / 144)))
    watch(furnace, hall, 200 * 60, first - 600)
    assert furnace.job.run_expected == timedelta(minutes=315)
    watch(furnace, hall, first - 600, first + 1800)
    assert furnace.job.degraded == (None if mended else "phase_lost")
    assert len(furnace.of(EventKind.DEGRADED)) == 1
    assert len(furnace.of(EventKind.RECOVERED)) == int(mended)


@pytest.mark.parametrize("into", [10, 80, 150, 240])
@pytest.mark.parametrize("before", [0, 30, 80, 102, 200, 240])
def test_what_was_read_before_an_opening_says_nothing_of_its_charge(
    furnace: Line, before: int, into: int
) -> None:
    """Batches on their way when the order came show the furnace as it stood before."""
    hall = Hall().burn().wait(3600)
    watch(furnace, hall, 0, before * 60 + 30)
    jump = before * 60 / 144 + 1.0  # real seconds
    began = furnace.at(jump - into * 60 / 144)
    furnace.add(
        planned=1200,
        lot=600,
        per_run=600,
        per_piece=27,
        opening=Opening(good=600, runs=1, departures=(furnace.at(-10),), run_began=began),
        real=jump + 1.0,
        heard=jump,
    )
    furnace.see(jump - 0.1, **hall.seen(before * 60 + 30))
    shift = jump - into * 60 / 144
    real = jump + 0.05
    while (real - shift) * 144 < CHARGE + 1800:
        furnace.see(real, **hall.seen((real - shift) * 144))
        real += POLL
        if furnace.job.good == 600:
            assert furnace.job.run_began == began
            assert furnace.job.run_expected is not None
            late = furnace.job.run_expected - timedelta(minutes=270)
            assert timedelta() <= late <= timedelta(minutes=1), "a look later at most"
    assert (furnace.job.good, furnace.job.runs_completed) == (1200, 2)


def test_jump_of_the_furnace_with_an_opening_counts_nothing_for_it(furnace: Line) -> None:
    """A keyframe: the furnace stands in tempering, then suddenly in the ramp of another order."""
    first, second = Hall().burn(), Hall().burn().wait(600)
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    watch(furnace, first, 0, 200 * 60)
    began = furnace.at(200 * 60 / 144 - 5.0)
    furnace.add(
        "j-2",
        planned=2400,
        lot=600,
        per_run=600,
        per_piece=27,
        needs_input=True,
        real=200 * 60 / 144,
        opening=Opening(good=600, runs=1, run_began=began),
    )
    assert [job.id for job in furnace.tracker.jobs(furnace.state)] == ["j-1", "j-2"]
    assert furnace.job.good == 600
    assert second.end > 0


# gaps


def test_short_silence_hides_no_phase(furnace: Line) -> None:
    hall = Hall().burn().wait(600)
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    watch(furnace, hall, 0, 5_000)
    watch(furnace, hall, 5_200, hall.end)
    assert furnace.job.gaps == ()
    assert furnace.job.good == 600


@pytest.mark.parametrize("begin", [30, 60, 95, 105, 180, 225, 240])
@pytest.mark.parametrize("length", [8, 40, 90])
def test_charge_around_a_restart_counts_once_and_the_gap_is_recorded(
    furnace: Line, begin: int, length: int
) -> None:
    hall = Hall().burn().burn().wait(3600)
    add(furnace)
    furnace.tell(Inbound("j-1", 1200, furnace.at(0)))
    watch(furnace, hall, 0, begin * 60)
    furnace.restart(begin * 60 / 144, (begin + length) * 60 / 144)
    watch(furnace, hall, (begin + length) * 60, hall.end)
    assert len(furnace.job.gaps) == 1
    assert furnace.of(EventKind.GAP)[0].details["why"] == "restart"
    assert (furnace.job.good, furnace.job.runs_completed) == (1200, 2)


def test_night_of_a_computer_whose_clock_stood_still_loses_the_charge_and_says_so(
    furnace: Line,
) -> None:
    """It wakes up in the next charge, with a time behind its last reading."""
    furnace.clock = Clock.UNSYNCED
    hall = Hall().burn(ALL).burn(ALL)
    add(furnace)
    watch(furnace, hall, 0, 80 * 60)
    second = CHARGE + 30 * 60  # heating again
    furnace.restart(80 * 60 / 144, second / 144)
    furnace.behind = (second - 70 * 60) / 144
    watch(furnace, hall, second, second + 5 * 60)
    assert furnace.job.good == 0
    gaps = [event.details["why"] for event in furnace.of(EventKind.GAP)]
    assert gaps == ["reboot"]


def test_charge_is_lost_with_a_gap_into_which_another_fits(furnace: Line) -> None:
    hall = Hall().burn().burn().burn().wait(3600)
    add(furnace)
    furnace.tell(Inbound("j-1", 1800, furnace.at(0)))
    watch(furnace, hall, 0, 120 * 60)
    furnace.restart(120 * 60 / 144, 400 * 60 / 144)
    watch(furnace, hall, 400 * 60, hall.end)
    assert len(furnace.job.gaps) == 1
    assert furnace.job.runs_completed == 2  # the one it came back to, and the next


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_never_more_charges_than_there_were_and_fewer_only_beside_a_gap(seed: int) -> None:
    chance, line = Random(seed), Line(furnace_evidence())
    hall = Hall().wait(chance.uniform(60, 3000))
    for _ in range(3):
        hall.burn(TWO if chance.random() < 0.3 else ALL).wait(chance.uniform(1, 5000))
    hall.wait(600)
    add(line, planned=6000)
    line.tell(Inbound("j-1", 6000, line.at(0)))
    real = 0.0
    while real * 144 < hall.end:
        line.see(real, **hall.seen(real * 144))
        step = chance.uniform(0.2, 0.3)
        if chance.random() < 0.01:
            step += chance.uniform(1, 60)
            line.restart(real, real + step)
        real += step
    done = line.job.runs_completed
    assert done <= 3
    assert done == 3 or line.job.gaps
    assert line.job.good == 600 * done


def test_unplugged_meter_leaves_the_phases_to_the_controller(furnace: Line) -> None:
    hall = Hall().burn().wait(600)
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    real = 0.0
    while real * 144 < hall.end:
        seen: dict[str, float | None] = dict(hall.seen(real * 144))
        if real > 5:
            seen |= dict.fromkeys(("current_l1", "current_l2", "current_l3"))
        furnace.see(real, **seen)
        real += POLL
    assert furnace.status(real).known
    assert furnace.job.good == 600
    assert furnace.of(EventKind.DEGRADED) == []


def test_ramp_that_is_stopped_is_no_charge(furnace: Line) -> None:
    hall = Hall().burn()
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    watch(furnace, hall, 0, 1_800)
    for i in range(2_000):
        cold = max(20.0, 240.0 - i)
        furnace.see(12.5 + i / 4, **{**dict.fromkeys(hall.seen(0), 0.0), "temperature": cold})
    assert furnace.job.runs_completed == 0
    assert furnace.status(520).state is ItemState.NOT_EXECUTING


def test_charge_that_was_never_tempered_is_none_however_long_it_cools(furnace: Line) -> None:
    """It was hot and quenched, then it stood for two hours and became cold: no good pieces."""
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    minute = 60 / 144
    seen = set[str]()
    for at in range(300):
        warm = min(20.0 + 12.5 * at, 860.0) if at < 100 else max(20.0, 860.0 - 5 * (at - 100))
        wanted, amps = (860.0, 30.0) if 1 <= at < 100 else (0.0, 0.0)
        currents = dict.fromkeys(("current_l1", "current_l2", "current_l3"), amps)
        furnace.see(at * minute, temperature=warm, setpoint=wanted, **currents)
        shown = furnace.status(at * minute)
        seen.add("" if shown.phase is None else shown.phase.en)
        works = shown.state is ItemState.EXECUTING
        assert shown.mode is (OperationMode.PROCESSING if works else OperationMode.NONE)
    assert seen == {"Cold", "Heating up", "Soaking", "Quenching"}
    assert (furnace.job.runs_started, furnace.job.runs_completed, furnace.job.good) == (1, 0, 0)
    assert furnace.status(299 * minute).phase == Text("Kalt", "Cold")


@pytest.mark.parametrize("blink", [30, 110, 220])
def test_blink_of_the_gateway_tempers_no_charge(furnace: Line, blink: int) -> None:
    """It was away for two minutes; the charge is old enough, but was seen never to be tempered."""
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    minute = 60 / 144
    for at in range(300):
        warm = min(20.0 + 12.5 * at, 860.0) if at < 100 else max(20.0, 860.0 - 5 * (at - 100))
        wanted, amps = (860.0, 30.0) if 1 <= at < 100 else (0.0, 0.0)
        currents = dict.fromkeys(("current_l1", "current_l2", "current_l3"), amps)
        if at == blink:
            furnace.restart((at - 1) * minute, (at + 1) * minute)
        elif at != blink + 1:
            furnace.see(at * minute, temperature=warm, setpoint=wanted, **currents)
    assert furnace.of(EventKind.GAP)[0].details["why"] == "restart"
    assert (furnace.job.runs_started, furnace.job.runs_completed, furnace.job.good) == (1, 0, 0)


@pytest.mark.parametrize(
    ("tempered", "level", "charges"),
    [
        pytest.param(40, 250.0, 0, id="not long enough"),
        pytest.param(70, 250.0, 1, id="long enough"),
        pytest.param(70, 236.0, 1, id="just warm enough"),
        pytest.param(120, 234.0, 0, id="not warm enough"),
        pytest.param(120, 40.0, 0, id="its heating has failed"),
        pytest.param(120, 400.0, 0, id="far too hot"),
    ],
)
def test_tempering_counts_from_half_its_planned_time_at_its_temperature_on(
    furnace: Line, tempered: int, level: float, charges: int
) -> None:
    """Two hours at 250 °C are planned; in minutes of order time."""
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    minute = 60 / 144
    for at in range(250 + tempered):
        wanted, amps = 0.0, 0.0
        if at < 100:
            warm = min(20.0 + 12.5 * at, 860.0)
            wanted, amps = (860.0, 30.0) if at else (0.0, 0.0)
        elif at < 130:
            warm = max(250.0, 860.0 - 40 * (at - 100))
        elif at < 130 + tempered:
            warm, wanted = 250.0 if at == 130 else level, 250.0
        else:
            warm = max(20.0, 250.0 - 25 * (at - 130 - tempered))
        currents = dict.fromkeys(("current_l1", "current_l2", "current_l3"), amps)
        furnace.see(at * minute, temperature=warm, setpoint=wanted, **currents)
    assert furnace.job.runs_completed == charges
    assert furnace.job.good == 600 * charges


@pytest.mark.parametrize(("warm", "phase", "begun"), [(125.0, "Cold", 0), (126.0, "Tempering", 1)])
def test_a_furnace_that_is_first_seen_warm_tempers_from_half_the_way_on(
    furnace: Line, warm: float, phase: str, begun: int
) -> None:
    add(furnace)
    furnace.tell(Inbound("j-1", 600, furnace.at(0)))
    furnace.see(0, temperature=warm, setpoint=250.0, current_l1=5.0, current_l2=5.0, current_l3=5.0)
    shown = furnace.status(0).phase
    assert shown is not None
    assert (shown.en, furnace.job.runs_started) == (phase, begun)


def test_opening_of_a_charge_in_handling_knows_that_it_was_tempered(furnace: Line) -> None:
    """It is heated for the next one before it has become cold; so the first one is done."""
    add(furnace, opening=Opening(run_began=furnace.at(-200 * 60 / 144)))
    furnace.tell(Inbound("j-1", 1200, furnace.at(0)))
    cold = dict.fromkeys(("current_l1", "current_l2", "current_l3"), 0.0)
    furnace.see(0.25, temperature=100.0, setpoint=0.0, **cold)
    assert furnace.status(0.25).phase == Text("Entladen und Beladen", "Unloading and loading")
    furnace.see(0.5, temperature=90.0, setpoint=860.0, **dict.fromkeys(cold, 30.0))
    assert (furnace.job.runs_started, furnace.job.runs_completed) == (2, 1)
