"""Every template that ships: it loads, says where its registers come from, and can be polled."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.core.signals import Kind
from gateway.machines import catalog
from gateway.machines.codec import Layout, encode
from gateway.machines.proof import document_of
from gateway.machines.read_plan import plan
from gateway.machines.signals import signals
from gateway.machines.template import BIT_TABLES
from tests.machines.examples import every_use, examples

every_template = pytest.mark.parametrize("name", catalog.names())


def test_the_templates_of_the_demo_are_there():
    assert {"sdm630", "e1210-press", "e1210-laser", "e1210-bench", "pid-furnace"} <= set(
        catalog.names()
    )


@every_template
def test_a_template_is_named_like_its_file(name):
    assert catalog.template(name).template == name


@every_template
def test_every_register_says_where_its_meaning_comes_from(name):
    for point in catalog.template(name).points:
        assert point.source, point.name


@every_template
def test_a_real_device_names_the_lists_that_were_read_and_says_how_far_it_is_proven(name):
    template = catalog.template(name)
    if name == "pid-furnace":  # an example of the simulation, and nobody's device
        assert (template.proof, template.sources) == (None, {})
        return
    read = {key for point in template.points for key in map(document_of, point.source)}
    assert read
    assert all(template.proof_of(point) for point in template.points)
    for key, document in template.sources.items():
        assert key in read or document.seen, f"{key}: nothing says where it was read"


IN_WATT_HOURS = {"iem3155", "pac3200", "umg96rm", "sunspec-103"}
"""Meters whose list says that the energy stands in Wh."""


@every_template
def test_energy_is_told_in_the_unit_of_the_device(name):
    units = {point.unit for point in catalog.template(name).points if "energy" in point.name}
    told = {"W.h"} if name in IN_WATT_HOURS else {"kW.h"}
    assert units - {"1"} in (set(), told)
    assert name not in IN_WATT_HOURS or units >= told


@every_template
def test_a_role_is_given_once_whatever_the_parameters(name):
    template = catalog.template(name)
    for given in every_use(template):
        roles = [point.role for point in template.fitted(given).points if point.role]
        assert len(roles) == len(set(roles)), given


@every_template
def test_no_use_turns_a_counter_around(name):
    template = catalog.template(name)
    for given in every_use(template):
        for point in template.fitted(given).points:
            assert point.kind is not Kind.COUNTER or point.scale > 0, (given, point.name)


@every_template
def test_texts_are_bilingual_and_differ(name):
    template = catalog.template(name)
    for point in template.points:
        assert point.means.de != point.means.en or point.means.de.isascii()
    for told in (*template.wiring, *template.caveats, *(p.means for p in template.parameters)):
        assert told.de != told.en


@every_template
def test_every_point_survives_encoding_and_decoding(name):
    template = catalog.template(name)
    expected = examples(template.points)
    for block in plan(template.points, template):
        table = [0] * block.count
        for point in block.points:
            power = 0 if point.factor is None else expected[point.factor.name]
            words = encode(point, expected[point.name], power)
            at = point.address - block.first
            for offset, word in enumerate(words):
                table[at + offset] |= word
        values, faults = Layout(block.first, block.count, block.points).decode(table)
        assert faults is None
        assert list(values) == [
            pytest.approx(expected[point.name], rel=1e-6) for point in block.points
        ]


@every_template
def test_a_whole_device_takes_few_requests(name):
    template = catalog.template(name)
    assert len(plan(template.points, template)) <= 6


@every_template
def test_points_become_signals(name):
    template = catalog.template(name)
    found = signals("mill-1", template, timedelta(milliseconds=100))
    assert [s.id for s in found] == [f"mill-1/{point.name}" for point in template.points]


def test_a_points_own_period_only_slows_it_down():
    template = catalog.template("sdm630")
    fast = {s.id: s.every for s in signals("m", template, timedelta(milliseconds=100))}
    slow = {s.id: s.every for s in signals("m", template, timedelta(seconds=5))}
    assert (fast["m/power"], fast["m/energy"]) == (0.1, 1.0)
    assert (slow["m/power"], slow["m/energy"]) == (5.0, 5.0)


def test_a_device_counter_knows_where_it_wraps():
    found = {s.role: s for s in signals("p", catalog.template("e1210-press"), timedelta(seconds=1))}
    assert found["good-count"].wraps_after == 2**32 - 1
    assert found["running"].wraps_after is None
    assert all(s.wraps_after is None or s.kind is Kind.COUNTER for s in found.values())


def test_no_single_hand_cycle_can_be_read_at_the_bench():
    points = catalog.template("e1210-bench").points
    assert {point.table in BIT_TABLES for point in points} == {False}


def test_an_unknown_template_is_a_key_error():
    with pytest.raises(KeyError):
        catalog.template("no-such-machine")


def test_the_catalog_tells_the_roles():
    assert catalog.Catalog().roles("sdm630", {})["power"] == "power"
    assert list(catalog.Catalog().names()) == list(catalog.names())
