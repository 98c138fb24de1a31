"""Addresses as manuals count them: said once, sent from 0, shown as they were written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.machines.numbering import Numbering
from gateway.machines.read_plan import plan
from gateway.machines.template import Table, Template

TABLES = ["coils", "discrete-inputs", "input-registers", "holding-registers"]


def made(numbering, *places, readable=(), schema=2):
    content = {
        "schema": schema,
        "template": "x",
        "title": {"de": "x", "en": "x"},
        "identification": {"manufacturer": "x", "model": "x"},
        "numbering": numbering,
        "points": [
            {
                "name": f"p{index}",
                "means": {"de": "x", "en": "x"},
                "table": table,
                "address": address,
                "encoding": "bit" if table in TABLES[:2] else "uint16",
            }
            for index, (table, address) in enumerate(places)
        ],
        "readable": [
            {"table": table, "first": first, "last": last} for table, first, last in readable
        ],
    }
    return Template.model_validate_json(json.dumps(content))


def objections(*args, **more):
    with pytest.raises(ValidationError) as caught:
        made(*args, **more)
    return [
        (one.what.en, one.fix.en, one.at)
        for error in caught.value.errors()
        for one in error["ctx"]["objections"]
    ]


@pytest.mark.parametrize(
    ("numbering", "table", "written", "sent"),
    [
        ("from-zero", "holding-registers", 0, 0),
        ("from-zero", "holding-registers", 40001, 40001),
        ("from-one", "holding-registers", 1, 0),
        ("from-one", "coils", 65536, 65535),
        (40001, "coils", 1, 0),
        (40001, "discrete-inputs", 10001, 0),
        (40001, "input-registers", 30077, 76),
        (40001, "holding-registers", 40001, 0),
        (40001, "holding-registers", 49999, 9998),
        ("40001", "holding-registers", 40002, 1),
        (400001, "coils", 1, 0),
        (400001, "discrete-inputs", 165536, 65535),
        (400001, "input-registers", 300001, 0),
        (400001, "holding-registers", 465536, 65535),
    ],
)
def test_a_number_of_a_manual_is_an_address_on_the_wire(numbering, table, written, sent):
    [point] = made(numbering, (table, written)).points
    assert point.address == sent
    [block] = plan([point], made(numbering, (table, written)))
    assert block.first == sent


@pytest.mark.parametrize(
    ("numbering", "table", "written"),
    [
        ("from-zero", "holding-registers", 65536),
        ("from-one", "holding-registers", 0),
        ("from-one", "holding-registers", 65537),
        (40001, "holding-registers", 50000),
        (40001, "holding-registers", 0),
        (400001, "holding-registers", 365536),
    ],
)
def test_a_number_that_is_no_address_is_refused(numbering, table, written):
    [(what, fix, at)] = objections(numbering, (table, written))
    assert f"p0: there is no address {written}" in what or f"{written} is an address of" in what
    assert at == ("points", 0, "address")
    assert fix


def test_a_number_of_another_table_names_that_table():
    [(what, fix, _)] = objections(40001, ("holding-registers", 30005))
    assert what == "p0: 30005 is an address of input-registers, not of holding-registers"
    assert "table: input-registers" in fix


def test_messages_show_the_number_of_the_manual_and_the_one_on_the_wire():
    [(what, _, _)] = objections(
        40001,
        ("holding-registers", 40011),
        readable=[("holding-registers", 40001, 40010)],
    )
    assert what == "p0 (40011, 10 on the wire) lies in no readable range"
    [(what, _, _)] = objections(
        "from-zero", ("holding-registers", 10), readable=[("holding-registers", 0, 9)]
    )
    assert what == "p0 (10) lies in no readable range"


def test_ranges_count_as_the_points_do():
    template = made(
        400001, ("holding-registers", 400001), readable=[("holding-registers", 400001, 400010)]
    )
    [range_] = template.readable
    assert (range_.first, range_.last) == (0, 9)


@given(st.sampled_from(Numbering), st.sampled_from(TABLES), st.integers(0, 9998))
def test_a_template_is_written_as_it_was_read(numbering, table, sent):
    written = sent + numbering.first(Table(table))
    template = made(str(numbering), (table, written))
    assert template.points[0].address == sent
    again = Template.model_validate_json(
        template.model_dump_json(by_alias=True, exclude_unset=True)
    )
    assert again == template
    assert again.points[0].address == sent


def test_templates_of_the_first_schema_are_still_read():
    assert made("from-zero", ("coils", 0), schema=1).points[0].address == 0


@pytest.mark.parametrize(
    ("number", "table"),
    [
        (10001, Table.DISCRETE_INPUTS),
        (19999, Table.DISCRETE_INPUTS),
        (30001, Table.INPUT_REGISTERS),
        (40001, Table.HOLDING_REGISTERS),
        (49999, Table.HOLDING_REGISTERS),
        (1, None),
        (9999, None),
        (10000, None),
        (20001, None),
        (40000, None),
        (50000, None),
    ],
)
def test_the_first_digit_of_a_number_names_its_table(number, table):
    assert Numbering.FIVE_DIGITS.table(number) is table
    assert Numbering.ZERO.table(number) is None
    assert Numbering.ONE.table(number) is None
