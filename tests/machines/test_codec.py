"""Registers to values and back, by table and by property."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.signals import Fault, Kind, Reason
from gateway.machines.codec import Layout, decode, encode, place, without_value
from gateway.machines.template import Encoding, Order, PointSpec, Table

RANGES = {
    Encoding.UINT16: (0, 2**16 - 1),
    Encoding.INT16: (-(2**15), 2**15 - 1),
    Encoding.UINT32: (0, 2**32 - 1),
    Encoding.INT32: (-(2**31), 2**31 - 1),
    Encoding.BCD16: (0, 9999),
}
LONG = {Encoding.UINT32, Encoding.INT32, Encoding.FLOAT32}


def point(encoding, name="x", **more):
    more.setdefault("table", Table.INPUT_REGISTERS)
    more.setdefault("address", 0)
    if encoding in LONG:
        more.setdefault("order", Order.HIGH_FIRST)
    return PointSpec(name=name, means={"de": "x", "en": "x"}, encoding=encoding, **more)


@pytest.mark.parametrize(
    ("encoding", "more", "words", "value"),
    [
        (Encoding.UINT16, {}, (0xFFFF,), 65535),
        (Encoding.INT16, {}, (0xFFFE,), -2),
        (Encoding.INT16, {"scale": 0.1}, (853,), 85.3),
        (Encoding.INT16, {"scale": 0.1}, (3,), 0.3),
        (Encoding.INT16, {"scale": 0.01}, (10000,), 100.0),
        (Encoding.INT16, {"scale": 2.5, "offset": -1.0}, (4,), 9.0),
        (Encoding.UINT32, {}, (0x0001, 0x0002), 0x00010002),
        (Encoding.UINT32, {"order": Order.LOW_FIRST}, (0x0002, 0x0001), 0x00010002),
        (Encoding.INT32, {}, (0xFFFF, 0xFFFF), -1),
        (Encoding.FLOAT32, {}, (0x4366, 0x0000), 230.0),
        (Encoding.FLOAT32, {"order": Order.LOW_FIRST}, (0x0000, 0x4366), 230.0),
        (Encoding.FLOAT32, {"scale": 1000.0}, (0x3FC0, 0x0000), 1500.0),
        (Encoding.BCD16, {}, (0x1234,), 1234),
        (Encoding.BCD16, {"scale": 0.1}, (0x1234,), 123.4),
        (Encoding.BIT, {"bit": 3}, (0b1000,), True),
        (Encoding.BIT, {"bit": 3}, (0b0111,), False),
        (Encoding.BIT, {"bit": 15}, (0x8000,), True),
        (Encoding.BIT, {"table": Table.COILS}, (1,), True),
        (Encoding.BIT, {"table": Table.DISCRETE_INPUTS}, (False,), False),
    ],
)
def test_words_mean_a_value(encoding, more, words, value):
    found, fault = decode(point(encoding, **more), words)
    assert fault is None
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("encoding", "more", "words", "reason"),
    [
        (Encoding.FLOAT32, {}, (0x7FC0, 0x0000), Reason.UNDECODABLE),  # NaN
        (Encoding.FLOAT32, {}, (0x7F80, 0x0000), Reason.UNDECODABLE),  # infinity
        (Encoding.FLOAT32, {}, (0xFF80, 0x0000), Reason.UNDECODABLE),  # minus infinity
        (Encoding.FLOAT32, {"sentinels": (0x7FC00000,)}, (0x7FC0, 0x0000), Reason.SENTINEL),
        (Encoding.FLOAT32, {"sentinels": (-9999,)}, (0xC61C, 0x3C00), Reason.SENTINEL),
        (Encoding.FLOAT32, {"sentinels": (0.1,)}, (0x3DCC, 0xCCCD), Reason.SENTINEL),
        (Encoding.FLOAT32, {"sentinels": (-1e30,)}, (0xF149, 0xF2CA), Reason.SENTINEL),
        (
            Encoding.FLOAT32,
            {"sentinels": (-9999,), "order": Order.LOW_FIRST, "scale": 0.1},
            (0x3C00, 0xC61C),
            Reason.SENTINEL,
        ),
        (Encoding.FLOAT32, {"sentinels": (0x80000000,)}, (0x8000, 0x0000), Reason.SENTINEL),
        (Encoding.FLOAT32, {"sentinels": (0x7F7FFFFF,)}, (0x7F7F, 0xFFFF), Reason.SENTINEL),
        (Encoding.INT16, {"sentinels": (0x8000,)}, (0x8000,), Reason.SENTINEL),
        (Encoding.INT16, {"sentinels": (-32768,)}, (0x8000,), Reason.SENTINEL),
        (Encoding.UINT32, {"sentinels": (0xFFFFFFFF,)}, (0xFFFF, 0xFFFF), Reason.SENTINEL),
        (
            Encoding.INT32,
            {"sentinels": (1,), "order": Order.LOW_FIRST},
            (0x0001, 0x0000),
            Reason.SENTINEL,
        ),
        (Encoding.BCD16, {}, (0x12A4,), Reason.UNDECODABLE),
    ],
)
def test_words_that_mean_no_value_say_why(encoding, more, words, reason):
    assert decode(point(encoding, **more), words) == (None, Fault(reason))


@pytest.mark.parametrize(
    ("sentinels", "words", "value"),
    [
        ((-9999,), (0xC61C, 0x3BFF), -9998.9990234375),
        ((1_000_000_000,), (0x3B9A, 0xCA00), 0.004723787307739258),  # its bits, as a number
        ((1,), (0x0000, 0x0001), 1.401298464324817e-45),
    ],
)
def test_a_float_beside_its_sentinel_is_a_value(sentinels, words, value):
    assert decode(point(Encoding.FLOAT32, sentinels=sentinels), words) == (value, None)


def test_minus_zero_is_zero():
    value, _ = decode(point(Encoding.FLOAT32), (0x8000, 0x0000))
    assert math.copysign(1, value) == 1


def test_one_bad_value_leaves_its_neighbours_alone():
    points = [point(Encoding.FLOAT32, f"p{i}", address=2 * i) for i in range(4)]
    block = Layout(0, 8, points)
    words = [0x4366, 0, 0x7FC0, 0, 0x4366, 0, 0x7F80, 0]
    values, faults = block.decode(words)
    assert values == (230.0, None, 230.0, None)
    assert [fault is None for fault in faults] == [True, False, True, False]


def test_infinities_of_both_signs_do_not_cancel_out():
    points = [point(Encoding.FLOAT32, f"p{i}", address=2 * i) for i in range(2)]
    _, faults = Layout(0, 4, points).decode([0x7F80, 0, 0xFF80, 0])
    assert None not in faults


def test_a_block_with_holes_overlaps_and_bits_is_decoded_at_once():
    points = [
        point(Encoding.UINT32, "long", address=10),
        point(Encoding.UINT16, "high-word", address=10),
        point(Encoding.BIT, "bit-0", address=13, bit=0),
        point(Encoding.BIT, "bit-9", address=13, bit=9),
        point(Encoding.UINT16, "word", address=13),
        point(Encoding.INT32, "swapped", address=16, order=Order.LOW_FIRST),
    ]
    words = [1, 2, 999, 0x0200, 999, 999, 0xFFFF, 0xFFFF]
    assert Layout(10, 8, points).decode(words)[0] == (0x10002, 1, False, True, 0x200, -1)


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        (Encoding.UINT16, -1),
        (Encoding.UINT16, 65536),
        (Encoding.INT16, 32768),
        (Encoding.UINT32, 2**32),
        (Encoding.INT32, -(2**31) - 1),
        (Encoding.BCD16, 10000),
        (Encoding.BCD16, -1),
        (Encoding.FLOAT32, 1e39),
    ],
)
def test_a_value_that_does_not_fit_is_refused(encoding, value):
    with pytest.raises(ValueError):
        encode(point(encoding), value)


def test_text_does_not_fit_registers():
    with pytest.raises(TypeError):
        encode(point(Encoding.UINT16), "1")


def test_placing_a_bit_leaves_the_others():
    words = [0, 0b0101, 0]
    place(words, 2, point(Encoding.BIT, address=3, bit=1), True)
    place(words, 2, point(Encoding.BIT, address=3, bit=0), False)
    assert words == [0, 0b0110, 0]


def test_placing_a_long_value_takes_both_registers():
    words = [9] * 4
    place(words, 0, point(Encoding.UINT32, address=1), 0x10002)
    assert words == [9, 1, 2, 9]


def test_placing_a_table_bit():
    bits = [0, 0, 0]
    place(bits, 4, point(Encoding.BIT, table=Table.DISCRETE_INPUTS, address=5), True)
    assert bits == [0, 1, 0]


@given(st.booleans(), st.integers(0, 15))
def test_bits_survive(value, bit):
    it = point(Encoding.BIT, bit=bit)
    assert decode(it, encode(it, value)) == (value, None)


@given(
    st.integers(-(2**15), 2**15 - 1),
    st.sampled_from([0.1, 0.01, 0.001, 10.0, 0.5, 2.5]),
    st.sampled_from([0.0, -40.0, 273.15]),
)
def test_scaled_values_survive(raw, scale, offset):
    it = point(Encoding.INT16, scale=scale, offset=offset)
    value, _ = decode(it, struct.unpack(">H", struct.pack(">h", raw)))
    again, fault = decode(it, encode(it, value))
    assert fault is None
    assert again == value


@given(st.integers(-(2**15), 2**15 - 1))
def test_tenths_read_as_people_write_them(raw):
    value, _ = decode(point(Encoding.INT16, scale=0.1), struct.unpack(">H", struct.pack(">h", raw)))
    assert value == float(f"{raw}e-1")


# Where one thing is nearly another


def of(encoding, words, **more):
    return decode(point(encoding, **more), words)


SENTINEL, UNDECODABLE = Fault(Reason.SENTINEL), Fault(Reason.UNDECODABLE)
DOUBTFUL = Fault(Reason.OUT_OF_RANGE)


def test_nan_as_a_sentinel_is_not_infinity():
    more = {"sentinels": ("nan",)}
    assert of(Encoding.FLOAT32, (0x7FC0, 0), **more) == (None, SENTINEL)
    assert of(Encoding.FLOAT32, (0x7F80, 0), **more) == (None, UNDECODABLE)


def test_minus_zero_as_a_sentinel_is_not_zero():
    more = {"sentinels": (0x80000000,)}
    assert of(Encoding.FLOAT32, (0x8000, 0), **more) == (None, SENTINEL)
    assert of(Encoding.FLOAT32, (0, 0), **more) == (0.0, None)


def test_a_sentinel_by_its_bits_is_known_in_every_byte_order():
    more = {"sentinels": (0x7FC00001,), "order": Order.DCBA}
    assert of(Encoding.FLOAT32, (0x0100, 0xC07F), **more) == (None, SENTINEL)
    assert of(Encoding.FLOAT32, (0x0200, 0xC07F), **more) == (None, UNDECODABLE)


def test_a_sentinel_of_a_mask_is_seen_whatever_the_other_bits_are():
    more = {"mask": 0x00F0, "sentinels": (15,)}
    assert of(Encoding.UINT16, (0xABFC,), **more) == (None, SENTINEL)
    assert of(Encoding.UINT16, (0xABEC,), **more) == (14, None)


def test_a_sentinel_of_an_enumeration_is_no_number_that_its_list_lacks():
    more = {"values": {0: {"de": "a", "en": "b"}}, "sentinels": (255,)}
    assert of(Encoding.UINT16, (255,), **more) == (None, SENTINEL)
    assert of(Encoding.UINT16, (7,), **more) == (7, DOUBTFUL)
    assert of(Encoding.UINT16, (0,), **more) == (0, None)


def test_a_sentinel_of_a_high_byte_stands_in_the_high_byte():
    more = {"sentinels": (255,)}
    assert of(Encoding.UINT8_HIGH, (0xFF01,), **more) == (None, SENTINEL)
    assert of(Encoding.UINT8_HIGH, (0x01FF,), **more) == (1, None)
    assert without_value(point(Encoding.UINT8_HIGH, **more)) == (0xFF00,)


def test_a_mask_of_a_high_byte_takes_bits_of_the_high_byte():
    masked = point(Encoding.UINT8_HIGH, mask=0x0F)
    words = [0xFFFF]
    place(words, 0, masked, 0)
    assert words == [0xF0FF]


def test_a_value_too_large_for_its_mask_cannot_be_encoded():
    masked = point(Encoding.UINT16, mask=0x00F0)
    assert encode(masked, 15) == (0x00F0,)
    for value in (16, -1):
        with pytest.raises(ValueError, match="mask"):
            encode(masked, value)


def test_points_in_two_byte_orders_are_read_from_one_block():
    first = point(Encoding.UINT32, "first", order=Order.ABCD)
    second = point(Encoding.UINT32, "second", address=2, order=Order.BADC)
    third = point(Encoding.UINT32, "third", address=4, order=Order.CDAB)
    words = (0x0102, 0x0304, 0x0201, 0x0403, 0x0304, 0x0102)
    layout = Layout(0, 6, (first, second, third))
    assert layout.decode(words) == ((0x01020304,) * 3, None)


@pytest.mark.parametrize(
    ("order", "low_byte_first", "places"),
    [
        (Order.ABCD, False, (0, 1)),
        (Order.CDAB, False, (1, 0)),
        (Order.BADC, True, (0, 1)),
        (Order.DCBA, True, (1, 0)),
        (Order.LOW_FIRST, False, (1, 0)),
    ],
)
def test_letters_say_words_and_bytes_apart(order, low_byte_first, places):
    assert (order.low_byte_first, order.places(2)) == (low_byte_first, places)


def test_only_a_whole_divisor_divides():
    assert of(Encoding.UINT16, (100,), scale=0.333) == (pytest.approx(33.3), None)
    assert of(Encoding.UINT16, (853,), scale=0.1) == (85.3, None)


def test_a_number_whose_digits_a_float_cannot_hold_is_doubtful():
    more = {"order": Order.HIGH_FIRST}
    large = struct.unpack(">4H", (10**15).to_bytes(8, "big"))
    assert of(Encoding.UINT64, large, scale=10.0, **more) == (1e16, DOUBTFUL)
    assert of(Encoding.UINT64, large, scale=0.1, **more) == (1e14, None)
    assert of(Encoding.UINT64, (0, 0, 0, 4), scale=0.5, offset=1e16, **more) == (1e16 + 2, None)


def test_a_text_with_a_control_character_is_none():
    more = {"kind": Kind.TEXT, "length": 2}
    assert of(Encoding.TEXT, (0x2041, 0x4220), **more) == ("AB", None)
    assert of(Encoding.TEXT, (0x0941, 0x4220), **more) == (None, UNDECODABLE)
    assert of(Encoding.TEXT, (0x4142, 0x0043), **more) == ("AB", None)  # behind NUL it has ended
