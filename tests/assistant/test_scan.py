"""A scan of real lines: what is there is found with its type, and nothing but reads is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from gateway.assistant.looking import changes
from gateway.assistant.question import Asker, Turns
from gateway.assistant.scan import Found, Tried, scan
from gateway.assistant.stretch import sample, survey
from gateway.core.errors import Unreachable
from gateway.machines import catalog
from gateway.machines.template import Table, Template
from gateway.sources.line.connection import Connection
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.line.tcp import ModbusTcpConnect
from simulators.device import Device
from simulators.modbus.bus import Bus
from simulators.modbus.fault_words import read_faults
from simulators.modbus.gateway import Gateway
from simulators.modbus.pace import Pace
from simulators.modbus.port import SerialPort
from simulators.modbus.script import Fate
from simulators.modbus.tcp_device import TcpDevice
from simulators.played import Mode, Stand, values
from simulators.unknown import unknown

ALL = [catalog.template(name) for name in catalog.names()]


class Machine:
    """What the units' instruments show; a test switches it."""

    def __init__(self) -> None:
        self.stand = Stand(mode=Mode.WORKS).after(60)

    def unit(self, template: Template, number: int, seed: int = 3):
        shows = lambda: values(template, self.stand, seed)  # noqa: E731
        return Device(template, number, shows, named=False).answer


@asynccontextmanager
async def on_tcp(units, faults: str = "") -> AsyncIterator[tuple[TcpDevice, ModbusTcpConnect]]:
    script, manners = read_faults(faults).script(), read_faults(faults).manners
    async with TcpDevice(units, script=script, manners=manners) as device:
        yield device, ModbusTcpConnect(host="127.0.0.1", port=device.port, timeout="200ms")


async def found_by(connect, units: Sequence[int], templates=ALL) -> list[Found | Tried]:
    asker = Asker(connect, Turns(0.0))
    try:
        return [seen async for seen in scan(asker, units, templates)]
    finally:
        asker.close()


@pytest.mark.parametrize("name", ["sdm630", "pac3200", "em340", "iem3155", "b23", "umg96rm"])
async def test_a_meter_is_recognised_among_all_templates(name: str) -> None:
    template = catalog.template(name)
    async with on_tcp({5: Machine().unit(template, 5)}) as (device, connect):
        (seen,) = await found_by(connect, [5])
        assert isinstance(seen, Found)
        assert seen.matches[0].template.template == name
        assert seen.matches[0].likely
        assert set(device.tally.functions) <= {1, 2, 3, 4, 17, 43}
        assert seen.says == (), "it refuses to say what it is"


async def test_a_serial_line_is_searched_unit_by_unit() -> None:
    machine = Machine()
    units = {
        n: machine.unit(catalog.template(name), n) for n, name in ((2, "sdm630"), (4, "sdm120"))
    }
    async with SerialPort(Bus(units, Pace(9600), speed=20)) as port:
        connect = ModbusRtuConnect(port=port.device, unit=1, timeout="60ms")
        seen = await found_by(connect, range(1, 6))
    assert [type(one) for one in seen] == [Tried, Found, Tried, Found, Tried]
    assert [one.unit for one in seen] == [1, 2, 3, 4, 5]


async def test_an_unknown_machine_is_found_with_the_place_of_its_registers() -> None:
    template = unknown(5)
    point = template.points[0]
    async with on_tcp({1: Machine().unit(template, 1)}) as (_, connect):
        (seen,) = await found_by(connect, [1])
        assert isinstance(seen, Found)
        assert not any(match.likely for match in seen.matches)
        assert (point.table, point.address) in seen.places


