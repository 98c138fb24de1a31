"""Times that a wrong clock has stamped wait until the clock is known, and go out corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.clock import to_ms
from gateway.core.signals import SignalId
from gateway.flow.distinct import Distinct
from gateway.flow.moment import Moment
from gateway.flow.trusted_times import TrustedTimes

KEPT = datetime(2026, 11, 2, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def stamped(
    at: datetime, *, boot: int = 3, clock: Clock = Clock.UNSYNCED, mono: float = 10.0
) -> Judged:
    batch = Batch("m", at, mono, clock, (SignalId("m/a"),), (1,))
    return Judged(batch, boot * BOOT_SPAN + 1, {})


def known(at: datetime, mono: float) -> Moment:
    return Moment(at, mono, Clock.SYNCED)


UNKNOWN = Moment(KEPT, 20.0, Clock.UNSYNCED)


@pytest.mark.parametrize(
    "at",
    [
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(2025, 12, 31, tzinfo=UTC),
        KEPT - timedelta(minutes=2),
        KEPT + timedelta(days=32),
        KEPT + timedelta(days=400),
    ],
)
def test_a_time_that_cannot_be_right_waits_and_goes_out_corrected(at: datetime) -> None:
    times = TrustedTimes(3, KEPT)
    before, wrong = stamped(KEPT + DAY), stamped(at, mono=10.0)
    assert times.ready([before, wrong, before], UNKNOWN) == [before]
    (corrected,) = times.ready([wrong], known(KEPT + DAY, 70.0))
    assert corrected.at == KEPT + DAY - timedelta(seconds=60)
    assert corrected.batch.clock is Clock.UNSYNCED
    assert (corrected.seq0, corrected.batch.values) == (wrong.seq0, wrong.batch.values)


@pytest.mark.parametrize("after", [timedelta(0), timedelta(minutes=-1), DAY, 30 * DAY])
def test_a_plausible_time_goes_out_as_it_is(after: timedelta) -> None:
    judged = stamped(KEPT + after)
    assert TrustedTimes(3, KEPT).ready([judged], UNKNOWN) == [judged]


def test_a_clock_that_is_kept_in_step_is_believed() -> None:
    judged = stamped(KEPT - 100 * DAY, clock=Clock.SYNCED)
    assert TrustedTimes(3, KEPT).ready([judged], UNKNOWN) == [judged]


def test_a_first_start_believes_any_time_since_the_program_was_written() -> None:
    judged = stamped(KEPT + 400 * DAY)
    times = TrustedTimes(1, None)
    assert times.ready([judged], UNKNOWN) == [judged]
    assert times.ready([stamped(datetime(1970, 1, 2, tzinfo=UTC), boot=1)], UNKNOWN) == []


def test_what_an_earlier_start_has_stamped_in_1970_is_lost_for_good() -> None:
    times = TrustedTimes(3, KEPT)
    assert times.lost(stamped(datetime(1970, 1, 1, tzinfo=UTC), boot=2))
    assert not times.lost(stamped(datetime(1970, 1, 1, tzinfo=UTC), boot=3))
    assert not times.lost(stamped(KEPT, boot=2))


def test_no_two_batches_of_a_machine_carry_the_same_millisecond() -> None:
    distinct = Distinct()
    same = [distinct(stamped(KEPT + timedelta(microseconds=n))) for n in range(50)]
    assert len({to_ms(judged.at) for judged in same}) == 50
    other = stamped(KEPT)
    other = replace(other, batch=replace(other.batch, machine="n"))
    assert distinct(other) is other
    back = stamped(KEPT - timedelta(hours=1))
    assert distinct(back) is back, "a clock that was set back keeps its own times"
    assert distinct(later := stamped(KEPT)) is later
