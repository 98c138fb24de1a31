from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.furnace import (
    Furnace,
    Phase,
    Recipe,
    Stage,
    charge,
    heat,
    idle,
    moment,
    time_to_reach,
)

FURNACE, RECIPE = Furnace(), Recipe()
ALL = (True, True, True)
TWO = (True, False, True)
MINUTE = 60.0

elements = st.sampled_from([ALL, TWO, (False, True, True), (True, True, False)])
starts = st.floats(20, 250)


def stage_of(stages: tuple[Stage, ...], phase: Phase) -> Stage:
    return next(stage for stage in stages if stage.phase is phase)


@pytest.mark.parametrize(
    ("alive", "ramp", "whole"),
    [(ALL, 68, 270), (TWO, 113, 315)],
    ids=["three elements", "two elements"],
)
def test_the_ramp_follows_from_the_physics_and_the_charge_fits_its_cycle(alive, ramp, whole):
    stages = charge(FURNACE, RECIPE, 0.0, 20.0, alive)
    assert stages[0].phase is Phase.RAMP
    assert stages[0].end / MINUTE == pytest.approx(ramp, abs=0.5)
    assert stages[-1].end / MINUTE == pytest.approx(whole, abs=0.5)


@settings(deadline=None, max_examples=50)
@given(alive=elements, temperature=starts)
def test_a_charge_is_never_longer_than_its_cycle(alive, temperature):
    stages = charge(FURNACE, RECIPE, 0.0, temperature, alive)
    assert stages[-1].end <= (270.5 if alive == ALL else 315.5) * MINUTE


def test_with_one_element_the_ramp_takes_more_than_six_hours():
    ramp = charge(FURNACE, RECIPE, 0.0, 20.0, (True, False, False))[0]
    assert ramp.end > 6 * 3600


@pytest.mark.parametrize("at", [0.25, 0.5, 0.9])
def test_an_element_lost_in_the_ramp_divides_it_and_lengthens_it(at):
    whole, short = (charge(FURNACE, RECIPE, 0.0, 20.0, alive)[0].end for alive in (ALL, TWO))
    lost = at * whole
    first, second, soak, *_ = charge(FURNACE, RECIPE, 0.0, 20.0, ALL, losses=[(lost, TWO)])
    assert (first.phase, second.phase, soak.phase) == (Phase.RAMP, Phase.RAMP, Phase.SOAK)
    assert (first.end, first.alive, second.alive, soak.alive) == (lost, ALL, TWO, TWO)
    assert whole < second.end < short


def test_an_element_lost_after_the_ramp_shows_in_the_next_charge_only():
    whole = charge(FURNACE, RECIPE, 0.0, 20.0, ALL)
    assert charge(FURNACE, RECIPE, 0.0, 20.0, ALL, losses=[(whole[0].end, TWO)]) == whole


def test_a_furnace_that_never_gets_hot_waits_in_the_ramp():
    weak = Furnace(element=3_000.0)
    stages = charge(weak, RECIPE, 0.0, 20.0, ALL)
    assert [stage.phase for stage in stages] == [Phase.RAMP]
    assert moment(weak, stages[0], 1e7).temperature == pytest.approx(20 + 9_000 / 12)


def test_the_quench_ends_near_the_tempering_temperature():
    stages = charge(FURNACE, RECIPE, 0.0, 20.0, ALL)
    assert stage_of(stages, Phase.TEMPER).temperature == pytest.approx(250, abs=2)


def test_after_handling_the_furnace_is_cold_again():
    last = charge(FURNACE, RECIPE, 0.0, 20.0, ALL)[-1]
    assert moment(FURNACE, last, last.end).temperature == pytest.approx(20, abs=1.5)