async def test_what_changes_with_the_machine_is_its_power_and_its_state() -> None:
    template, machine = unknown(5), Machine()
    first, table = template.points[0].address, template.points[0].table
    machine.stand = Stand()
    async with on_tcp({1: machine.unit(template, 1)}) as (_, connect):
        asker = Asker(connect, Turns(0.0))
        seen = await survey(asker, [table], first, 40)
        assert [(run.first, run.count) for run in seen.runs] == [(first, 24)]
        before = await sample(asker, seen.runs[0], 5)
        machine.stand = Stand(mode=Mode.WORKS).after(60)
        after = await sample(asker, seen.runs[0], 5)
        asker.close()
    power = next(point for point in template.points if point.name == "power")
    changed = {change.address for change in changes(first, before, after)[:5]}
    assert changed & {power.address, power.address + 1}
    assert first in changed


async def test_a_refusal_says_why_nothing_can_be_read() -> None:
    async with on_tcp({1: Machine().unit(unknown(5), 1)}) as (_, connect):
        asker = Asker(connect, Turns(0.0))
        seen = await survey(asker, [Table.HOLDING_REGISTERS, Table.INPUT_REGISTERS], 60_000, 8)
        asker.close()
    assert seen.runs == ()
    assert seen.refusal is not None
    assert seen.refusal.exception in (1, 2)


async def test_a_line_that_is_not_there_is_told() -> None:
    with pytest.raises(Unreachable):
        await found_by(ModbusRtuConnect(port="/dev/not-there"), [1])


async def test_questions_keep_their_distance() -> None:
    async with on_tcp({1: Machine().unit(catalog.template("sdm630"), 1)}) as (device, connect):
        asker = Asker(connect, Turns(0.05))
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            await asker.ask(Table.INPUT_REGISTERS, 0, 2)
        asker.close()
        assert loop.time() - began >= 4 * 0.05
        assert device.tally.requests == 5


async def test_a_device_that_answers_for_every_unit_is_one_device() -> None:
    sdm630 = catalog.template("sdm630")
    units = {number: Machine().unit(sdm630, number) for number in range(256)}
    async with on_tcp(units) as (_, connect):
        first, *others = await found_by(connect, range(1, 20))
    assert isinstance(first, Found)
    assert first.for_all
    assert first.matches[0].template.template == "sdm630"
    assert {type(one) for one in others} == {Tried}


async def test_neighbours_on_one_line_are_no_device_that_answers_for_every_unit() -> None:
    sdm630 = catalog.template("sdm630")
    async with on_tcp({n: Machine().unit(sdm630, n) for n in (1, 2, 3)}) as (_, connect):
        seen = await found_by(connect, range(1, 4))
    assert [isinstance(one, Found) and not one.for_all for one in seen] == [True] * 3


async def test_a_gateway_that_says_who_is_absent_is_asked_twice_for_each() -> None:
    bus = Bus({2: Machine().unit(catalog.template("sdm630"), 2)}, Pace(9600), speed=20)
    async with Gateway(bus, waits=0.2, says_so=True) as gateway:
        connect = ModbusTcpConnect(host="127.0.0.1", port=gateway.port, timeout="2s")
        absent = await found_by(connect, range(10, 15))
        assert [type(one) for one in absent] == [Tried] * 5
        assert bus.tally.requests == 10
        (seen,) = await found_by(connect, [2])
    assert isinstance(seen, Found)


@pytest.mark.parametrize("faults", ["busy @1/2", "busy @1/3, closes @1/7", "connections=1"])
async def test_a_meter_that_is_often_busy_or_hangs_up_is_recognised_all_the_same(faults) -> None:
    units = {1: Machine().unit(catalog.template("sdm630"), 1)}
    async with on_tcp(units, faults) as (_, connect):
        (seen,) = await found_by(connect, [1])
        assert isinstance(seen, Found)
        assert seen.matches[0].template.template == "sdm630"
        asker = Asker(connect, Turns(0.0))
        stretch = await survey(asker, [Table.INPUT_REGISTERS], 0, 12)
        asker.close()
        assert [(run.first, run.count) for run in stretch.runs] == [(0, 12)]


