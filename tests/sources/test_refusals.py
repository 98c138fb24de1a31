"""Refused blocks: searched once, remembered, and only the bad address stays bad."""

from __future__ import annotations

import pytest

from gateway.core.signals import Fault, Reason
from tests.sources.fault_line import told
from tests.sources.line_reading import faults_of, unit, values_of


@pytest.mark.parametrize("code", [4, 5, 6, 8])
async def test_a_passing_refusal_is_bad_and_not_remembered(line, reading, code):
    line.refuse[0] = code
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert set(batch.faults) == {Fault(Reason.REFUSED, code)}
    assert line.count() == 1
    line.refuse.clear()
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 1


async def test_a_refused_block_is_bisected_once_and_only_the_bad_address_stays_bad(line, reading):
    line.refuse[5] = 2
    source = reading(unit(1, *range(12)))
    faults = faults_of(await source.read(source.signals))
    assert {s for s, f in faults.items() if f} == {"m1/w5"}
    assert faults["m1/w5"] == Fault(Reason.REFUSED, 2)
    searched = line.count()
    line.asked.clear()
    for _ in range(5):
        batches = await source.read(source.signals)
        assert {s for s, f in faults_of(batches).items() if f} == {"m1/w5"}
        assert values_of(batches)["m1/w4"] == told(1, 4)
    assert searched <= 9
    assert line.count() == 10
    assert not any(a.first <= 5 < a.first + a.count for a in line.asked)


async def test_a_refused_address_is_tried_again_alone_after_a_while(line, reading, clock):
    line.refuse[5] = 2
    source = reading(unit(1, 4, 5, 6))
    await source.read(source.signals)
    clock.mono += 3600
    line.refuse.clear()
    line.asked.clear()
    assert not any(faults_of(await source.read(source.signals)).values())
    assert (5, 1) in [(a.first, a.count) for a in line.asked]
    line.asked.clear()
    await source.read(source.signals)
    assert [(a.first, a.count) for a in line.asked] == [(4, 3)]


async def test_a_hole_that_cannot_be_read_is_cut_out_and_no_value_is_lost(line, reading):
    line.refuse[7] = 2
    source = reading(unit(1, 0, 1, 2, 3, 10, 11))
    assert not any(faults_of(await source.read(source.signals)).values())
    line.asked.clear()
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.count() == 2


async def test_a_table_that_the_device_does_not_have_is_not_searched(line, reading):
    line.refuse = dict.fromkeys(range(20), 1)
    source = reading(unit(1, *range(10)))
    assert set(faults_of(await source.read(source.signals)).values()) == {Fault(Reason.REFUSED, 1)}
    assert line.count() == 1
    await source.read(source.signals)
    assert line.count() == 1


@pytest.mark.parametrize(("code", "reason"), [(10, Reason.NO_CONNECTION), (11, Reason.TIMEOUT)])
async def test_a_gateway_that_speaks_for_a_silent_unit_is_believed(line, reading, code, reason):
    line.refuse[0] = code
    source = reading(unit(1), unit(2, 50))
    for _ in range(5):
        faults = faults_of(await source.read(source.signals))
        assert faults["m1/w0"] == Fault(reason)
        assert faults["m2/w50"] is None
    assert line.count(unit=1) == 1
    assert line.connections == 1
