"""What registers may mean: the right reading is found, and what has changed stands first."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.assistant.looking import changes, distinct, letters, meanings, read_as
from gateway.machines.codec import encode
from gateway.machines.encodings import Encoding
from gateway.machines.orders import Order
from gateway.machines.template import PointSpec, Table


def float_words(value: float, order: Order = Order.ABCD) -> list[int]:
    point = PointSpec(
        name="x",
        means={"de": "x", "en": "x"},
        table=Table.HOLDING_REGISTERS,
        address=0,
        encoding=Encoding.FLOAT32,
        order=order,
    )
    return list(encode(point, value))


@pytest.mark.parametrize("order", [Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA])
@pytest.mark.parametrize(("value", "unit"), [(231.4, "V"), (49.98, "Hz"), (119.7, "V")])
def test_a_mains_value_in_any_order_stands_first(order: Order, value: float, unit: str) -> None:
    samples = [float_words(value + 0.05 * step, order) for step in (0, 1, -1, 1, 0)]
    best = meanings(100, samples)[0]
    assert (best.address, best.encoding, best.order) == (100, Encoding.FLOAT32, order)
    assert best.unit == unit
    assert best.value == pytest.approx(value, abs=0.2)


def test_a_mains_voltage_in_tenths_of_a_volt_is_found() -> None:
    best = meanings(2, [[2313], [2310], [2316]])[0]
    assert (best.encoding, best.scale, best.unit) == (Encoding.UINT16, 0.1, "V")
    assert best.value == pytest.approx(231.6)


def test_a_small_number_is_taken_for_one_register_before_two() -> None:
    found = [meaning for meaning in meanings(0, [[0, 619], [0, 620]]) if meaning.address == 1]
    assert found[0].encoding is Encoding.UINT16


def test_a_long_number_that_ends_in_zeros_is_no_mains_voltage() -> None:
    assert all(meaning.unit == "1" for meaning in meanings(0, [[6, 0], [6, 0]]))


def test_what_has_always_been_zero_means_nothing_yet() -> None:
    assert meanings(0, [[0, 0, 0, 0]] * 3) == []


def test_the_same_number_is_said_once() -> None:
    values = [(meaning.address, meaning.value) for meaning in distinct(meanings(0, [[7]]))]
    assert values == [(0, 7)]


@given(st.lists(st.lists(st.integers(0, 0xFFFF), min_size=6, max_size=6), min_size=1, max_size=4))
def test_whatever_stands_there_is_ranked_without_a_mistake(samples: list[list[int]]) -> None:
    found = meanings(0, samples)
    assert all(0 <= meaning.score <= 1 for meaning in found)
    assert [meaning.score for meaning in found] == sorted((m.score for m in found), reverse=True)


@given(
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from([Order.ABCD, Order.CDAB, Order.BADC, Order.DCBA]),
)
def test_a_reading_is_the_way_back_of_the_codec(value: float, order: Order) -> None:
    read = read_as(Encoding.FLOAT32, order, float_words(value, order))
    assert read == struct.unpack(">f", struct.pack(">f", value))[0]


def test_words_that_hold_no_number_have_no_value() -> None:
    assert read_as(Encoding.FLOAT32, Order.ABCD, [0x7FC0, 0]) is None


def test_texts_are_found_with_their_place() -> None:
    words = [0, *struct.unpack(">4H", b"SDM630v2"), 0, *struct.unpack(">1H", b"ab")]
    assert letters(20, words) == [(21, "SDM630v2")]


def test_the_register_that_changed_stands_first() -> None:
    before = [[500, 10, 7, 1], [501, 13, 7, 1], [499, 11, 7, 1]]
    after = [[1500, 12, 7, 2], [1502, 10, 7, 2], [1499, 13, 7, 2]]
    assert [change.address for change in changes(40, before, after)] == [40, 43]


def test_a_register_that_goes_on_as_before_has_not_changed() -> None:
    before = [[100], [102], [104]]
    after = [[110], [112], [114]]
    assert changes(0, before, after) == []


def test_what_stood_still_and_rises_since_the_switch_has_changed() -> None:
    before = [(0,), (0,), (0,)]
    after = [(300,), (600,), (900,)]
    assert [one.address for one in changes(1030, before, after)] == [1030]


def test_the_power_of_a_machine_at_work_stands_before_a_counter_that_has_gone_on() -> None:
    before = [[0, 247], [0, 247], [0, 247]]
    after = [[620, 249], [3100, 249], [3050, 249]]
    assert [one.address for one in changes(1030, before, after)] == [1030, 1031]