@pytest.mark.parametrize(
    ("phase", "setpoint"),
    [
        (Phase.RAMP, 860),
        (Phase.SOAK, 860),
        (Phase.QUENCH, 20),
        (Phase.TEMPER, 250),
        (Phase.HANDLING, 20),
    ],
)
def test_the_controller_shows_the_setpoint_of_the_stage(phase, setpoint):
    stage = stage_of(charge(FURNACE, RECIPE, 0.0, 20.0, ALL), phase)
    assert moment(FURNACE, stage, stage.begin + 1).setpoint == setpoint


def test_a_dead_element_draws_nothing_and_the_others_full_power_in_the_ramp():
    ramp = charge(FURNACE, RECIPE, 0.0, 20.0, TWO)[0]
    assert moment(FURNACE, ramp, 600.0).heating == (12_000.0, 0.0, 12_000.0)


@settings(deadline=None, max_examples=50)
@given(alive=elements, temperature=starts, share=st.floats(0, 1), fails=st.floats(0, 5_000))
def test_energy_put_in_is_stored_or_lost(alive, temperature, share, fails):
    """Losses are integrated numerically, so that the closed forms are not tested by themselves."""
    stages = charge(FURNACE, RECIPE, 0.0, temperature, alive, losses=[(fails, TWO)])
    until = share * stages[-1].end
    given_heat = lost = 0.0
    last = temperature
    for stage in stages:
        if stage.begin >= until:
            break
        end = min(stage.end, until)
        given_heat += heat(FURNACE, stage, end)
        loss = FURNACE.open_loss if stage.door_open else FURNACE.loss
        steps = 400
        width = (end - stage.begin) / steps
        for step in range(steps):
            middle = moment(FURNACE, stage, stage.begin + (step + 0.5) * width)
            lost += loss * (middle.temperature - FURNACE.ambient) * width
        last = moment(FURNACE, stage, end).temperature
    stored = FURNACE.capacity * (last - temperature)
    scale = FURNACE.capacity * 840
    assert given_heat == pytest.approx(stored + lost, abs=2e-3 * scale)


@settings(deadline=None, max_examples=50)
@given(alive=elements, temperature=starts, share=st.floats(0, 1))
def test_heat_is_the_integral_of_what_the_elements_show(alive, temperature, share):
    for stage in charge(FURNACE, RECIPE, 0.0, temperature, alive):
        end = stage.begin + share * (stage.end - stage.begin)
        steps = 500
        width = (end - stage.begin) / steps
        shown = sum(
            sum(moment(FURNACE, stage, stage.begin + (step + 0.5) * width).heating) * width
            for step in range(steps)
        )
        edge = 40_000 * width + 1e-6
        assert heat(FURNACE, stage, end) == pytest.approx(shown, rel=2e-3, abs=edge)


@settings(deadline=None, max_examples=50)
@given(alive=elements, temperature=starts)
def test_temperature_has_no_jumps_between_stages(alive, temperature):
    for before, after in pairwise(charge(FURNACE, RECIPE, 0.0, temperature, alive)):
        assert moment(FURNACE, before, before.end).temperature == after.temperature


@settings(deadline=None, max_examples=50)
@given(alive=elements, passed=st.floats(0, 20_000))
def test_output_and_power_stay_within_what_the_furnace_has(alive, passed):
    for stage in charge(FURNACE, RECIPE, 0.0, 20.0, alive):
        seen = moment(FURNACE, stage, stage.begin + passed)
        assert 0.0 <= seen.output <= 1.0
        assert all(0.0 <= watts <= FURNACE.element for watts in seen.heating)
        assert 19.9 <= seen.temperature <= 860.1


def test_an_idle_furnace_cools_slowly_and_takes_no_heat():
    waiting = idle(FURNACE, 0.0, float("inf"), 250.0, ALL)
    assert 100 < moment(FURNACE, waiting, 3 * 3600).temperature < 250
    assert heat(FURNACE, waiting, 3 * 3600) == 0.0


def test_reaching_the_present_temperature_takes_no_time():
    waiting = idle(FURNACE, 0.0, 10.0, 30.0, ALL)
    assert time_to_reach(FURNACE, waiting, 30.0) == 0.0
