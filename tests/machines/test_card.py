"""A template as people read it: what is rare among the shipped ones."""

from __future__ import annotations

import json

from gateway.machines.card import card
from gateway.machines.template import Template


def made(points, **more):
    content = {
        "schema": 2,
        "template": "mine",
        "title": {"de": "Meins", "en": "Mine"},
        "identification": {"manufacturer": "Acme", "model": "M1"},
        "points": [
            {"means": {"de": "Wert", "en": "Value"}, "table": "holding-registers", **point}
            for point in points
        ],
        **more,
    }
    return Template.model_validate_json(json.dumps(content))


def row(template, name, language="en"):
    return next(
        line for line in card(template, language).splitlines() if line.startswith(f"| `{name}` |")
    )


def test_a_number_of_the_manual_stands_beside_the_one_on_the_wire():
    point = {"name": "p", "address": 40011, "encoding": "uint16"}
    told = row(made([point], numbering="40001"), "p")
    assert "holding register 40011, 10 on the wire" in told


def test_order_mask_and_power_of_ten_are_said():
    points = [
        {"name": "p", "address": 1, "encoding": "int32", "order": "CDAB", "scale_from": "f"},
        {"name": "f", "address": 3, "encoding": "int16"},
        {"name": "m", "address": 4, "encoding": "uint16", "mask": 240, "scale": 0.5},
    ]
    template = made(points)
    assert "| int32, CDAB, x 10^`f` |" in row(template, "p")
    assert "| uint16, & 0xF0, x 0.5 |" in row(template, "m")


def test_what_an_enumeration_lists_is_said_in_one_language():
    values = {"0": {"de": "steht", "en": "idle"}, "1": {"de": "läuft", "en": "running"}}
    template = made([{"name": "s", "address": 1, "encoding": "uint16", "values": values}])
    assert "| uint16, 0: steht, 1: läuft |" in row(template, "s", "de")
    assert "| uint16, 0: idle, 1: running |" in row(template, "s")


def test_a_point_that_is_better_proven_says_so():
    points = [
        {"name": "a", "address": 1, "encoding": "uint16", "source": "mine", "proof": "device"},
        {"name": "b", "address": 2, "encoding": "uint16", "source": "mine"},
    ]
    template = made(points, proof="read")
    assert "mine (`device`)" in row(template, "a")
    assert "device" not in row(template, "b")


def test_what_is_derived_says_of_what():
    points = [{"name": name, "address": at, "encoding": "uint16"} for at, name in enumerate("ab")]
    derived = [{"name": "c", "means": {"de": "Summe", "en": "Sum"}, "sum": ["a", "b"], "unit": "W"}]
    assert row(made(points, derived=derived), "c") == "| `c` | Sum | W | sum of `a`, `b` | | |"
