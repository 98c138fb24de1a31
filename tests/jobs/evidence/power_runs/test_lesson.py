"""What is learnt from a power curve finds the runs that were made, and says what it cannot see."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.evidence.findings import RunFinished
from gateway.jobs.evidence.lesson import replayed
from gateway.jobs.evidence.power_runs import PowerRunsConfig
from gateway.jobs.evidence.power_runs.lesson import PowerRunsLesson, surely_seen
from gateway.jobs.evidence.recording import Recording, read, written

LESSON = PowerRunsLesson()
Level = tuple[float, float]


def recorded(
    levels: Sequence[tuple[str, float, float]],
    *,
    every: float = 0.25,
    noise: float = 0.0,
    late: float = 0.0,
    seed: int = 1,
) -> Recording:
    """A machine that goes through (step, seconds, watts); ``noise`` and ``late`` are shares."""
    chance, found = Random(seed), Recording(("power",))
    ends, t = [], 0.0
    for _, seconds, _ in levels:
        t += seconds
        ends.append(t)
    before, due = "", chance.random() * every
    while due < t:
        at = due + chance.random() * late * every
        index = next((i for i, end in enumerate(ends) if at < end), len(ends) - 1)
        step, _, watts = levels[index]
        if step != before:
            found.begin(step, at)
            before = step
        found.add(at, {"power": max(0.0, chance.gauss(watts, noise * watts))})
        due += every
    return found


def drilled(
    off: float = 3, standby: float = 60, pause: float = 180, run: float = 550, runs: int = 3,
    *, run_s: float = 12.0, pause_s: float = 6.0, **more: Any,
) -> Recording:  # fmt: skip
    work = [("runs", run_s, run), ("runs", pause_s, pause)] * runs
    still = [("off", 30.0, off), ("standby", 30.0, standby), ("runs", pause_s, pause)]
    return recorded([*still, *work], **more)


def learnt(recording: Recording) -> PowerRunsConfig:
    return PowerRunsConfig.model_validate(LESSON.learn(recording))


def runs_of(recording: Recording, every: float | None = None) -> int:
    config = learnt(recording)
    return len(LESSON.judge(recording, config, every or LESSON.period(config)).pieces)


@st.composite
def machines(draw: st.DrawFn) -> dict[str, Any]:
    """Levels that noise does not mix: six standard deviations and more lie between any two."""
    noise = draw(st.sampled_from([0.0, 0.01, 0.02, 0.05]))
    scale = draw(st.sampled_from([20.0, 400.0, 11_000.0, 250_000.0]))
    pause = draw(st.floats(0.1, 0.55))
    every = draw(st.sampled_from([0.05, 0.25, 1.0]))
    return {
        "off": scale * draw(st.sampled_from([0.0, 0.004])),
        "standby": scale * pause * draw(st.floats(0.2, 1.0)) + 6,
        "pause": scale * pause + 6,
        "run": scale + 12,
        "run_s": every * draw(st.floats(5, 60)),
        "pause_s": every * draw(st.floats(5, 40)),
        "every": every,
        "noise": noise,
        "late": draw(st.sampled_from([0.0, 0.3])),
        "seed": draw(st.integers(0, 10_000)),
    }


@given(machines())
def test_the_runs_found_are_the_runs_made_wherever_they_can_be_seen(
    machine: dict[str, Any],
) -> None:
    recording = drilled(**machine)
    assert runs_of(recording, machine["every"]) == 3


@given(machines(), st.integers(0, 10_000), st.floats(1.0, 3.0))
def test_what_is_said_to_be_seen_is_seen(machine: dict[str, Any], seed: int, longer: float) -> None:
    """Runs and pauses as short as was said, at any moment, by another poll of the same period."""
    config = learnt(drilled(**machine | {"noise": 0.0}))
    worst = machine["every"] * 1.3
    run_s, pause_s = (seconds * longer + 1e-6 for seconds in surely_seen(config, worst))
    chance = Random(seed)
    work = []
    for _ in range(8):
        work += [("runs", run_s * chance.uniform(1, 2), machine["run"])]
        work += [("runs", pause_s * chance.uniform(1, 2), machine["pause"])]
    later = recorded(
        [("runs", 10 * machine["every"], machine["pause"]), *work],
        every=machine["every"], late=0.3, seed=seed,
    )  # fmt: skip
    found = list(replayed(config.bind(()), later, 0.0))
    assert sum(isinstance(one, RunFinished) for _, one in found) == 8


@pytest.mark.parametrize("noise", [0.0, 0.05])
@pytest.mark.parametrize(("run_s", "pause_s"), [(1.2, 1.2), (12, 6), (1200, 600)])
def test_a_compressor_that_idles_at_two_fifths_of_its_power(
    run_s: float, pause_s: float, noise: float
) -> None:
    recording = drilled(0, 200, 4400, 11_000, run_s=run_s, pause_s=pause_s, noise=noise)
    config = learnt(recording)
    assert runs_of(recording) == 3
    assert 5000 < config.run_below < config.run_above < 10_500


def test_a_fast_machine_wants_a_short_period() -> None:
    assert LESSON.period(learnt(drilled(run_s=1.2, pause_s=1.2))) == 0.25
    assert LESSON.period(learnt(drilled())) == 1.0


def test_pauses_that_cannot_be_seen_at_a_period_are_told_in_seconds() -> None:
    recording = drilled(run_s=2.0, pause_s=1.0)
    verdict = LESSON.judge(recording, learnt(recording), 0.6)
    assert "pauses shorter than 1.3 s cannot be seen" in verdict.expects[0].en
    assert "Pausen unter 1,3 s werden nicht sicher erkannt" in verdict.expects[0].de


@pytest.mark.parametrize(("runs", "says"), [(1, "1 statt 3"), (2, "2 statt 3"), (5, "5 statt 3")])
def test_another_number_of_runs_is_told_with_what_to_do(runs: int, says: str) -> None:
    recording = drilled(runs=runs)
    verdict = LESSON.judge(recording, learnt(recording), 1.0)
    assert len(verdict.pieces) == runs
    (doubt,) = [one for one in verdict.doubts if says in one.de]
    assert "iehen Sie »Lauf" in doubt.de
    assert "rag »A run" in doubt.en


def test_a_moved_threshold_finds_other_runs() -> None:
    recording = drilled()
    config = learnt(recording)
    above = config.model_copy(update={"run_above": 2000.0})
    assert len(LESSON.judge(recording, config, 1.0).pieces) == 3
    assert LESSON.judge(recording, above, 1.0).pieces == ()


def test_the_pieces_are_the_runs_with_their_power() -> None:
    recording = drilled()
    pieces = LESSON.judge(recording, learnt(recording), 0.25).pieces
    for number, piece in enumerate(pieces):
        assert piece.begin == pytest.approx(66 + 18 * number, abs=0.6)
        assert piece.seconds == pytest.approx(12, abs=0.6)
        assert piece.level == pytest.approx(550, rel=0.05)


def test_a_step_that_was_left_out_is_told_as_a_guess() -> None:
    whole = [("standby", 30.0, 60.0), ("runs", 6.0, 180.0)]
    recording = recorded([*whole, *[("runs", 12.0, 550.0), ("runs", 6.0, 180.0)] * 3])
    verdict = LESSON.judge(recording, learnt(recording), 1.0)
    assert len(verdict.pieces) == 3
    assert any("»Off« was not recorded" in doubt.en for doubt in verdict.doubts)


def test_thresholds_that_nearly_touch_a_level_are_told() -> None:
    recording = drilled(noise=0.05)
    near = learnt(recording).model_copy(update={"run_above": 460.0, "run_below": 450.0})
    doubts = LESSON.judge(recording, near, 0.25).doubts
    assert any("The distance is small" in doubt.en for doubt in doubts)


def test_missing_values_are_told() -> None:
    recording = drilled()
    recording.add(recording.times[-1] + 30, {"power": None})
    assert any(
        "1 polls without a fit value" in one.en
        for one in LESSON.judge(recording, learnt(recording), 1.0).doubts
    )


@given(machines())
def test_a_stored_recording_teaches_the_same(machine: dict[str, Any]) -> None:
    recording = drilled(**machine)
    stored = read(written(recording, "mill-1"), "power")
    assert stored.steps == recording.steps
    assert LESSON.learn(stored) == LESSON.learn(recording)
    assert len(LESSON.judge(stored, learnt(stored), machine["every"]).pieces) == 3
