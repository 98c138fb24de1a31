"""A device's counter: differences, rollover, reset, and single odd readings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.jobs.device_counter import LEAP, NEW, Change, Counter, read

UINT16 = 65535
UINT32 = 2**32 - 1


def counted(readings: list[int], top: int = UINT16) -> tuple[int, list[Change]]:
    counter, total, jumps = NEW, 0, []
    for value in readings:
        counter, change = read(counter, value, top)
        total += change.more
        if change.jumped:
            jumps.append(change)
    return total, jumps


def test_first_reading_is_the_baseline() -> None:
    assert counted([41_000]) == (0, [])


def test_differences_add_up() -> None:
    assert counted([10, 11, 11, 15]) == (5, [])


def test_rollover_needs_a_second_reading_and_loses_nothing() -> None:
    total, jumps = counted([65_533, 65_535, 1, 2])
    assert total == 2 + 3
    assert [(c.rollover, c.before) for c in jumps] == [(True, 65_535)]


def test_rollover_between_two_readings_is_seen_only_once() -> None:
    assert len(counted([65_530, 3, 3, 4, 5])[1]) == 1


@pytest.mark.parametrize("after", [0, 7, 19_999])
def test_reset_counts_what_the_counter_shows_again(after: int) -> None:
    total, jumps = counted([40_000, after, after + 1])
    assert total == after + 1
    assert [(c.rollover, c.before) for c in jumps] == [(False, 40_000)]


def test_counter_that_was_set_by_hand_is_only_a_new_baseline() -> None:
    total, jumps = counted([40_000, 39_990, 39_990, 39_993])
    assert total == 3
    assert [c.rollover for c in jumps] == [False]


def test_rollover_takes_a_plausible_number_of_counts() -> None:
    """From three quarters of 32 bits to 0 is a reset, not a billion parts."""
    total, jumps = counted([3_221_225_472, 0, 1], UINT32)
    assert total == 1
    assert [c.rollover for c in jumps] == [False]


def test_exchanged_device_that_shows_far_more_is_only_a_new_baseline() -> None:
    total, jumps = counted([40_000, 900_000_000, 900_000_001, 900_000_004], UINT32)
    assert total == 3
    assert len(jumps) == 1


def test_single_odd_reading_counts_nothing() -> None:
    assert counted([40_000, 0, 40_001, 40_002]) == (2, [])
    assert counted([40_000, 61_000, 40_001, 40_002]) == (2, [])


def test_leap_after_a_long_absence_counts_when_confirmed() -> None:
    assert counted([100, 100 + LEAP + 1])[0] == 0
    assert counted([100, 1_100, 1_101]) == (1_001, [])


@given(
    start=st.integers(0, UINT16),
    steps=st.lists(st.integers(0, 5_000), max_size=60),
)
def test_every_count_is_found_through_any_number_of_rollovers(start: int, steps: list[int]) -> None:
    readings, true = [start], start
    for step in steps:
        true += step
        readings += [true % (UINT16 + 1)] * 2  # a poll is much faster than a count
    total, jumps = counted(readings)
    assert total == true - start
    assert all(change.rollover for change in jumps)
    assert len(jumps) == true // (UINT16 + 1)


@given(st.lists(st.integers(0, UINT32), min_size=1, max_size=60))
def test_nothing_that_a_counter_says_takes_counts_back(readings: list[int]) -> None:
    counter = NEW
    for value in readings:
        counter, change = read(counter, value, UINT32)
        assert change.more >= 0
        assert counter.last is not None


@given(st.integers(0, UINT16), st.integers(0, UINT16), st.integers(0, UINT16))
def test_one_odd_reading_never_counts(last: int, odd: int, more: int) -> None:
    back = min(last + more % LEAP, UINT16)
    if last <= odd <= last + LEAP or odd <= back <= odd + LEAP:
        return
    counter, first = read(Counter(last), odd, UINT16)
    counter, second = read(counter, back, UINT16)
    assert (first.more, second.more) == (0, back - last)
