import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.physics.mill import Mill, Phase

MILL = Mill(wear=0.0)


@pytest.mark.parametrize(
    ("into", "phase", "power"),
    [
        (None, Phase.STANDING, 400),
        (0.0, Phase.LOADING, 1500),
        (59.9, Phase.LOADING, 1500),
        (60.0, Phase.CUTTING, 2400),
        (191.9, Phase.CUTTING, 2400),
    ],
)
def test_each_phase_has_its_power(into, phase, power):
    assert MILL.phase(into) is phase
    assert MILL.power(0, into, turning=100.0) == power


def test_a_run_makes_twelve_blades_at_sixteen_seconds_each():
    assert MILL.cycle == 192
    assert MILL.outcome(1, 0, 0).good * 16 == MILL.cycle


def test_the_spindle_takes_three_times_its_power_when_it_starts():
    assert MILL.power(0, 0.1, turning=0.1) == 400 + 3 * 1100
    assert MILL.power(0, 0.3, turning=0.3) == 1500


def test_a_worn_tool_draws_more():
    worn = Mill()
    assert worn.power(100, 100.0, turning=1000.0) == pytest.approx(1500 + 900 * 1.02)


def test_a_new_tool_after_its_life_draws_as_at_first():
    worn = Mill(tool_life=50)
    assert worn.power(50, 100.0, turning=1000.0) == worn.power(0, 100.0, turning=1000.0)


@settings(deadline=None, max_examples=50)
@given(runs=st.integers(0, 4), into=st.floats(0, 191.9), first=st.integers(0, 100))
def test_energy_is_the_integral_of_power(runs, into, first):
    mill = Mill()
    elapsed = runs * mill.cycle + into
    steps = 4_000
    width = elapsed / steps
    integral = 0.0
    for step in range(steps):
        at = (step + 0.5) * width
        run, inside = divmod(at, mill.cycle)
        integral += mill.power(first + int(run), inside, turning=at) * width
    energy = mill.energy(elapsed, first, runs, into)
    assert energy == pytest.approx(integral, abs=3 * width * 3_700 + 1e-6)


@settings(deadline=None, max_examples=50)
@given(first=st.floats(0, 2_000), more=st.floats(0, 2_000))
def test_energy_never_goes_back(first, more):
    def energy(at: float) -> float:
        runs, into = divmod(at, MILL.cycle)
        return MILL.energy(at, 0, int(runs), into)

    assert energy(first + more) >= energy(first) - 1e-6
