"""A device with a connection of its own: one lost answer costs one poll at most."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.core.signals import Fault, Reason
from gateway.sources import asking
from tests.sources.fault_line import told
from tests.sources.line_reading import WITHIN, faults_of, unit, values_of


async def test_a_lost_answer_is_asked_for_again_on_the_same_connection(line, reading):
    line.misbehave = lambda asked: None if asked.transaction == 2 else line.answer(asked)
    source = reading(unit(1))
    for _ in range(5):
        [batch] = await source.read(source.signals)
        assert batch.faults is None
    assert line.count() == 6
    assert line.connections == 1


@pytest.mark.size(polls=(200, 20_000))
async def test_every_thirtieth_answer_lost_costs_no_poll(line, reading, clock, polls):
    line.misbehave = lambda asked: None if asked.transaction % 30 == 0 else line.answer(asked)
    source = reading(unit(1, within=0.05))
    bad = 0
    for _ in range(polls):
        bad += any(faults_of(await source.read(source.signals)).values())
        clock.mono += 0.1
    assert bad == 0
    assert line.connections == 1


async def test_a_late_answer_is_thrown_away_and_the_new_one_is_the_value(line, reading):
    def slow_once(asked):
        if len(line.asked) == 2:  # the first answer comes now, the second a little later
            late = b"".join((line.answer(line.asked[0])[:-1], b"\x77"))
            line._writers[-1].write(late)
            loop.call_later(0.02, line._writers[-1].write, line.answer(asked))
        return line.answer(asked) if len(line.asked) > 2 else None

    loop = asyncio.get_running_loop()
    line.misbehave = slow_once
    source = reading(unit(1))
    for _ in range(3):
        [batch] = await source.read(source.signals)
        assert values_of([batch])["m1/w2"] == told(1, 2)
        assert batch.faults is None
    assert line.connections == 1


async def test_a_late_answer_in_front_of_the_right_one_is_skipped(line, reading):
    held = []

    def both_at_once(asked):
        held.append(asked)
        return None if len(held) == 1 else line.answer(held[0]) + line.answer(asked)

    line.misbehave = both_at_once
    source = reading(unit(1))
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 1


async def test_a_pause_begins_with_the_second_lost_answer(line, reading, clock):
    line.silent.add(1)
    source = reading(unit(1))
    for _ in range(9):
        assert set(faults_of(await source.read(source.signals)).values()) == {Fault(Reason.TIMEOUT)}
        clock.mono += 0.1
    assert line.count() == 2
    assert line.connections == 1, "it is hung up with the next try, if nothing has come"
    clock.mono += 1
    line.silent.clear()
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.connections == 2


async def test_a_slow_device_with_one_slot_is_not_locked_out(line, reading, clock):
    """The late answer itself says that it is well again: nobody has hung up."""
    line.late[1] = WITHIN * 6
    source = reading(unit(1))
    assert all(faults_of(await source.read(source.signals)).values())
    line.late.clear()
    async with asyncio.timeout(10):
        while source._line.link.outstanding:
            await asyncio.sleep(0.01)
    clock.mono += 0.1
    assert not any(faults_of(await source.read(source.signals)).values())
    assert line.connections == 1


@pytest.mark.parametrize("blocks", [1, 3])
async def test_a_device_that_closes_after_each_answer_is_read_whole(line, reading, clock, blocks):
    line.closes = True
    source = reading(unit(1, *(200 * i for i in range(blocks))))
    for _ in range(5):
        assert not any(faults_of(await source.read(source.signals)).values())
        clock.mono += 0.1
    assert line.count() == 5 * blocks


async def test_a_device_that_drops_idle_connections_loses_no_poll(line, reading, clock):
    source = reading(unit(1))
    for _ in range(5):
        assert not any(faults_of(await source.read(source.signals)).values())
        line.reset_next = True  # it finds no such connection any more, and says so
        clock.mono += 10
    assert line.connections == 5


async def test_a_device_that_forgets_idle_connections_costs_one_poll(
    line, reading, clock, monkeypatch
):
    monkeypatch.setattr(asking, "FORGETTING", 0.1)
    source = reading(unit(1, within=0.05))
    good = []
    for _ in range(6):
        good.append(not any(faults_of(await source.read(source.signals)).values()))
        await asyncio.sleep(0.15)
        line.deaf.add(line.connections)  # it has forgotten, and answers nothing on it
        clock.mono += 10
    assert good == [True, False, True, True, True, True]


async def test_a_loop_that_stood_still_looks_first_whether_the_answer_has_come(line, reading):
    source = reading(unit(1))
    await source.connect()

    def stand_still(asked):
        asyncio.get_running_loop().call_soon(time.sleep, WITHIN * 4)
        return line.answer(asked)

    line.misbehave = stand_still
    for _ in range(5):
        [batch] = await source.read(source.signals)
        assert batch.faults is None
    assert line.count() == 5, "nothing was asked twice"


async def test_a_connection_that_stands_while_the_loop_does_not_is_no_failure(
    line, reading, monkeypatch
):
    monkeypatch.setattr("gateway.sources.line.sockets.CONNECT_WITHIN", 0.1)
    source = reading(unit(1))
    asyncio.get_running_loop().call_soon(time.sleep, 0.5)
    [batch] = await source.read(source.signals)
    assert batch.faults is None
    assert line.connections == 1
