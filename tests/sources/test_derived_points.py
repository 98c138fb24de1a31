"""Derived points over a real line: their parts come together, and what they lack counts."""

from __future__ import annotations

from itertools import cycle

import pytest

from gateway.core.signals import Fault, Reason
from simulators.modbus.pdu import registers
from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import faults_of, unit, values_of


def derived(name, **made):
    return {"name": name, "means": {"de": name, "en": name}, **made}


BOTH = [derived("both", sum=["w0", "w40"]), derived("step", difference=["w40", "w0"])]


NEAR = [derived("both", sum=["w0", "w10"]), derived("step", difference=["w10", "w0"])]
ALL = [{"table": "holding-registers", "first": 0, "last": 99}]
APART = Fault(Reason.APART)


async def test_what_is_derived_stands_beside_its_parts(line, reading):
    source = reading(unit(1, 0, 10, derived=NEAR))
    [batch] = await source.read(source.signals)
    a, b = told(1, 0), told(1, 10)
    assert values_of([batch]) == {"m1/w0": a, "m1/w10": b, "m1/both": a + b, "m1/step": b - a}
    assert batch.faults is None


async def test_of_parts_that_no_request_holds_it_is_uncertain(line, reading):
    source = reading(unit(1, 0, 40, derived=BOTH))
    [batch] = await source.read(source.signals)
    assert values_of([batch])["m1/both"] == told(1, 0) + told(1, 40)
    assert faults_of([batch]) == {
        "m1/w0": None,
        "m1/w40": None,
        "m1/both": APART,
        "m1/step": APART,
    }


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


class Seesaw:
    """Whatever the device tells, its first and its last register are 1000 together: see them at
    two moments, and they are not.
    """

    def __init__(self, line, first, last, *, refused=(), silent_above=125):
        self.places, self.refused, self.moment = (first, last), refused, 0
        self.silent_above = silent_above
        line.misbehave = self.answer

    def answer(self, asked):
        self.moment += 1
        if asked.count > self.silent_above:
            return None
        here = range(asked.first, asked.first + asked.count)
        if any(at in self.refused for at in here):
            return frame_of(asked, b"\x83\x02")
        first, last = self.places
        words = {first: self.moment % 1000, last: 1000 - self.moment % 1000}
        return frame_of(asked, registers(asked.function, [words.get(at, 7) for at in here]))


async def sums(source, clock, polls):
    """What is said of the sum, poll by poll; wherever it is good it is right."""
    found = []
    for _ in range(polls):
        clock.mono += 60
        batches = await source.read(source.signals)
        value, fault = values_of(batches)["m1/both"], faults_of(batches)["m1/both"]
        assert value == 1000 or fault is not None
        found.append(fault)
    return found


def both(*parts):
    return [derived("both", sum=list(parts))]


@pytest.mark.parametrize(
    ("addresses", "parts", "more"),
    [
        ((0, 1, 2), ("w0", "w2"), {}),
        ((0, 5, 12), ("w0", "w12"), {"workarounds": {"max_registers": 13}}),
        # a greedy walk would begin at 0 and cut between the parts
        ((0, 4, 9, 14, 15), ("w9", "w14"), {"workarounds": {"max_registers": 10}}),
        # holes are bridged by points that are not due
        ((0, 15, 30, 45), ("w0", "w45"), {}),
        ((0, 90), ("w0", "w90"), {"readable": ALL}),
    ],
)
async def test_parts_come_in_one_request_wherever_one_can_hold_them(
    line, reading, clock, addresses, parts, more
):
    first, last = (int(part[1:]) for part in parts)
    Seesaw(line, first, last)
    source = reading(unit(1, *addresses, derived=both(*parts), **more))
    assert await sums(source, clock, 20) == [None] * 20
    only = await source.read(("m1/both",))
    assert values_of(only) == {"m1/both": 1000}
    assert faults_of(only) == {"m1/both": None}


@pytest.mark.parametrize(
    "more",
    [
        {"workarounds": {"max_registers": 5}},
        {"workarounds": {"no_gaps": True}},
        {"readable": [{"table": "holding-registers", "first": at, "last": at} for at in (0, 10)]},
    ],
)
async def test_where_none_can_the_sum_is_never_good(line, reading, clock, more):
    Seesaw(line, 0, 10)
    source = reading(unit(1, 0, 10, derived=both("w0", "w10"), **more))
    assert await sums(source, clock, 20) == [APART] * 20


async def test_a_hole_that_a_device_refuses_tears_the_parts_apart(line, reading, clock):
    Seesaw(line, 0, 10, refused=(5,))
    source = reading(unit(1, 0, 10, derived=both("w0", "w10")))
    assert await sums(source, clock, 10) == [APART] * 10


async def test_a_neighbour_that_a_device_refuses_does_not(line, reading, clock):
    Seesaw(line, 0, 3, refused=(4,))
    source = reading(unit(1, 0, 3, 4, derived=both("w0", "w3")))
    assert await sums(source, clock, 10) == [None] * 10
    assert values_of(await source.read(source.signals))["m1/w4"] is None


async def test_a_device_that_is_silent_to_long_requests_has_no_good_sum(line, reading, clock):
    Seesaw(line, 0, 10, silent_above=6)
    source = reading(unit(1, 0, 10, derived=both("w0", "w10"), within=0.05))
    found = await sums(source, clock, 12)
    assert found[-1] == APART


async def test_after_a_late_answer_the_parts_are_not_put_together_of_two_requests(
    line, reading, clock
):
    """On such a line what is asked after a silence has another length: two halves, if it must."""
    seesaw = Seesaw(line, 0, 10)
    lost = cycle([False, False, True])
    plain = seesaw.answer
    line.misbehave = lambda asked: None if next(lost) else plain(asked)
    ranges = [{"table": "holding-registers", "first": 0, "last": 10}]
    how = {"behind": "gateway"}
    device = unit(1, 0, 10, derived=both("w0", "w10"), readable=ranges, how=how, within=0.05)
    assert None in await sums(reading(device), clock, 20)
