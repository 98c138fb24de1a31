"""A gateway in front of a paced line, in time that jumps: late, lost and foreign answers."""

from __future__ import annotations

import asyncio
import struct

import pytest
from pymodbus.client import AsyncModbusTcpClient

from simulators.modbus.bus import Bus
from simulators.modbus.framing import mbap
from simulators.modbus.gateway import Gateway
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.script import Fate, always_well
from tests.simulators.modbus.jumping_loop import in_jumping_time

FAST = Pace(115200, "none", 1)


def unit(number):
    return words_told_by(lambda at: number * 100 + at)


def bus(*numbers, pace=FAST, script=always_well, **more):
    return Bus({n: unit(n) for n in numbers or (1, 2, 3)}, pace, script=script, **more)


def question(number=1, first=0, count=1):
    return struct.pack(">BHH", 3, first, count)


@in_jumping_time
async def test_a_gateway_speaks_modbus_tcp_for_the_units_of_its_line():
    async with Gateway(bus()) as gateway:
        client = AsyncModbusTcpClient(gateway.host, port=gateway.port, timeout=5, retries=0)
        assert await client.connect()
        for number in (1, 2, 3):
            answer = await client.read_holding_registers(9, count=2, device_id=number)
            assert answer.registers == [number * 100 + 9, number * 100 + 10]
        client.close()
    assert gateway.tally.crowded == 0


async def asked(gateway, *questions, gap=0.0):
    """Ask each question ``gap`` seconds after the one before it; what comes before a last one's."""
    reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
    for number, (to, first) in enumerate(questions):
        writer.write(mbap(number, to, question(first=first)))
        await asyncio.sleep(gap)
    writer.write(mbap(999, 3, question()))
    came = {}
    async with asyncio.timeout(10):
        while 999 not in came:
            transaction, _, length, _ = struct.unpack(">HHHB", await reader.readexactly(7))
            came[transaction] = await reader.readexactly(length - 1)
    writer.close()
    assert came.pop(999) == told(300)
    return came


def late_once(by):
    return lambda request: Fate(late=by) if request.number == 1 else Fate()


def told(value):
    return struct.pack(">BBH", 3, 2, value)


@in_jumping_time
async def test_a_gateway_that_flushes_forgets_what_came_too_late():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.05) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), (1, 7), gap=0.15)
    assert came == {1: told(106), 2: told(107)}
    assert gateway.stale == 0


@in_jumping_time
async def test_a_gateway_that_does_not_flush_is_one_answer_behind_from_then_on():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.05, flushes=False) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), (1, 7), gap=0.15)
    assert came == {1: told(105), 2: told(106)}
    assert gateway.stale == 2


@in_jumping_time
async def test_even_a_gateway_that_flushes_is_deceived_by_an_answer_that_comes_while_it_waits():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.08) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), gap=0.08)
    assert came == {1: told(105)}
    assert gateway.stale == 1


@pytest.mark.parametrize(("says_so", "said"), [(False, {1: told(201)}), (True, {})])
@in_jumping_time
async def test_a_gateway_waits_for_a_dead_unit_and_the_others_with_it(says_so, said):
    began = asyncio.get_running_loop().time()
    async with Gateway(bus(), waits=0.3, says_so=says_so) as gateway:
        came = await asked(gateway, (9, 0), (2, 1))
        assert asyncio.get_running_loop().time() - began >= 0.3
    assert came.pop(0, None) == (b"\x83\x0b" if says_so else None)
    assert came == {1: told(201)}
    assert gateway.while_waiting == 2


@in_jumping_time
async def test_a_gateway_asks_at_the_line_s_pace():
    """Ten exchanges one after the other take at least as long as their characters."""
    line = bus(pace=Pace(9600))
    began = line.now
    async with Gateway(line) as gateway:
        came = await asked(gateway, *((1, at) for at in range(10)))
    assert came == {at: told(100 + at) for at in range(10)}
    ten = 10 * (8 + 7 + 2 * 3.5) * 11 / 9600
    assert line.free_at - began >= ten
    assert gateway.tally.crowded == 0
