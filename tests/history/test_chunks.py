from __future__ import annotations

import math
import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.history.chunks import NONE, Points, decode, encode, summary

shapes = st.sampled_from(["any", "float32", "decimal", "scaled", "whole", "bits", "constant"])


@st.composite
def chunks(draw: st.DrawFn) -> Points:
    count = draw(st.integers(1, 30))
    steps = draw(
        st.lists(st.integers(0, 300_000), min_size=count, max_size=count) | st.just([100] * count)
    )
    times = [draw(st.integers(0, 2**45))]
    for step in steps[1:]:
        times.append(times[-1] + step)
    number = {
        "any": st.floats(allow_nan=False, allow_infinity=False),
        "float32": st.floats(allow_nan=False, allow_infinity=False, width=32),
        "decimal": st.integers(-(10**6), 10**6).map(lambda n: n / 100),
        "scaled": st.integers(-(2**15), 2**15).map(lambda n: n * 0.1),
        "whole": st.integers(-(2**53), 2**53).map(float),
        "bits": st.sampled_from([0.0, 1.0]),
        "constant": st.just(20.5),
    }[draw(shapes)]
    holes = draw(st.sets(st.integers(0, count - 1)))
    numbers = [NONE if index in holes else draw(number) for index in range(count)]
    marks = {index: draw(st.sampled_from([1, 2])) for index in holes}
    texts = {index: draw(st.text(max_size=5)) for index in holes if draw(st.booleans())}
    return Points(times, numbers, marks, texts)


@given(chunks())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_changes_in_a_chunk(points: Points):
    again = decode(encode(points))
    assert list(again.times) == points.times
    assert [struct.pack("<d", a + 0.0) for a in again.numbers] == [
        struct.pack("<d", b + 0.0) for b in points.numbers
    ]
    assert again.marks == points.marks
    assert again.texts == points.texts


def test_five_minutes_of_a_meter_take_few_bytes_per_value():
    """Measured powers drift and jitter; times jitter by milliseconds."""
    chance = random.Random(5)
    watts, times, at = [], [], 0
    power = 1500.0
    for _ in range(300):
        at += 1000 + chance.randint(-2, 2)
        power += chance.gauss(0, 3)
        times.append(at)
        watts.append(struct.unpack("<f", struct.pack("<f", power))[0])
    assert len(encode(Points(times, watts))) / 300 < 5
    whole = [float(round(watt)) for watt in watts]
    assert len(encode(Points(times, whole))) / 300 < 3
    assert len(encode(Points([1000 * n for n in range(300)], [21.5] * 300))) < 80


@given(chunks(), st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damage_is_noticed(points: Points, data: st.DataObject):
    kept = encode(points)
    with pytest.raises(ValueError, match="damaged"):
        decode(kept[: data.draw(st.integers(0, len(kept) - 1))])


def test_a_summary_keeps_the_peak_and_the_last_trustworthy_value():
    points = Points([1, 2, 3, 4], [5.0, 900.0, 7.0, NONE], {3: 2})
    found = summary(points, 0, 4)
    assert (found.low, found.high, found.last, found.last_at) == (5.0, 900.0, 7.0, 3)
    assert (found.first, found.final, found.count, found.worst) == (1, 4, 4, 2)


def test_what_is_no_number_is_bad_and_none():
    points = Points([1, 2], [math.inf, 3.0]).sound()
    assert math.isnan(points.numbers[0])
    assert points.marks == {0: 2}
