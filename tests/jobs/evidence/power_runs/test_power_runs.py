"""Runs from a power curve: edges, spikes, dips, gaps, states and their sentences."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.config import Variant
from gateway.core.batches import BOOT_SPAN, Clock
from gateway.core.clock import to_ms
from gateway.core.commands import Restarted
from gateway.core.events import EventKind
from gateway.core.text import Text
from gateway.core.work import ItemState, JobState, OperationMode, Origin
from gateway.jobs.commands import Opening
from gateway.jobs.evidence.power_runs import PowerRunsConfig
from simulators.physics.drill import Drill
from simulators.physics.mill import Mill
from tests.jobs.one_machine import Line, mill_evidence

HIGH, LOADING, STANDBY, OFF = 2400.0, 1500.0, 400.0, 3.0
STEP = 0.1
ORDER_STEP = STEP * 144


def play(line: Line, curve: list[float], *, since: float = 0.0, step: float = STEP) -> float:
    """One sample after another; returns the real time after the last."""
    for i, watts in enumerate(curve):
        line.see(since + i * step, power=watts)
    return since + len(curve) * step


RUN = [LOADING] * 4 + [HIGH] * 9


def test_an_edge_needs_two_samples(mill: Line) -> None:
    mill.add()
    play(mill, [LOADING, LOADING, HIGH])
    assert mill.job.state is JobState.RELEASED
    mill.see(0.3, power=HIGH)
    assert mill.job.state is JobState.RUNNING
    assert mill.job.run_began == mill.at(0.2)


def test_finished_run_makes_its_pieces_at_the_falling_edge(mill: Line) -> None:
    mill.add()
    play(mill, [*RUN, LOADING])
    assert mill.job.good == 0
    mill.see(1.4, power=LOADING)
    assert (mill.job.good, mill.job.origins) == (12, {Origin.MEASURED: 12})
    (finished,) = mill.of(EventKind.RUN_FINISHED)
    assert finished.at == mill.at(1.3)
    assert finished.details == {
        "run": 1,
        "began_ms": to_ms(mill.at(0.4)),
        "seconds": pytest.approx(9 * ORDER_STEP),
        "pieces": 12,
        "partial": False,
    }


def test_between_the_thresholds_the_level_stays(mill: Line) -> None:
    mill.add()
    play(mill, [LOADING, 2000, 2000, 2000])
    assert mill.job.runs_started == 0
    play(mill, [HIGH, HIGH, 2000, 2000, 1950, HIGH, HIGH, 2000], since=0.4)
    assert (mill.job.runs_started, mill.job.runs_completed) == (1, 0)


def test_single_low_sample_ends_no_run(mill: Line) -> None:
    mill.add()
    play(mill, [*RUN[:9], LOADING, *RUN[9:], LOADING, LOADING])
    assert mill.job.runs_completed == 1


def test_dip_shorter_than_any_pause_ends_no_second_run(new_line: NewLine) -> None:
    line = new_line(drill_evidence(), 1)
    line.add(per_run=1, per_piece=18)
    play(line, [180.0] * 30 + [550.0] * 60 + [180.0] * 3 + [550.0] * 60 + [180.0] * 30)
    assert (line.job.runs_started, line.job.runs_completed) == (1, 1)


def test_inrush_of_the_spindle_is_no_run(new_line: NewLine) -> None:
    line = new_line(mill_evidence(), 1)
    line.add()
    play(line, [STANDBY] * 20 + [3700.0] * 4 + [LOADING] * 20)
    assert (line.job.runs_started, line.job.runs_completed, line.job.good) == (0, 0, 0)


def test_inrush_as_the_very_first_sample_is_no_run(mill: Line) -> None:
    mill.add()
    play(mill, [3700.0, LOADING, LOADING, LOADING])
    assert mill.job.runs_started == 0


def test_run_under_way_at_the_first_sample_counts_as_partial(mill: Line) -> None:
    mill.add()
    play(mill, [HIGH] * 9 + [LOADING] * 2)
    (finished,) = mill.of(EventKind.RUN_FINISHED)
    assert finished.details["partial"] is True
    assert mill.job.good == 12


def test_run_of_an_opening_is_recognised_at_its_end(mill: Line) -> None:
    play(mill, [HIGH] * 3)  # the machine of another order
    opening = Opening(good=36, runs=3, run_began=mill.at(-0.2))
    mill.add(opening=opening, real=0.3)
    assert mill.job.run_began == mill.at(-0.2)
    assert (mill.job.runs_started, mill.job.runs_completed) == (4, 3)
    play(mill, [HIGH] * 4 + [LOADING] * 2, since=0.4)
    assert (mill.job.runs_started, mill.job.runs_completed, mill.job.good) == (4, 4, 48)
    assert mill.job.origins == {Origin.SIMULATED: 36, Origin.MEASURED: 12}


def test_opening_while_loading_waits_for_the_cut(mill: Line) -> None:
    mill.add(opening=Opening(good=36, runs=3, run_began=mill.at(-0.2)))
    play(mill, [LOADING] * 3 + [HIGH] * 9 + [LOADING] * 2, since=0.1)
    assert (mill.job.runs_started, mill.job.runs_completed, mill.job.good) == (4, 4, 48)


def test_loading_does_not_end_executing_but_standby_for_60_s_does(mill: Line) -> None:
    mill.add()
    t = play(mill, RUN + [LOADING] * 30)
    assert mill.status(t).state is ItemState.EXECUTING
    assert mill.status(t).phase is not None
    t = play(mill, [STANDBY] * 5, since=t)
    assert mill.status(t).state is ItemState.EXECUTING  # 4 x 14.4 s
    mill.see(t, power=STANDBY)
    assert mill.status(t).state is ItemState.NOT_EXECUTING
    assert mill.status(t).mode is OperationMode.NONE
    assert mill.status(t).since == mill.at(t)


def test_a_machine_that_runs_is_processing_since_its_edge(mill: Line) -> None:
    t = play(mill, [LOADING] * 4 + [HIGH] * 4)
    shown = mill.status(t)
    assert (shown.state, shown.mode) == (ItemState.EXECUTING, OperationMode.PROCESSING)
    assert shown.since == mill.at(0.4)


def test_off_for_60_s_is_not_available(mill: Line) -> None:
    t = play(mill, [STANDBY] * 6 + [OFF] * 5)
    assert mill.status(t).state is ItemState.NOT_EXECUTING
    mill.see(t, power=OFF)
    assert mill.status(t).state is ItemState.NOT_AVAILABLE
    assert mill.status(t).because.de.startswith("Aus: 3 W liegen seit 1 min")
    t = play(mill, [STANDBY] * 2, since=t + STEP)
    assert mill.status(t).state is ItemState.NOT_EXECUTING


def test_sentence_names_power_time_and_threshold(mill: Line) -> None:
    t = play(mill, [LOADING, LOADING, *[2437.0] * 4])
    assert mill.status(t - STEP).because.de == (
        "Läuft: 2,44 kW liegen seit 43 s über der Laufschwelle von 2,05 kW."
    )
    assert mill.status(t - STEP).because.en == (
        "Running: 2.44 kW have been above the run threshold of 2.05 kW for 43 s."
    )


def test_thresholds_for_the_chart(mill: Line) -> None:
    lines = mill.tracker.thresholds(mill.state, "m-1")
    assert [(str(of), value) for of, value, _ in lines] == [
        ("m-1/power", 2050),
        ("m-1/power", 1900),
        ("m-1/power", 900),
        ("m-1/power", 150),
    ]


# gaps


def test_late_poll_within_a_cut_hides_nothing(mill: Line) -> None:
    mill.add()
    play(mill, [LOADING] * 4 + [HIGH] * 2)
    play(mill, [HIGH] * 4 + [LOADING] * 2, since=0.8)  # 300 ms = 43 s < the shortest pause
    assert mill.job.gaps == ()
    assert mill.job.good == 12


def test_silence_longer_than_a_pause_within_high_power_is_a_gap(mill: Line) -> None:
    mill.add()
    t = play(mill, [LOADING] * 4 + [HIGH] * 2)
    play(mill, [HIGH] * 4 + [LOADING] * 2, since=t + 0.4)
    (gap,) = mill.job.gaps
    assert (gap.start, gap.end) == (mill.at(0.5), mill.at(1.0))
    (event,) = mill.of(EventKind.GAP)
    assert event.details["seconds"] == pytest.approx(0.5)
    assert event.details["why"] == "late"
    # what ends in our sight counts once; nothing is invented for what may have passed
    assert mill.job.runs_completed == 1
    assert mill.of(EventKind.RUN_FINISHED)[0].details["partial"] is True


def test_one_edge_in_a_late_poll_is_certain_and_no_gap(mill: Line) -> None:
    mill.add()
    t = play(mill, [LOADING] * 4 + [HIGH] * 5)
    play(mill, [LOADING] * 3, since=t + 0.6)  # 0.7 s = 101 s: less than run and pause together
    assert mill.job.gaps == ()
    assert mill.job.runs_completed == 1


def test_run_under_way_is_lost_with_a_long_gap(mill: Line) -> None:
    mill.add()
    t = play(mill, [*RUN, *RUN[:8]])
    assert mill.job.runs_started == 2
    play(mill, [LOADING] * 3 + [HIGH] * 9 + [LOADING] * 2, since=t + 3.0)
    assert len(mill.job.gaps) == 1
    assert mill.job.runs_completed == 2  # the first, and the one whose end was seen
    assert mill.job.good == 24


def test_pause_hidden_between_two_single_samples_is_a_gap(mill: Line) -> None:
    """High, one low sample, high again, but so late that a whole pause fits in between."""
    mill.add()
    play(mill, [LOADING] * 4 + [HIGH] * 4)
    mill.see(0.95, power=LOADING)
    mill.see(1.15, power=HIGH)
    assert len(mill.job.gaps) == 1


def test_restart_records_how_long_nobody_looked(mill: Line) -> None:
    mill.add()
    t = play(mill, [*RUN, LOADING, LOADING, *RUN[:6]])
    mill.restart(t - STEP, t + 2.0)
    play(mill, [HIGH] * 3, since=t + 2.5)
    (gap,) = mill.job.gaps
    assert (gap.start, gap.end) == (mill.at(t - STEP), mill.at(t + 2.5))
    assert gap.why.de.startswith("Das Gateway war nicht in Betrieb")
    assert mill.of(EventKind.GAP)[0].details["why"] == "restart"


@pytest.mark.parametrize("after", [HIGH, LOADING])
def test_night_of_a_computer_whose_clock_stood_still_is_a_gap(mill: Line, after: float) -> None:
    """It wakes up with a time behind its last reading; nobody knows how many runs there were."""
    mill.clock = Clock.UNSYNCED
    mill.add()
    t = play(mill, [*RUN, LOADING, LOADING, *RUN])
    mill.restart(t, t + 28_800)
    mill.behind = 28_803
    play(mill, [after] * 4, since=t + 28_800)
    assert mill.job.good == 12
    (gap,) = mill.of(EventKind.GAP)
    assert gap.details["why"] == "reboot"
    assert len(mill.job.gaps) == 1


def test_restart_of_the_gateway_alone_goes_on_by_the_computers_own_time(mill: Line) -> None:
    """A clock that nobody vouches for does not matter while the computer runs."""
    mill.clock = Clock.UNSYNCED
    mill.tell(Restarted(None, mill.at(0), "one run"))
    mill.add()
    t = play(mill, [*RUN, LOADING, LOADING, LOADING])
    mill.seq = 2 * BOOT_SPAN
    mill.behind = 3_600
    mill.tell(Restarted(mill.at(t), mill.at(t - 3_600), "one run"))
    play(mill, RUN[1:] + [LOADING] * 2, since=t)
    assert mill.job.good == 24
    assert mill.of(EventKind.GAP) == []


def test_restart_that_can_hide_no_edge_loses_nothing(new_line: NewLine) -> None:
    """In earnest a run takes minutes and a restart seconds."""
    line = new_line(mill_evidence(), 1)
    line.add()
    t = play(line, [LOADING] * 60 + [HIGH] * 40, step=1.0)
    line.restart(t - 1, t + 5)
    play(line, [HIGH] * 85 + [LOADING] * 3, since=t + 6, step=1.0)
    assert line.job.gaps == ()
    (finished,) = line.of(EventKind.RUN_FINISHED)
    assert finished.details["partial"] is False
    assert finished.details["seconds"] == pytest.approx(131, abs=1)


def test_restart_of_a_machine_without_a_job_is_no_gap(mill: Line) -> None:
    t = play(mill, [STANDBY] * 20)
    mill.restart(t, t + 60)
    play(mill, [STANDBY] * 3, since=t + 61)
    assert mill.of(EventKind.GAP) == []


def test_unplugged_meter_keeps_the_state_and_records_the_gap(mill: Line) -> None:
    mill.add()
    t = play(mill, [*RUN, *RUN[:6]])
    for i in range(10):
        mill.see(t + i * 0.1, power=None)
    shown = mill.status(t + 1.0)
    assert (shown.state, shown.known) == (ItemState.EXECUTING, False)
    assert shown.because.de.startswith("Seit 2 min 24 s keine Antwort von der Maschine. Zuletzt: ")
    assert mill.job.state is JobState.RUNNING
    play(mill, [HIGH] * 3, since=t + 1.0)
    assert mill.status(t + 1.2).known
    assert mill.of(EventKind.GAP)[0].details["why"] == "connection"


def test_a_machine_that_nobody_asks_becomes_unknown(mill: Line) -> None:
    t = play(mill, [STANDBY] * 3)
    assert mill.status(t + 1).known
    assert not mill.status(t + 10).known


def test_step_of_the_wall_clock_moves_nothing(mill: Line) -> None:
    mill.add()
    play(mill, RUN)
    ahead = 3600.0
    mill.mono0 -= ahead  # the wall clock is an hour ahead now, monotonic time goes on
    play(mill, [LOADING] * 4 + [HIGH] * 9 + [LOADING] * 2, since=1.3 + ahead)
    assert mill.job.gaps == ()
    assert mill.job.runs_completed == 2


def test_rate_needs_five_cycles_and_ten_percent(mill: Line) -> None:
    mill.add()
    slow = [LOADING] * 6 + [HIGH] * 9  # 216 s instead of 192 s a fixture
    play(mill, slow * 5)
    assert mill.job.per_piece == timedelta(seconds=16)  # four cycles are not enough
    play(mill, slow * 2, since=7.5)
    assert mill.job.per_piece.total_seconds() == pytest.approx(18, abs=0.1)


def test_expected_length_of_a_run_is_that_of_the_last_ones(mill: Line) -> None:
    mill.add()
    play(mill, RUN * 4 + RUN[:6])
    assert mill.job.run_expected is not None
    assert mill.job.run_expected.total_seconds() == pytest.approx(9 * ORDER_STEP)


# against the physics

NewLine = Callable[[Variant, int], Line]


def drill_evidence() -> PowerRunsConfig:
    return PowerRunsConfig(
        off_below=20,
        standby_below=120,
        run_above=400,
        run_below=300,
        min_run=timedelta(seconds=10),
        min_pause=timedelta(seconds=5),
        settle=timedelta(seconds=20),
    )


def mill_watts(real: float, runs: int = 50, lapse: int = 144) -> float:
    mill = Mill()
    run, into = divmod(real * lapse, mill.cycle)
    return mill.power(int(run), into if run < runs else None, real * lapse)


@pytest.mark.parametrize("seed", range(6))
def test_mill_at_lapse_144_polled_every_100_ms_with_jitter_counts_exactly(
    new_line: NewLine, seed: int
) -> None:
    line, chance = new_line(mill_evidence(), 144), Random(seed)
    line.add(planned=2400, lot=600)
    tick = 0
    while tick < 2800:
        real = tick * STEP + chance.uniform(0.0, 0.09)
        watts = mill_watts(real, runs=200) * chance.gauss(1.0, 0.005)
        line.see(real, power=watts)
        tick += 1
    job = line.job
    assert (job.good, job.runs_started, job.runs_completed) == (2400, 200, 200)
    assert (job.state, job.gaps) == (JobState.ENDED, ())
    assert len(job.departures) == 4
    lot_time = 600 * 16 / 144
    for number, departed in enumerate(job.departures, 1):
        true = line.at(number * lot_time)
        assert timedelta(0) <= departed - true <= timedelta(seconds=0.35)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), late=st.floats(0.0, 0.25))
def test_runs_seen_or_gap_recorded_whatever_the_polls_do(seed: int, late: float) -> None:
    """Never more runs than there were; fewer only beside a gap."""
    line, chance = Line(mill_evidence()), Random(seed)
    line.add(planned=100_000, lot=600)
    real = 0.0
    while real < 45.0:
        line.see(real, power=mill_watts(real, runs=30) * chance.gauss(1, 0.003))
        real += 0.1 + (chance.expovariate(1 / 0.6) if chance.random() < late else 0.0)
    done = line.job.runs_completed
    assert done <= 30
    assert done == 30 or line.job.gaps
    assert line.job.good == 12 * done


@pytest.mark.parametrize("phase", [0, 5, 11])
def test_drill_at_lapse_1(new_line: NewLine, phase: int) -> None:
    drill, line = Drill(), new_line(drill_evidence(), 1)
    line.add(planned=100, lot=100, per_run=1, per_piece=18)
    seconds = drill.round * 2 + phase
    for i in range(int(seconds * 10)):
        line.see(i / 10, power=drill.power(i / 10))
    assert line.job.runs_completed == drill.runs(seconds - 0.2)
    assert line.job.gaps == ()
    kinds = [event.details["state"] for event in line.of(EventKind.STATE)]
    # standing between batches (40 s) is seen, loading (6 s) is not
    assert kinds == [2, 3, 2, 3, 2, 3][: len(kinds)]
    assert len(kinds) >= 5


def test_thresholds_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(ValidationError, match="not in the right order"):
        PowerRunsConfig(
            off_below=20,
            standby_below=120,
            run_above=300,
            run_below=400,
            min_run=timedelta(seconds=10),
            min_pause=timedelta(seconds=5),
        )


def test_a_curve_of_which_nothing_is_known_says_so() -> None:
    rule = mill_evidence().bind(())
    assert rule.explain(rule.initial(), 0.0, 0.0) == Text(
        "Noch kein Messwert da.", "No measured value yet."
    )


def test_a_run_after_a_gap_begins_with_the_first_look_at_it(mill: Line) -> None:
    """High before and after, and a pause fits in between: perhaps it is another run."""
    mill.add()
    for step in range(8):
        mill.see(step * 0.25, power=400.0 if step < 2 else 2400.0)
    assert mill.job.run_began == mill.at(0.5)
    mill.see(5.0, power=2400.0)
    mill.see(5.25, power=2400.0)
    assert mill.job.run_began == mill.at(5.0)
    for step in range(2):
        mill.see(5.5 + step * 0.25, power=400.0)
    (finished,) = mill.of(EventKind.RUN_FINISHED)
    assert finished.details["seconds"] == pytest.approx(0.5 * 144)
