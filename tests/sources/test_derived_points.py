"""Derived points over a real line: their parts are asked for, and what they lack counts."""

from __future__ import annotations

from gateway.core.signals import Fault, Reason
from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import faults_of, unit, values_of


def derived(name, **made):
    return {"name": name, "means": {"de": name, "en": name}, **made}


BOTH = [derived("both", sum=["w0", "w40"]), derived("step", difference=["w40", "w0"])]


async def test_what_is_derived_stands_beside_its_parts(line, reading):
    source = reading(unit(1, 0, 40, derived=BOTH))
    [batch] = await source.read(source.signals)
    a, b = told(1, 0), told(1, 40)
    assert values_of([batch]) == {"m1/w0": a, "m1/w40": b, "m1/both": a + b, "m1/step": b - a}
    assert batch.faults is None


async def test_its_parts_are_asked_for_and_not_told_where_they_are_not_due(line, reading):
    source = reading(unit(1, 0, 40, derived=BOTH))
    [batch] = await source.read(("m1/both", "m1/w40"))
    assert values_of([batch]) == {"m1/both": told(1, 0) + told(1, 40), "m1/w40": told(1, 40)}
    assert [(a.first, a.count) for a in line.asked] == [(0, 1), (40, 1)]


async def test_a_refused_part_leaves_no_value_and_its_reason(line, reading):
    plain = line.answer
    line.misbehave = lambda asked: (
        frame_of(asked, b"\x83\x02") if asked.first == 40 else plain(asked)
    )
    source = reading(unit(1, 0, 40, derived=BOTH))
    [batch] = await source.read(source.signals)
    assert values_of([batch])["m1/w0"] == told(1, 0)
    assert values_of([batch])["m1/both"] is None
    assert faults_of([batch])["m1/both"] == Fault(Reason.REFUSED, 2)


async def test_a_silent_device_has_nothing_derived(line, reading):
    line.silent.add(1)
    source = reading(unit(1, 0, 40, derived=BOTH))
    [batch] = await source.read(source.signals)
    assert set(values_of([batch]).values()) == {None}
    assert {fault.reason for fault in faults_of([batch]).values()} == {Reason.TIMEOUT}


async def test_what_is_derived_has_no_registers_of_its_own(line, reading):
    source = reading(unit(1, 0, 40, derived=BOTH))
    await source.read(source.signals)
    assert source.words("m1/both") is None
    assert source.words("m1/w0").words == (told(1, 0),)