async def test_lines_share_the_five_questions_of_a_second() -> None:
    loop, turns = asyncio.get_running_loop(), Turns(0.05)
    began = loop.time()
    for _ in range(3):
        async with on_tcp({1: Machine().unit(catalog.template("sdm630"), 1)}) as (_, connect):
            asker = Asker(connect, turns)
            await asker.ask(Table.INPUT_REGISTERS, 0, 2)
            asker.close()
    assert loop.time() - began >= 2 * 0.05


def named(template: Template, number: int, values=None, how: int = 43):
    """A unit that says what it is; without values all its registers are 0."""
    device = Device(template, number, lambda: values or {}, named=True)

    def answer(content: bytes, shows=None):
        if content[0] in (17, 43) and content[0] != how:
            return bytes([content[0] | 0x80, 1])
        return device.answer(content)

    return answer


@pytest.mark.parametrize("how", [17, 43])
@pytest.mark.parametrize("name", catalog.names())
async def test_a_device_whose_registers_are_all_zero_is_known_by_what_it_says(name, how) -> None:
    template = catalog.template(name)
    async with on_tcp({1: named(template, 1, how=how)}) as (_, connect):
        (seen,) = await found_by(connect, [1], [template])
    assert isinstance(seen, Found)
    assert template.identification.model in " ".join(seen.says)
    assert seen.matches[0].likely
    assert template.identification.model in seen.matches[0].text().de


async def test_what_it_says_decides_between_meters_that_answer_alike() -> None:
    template, machine = catalog.template("sdm120"), Machine()
    shows = values(template, machine.stand, 3)
    async with on_tcp({1: named(template, 1, shows)}) as (_, connect):
        (seen,) = await found_by(connect, [1])
    assert seen.matches[0].template.template == "sdm120"
    assert "sagt, es sei" in seen.matches[0].text().de


@pytest.mark.parametrize("how", [17, 43])
async def test_a_device_on_a_serial_line_says_what_it_is(how: int) -> None:
    template = catalog.template("sdm630")
    async with SerialPort(Bus({4: named(template, 4, how=how)}, Pace(9600), speed=20)) as port:
        connect = ModbusRtuConnect(port=port.device, unit=1, timeout="200ms")
        (seen,) = await found_by(connect, [4], [template])
    assert isinstance(seen, Found)
    assert "SDM630-Modbus" in " ".join(seen.says)


async def test_a_device_is_found_though_one_answer_is_lost() -> None:
    units = {n: Machine().unit(catalog.template("sdm630"), n) for n in (1, 2, 3)}
    first: set[int] = set()

    def lost_once(asked):
        new = asked.unit not in first
        first.add(asked.unit)
        return Fate(lost=new)

    async with TcpDevice(units, script=lost_once) as device:
        connect = ModbusTcpConnect(host="127.0.0.1", port=device.port, timeout="200ms")
        seen = await found_by(connect, range(1, 6))
    assert [type(one) for one in seen] == [Found] * 3 + [Tried] * 2


async def test_nothing_but_a_scan_asks_what_a_device_is() -> None:
    template = catalog.template("sdm630")
    async with on_tcp({1: named(template, 1)}) as (device, connect):
        asker = Asker(connect, Turns(0.0))
        await sample(asker, (await survey(asker, [Table.INPUT_REGISTERS], 0, 8)).runs[0], 3)
        asker.close()
        assert set(device.tally.functions) == {4}


@pytest.mark.parametrize("content", [b"\x2b\x0d\x00", b"\x06\x00\x00\x00\x01", b"\x11"])
async def test_no_other_question_leaves_a_connection(content: bytes) -> None:
    async with on_tcp({1: Machine().unit(catalog.template("sdm630"), 1)}) as (device, connect):
        link = Connection(connect)
        await link.open()
        with pytest.raises(AssertionError, match="must never be sent"):
            link._inspect(True, b"\0\1\0\0\0\6\1" + content)
        link.close()
        assert device.tally.requests == 0
