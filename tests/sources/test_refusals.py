"""Refused blocks: searched once, remembered, and only the bad address stays bad."""

from __future__ import annotations

import pytest

from gateway.core.signals import Fault, Reason
from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import faults_of, unit, values_of


@pytest.mark.parametrize(("code", "asked"), [(5, 3), (6, 3), (8, 1)])
async def test_a_passing_refusal_is_bad_and_not_remembered(line, reading, code, asked):
    line.refuse[0] = code
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert set(batch.faults) == {Fault(Reason.REFUSED, code)}
    assert line.count() == asked
    line.refuse.clear()
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 1


@pytest.mark.parametrize("code", [5, 6])
async def test_a_busy_device_is_asked_again_within_the_poll(line, reading, code):
    def busy_at_first(asked):
        if len(line.asked) == 1:
            return frame_of(asked, bytes([0x83, code]))
        return line.answer(asked)

    line.misbehave = busy_at_first
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.count() == 2


@pytest.mark.parametrize("code", [1, 2, 3, 4])
async def test_a_refusal_is_asked_again_after_1_2_5_15_and_60_seconds(line, reading, clock, code):
    line.refuse[50] = code
    source = reading(unit(1, 0, 50))
    tries = []
    for tenth in range(2 * 60 * 10):
        before = len(line.asked)
        faults = faults_of(await source.read(source.signals))
        if any(asked.first == 50 for asked in line.asked[before:]):
            tries.append(tenth / 10)
        assert faults["m1/w50"] == Fault(Reason.REFUSED, code)
        assert faults["m1/w0"] is None
        clock.mono += 0.1
    assert tries == pytest.approx([0, 1, 3, 8, 23, 83], abs=0.6)
    line.refuse.clear()
    clock.mono += 60
    assert not any(faults_of(await source.read(source.signals)).values())


async def booted(line, source, clock, seconds):
    """Refuse everything for so long at 10 Hz; seconds until a value is back, and all requests."""
    good = line.refuse.copy()
    line.refuse = dict.fromkeys(range(100), 2)
    line.asked.clear()
    for _ in range(seconds * 10):
        faults = faults_of(await source.read(source.signals))
        assert set(faults.values()) == {Fault(Reason.REFUSED, 2)}
        clock.mono += 0.1
    line.refuse = good
    asked = line.count()
    for tenth in range(700):
        faults = faults_of(await source.read(source.signals))
        if not all(faults.values()):
            return tenth / 10, asked, {signal for signal, fault in faults.items() if fault}
        clock.mono += 0.1
    raise AssertionError("never back")


@pytest.mark.parametrize("seconds", [2, 20, 57, 200])
async def test_a_device_that_refuses_everything_while_it_boots_is_back_within_seconds(
    line, reading, clock, seconds
):
    line.refuse[17] = 2
    source = reading(unit(1, *range(40)))
    for _ in range(20):
        await source.read(source.signals)
        clock.mono += 1
    took, asked, refused = await booted(line, source, clock, seconds)
    assert took <= 5
    assert refused == {"m1/w17"}, "all the others are back at once"
    assert asked <= 4 + seconds, "a booting device is hardly asked"


async def test_a_device_that_boots_while_the_gateway_starts_is_back_within_seconds(
    line, reading, clock
):
    line.refuse[17] = 2
    source = reading(unit(1, *range(40)))
    took, _, _ = await booted(line, source, clock, 30)
    assert took <= 10
    clock.mono += 60
    assert {s for s, f in faults_of(await source.read(source.signals)).items() if f} == {"m1/w17"}
    line.asked.clear()
    await source.read(source.signals)
    assert line.count() == 2


async def test_a_device_that_refuses_everything_is_named_as_such(line, reading):
    line.refuse = dict.fromkeys(range(10), 2)
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    [batch] = await source.read(source.signals)
    assert batch.faults[0].detail.en == "the device refuses every request"


async def test_an_address_that_goes_bad_later_is_found(line, reading, clock):
    source = reading(unit(1, *range(12)))
    await source.read(source.signals)
    line.refuse[5] = 2
    for _ in range(30):
        faults = faults_of(await source.read(source.signals))
        clock.mono += 1
    assert {s for s, f in faults.items() if f} == {"m1/w5"}


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


@pytest.mark.parametrize(
    ("code", "reason", "says"),
    [
        (10, Reason.NO_CONNECTION, "gateway: no path to the target"),
        (11, Reason.TIMEOUT, "gateway: target does not respond"),
    ],
)
async def test_a_gateway_that_speaks_for_a_silent_unit_is_believed(
    line, reading, code, reason, says
):
    line.refuse[0] = code
    source = reading(unit(1), unit(2, 50))
    for _ in range(5):
        faults = faults_of(await source.read(source.signals))
        assert faults["m1/w0"] == Fault(reason, code)
        assert faults["m1/w0"].detail.en == says
        assert faults["m2/w50"] is None
    assert line.count(unit=1) == 2, "once more with the next poll"
    assert line.connections == 1
