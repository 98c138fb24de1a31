from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.bench import Bench
from simulators.physics.chance import noisy, uniform
from simulators.physics.drill import Drill, Phase
from simulators.physics.laser import Laser
from simulators.physics.press import Press

DRILL = Drill()


def test_the_first_ten_shots_after_a_stop_are_scrap():
    press = Press()
    for since_stop in range(10):
        assert press.outcome(1, 500 + since_stop, since_stop).good == 0
    assert press.outcome(1, 510, 10).good > 0


@settings(deadline=None, max_examples=50)
@given(seed=st.integers(), number=st.integers(0, 10**6), since_stop=st.integers(0, 100))
def test_every_cavity_gives_a_part_good_or_not(seed, number, since_stop):
    outcome = Press().outcome(seed, number, since_stop)
    assert outcome.good >= 0
    assert outcome.good + outcome.rejected == 4


def test_about_twelve_parts_in_a_thousand_are_rejected():
    rejected = sum(Press().outcome(17, number, 99).rejected for number in range(5_000))
    assert 0.009 < rejected / 20_000 < 0.015


def test_about_eight_trays_in_a_thousand_are_rejected():
    rejected = sum(Laser().outcome(17, number, 99).rejected for number in range(20_000))
    assert 0.006 < rejected / 20_000 < 0.010


def test_another_seed_rejects_other_parts():
    def rejected(seed: int) -> list[int]:
        return [n for n in range(2_000) if Laser().outcome(seed, n, 99).rejected]

    assert rejected(1) == rejected(1)
    assert rejected(1) != rejected(2)


def test_the_mould_opens_within_the_cycle():
    press = Press()
    assert press.mould_closed(0.0)
    assert press.mould_closed(23.9)
    assert not press.mould_closed(24.0)
    assert not press.mould_closed(None)


def test_beam_and_door_exclude_each_other():
    laser = Laser()
    for into in (0.0, 30.0, 57.9, 58.0, 69.9):
        assert laser.beam_on(into) != laser.door_open(into)
    assert not laser.beam_on(None)
    assert not laser.door_open(None)


def test_every_set_is_good_in_the_end():
    bench = Bench(rework=0.5)
    outcomes = [bench.outcome(17, number, number) for number in range(200)]
    assert {outcome.good for outcome in outcomes} == {1}
    assert 60 < sum(outcome.rejected for outcome in outcomes) < 140


@pytest.mark.parametrize(
    ("at", "phase", "power", "runs"),
    [
        (0.0, Phase.LOADING, 180, 0),
        (6.0, Phase.DRILLING, 550, 0),
        (17.9, Phase.DRILLING, 550, 0),
        (18.0, Phase.LOADING, 180, 1),
        (360.0, Phase.STANDING, 60, 20),
        (400.0, Phase.LOADING, 180, 20),
        (418.0, Phase.LOADING, 180, 21),
    ],
)
def test_the_drill_loads_drills_and_pauses(at, phase, power, runs):
    assert DRILL.phase(at) is phase
    assert DRILL.power(at) == power
    assert DRILL.runs(at) == runs


@settings(deadline=None, max_examples=50)
@given(at=st.floats(0, 2_000))
def test_the_drill_s_energy_is_the_integral_of_its_power(at):
    steps = 4_000
    width = at / steps
    integral = sum(DRILL.power((step + 0.5) * width) * width for step in range(steps))
    changes = 2 * DRILL.runs(at) + 4
    assert DRILL.energy(at) == pytest.approx(integral, abs=changes * 550 * width + 1e-6)


def test_chance_is_spread_evenly():
    draws = [uniform(3, "x", number) for number in range(4_000)]
    assert all(0 <= draw < 1 for draw in draws)
    assert sum(draws) / len(draws) == pytest.approx(0.5, abs=0.02)


@settings(deadline=None, max_examples=50)
@given(st.floats(0, 1e6), st.integers())
def test_noise_stays_within_its_share(value, seed):
    assert abs(noisy(value, 0.01, seed, "x") - value) <= 0.01 * value + 1e-9


def test_names_tell_draws_apart():
    names = count()
    assert len({uniform(1, "a", next(names)) for _ in range(100)}) == 100
