from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batches import Batch, Clock, Judged, Mark
from gateway.core.signals import Fault, Quality, Reason, SignalId
from gateway.journal.encoding import Shape, Unreadable, decode, encode, from_us, to_us

faults = st.builds(Fault, st.sampled_from(Reason), st.none() | st.integers(1, 11))
values = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.text(st.characters(exclude_categories=["Cs"]))
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))


@st.composite
def judged_batches(draw: st.DrawFn) -> Judged:
    names = draw(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=8, unique=True))
    count = len(names)
    bad = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    found = tuple(None if is_bad else draw(values) for is_bad in bad)
    wrong = tuple(draw(faults) if is_bad else None for is_bad in bad)
    marks = {
        index: Mark(Quality.BAD, fault) for index, fault in enumerate(wrong) if fault is not None
    }
    if draw(st.booleans()):
        marks = {
            **{index: Mark(Quality.UNCERTAIN, draw(faults)) for index in range(count)},
            **marks,
        }
    batch = Batch(
        "m",
        draw(moments),
        draw(st.floats(0, 1e9)),
        draw(st.sampled_from(Clock)),
        tuple(SignalId(f"m/{name}") for name in names),
        found,
        draw(st.sampled_from([wrong, None])) if not any(bad) else wrong,
    )
    return Judged(batch, draw(st.integers(0, 2**53)), marks)


@given(st.lists(judged_batches(), max_size=5))
def test_what_is_encoded_comes_back_equal(batches: list[Judged]):
    shapes = list(dict.fromkeys(Shape(j.batch.machine, j.batch.signals) for j in batches))
    numbers = {shape: number for number, shape in enumerate(shapes)}
    again = decode(encode(batches, numbers), dict(enumerate(shapes)))
    assert again == batches
    for mine, theirs in zip(again, batches, strict=True):
        kinds = [type(value) for value in mine.batch.values]
        assert kinds == [type(value) for value in theirs.batch.values]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_comes_back_as_bad_and_never_as_a_value(value: float):
    shape = Shape("m", (SignalId("m/a"),))
    at = datetime(2026, 8, 3, tzinfo=UTC)
    batch = Batch("m", at, 0.0, Clock.SYNCED, shape.signals, (value,))
    (again,) = decode(encode([Judged(batch, 1, {})], {shape: 1}), {1: shape})
    assert again.batch.values == (None,)
    assert again.reading(0).quality is Quality.BAD


@given(st.data())
def test_a_damaged_block_is_never_taken_for_a_sound_one(data: st.DataObject):
    shape = Shape("m", (SignalId("m/a"),))
    at = datetime(2026, 8, 3, tzinfo=UTC)
    batches = [
        Judged(Batch("m", at + timedelta(seconds=n), n, Clock.SYNCED, shape.signals, (n,)), n, {})
        for n in range(20)
    ]
    block = bytearray(encode(batches, {shape: 1}))
    place = data.draw(st.integers(2, len(block) - 1))
    block[place] ^= 1 << data.draw(st.integers(0, 7))
    with contextlib.suppress(Unreadable):
        assert decode(bytes(block), {1: shape}) == batches


@given(moments)
def test_times_keep_their_microseconds(moment: datetime):
    assert from_us(to_us(moment)) == moment
