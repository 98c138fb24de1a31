"""Points made of other points: as good as the worst of their parts."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.core.signals import Fault, Reason
from gateway.machines.derived import Found, derive
from gateway.machines.notices import notices
from gateway.machines.template import Template

DOUBT = Fault(Reason.OUT_OF_RANGE)
TIMEOUT = Fault(Reason.TIMEOUT)


def made(*derived, **more):
    content = {
        "schema": 2,
        "template": "meter",
        "title": {"de": "x", "en": "x"},
        "identification": {"manufacturer": "x", "model": "x"},
        "points": [
            {
                "name": name,
                "means": {"de": "x", "en": "x"},
                "table": "holding-registers",
                "address": at,
                "encoding": "int16",
                "low": 0,
                "high": 1000,
            }
            for at, name in enumerate(("a", "b", "c"))
        ]
        + [
            {
                "name": "bit",
                "means": {"de": "x", "en": "x"},
                "table": "holding-registers",
                "address": 9,
                "encoding": "bit",
                "bit": 0,
            }
        ],
        "derived": [{"name": "d", "means": {"de": "x", "en": "x"}} | one for one in derived],
        **more,
    }
    return Template.model_validate_json(json.dumps(content))


def computed(operation, *found):
    template = made({operation: ["a", "b", "c"][: len(found)]})
    parts = template.points[: len(found)]
    return derive(
        template.derived[0], parts, [one if isinstance(one, Found) else Found(one) for one in found]
    )


@pytest.mark.parametrize(
    ("operation", "parts", "value"),
    [
        ("sum", (1, 2, 3), 6),
        ("sum", (0.1, 0.2), 0.3),
        ("difference", (10, 2, 3), 5),
        ("difference", (0.3, 0.1), 0.2),
        ("product", (2, 3, 4), 24),
        ("product", (1.1, 3), 3.3),
    ],
)
def test_sum_difference_and_product(operation, parts, value):
    found = computed(operation, *parts)
    assert (found.value, found.fault) == (value, None)
    assert type(found.value) is type(value)


def test_without_one_of_its_parts_there_is_no_value():
    assert computed("sum", 1, Found(None, TIMEOUT), 3) == Found(None, TIMEOUT)


def test_one_doubtful_part_makes_it_doubtful():
    assert computed("sum", 1, Found(2, DOUBT)) == Found(3, DOUBT)


@pytest.mark.parametrize("beyond", [-1, 1001])
def test_a_part_outside_its_limits_makes_it_doubtful(beyond):
    assert computed("sum", 1, beyond) == Found(1 + beyond, DOUBT)


def test_a_lost_part_weighs_more_than_a_doubtful_one():
    assert computed("sum", Found(1, DOUBT), Found(None, TIMEOUT)) == Found(None, TIMEOUT)


def test_what_no_float_holds_is_doubted():
    assert computed("sum", 2**62, 2**62 + 1) == Found(float(2**63 + 1), DOUBT)


def test_what_is_infinite_is_no_value():
    assert computed("product", 1e300, 1e300) == Found(None, Fault(Reason.UNDECODABLE))


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=3), st.permutations([0, 1, 2]))
def test_a_sum_does_not_depend_on_the_order(numbers, order):
    other = [numbers[at] for at in order if at < len(numbers)]
    assert computed("sum", *numbers) == computed("sum", *other)


@pytest.mark.parametrize(
    ("derived", "says"),
    [
        ({"sum": ["a", "x"]}, "d: there is no point x"),
        ({"sum": ["a", "bit"]}, "d: bit is no number"),
        ({"sum": ["a", "b"], "product": ["a", "b"]}, "exactly one of them"),
        ({}, "exactly one of them"),
        ({"sum": ["a", "b"], "name": "a"}, "two points are called a"),
        ({"sum": ["a"]}, "at least 2"),
    ],
)
def test_a_derived_point_that_cannot_be_made_is_refused(derived, says):
    with pytest.raises(ValidationError) as caught:
        made(derived)
    assert says in str(caught.value)


def test_check_says_where_no_single_request_holds_the_parts():
    assert list(notices(made({"sum": ["a", "c"]}))) == []
    [said] = notices(made({"sum": ["a", "c"]}, workarounds={"max_registers": 2}))
    assert "d: die Teile kommen aus 2 Abfragen" in said.what.de
    assert "the value counts as uncertain" in said.what.en
    assert said.at == ("derived", 0)
