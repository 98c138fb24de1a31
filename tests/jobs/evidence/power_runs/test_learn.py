"""Thresholds from a guided recording."""

from __future__ import annotations

from random import Random

import pytest

from gateway import resources
from gateway.core.text import Text
from gateway.jobs.evidence.lesson import NotLearnable
from gateway.jobs.evidence.power_runs.learn import (
    Thresholds,
    learn,
)
from gateway.jobs.evidence.recording import Sample, read
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
    learnt = learn(read(text, "power").samples("power"))
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


def test_two_runs_are_told_as_two() -> None:
    learnt = learn(mill_recording(runs=2))
    assert len(learnt.runs) == 2
    assert 1550 < learnt.run_below < learnt.run_above < 2350


def test_recording_without_standby_is_refused() -> None:
    samples = [(t, w) for t, w in mill_recording() if t >= 179]
    with pytest.raises(NotLearnable) as refused:
        learn(samples)
    assert "Bereitschaft" in refused.value.why.de


def test_short_recording_is_refused() -> None:
    with pytest.raises(NotLearnable, match="too short"):
        learn([(0.0, 1.0)] * 10)


def steps(*levels: tuple[float, float], every: float = 1.0) -> list[Sample]:
    """A recording of level power, as (seconds, watts) one after the other."""
    found: list[Sample] = []
    for seconds, watts in levels:
        for _ in range(int(seconds / every)):
            found.append((len(found) * every, watts))
    return found


RUN, PAUSE = (20.0, 1000.0), (10.0, 500.0)
PLAIN = ((30.0, 10.0), (30.0, 100.0), RUN, PAUSE, RUN, PAUSE, RUN, PAUSE)


def test_thresholds_lie_between_the_levels_that_were_recorded() -> None:
    """Off 10 W, standing by 100 W, loading 500 W, running 1 kW: two digits are enough."""
    learnt = learn(steps(*PLAIN))
    assert learnt == Thresholds(
        off_below=55,
        standby_below=300,
        run_above=820,
        run_below=680,
        min_run=15.0,
        min_pause=7.5,
        runs=((60.0, 80.0), (90.0, 110.0), (120.0, 140.0)),
    )


def test_a_machine_that_loads_at_the_power_of_standby_has_no_level_of_its_own() -> None:
    learnt = learn(steps((30, 10), (30, 100), RUN, (10, 110), RUN, (10, 110), RUN, (10, 110)))
    assert learnt.standby_below == 110, "no higher than what was seen between two runs"
    assert 110 < learnt.run_below < learnt.run_above < 1000


def test_a_small_machine_stands_by_six_watts_above_off() -> None:
    run, pause = (20.0, 100.0), (10.0, 40.0)
    learnt = learn(steps((30, 2), (30, 8), run, pause, run, pause, run, pause))
    assert (learnt.off_below, learnt.standby_below) == (5, 24)
    with pytest.raises(NotLearnable, match="change from off to standby is missing"):
        learn(steps((30, 2), (30, 7), run, pause, run, pause, run, pause))


def test_a_run_at_the_very_end_counts_and_a_short_peak_does_not() -> None:
    learnt = learn(steps(*PLAIN[:-1]))
    assert learnt.runs[-1] == (120.0, 139.0)
    peak = ((4.0, 1000.0), (10.0, 500.0))
    assert learn(steps(*PLAIN[:2], *peak, *PLAIN[2:])).runs == (
        (74.0, 94.0), (104.0, 124.0), (134.0, 154.0),
    )  # fmt: skip


def test_a_single_wrong_sample_moves_nothing() -> None:
    samples = steps(*PLAIN)
    samples[40] = (40.0, 9000.0)
    assert learn(samples) == learn(steps(*PLAIN))


def test_sixty_values_are_the_fewest() -> None:
    with pytest.raises(NotLearnable) as refused:
        learn(steps(*PLAIN)[:59])
    assert refused.value.why == Text(
        "Die Aufnahme ist zu kurz: 59 Werte, nötig sind 60.",
        "The recording is too short: 59 values, it needs 60.",
    )
    assert str(refused.value) == refused.value.why.en
    with pytest.raises(NotLearnable, match="Please record again"):
        learn(steps(*PLAIN)[:60])


def test_what_is_missing_in_a_recording_is_said_with_what_to_do() -> None:
    with pytest.raises(NotLearnable) as refused:
        learn(steps((100.0, 60.0)))
    assert refused.value.why.de.startswith(
        "In der Aufnahme ist kein Lauf zu erkennen: Die Leistung bleibt zwischen 60 und 60 W."
    )
    with pytest.raises(NotLearnable) as refused:
        learn(steps(*PLAIN[1:]))
    assert refused.value.why == Text(
        "Vor dem ersten Lauf fehlt der Wechsel von aus zu Bereitschaft. Bitte noch einmal "
        "aufnehmen: eine Minute aus, eine Minute in Bereitschaft, dann drei Läufe.",
        "Before the first run the change from off to standby is missing. Please record "
        "again: one minute off, one minute standing by, then three runs.",
    )


def test_a_stored_recording_is_read_without_its_comments() -> None:
    text = "# drill\n\n0,10.5\n0.1, 11  # on\n  0.2,12\n#end\n"
    assert read(text, "power").samples("power") == [(0.0, 10.5), (0.1, 11.0), (0.2, 12.0)]


def test_threshold_of_a_run_lies_in_the_widest_band_that_shows_three() -> None:
    """Its spindle begins and ends each run at 1000 W, a narrower step than to the cut."""
    run = [1000.0] * 3 + [2400.0] * 20 + [1000.0] * 3
    watts = [0.0] * 60 + [400.0] * 60 + 3 * (run + [400.0] * 15)
    learnt = learn([(float(t), w) for t, w in enumerate(watts)])
    assert (learnt.run_below, learnt.run_above) == (1500.0, 1900.0)
