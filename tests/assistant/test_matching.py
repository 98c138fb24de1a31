"""Which template fits: every shipped one knows its own device, and nothing is likely by chance."""

from __future__ import annotations

import random

import pytest

from gateway.assistant.matching import LIKELY, evidence, judge, ranked, telling
from gateway.core.signals import Value
from gateway.machines import catalog
from gateway.machines.codec import decode
from gateway.machines.template import Template
from simulators.played import Mode, Stand, values

ALL = [catalog.template(name) for name in catalog.names()]
METERS = [template for template in ALL if len(telling(template)) >= 4]


def own(template: Template, seed: int = 1) -> dict[str, Value | None]:
    shown = values(template, Stand(mode=Mode.WORKS).after(60), seed)
    return {point.name: shown.get(point.name) for point in telling(template)}


@pytest.mark.parametrize("template", METERS, ids=lambda template: template.template)
def test_a_meter_is_likely_what_it_is(template: Template) -> None:
    match = judge(template, own(template))
    assert match is not None
    assert match.bits >= 24


def test_there_are_meters_to_tell() -> None:
    assert len(METERS) >= 8


@pytest.mark.parametrize("template", ALL, ids=lambda template: template.template)
def test_random_registers_are_hardly_ever_taken_for_a_device(template: Template) -> None:
    chance = random.Random(7)
    likely = 0
    for _ in range(300):
        found: dict[str, Value | None] = {
            point.name: decode(point, [chance.randrange(0x10000) for _ in range(point.words)])[0]
            for point in telling(template)
            if point.scale_from is None
        }
        match = judge(template, found)
        likely += match is not None and match.likely
    assert likely == 0


@pytest.mark.parametrize("template", ALL, ids=lambda template: template.template)
def test_zeros_and_silence_are_no_evidence(template: Template) -> None:
    points = telling(template)
    nothing: dict[str, Value | None] = dict.fromkeys((point.name for point in points), 0)
    silence: dict[str, Value | None] = dict.fromkeys((point.name for point in points), None)
    assert ranked(filter(None, [judge(template, nothing), judge(template, silence)])) == []


def test_a_value_that_the_template_calls_impossible_rules_it_out() -> None:
    sdm630 = catalog.template("sdm630")
    assert judge(sdm630, own(sdm630) | {"voltage-l1": 4711.0}) is None


def test_of_two_that_fit_equally_the_one_that_answers_everything_comes_first() -> None:
    sdm630, sdm120 = catalog.template("sdm630"), catalog.template("sdm120")
    shown = own(sdm120)
    by_place = {(point.table, point.address): shown[point.name] for point in telling(sdm120)}
    as_630 = {p.name: by_place.get((p.table, p.address)) for p in telling(sdm630)}
    first, second = (judge(sdm630, as_630), judge(sdm120, shown))
    assert first is not None
    assert second is not None
    assert ranked([first, second])[0].template is sdm120


def test_a_rarer_value_brings_more() -> None:
    points = {point.name: point for point in catalog.template("sdm630").points}
    frequency = next(point for point in points.values() if point.unit == "Hz")
    assert evidence(frequency, 50.0) > evidence(points["voltage-l1"], 230.0) > 5
    assert evidence(frequency, 0.0) == evidence(frequency, 55.0) == 0
    assert LIKELY > 16, "one value alone is never enough"
