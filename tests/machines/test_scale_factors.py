"""A power of ten in a register of its own: read along, in the same request."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from gateway.core.signals import Fault, Reason
from gateway.machines.codec import Layout, encode
from gateway.machines.read_plan import halves, plan
from gateway.machines.template import Template


def made(*points, readable=(), workarounds=None):
    content = {
        "schema": 2,
        "template": "inverter",
        "title": {"de": "x", "en": "x"},
        "identification": {"manufacturer": "x", "model": "x"},
        "sentinels": {"int16": [-32768], "uint16": [65535]},
        "points": [
            {"means": {"de": "x", "en": "x"}, "table": "holding-registers", **point}
            for point in points
        ],
        "readable": [
            {"table": "holding-registers", "first": first, "last": last} for first, last in readable
        ],
        "workarounds": workarounds or {},
    }
    return Template.model_validate_json(json.dumps(content))


POWER = {"name": "power", "address": 10, "encoding": "int16", "scale_from": "power-sf"}
FACTOR = {"name": "power-sf", "address": 14, "encoding": "int16"}
OTHER = {"name": "other", "address": 12, "encoding": "uint16"}


def read(template, words, *names):
    points = [point for point in template.points if point.name in names] or template.points
    [block] = plan(points, template)
    assert block.first == 10
    return Layout(block.first, block.count, block.points).decode(words)


@pytest.mark.parametrize(
    ("raw", "power", "value"),
    [
        (1234, 0, 1234),
        (1234, 1, 12340),
        (1234, -1, 123.4),
        (853, -1, 85.3),
        (0xFFFF, -3, -0.001),
        (3, 10, 3 * 10**10),
    ],
)
def test_a_value_is_scaled_by_the_power_of_ten_beside_it(raw, power, value):
    words = [raw, 0, 7, 0, power & 0xFFFF]
    values, faults = read(made(POWER, OTHER, FACTOR), words)
    assert values == (value, 7, power)
    assert faults is None


def test_a_whole_number_that_grows_too_large_for_its_digits_is_doubtful():
    power = POWER | {"encoding": "uint32", "order": "high-word-first"}
    words = [0x7735, 0x9400, 0, 0, 10]
    assert read(made(power, FACTOR), words, "power") == ((2e19,), (Fault(Reason.OUT_OF_RANGE),))
    assert read(made(power, FACTOR), [*words[:4], 3], "power") == ((2 * 10**12,), None)


def test_the_factor_is_read_in_the_same_request_also_where_nobody_asked_for_it():
    values, faults = read(made(POWER, OTHER, FACTOR), [1234, 0, 7, 0, 0xFFFE], "power")
    assert (values, faults) == ((12.34,), None)


def test_a_factor_may_stand_before_its_value():
    power, factor = POWER | {"address": 14}, FACTOR | {"address": 10}
    assert read(made(power, factor), [2, 0, 0, 0, 5], "power") == ((500,), None)


def test_a_split_request_takes_the_factor_along_on_both_sides():
    later = {"name": "later", "address": 13, "encoding": "int16", "scale_from": "power-sf"}
    template = made(POWER, later, FACTOR)
    [block] = plan(template.points[:2], template)
    parts = halves(block, template)
    assert [(part.first, part.last) for part in parts] == [(10, 14), (13, 14)]


def test_a_factor_counts_where_a_request_has_its_limit():
    before = {"name": "before", "address": 9, "encoding": "uint16"}
    template = made(before, POWER, FACTOR, workarounds={"max_registers": 5})
    blocks = plan(template.points[:2], template)
    assert [(block.first, block.count) for block in blocks] == [(9, 1), (10, 5)]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([1234, 0, 0, 0, 0x8000], Reason.SENTINEL),
        ([0x8000, 0, 0, 0, 1], Reason.SENTINEL),
        ([1234, 0, 0, 0, 11], Reason.UNDECODABLE),
        ([1234, 0, 0, 0, 0xFFF5], Reason.UNDECODABLE),
    ],
)
def test_without_a_sound_factor_there_is_no_value(words, reason):
    values, faults = read(made(POWER, FACTOR), words, "power")
    assert values == (None,)
    assert faults == (Fault(reason),)


def test_a_factor_and_a_scale_multiply():
    values, _ = read(made(POWER | {"scale": 0.001}, FACTOR), [1234, 0, 0, 0, 2], "power")
    assert values == pytest.approx((123.4,))


@pytest.mark.parametrize("power", [1, 0xFFFF])
def test_a_scaled_number_that_no_float_holds_is_doubted(power):
    long = POWER | {"encoding": "uint64", "order": "high-word-first"}
    values, faults = read(made(long, FACTOR), [0x7FFF, 0xFFFF, 0xFFFF, 0xFFFF, power], "power")
    assert values == (float((2**63 - 1) * 10) if power == 1 else (2**63 - 1) / 10,)
    assert faults == (Fault(Reason.OUT_OF_RANGE),)


def test_registers_are_written_for_the_power_of_ten_that_stands_beside_them():
    template = made(POWER, FACTOR)
    assert encode(template.points[0], 12.34, power=-2) == (1234,)


@pytest.mark.parametrize(
    ("points", "more", "says"),
    [
        ([POWER], {}, "there is no point power-sf"),
        ([POWER, FACTOR | {"table": "input-registers"}], {}, "cannot be read in the same request"),
        ([POWER, FACTOR | {"address": 200}], {}, "cannot be read in the same request"),
        ([POWER, FACTOR], {"workarounds": {"max_registers": 4}}, "cannot be read in the same"),
        ([POWER, FACTOR], {"readable": [(10, 12), (13, 20)]}, "cannot be read in the same"),
        (
            [POWER, FACTOR | {"encoding": "float32", "order": "ABCD"}],
            {},
            "power-sf holds no power of ten",
        ),
        ([POWER | {"offset": 1}, FACTOR], {}, "offset and scale_from together"),
    ],
)
def test_a_factor_that_cannot_be_read_along_is_refused(points, more, says):
    with pytest.raises(ValidationError) as caught:
        made(*points, **more)
    assert says in str(caught.value)


def test_what_means_no_value_is_said_once_for_each_encoding():
    template = made(
        {"name": "a", "address": 10, "encoding": "uint16"},
        {"name": "b", "address": 11, "encoding": "uint16", "sentinels": [1]},
        {"name": "c", "address": 12, "encoding": "uint16", "sentinels": []},
        {"name": "d", "address": 13, "encoding": "uint32", "order": "ABCD"},
    )
    values, faults = read(template, [0xFFFF, 1, 0xFFFF, 0xFFFF, 0xFFFF])
    assert values == (None, None, 0xFFFF, 2**32 - 1)
    assert faults == (Fault(Reason.SENTINEL), Fault(Reason.SENTINEL), None, None)
