"""Judging: faults are bad, impossible values are uncertain, nothing is dropped."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batches import Batch, Clock, Mark
from gateway.core.signals import Fault, Kind, Limits, Quality, Reason, Signal, SignalId
from gateway.core.text import Text
from gateway.core.units import UNITS
from gateway.flow.quality import OUT_OF_RANGE, Judge, judge

AT = datetime(2026, 1, 1, tzinfo=UTC)


def signal(name, low=None, high=None, every=1.0):
    text = Text("x", "x")
    return Signal(SignalId(name), text, UNITS["1"], Kind.GAUGE, Limits(low, high), every)


def batch(signals, values, faults=None):
    return Batch("m", AT, 0.0, Clock.SYNCED, tuple(s.id for s in signals), tuple(values), faults)


@pytest.mark.parametrize(
    ("low", "high", "value", "mark"),
    [
        (0, 10, 0, None),
        (0, 10, 10, None),
        (0, 10, -0.1, OUT_OF_RANGE),
        (0, 10, 10.1, OUT_OF_RANGE),
        (None, 10, -1e9, None),
        (0, None, 1e9, None),
        (None, None, 1e9, None),
        (0, 1, True, None),
    ],
)
def test_a_value_outside_its_limits_is_uncertain(low, high, value, mark):
    signals = [signal("m/a", low, high)]
    assert judge(batch(signals, [value]), signals, 7).marks.get(0) == mark


def test_a_fault_is_bad_with_its_reason():
    signals = [signal("m/a", 0, 1), signal("m/b", 0, 1)]
    fault = Fault(Reason.REFUSED, 2)
    judged = judge(batch(signals, [None, 0.5], (fault, None)), signals, 0)
    assert judged.marks == {0: Mark(Quality.BAD, fault)}


def test_a_value_with_a_fault_beside_it_is_uncertain_for_that_reason():
    signals = [signal("m/a", 0, 1), signal("m/b", 0, 1)]
    fault = Fault(Reason.OUT_OF_RANGE)
    judged = judge(batch(signals, [0.5, 0.5], (fault, None)), signals, 0)
    assert judged.marks == {0: Mark(Quality.UNCERTAIN, fault)}
    assert judged.reading(0).value == 0.5


def test_a_neighbour_of_a_fault_is_still_judged():
    signals = [signal("m/a"), signal("m/b", 0, 1)]
    judged = judge(batch(signals, [None, 5], (Fault(Reason.TIMEOUT), None)), signals, 0)
    assert judged.marks[1] == OUT_OF_RANGE


def test_an_uncertain_value_keeps_its_value():
    signals = [signal("m/a", 0, 1)]
    reading = judge(batch(signals, [5.0]), signals, 3).reading(0)
    assert (reading.value, reading.quality, reading.seq) == (5.0, Quality.UNCERTAIN, 3)


def test_text_and_bits_have_no_limits():
    signals = [signal("m/a"), signal("m/b")]
    assert judge(batch(signals, ["on", True]), signals, 0).marks == {}


@given(
    st.lists(
        st.tuples(
            st.one_of(st.none(), st.integers(-5, 5)),
            st.one_of(st.none(), st.integers(-5, 5)),
            st.one_of(st.none(), st.integers(-9, 9)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_a_batch_is_judged_as_its_values_one_by_one(rows):
    signals = [signal(f"m/s{i}", low, high) for i, (low, high, _) in enumerate(rows)]
    values = [value for _, _, value in rows]
    gone = Fault(Reason.TIMEOUT)
    faults = tuple(gone if value is None else None for value in values)
    marks = (
        Judge(signals).judge(batch(signals, values, faults if None in values else None), 0).marks
    )
    for index, (low, high, value) in enumerate(rows):
        if value is None:
            expected = Mark(Quality.BAD, gone)
        elif (low is not None and value < low) or (high is not None and value > high):
            expected = OUT_OF_RANGE
        else:
            expected = None
        assert marks.get(index) == expected
