"""Every encoding in every order: by an example, to registers and back, and what it cannot hold."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.signals import Fault, Kind, Reason
from gateway.machines.codec import Layout, decode, encode, own_bits, place, without_value
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.orders import Order, fitting
from gateway.machines.template import PointSpec, Table
from tests.machines.encoding_examples import EXAMPLES

MANUALS = {
    "ABCD": [0x4366, 0x8000],
    "CDAB": [0x8000, 0x4366],
    "BADC": [0x6643, 0x0080],
    "DCBA": [0x0080, 0x6643],
}
"""230.5 as float32 (43 66 80 00), as manuals call the orders in which it can be sent."""


def point(encoding, name="x", **more):
    encoding = Encoding(encoding)
    more.setdefault("table", Table.HOLDING_REGISTERS)
    more.setdefault("address", 0)
    if encoding is Encoding.BIT:
        more.setdefault("bit", 2)
    if encoding.takes_order and encoding.row.words > 1:
        more.setdefault("order", Order.HIGH_FIRST)
    if encoding.shape is Shape.TEXT:
        more.setdefault("length", 4)
        more.setdefault("kind", Kind.TEXT)
    return PointSpec(name=name, means={"de": "x", "en": "x"}, encoding=encoding, **more)


def orders(encoding):
    """Every order that an encoding can have; None: as it stands in the table."""
    found = fitting(encoding.row.words) if encoding.takes_order else ()
    return found if encoding.row.words > 1 else (None, *found)


EVERYWHERE = [(encoding, order) for encoding in Encoding for order in orders(encoding)]
everywhere = pytest.mark.parametrize(
    ("encoding", "order"), EVERYWHERE, ids=[f"{one}-{order}" for one, order in EVERYWHERE]
)


@pytest.mark.parametrize("encoding", Encoding)
def test_every_encoding_has_an_example(encoding):
    words, value = EXAMPLES[encoding]
    found, fault = decode(
        point(encoding, **({"length": len(words)} if encoding.shape is Shape.TEXT else {})), words
    )
    assert (found, fault) == (value, None)
    assert type(found) is type(value)


@pytest.mark.parametrize("letters", MANUALS)
def test_orders_have_the_names_of_manuals(letters):
    assert decode(point("float32", order=Order(letters)), MANUALS[letters]) == (230.5, None)


@pytest.mark.parametrize(
    ("word", "letters"), [("high-word-first", "ABCD"), ("low-word-first", "CDAB")]
)
def test_words_and_letters_say_the_same(word, letters):
    for value in (1, 2**31, 0x01020304):
        of = [encode(point("uint32", order=Order(order)), value) for order in (word, letters)]
        assert of[0] == of[1]


@pytest.mark.parametrize("order", [order for order in Order if order.letters])
def test_letters_say_where_each_byte_is_sent(order):
    words = len(order) // 2
    encoding = {1: "uint16", 2: "uint32", 3: "bcd48", 4: "uint64"}[words]
    sent = b"".join(
        word.to_bytes(2, "big")
        for word in encode(
            point(encoding, order=order),
            int("010203040506"[: 4 * words])
            if words == 3
            else int.from_bytes(range(1, 2 * words + 1)),
        )
    )
    assert [letter - ord("A") + 1 for letter in order.encode()] == list(sent)


def drawn(encoding):
    """Any value of an encoding."""
    row = encoding.row
    if row.shape is Shape.BIT:
        return st.booleans()
    if row.shape is Shape.FLOAT:
        width = 16 * row.words
        return st.floats(width=width, allow_nan=False, allow_infinity=False)
    if row.shape is Shape.WHOLE:
        return st.integers(row.holds[0], row.holds[-1])
    letters = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
    return st.text(letters, max_size=8 if row.own == 0xFFFF else 4)


@everywhere
@given(st.data())
def test_a_value_comes_back_from_its_registers(encoding, order, data):
    value = data.draw(drawn(encoding))
    it = point(encoding, order=order)
    assert decode(it, encode(it, value)) == (value, None)


@everywhere
@given(st.data())
def test_whatever_stands_in_the_registers_is_a_sound_value_or_a_fault(encoding, order, data):
    it = point(encoding, order=order)
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=it.words, max_size=it.words))
    value, fault = decode(it, words)
    assert (value is None) == (fault is not None)
    assert not isinstance(value, float) or math.isfinite(value)
    if fault is None and encoding.shape is not Shape.TEXT and encoding is not Encoding.BOOL:
        own = [word & mask for word, mask in zip(words, own_bits(it), strict=True)]
        minus_zero = value == 0 and encoding.shape is Shape.FLOAT
        assert minus_zero or list(encode(it, value)) == own


@everywhere
@given(st.data())
def test_a_value_is_placed_beside_others(encoding, order, data):
    it = point(encoding, order=order, address=1)
    before = data.draw(
        st.lists(st.integers(0, 0xFFFF), min_size=it.words + 2, max_size=it.words + 2)
    )
    value, words = data.draw(drawn(encoding)), list(before)
    place(words, 0, it, value)
    assert Layout(0, len(words), [it]).decode(words) == ((value,), None)
    own = [0, *own_bits(it), 0]
    assert [w & ~o for w, o in zip(words, own, strict=True)] == [
        w & ~o for w, o in zip(before, own, strict=True)
    ]


@given(st.data())
def test_a_block_decodes_to_what_its_points_decode_to_alone(data):
    points, address = [], data.draw(st.integers(0, 100))
    first = address
    for index in range(data.draw(st.integers(1, 12))):
        encoding, order = data.draw(st.sampled_from(EVERYWHERE))
        points.append(point(encoding, f"p{index}", address=address, order=order))
        address += data.draw(st.integers(0, 6))
    count = max(p.last for p in points) - first + 1
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=count, max_size=count))
    values, faults = Layout(first, count, points).decode(words)
    for index, it in enumerate(points):
        own = words[it.address - first : it.last - first + 1]
        assert (values[index], faults[index] if faults else None) == decode(it, own)


@pytest.mark.parametrize("encoding", [one for one in Encoding if one.row.holds is not None])
def test_a_number_beyond_what_it_holds_is_refused(encoding):
    it = point(encoding)
    for beyond in (encoding.row.holds[0] - 1, encoding.row.holds[-1] + 1):
        with pytest.raises(ValueError, match=f"x: {encoding} cannot hold"):
            encode(it, beyond)


@pytest.mark.parametrize(
    ("encoding", "value", "why"),
    [
        ("float32", 1e39, ValueError),
        ("text", "123456789", ValueError),
        ("text-low-byte", "12345", ValueError),
        ("text", 1, TypeError),
        ("uint64", "1", TypeError),
    ],
)
def test_what_does_not_fit_is_refused(encoding, value, why):
    with pytest.raises(why):
        encode(point(encoding), value)


@pytest.mark.parametrize("encoding", ["uint64", "int64"])
def test_no_digit_of_64_bits_is_lost(encoding):
    for value in (2**53 + 1, 2**63 - 1, 1234567890123456789):
        found, _ = decode(point(encoding), encode(point(encoding), value))
        assert (found, type(found)) == (value, int)


@pytest.mark.parametrize(
    ("more", "raw", "value", "sure"),
    [
        ({"scale": 0.1}, 90071992547409, 9007199254740.9, True),
        ({"scale": 0.1}, 2**53 + 1, (2**53 + 1) / 10, False),
        ({"scale": 1000.0}, 9007199254740, 9007199254740000.0, True),
        ({"scale": 1000.0}, 9007199254741, 9007199254741000.0, False),
        ({"scale": 1000.0}, 9007199254740993, (2**53 + 1) * 1000.0, False),
    ],
)
def test_a_scaled_number_that_has_lost_digits_is_doubted(more, raw, value, sure):
    it = point("uint64", **more)
    words = struct.unpack(">4H", raw.to_bytes(8, "big"))
    assert decode(it, words) == (value, None if sure else Fault(Reason.OUT_OF_RANGE))


@pytest.mark.parametrize(
    ("encoding", "sentinels", "words"),
    [
        ("uint8-high", (255,), (0xFF12,)),
        ("int8-low", (-128,), (0x1280,)),
        ("uint16", (65535,), (0xFFFF,)),
        ("int16", (-32768,), (0x8000,)),
        ("int16", (32768,), (0x8000,)),
        ("uint32", (4294967295,), (0xFFFF, 0xFFFF)),
        ("int32", (-2147483648,), (0x8000, 0)),
        ("uint64", (2**64 - 1,), (0xFFFF,) * 4),
        ("int64", (-(2**63),), (0x8000, 0, 0, 0)),
        ("float32", ("nan",), (0x7FC0, 0x0001)),
        ("float32", (-9999,), (0xC61C, 0x3C00)),
        ("float32", (0x7FC00000,), (0x7FC0, 0)),
        ("float64", ("nan",), (0xFFF8, 0, 0, 0)),
        ("float64", (-1e30,), struct.unpack(">4H", struct.pack(">d", -1e30))),
        ("float64", (0x7FF8000000000000,), (0x7FF8, 0, 0, 0)),
        ("float64", (0x8000000000000000,), (0x8000, 0, 0, 0)),
        ("bcd32", (0xFFFFFFFF,), (0xFFFF, 0xFFFF)),
    ],
)
def test_sentinels_fit_their_encoding(encoding, sentinels, words):
    it = point(encoding, sentinels=sentinels)
    assert decode(it, words) == (None, Fault(Reason.SENTINEL))
    assert decode(it, without_value(it)) == (None, Fault(Reason.SENTINEL))
    assert decode(point(encoding), words)[1] != Fault(Reason.SENTINEL)


def test_a_sentinel_of_minus_zero_is_not_zero():
    it = point("float64", sentinels=(0x8000000000000000,))
    assert decode(it, (0, 0, 0, 0)) == (0.0, None)


def test_an_infinity_is_not_meant_by_nan():
    it = point("float32", sentinels=("nan",))
    assert decode(it, (0x7F80, 0)) == (None, Fault(Reason.UNDECODABLE))


def test_sentinels_are_found_in_every_order():
    for order in fitting(2):
        it = point("float32", order=order, sentinels=(0x7FC00001,))
        words = encode(point("uint32", order=order), 0x7FC00001)
        assert decode(it, words) == (None, Fault(Reason.SENTINEL))


@pytest.mark.parametrize(
    ("mask", "word", "value"),
    [(0x00F0, 0x12A4, 0xA), (0xFF00, 0x12A4, 0x12), (0x8001, 0x8001, 0x8001), (1, 0xFFFE, 0)],
)
def test_a_mask_takes_a_number_out_of_a_register(mask, word, value):
    assert decode(point("uint16", mask=mask), (word,)) == (value, None)


@given(st.sampled_from(["uint8-high", "uint16", "uint32", "uint64"]), st.data())
def test_what_a_mask_holds_survives(encoding, data):
    highest = Encoding(encoding).row.holds[-1]
    low, width = data.draw(st.integers(0, 7)), data.draw(st.integers(1, 64))
    mask = ((1 << width) - 1 << low) & highest
    it = point(encoding, mask=mask)
    value = data.draw(st.integers(0, it.highest_raw))
    words = [0xFFFF] * it.words
    place(words, 0, it, value)
    assert decode(it, words) == (value, None)


def test_a_mask_has_sentinels_and_a_scale_of_its_own():
    it = point("uint16", mask=0x00F0, sentinels=(15,), scale=0.5)
    assert decode(it, (0xFFEF,)) == (7.0, None)
    assert decode(it, (0x00F0,)) == (None, Fault(Reason.SENTINEL))


MODES = {
    0: {"de": "aus", "en": "off"},
    1: {"de": "an", "en": "on"},
    7: {"de": "Störung", "en": "fault"},
}


def test_an_enumeration_keeps_its_number_and_doubts_what_is_not_listed():
    it = point("uint16", values=MODES, mask=0x0F00)
    assert decode(it, (0x0700,)) == (7, None)
    assert decode(it, (0x0300,)) == (3, Fault(Reason.OUT_OF_RANGE))


@pytest.mark.parametrize(
    ("charset", "words", "length", "value"),
    [
        ("utf-8", (0x4B42, 0x2031), 2, "KB 1"),
        ("utf-8", (0x4B42, 0x2020), 2, "KB"),
        ("utf-8", (0x4B00, 0x5858), 2, "K"),
        ("utf-8", (0, 0), 2, ""),
        ("utf-8", (0xC3BC, 0x2020), 2, "ü"),
        ("latin-1", (0x4DFC,), 1, "Mü"),
    ],
)
def test_a_text_ends_at_its_padding(charset, words, length, value):
    it = point("text", charset=charset, length=length)
    assert decode(it, words) == (value, None)


@pytest.mark.parametrize("words", [(0xFFFF, 0xFFFF), (0x4D07, 0x4D4D), (0xFC20, 0x2020)])
def test_what_is_no_text_is_a_fault(words):
    assert decode(point("text", length=2), words) == (None, Fault(Reason.UNDECODABLE))


@given(st.text(st.characters(min_codepoint=0xA1, max_codepoint=0x24F, exclude_characters="\xad")))
def test_texts_of_any_language_survive(text):
    it = point("text", length=125)
    if len(text.encode()) <= 250 and text.isprintable():
        assert decode(it, encode(it, text)) == (text, None)
