"""The machine's own clock, and looks put together from batches."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.batches import BOOT_SPAN, Judged
from gateway.core.signals import Quality, signal_id
from gateway.jobs.samples import Look, MachineState, asleep, framed, gathered, moment, ticked
from tests.jobs.one_machine import BEGAN, Line, press_evidence

ROLES = {signal_id("m-1", role): role for role in ("good-count", "reject-count")}


def machine(**changes: object) -> MachineState:
    plain = MachineState(seq=BOOT_SPAN, at=BEGAN, mono=1000.0, t=50.0, synced=True)
    return replace(plain, **changes)  # type: ignore[arg-type]


def clock(kept: MachineState, heard: Judged, lapse: int) -> float:
    return ticked(kept, moment(kept, heard), lapse)


def batch(real: float = 0.0, **values: int | None) -> Judged:
    named = {key.replace("_", "-"): value for key, value in values.items()}
    return Line(press_evidence()).batch(real, named)


def test_clock_runs_by_monotonic_time_times_the_lapse() -> None:
    assert clock(machine(), batch(0.1), 144) == pytest.approx(50 + 14.4)
    assert clock(machine(), batch(0.1), 1) == pytest.approx(50.1)


def test_gateway_that_restarts_goes_on_by_the_computers_monotonic_time() -> None:
    later = replace(batch(7.0), seq0=2 * BOOT_SPAN)
    assert clock(machine(at=BEGAN + timedelta(days=9)), later, 144) == pytest.approx(50 + 7 * 144)


def test_after_the_computer_was_off_a_wall_clock_that_is_right_tells() -> None:
    assert clock(machine(mono=99_999.0, rebooted=True), batch(7.0), 144) == pytest.approx(
        50 + 7 * 144
    )
    assert not asleep(machine(rebooted=True), moment(machine(rebooted=True), batch(7.0)))


def test_after_the_computer_was_off_a_doubtful_wall_clock_says_nothing() -> None:
    off = machine(mono=99_999.0, rebooted=True, synced=False)
    assert clock(off, batch(7.0), 144) == 50.0
    assert asleep(off, moment(off, batch(7.0)))


def test_clock_never_runs_backwards() -> None:
    earlier = machine(at=BEGAN + timedelta(days=1), mono=5_000.0, rebooted=True)
    assert clock(earlier, batch(0.0), 144) == 50.0


def test_clock_keeps_time_where_two_lines_hand_on_out_of_order() -> None:
    line = Line(press_evidence(), lapse=1)
    line.see(0.0, good_count=0)
    for second in range(1, 101):
        line.see(float(second), good_count=second)
        line.see(second - 0.3, reject_count=0)
    assert line.state.machines["m-1"].t == pytest.approx(100.0)


def test_first_batch_begins_the_clock() -> None:
    assert clock(MachineState(), batch(3.0), 144) == 0.0


def test_look_waits_for_every_role() -> None:
    pending, looks = gathered(None, batch(good_count=5), 1.0, ROLES)
    assert looks == ()
    pending, looks = gathered(pending, batch(reject_count=2), 2.0, ROLES)
    assert pending is None
    assert looks == (Look(BEGAN, 2.0, {"good-count": 5, "reject-count": 2}),)


def test_role_that_speaks_again_closes_the_look_without_the_silent_one() -> None:
    pending, _ = gathered(None, batch(good_count=5), 1.0, ROLES)
    pending, looks = gathered(pending, batch(0.1, good_count=6), 2.0, ROLES)
    assert looks == (Look(BEGAN, 1.0, {"good-count": 5}),)
    assert pending is not None
    assert pending.values == {"good-count": 6}


def test_bad_value_speaks_but_says_nothing() -> None:
    _, (look,) = gathered(None, batch(good_count=5, reject_count=None), 1.0, ROLES)
    assert framed(look, "").values == {"good-count": 5}


def test_uncertain_value_is_used() -> None:
    judged = batch(good_count=5, reject_count=None)
    mark = replace(judged.marks[1], quality=Quality.UNCERTAIN)
    kept = replace(judged.batch, values=(5, 7))
    _, (look,) = gathered(None, replace(judged, batch=kept, marks={1: mark}), 1.0, ROLES)
    assert framed(look, "").values == {"good-count": 5, "reject-count": 7}


def test_signals_of_no_concern_change_nothing() -> None:
    assert gathered(None, batch(frequency=50), 1.0, ROLES) == (None, ())
