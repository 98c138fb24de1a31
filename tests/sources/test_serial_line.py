"""A line that units share: an old answer is never a value, and a dead unit costs little."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest

from gateway.core.signals import Fault, Reason
from gateway.sources import suspects
from gateway.sources.source import ModbusSource
from tests.sources.fault_line import told
from tests.sources.line_reading import HandClock, faults_of, on, unit
from tests.sources.serial_gateway import SerialGateway

WITHIN = 0.05
BLOCKS = (0, 200, 400)
LINES = 6
"""So many lines are polled at once where many polls are wanted."""


@pytest.fixture
async def serial() -> AsyncIterator[SerialGateway]:
    gateway = SerialGateway()
    await gateway.start()
    yield gateway
    await gateway.stop()


@pytest.fixture
async def polling(serial, clock):
    sources = []

    def make(*units):
        source = ModbusSource(on(serial, *units), now=clock)
        sources.append(source)
        return source

    yield make
    for source in sources:
        await source.close()


def wrong(batches):
    return [
        (signal, value)
        for batch in batches
        for signal, value in zip(batch.signals, batch.values, strict=True)
        if value not in (None, told(int(batch.machine[1:]), int(signal.partition("/w")[2])))
    ]


@pytest.mark.size(polls=(120, 9000))
@pytest.mark.parametrize("flushes", [False, True])
@pytest.mark.parametrize("units", [1, 3])
async def test_no_wrong_value_among_many_late_answers(polls, flushes, units):
    lines = (late_now_and_then(seed, polls // LINES, units, flushes) for seed in range(LINES))
    assert sum(await asyncio.gather(*lines)) >= polls


async def late_now_and_then(seed, polls, units, flushes):
    """Poll a line with late answers; how many good values it gave."""
    chance, clock, good = random.Random(seed), HandClock(), 0
    serial = SerialGateway(flushes=flushes, waits=0.12)
    serial.takes = lambda _: chance.uniform(0.06, 0.5) if chance.random() < 0.08 else 0.0
    await serial.start()
    devices = [unit(n, *BLOCKS, within=WITHIN) for n in range(1, units + 1)]
    source = ModbusSource(on(serial, *devices), now=clock)
    for _ in range(polls):
        batches = await source.read(source.signals)
        assert wrong(batches) == []
        good += sum(fault is None for fault in faults_of(batches).values())
        clock.mono += 1
    await source.close()
    await serial.stop()
    return good


async def test_after_a_silence_the_next_questions_have_another_length(serial, polling, clock):
    late = iter([0.3])
    serial.takes = lambda _: next(late, 0.0)
    source = polling(unit(1, *BLOCKS, within=WITHIN), unit(2, *BLOCKS, within=WITHIN))
    await source.read(source.signals)
    for _ in range(4):
        clock.mono += 5
        batches = await source.read(source.signals)
        assert not any(faults_of(batches).values())
        assert wrong(batches) == []
    lengths = {asked.count for asked in serial.asked[1:] if asked.unit == 1}
    assert serial.asked[0].count == 1
    assert lengths == {2}, "an old answer of one register can be taken for none of these"
    assert serial.wrong == 0


async def test_what_can_be_read_in_one_length_only_waits_until_the_old_answer_has_passed(
    serial, polling, clock
):
    late = iter([0.3])
    serial.takes = lambda _: next(late, 0.0)
    strict = {
        "readable": [
            {"table": "holding-registers", "first": first, "last": first} for first in BLOCKS
        ]
    }
    source = polling(
        unit(1, *BLOCKS, within=WITHIN, **strict), unit(2, *BLOCKS, within=WITHIN, **strict)
    )
    for _ in range(3):
        batches = await source.read(source.signals)
        assert set(faults_of(batches).values()) == {Fault(Reason.TIMEOUT)}
        clock.mono += 5
    assert len(serial.asked) == 1
    async with asyncio.timeout(20):
        while any(faults_of(batches := await source.read(source.signals)).values()):
            assert wrong(batches) == []
            await asyncio.sleep(0.05)
            clock.mono += 5
    assert wrong(batches) == []


STRICT = {
    "readable": [{"table": "holding-registers", "first": first, "last": first} for first in BLOCKS]
}
GATEWAY = {"behind": "gateway"}


@pytest.mark.parametrize("refuses", [False, True])
async def test_what_a_gateway_keeps_for_good_is_asked_out_of_it_before_it_is_a_value(
    serial, polling, clock, monkeypatch, refuses
):
    """All blocks have one length: the old answer would shift every value from then on."""
    monkeypatch.setattr(suspects, "STALE", 2.0)
    serial.waits = 0.04
    serial.most = 1 if refuses else 125
    late = iter([0.08])
    serial.takes = lambda _: next(late, 0.0)
    source = polling(unit(1, *BLOCKS, within=WITHIN, how=GATEWAY, **STRICT))
    seen = []
    async with asyncio.timeout(20):
        while len(seen) < 5:
            batches = await source.read(source.signals)
            assert wrong(batches) == []
            if not any(faults_of(batches).values()):
                seen.append(batches)
            await asyncio.sleep(0.02)
            clock.mono += 5
    assert serial.wrong == 0


async def test_a_device_that_is_silent_to_other_lengths_comes_back_all_the_same(
    serial, polling, clock, monkeypatch
):
    monkeypatch.setattr(suspects, "STALE", 1.0)
    serial.waits = 0.04
    lost = iter([None])
    serial.takes = lambda asked: None if asked.count > 1 else next(lost, 0.0)
    source = polling(unit(1, *BLOCKS, within=WITHIN, how=GATEWAY, **STRICT))
    await source.read(source.signals)
    async with asyncio.timeout(20):
        while any(faults_of(await source.read(source.signals)).values()):
            await asyncio.sleep(0.02)
            clock.mono += 5


async def test_a_longer_request_that_is_refused_is_not_tried_twice(line, reading, clock):
    line.refuse = {11: 2, 211: 2}
    source = reading(unit(1, 10, 210, within=WITHIN), unit(2, 50, within=WITHIN))
    line.misbehave = lambda asked: None if len(line.asked) == 1 else line.answer(asked)
    await source.read(source.signals)
    clock.mono += 60
    for _ in range(3):
        assert not any(faults_of(await source.read(source.signals)).values())
    after = [(asked.first, asked.count) for asked in line.asked if asked.unit == 1][1:]
    assert after.count((210, 2)) == 1
    assert after.count((209, 2)) == 3


async def test_nobody_is_asked_while_the_gateway_waits_for_a_dead_unit(serial, polling, clock):
    serial.waits = 0.15
    serial.takes = lambda asked: None if asked.unit == 2 else 0.0
    source = polling(*(unit(n, 0, within=WITHIN) for n in (1, 2, 3)))
    for _ in range(20):
        faults = faults_of(await source.read(source.signals))
        assert faults["m1/w0"] is None
        assert faults["m3/w0"] is None
        assert faults["m2/w0"] == Fault(Reason.TIMEOUT)
        clock.mono += 1
    assert serial.while_busy == 0


@pytest.mark.parametrize("says_so", [False, True])
async def test_how_long_a_gateway_waits_is_learnt(serial, polling, clock, says_so):
    """It waits twice as long as it is given at first: that costs the others one poll."""
    serial.waits = 0.4
    serial.says_so = says_so
    serial.takes = lambda asked: None if asked.unit == 2 else 0.0
    source = polling(*(unit(n, 0, within=WITHIN) for n in (1, 2, 3)))
    lost = 0
    for _ in range(40):
        faults = faults_of(await source.read(source.signals))
        lost += sum(faults[f"m{n}/w0"] is not None for n in (1, 3))
        clock.mono += 1
    assert lost <= 2
    assert serial.while_busy <= 1


async def test_a_dead_unit_is_asked_once_in_the_minute_that_begins_30_s_after_its_death(
    serial, polling, clock, monkeypatch
):
    monkeypatch.setattr(suspects, "STALE", 1.0)  # in real time, of which hardly any passes here
    serial.waits = 0.1
    serial.takes = lambda asked: None if asked.unit == 5 else 0.0
    source = polling(*(unit(n, 0, within=0.03) for n in range(1, 11)))
    tries = []
    for second in range(200):
        before = serial.count(5)
        faults = faults_of(await source.read(source.signals))
        assert [signal for signal, fault in faults.items() if fault] == ["m5/w0"]
        if serial.count(5) > before:
            tries.append(second)
        clock.mono += 1
    assert sum(30 <= second < 90 for second in tries) == 1, tries
    assert all(later - earlier <= 61 for earlier, later in pairwise(tries))


async def test_several_dead_units_cost_the_others_no_poll(serial, polling, clock, monkeypatch):
    monkeypatch.setattr(suspects, "STALE", 1.0)
    serial.waits = 0.1
    serial.takes = lambda asked: None if asked.unit in (3, 5, 8) else 0.0
    source = polling(*(unit(n, 0, within=0.03) for n in range(1, 11)))
    lost = 0
    for _ in range(100):
        faults = faults_of(await source.read(source.signals))
        lost += sum(faults[f"m{n}/w0"] is not None for n in (1, 2, 4, 6, 7, 9, 10))
        assert all(faults[f"m{n}/w0"] for n in (3, 5, 8))
        clock.mono += 1
    assert lost == 0
    assert sum(serial.count(n) for n in (3, 5, 8)) <= 30


async def test_a_line_on_which_nobody_answers_spares_its_units_and_is_back_at_once(
    serial, polling, clock
):
    source = polling(*(unit(n, 0, within=0.03) for n in range(1, 11)))
    await source.read(source.signals)
    serial.asked.clear()
    serial.waits = 0.1
    serial.takes = lambda _: None
    for _ in range(60):
        batches = await source.read(source.signals)
        assert set(faults_of(batches).values()) == {Fault(Reason.TIMEOUT)}
        clock.mono += 1
    assert len(serial.asked) <= 25
    assert sum(second.unit == 1 for second in serial.asked) <= 5, "each in its turn"
    serial.takes = lambda _: 0.0
    for _ in range(12):
        faults = faults_of(await source.read(source.signals))
        clock.mono += 1
    assert not any(faults.values())


async def test_a_unit_that_was_spared_is_asked_before_the_one_that_was_not(serial, polling, clock):
    """Two die, one comes back: it is found though the other stays dead."""
    dead = {1, 2}
    serial.waits = 0.1
    serial.takes = lambda asked: None if asked.unit in dead else 0.0
    source = polling(unit(1, 0, within=0.03), unit(2, 0, within=0.03))
    for _ in range(10):
        await source.read(source.signals)
        clock.mono += 1
    dead.remove(2)
    async with asyncio.timeout(20):
        while faults_of(await source.read(source.signals))["m2/w0"]:
            clock.mono += 1
    dead.add(2)
    dead.remove(1)
    async with asyncio.timeout(20):
        while faults_of(await source.read(source.signals))["m1/w0"]:
            clock.mono += 1


async def test_the_batches_of_those_who_answered_do_not_wait_for_those_who_do_not(
    serial, polling, clock
):
    dead = set()
    serial.waits = 0.05
    serial.takes = lambda asked: None if asked.unit in dead else 0.0
    source = polling(*(unit(n, 0, within=0.03) for n in (1, 2, 3)))
    await source.read(source.signals)
    dead.update({2, 3})
    before = len(serial.asked)
    seen = [
        (batch.machine, len(serial.asked) - before)
        async for batch in source.batches(source.signals)
    ]
    assert seen == [("m1", 1), ("m2", 2), ("m3", 3)]
