"""What is learnt from one charge finds that charge, however long it is, with a meter or without."""

from __future__ import annotations

from itertools import pairwise
from math import exp
from random import Random

import pytest

from gateway.jobs.evidence.charges import ChargesConfig
from gateway.jobs.evidence.charges.lesson import ChargesLesson
from gateway.jobs.evidence.lesson import NotLearnable
from gateway.jobs.evidence.recording import Recording

LESSON = ChargesLesson()
CURRENTS = ("current-l1", "current-l2", "current-l3")


def charged(
    hours: float, *, temper: bool = True, metered: bool = True, noise: float = 1.0, charges: int = 1
) -> Recording:
    """A furnace that heats to 860 °C, holds, is quenched, tempers at 250 °C, and cools."""
    whole = hours * 3600
    every = max(2.0, whole / 8000) if hours > 1 else whole / 4000
    found = Recording(("temperature", "setpoint", *(CURRENTS if metered else ())))
    chance, now, t = Random(1), 22.0, 0.0
    found.begin("cold", 0.0)
    found.begin("charge", 60.0)
    while t < charges * whole + 120:
        share = ((t - 120) % whole) / whole if t >= 120 else -1.0
        wanted = 0.0 if share < 0 else 860.0 if share < 0.45 else 0.0
        if temper and 0.5 <= share < 0.8:
            wanted = 250.0
        heats = wanted > now
        if heats:
            now = min(wanted, now + 860 / (0.3 * whole) * every)
        else:
            fast = 0.015 if temper and 0.45 <= share < 0.5 else 0.05
            now = max(wanted, 22 + (now - 22) * exp(-every / (fast * whole)))
        values: dict[str, float | None] = {
            "temperature": now + chance.gauss(0, noise),
            "setpoint": wanted,
        }
        found.add(t, values | dict.fromkeys(CURRENTS, 40.0 if heats else 0.2))
        t += every
    return found


@pytest.mark.parametrize("noise", [0.2, 10.0])
@pytest.mark.parametrize("metered", [True, False])
@pytest.mark.parametrize("temper", [True, False])
@pytest.mark.parametrize("hours", [0.3, 9.0])
def test_the_charge_that_was_recorded_is_found(
    hours: float, temper: bool, metered: bool, noise: float
) -> None:
    recording = charged(hours, temper=temper, metered=metered, noise=noise)
    config = ChargesConfig.model_validate(LESSON.learn(recording))
    every = max(b - a for a, b in pairwise(recording.times))
    verdict = LESSON.judge(recording, config, every)
    (charge,) = verdict.pieces
    assert verdict.as_announced
    assert config.hot == 860
    assert (config.temper is None) is not temper
    assert charge.level == pytest.approx(860, abs=50)
    assert charge.seconds is not None
    assert 0.4 * hours * 3600 < charge.seconds < 1.05 * hours * 3600


def test_the_phases_are_as_long_as_they_were() -> None:
    config = ChargesConfig.model_validate(LESSON.learn(charged(9)))
    hours = [
        getattr(config.phases, name).total_seconds() / 3600
        for name in ("ramp", "soak", "quench", "temper", "handling")
    ]
    assert hours == pytest.approx([2.7, 1.35, 0.2, 3.0, 0.9], abs=0.5)
    assert (config.live_above, config.dead_below) == (20, 2)


def test_two_charges_are_told_as_two() -> None:
    recording = charged(0.5, charges=2)
    config = ChargesConfig.model_validate(LESSON.learn(charged(0.5)))
    verdict = LESSON.judge(recording, config, 1.0)
    assert not verdict.as_announced
    assert any("2 statt 1 Charge" in one.de for one in verdict.doubts)


def test_a_charge_that_is_still_hot_is_told_as_unfinished() -> None:
    whole = charged(9)
    config = ChargesConfig.model_validate(LESSON.learn(whole))
    whole.cut(4 * 3600)
    assert any("not finished" in one.en for one in LESSON.judge(whole, config, 2.0).doubts)


def test_a_setpoint_that_never_changes_is_refused_with_what_to_take() -> None:
    recording = Recording(("temperature", "setpoint"))
    for t in range(1000):
        recording.add(t, {"temperature": 20 + min(t, 1000 - t), "setpoint": 860})
    with pytest.raises(NotLearnable, match="working setpoint"):
        LESSON.learn(recording)


def test_a_furnace_that_stays_cold_is_refused() -> None:
    recording = Recording(("temperature", "setpoint"))
    for t in range(1000):
        recording.add(t, {"temperature": 20, "setpoint": 0})
    with pytest.raises(NotLearnable, match="shows no charge"):
        LESSON.learn(recording)
