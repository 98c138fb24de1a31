"""Thresholds from a guided recording."""

from __future__ import annotations

from random import Random

import pytest

from gateway import resources
from gateway.jobs.learn import NotLearnable, Sample, learn, read_recording
from simulators.physics.mill import Mill


def mill_recording(runs: int = 3, *, seed: int = 1) -> list[Sample]:
    """A minute off, a minute standing by, then runs: ten samples a second with noise."""
    mill, chance, samples = Mill(), Random(seed), []
    for i in range(9000):
        t = i / 10
        watts = 3.0 if t < 60 else mill.base
        if 120 <= t < 120 + runs * mill.cycle:
            run, into = divmod(t - 120, mill.cycle)
            watts = mill.power(int(run), into, t - 120)
        samples.append((t, max(0.0, watts + chance.gauss(0, 0.01 * watts + 1))))
    return samples


def test_stored_recording_of_the_drill_gives_the_thresholds_of_its_file() -> None:
    text = (resources.configs() / "demo" / "recordings" / "drill-1.csv").read_text("utf-8")
    learnt = learn(read_recording(text))
    # standing by 60 W, loading 180 W, drilling 550 W
    assert 5 < learnt.off_below < 55
    assert 65 < learnt.standby_below < 175
    assert 190 < learnt.run_below < learnt.run_above < 530
    assert learnt.runs == ((126, 138), (144, 156), (162, 174))
    assert (learnt.min_run, learnt.min_pause) == (9.0, 4.5)


@pytest.mark.parametrize("seed", range(5))
def test_milling_machine_with_inrush_and_noise(seed: int) -> None:
    learnt = learn(mill_recording(seed=seed))
    assert 10 < learnt.off_below < 390
    assert 450 < learnt.standby_below < 1450
    assert 1550 < learnt.run_below < learnt.run_above < 2350
    assert learnt.min_run == pytest.approx(0.75 * 132, abs=1)
    assert learnt.min_pause == pytest.approx(0.75 * 60, abs=1)


def test_two_runs_are_refused_with_advice() -> None:
    with pytest.raises(NotLearnable) as refused:
        learn(mill_recording(runs=2))
    assert "statt 3 Läufe" in refused.value.why.de


def test_recording_without_standby_is_refused() -> None:
    samples = [(t, w) for t, w in mill_recording() if t >= 179]
    with pytest.raises(NotLearnable) as refused:
        learn(samples)
    assert "Bereitschaft" in refused.value.why.de


def test_short_recording_is_refused() -> None:
    with pytest.raises(NotLearnable, match="too short"):
        learn([(0.0, 1.0)] * 10)
