"""What a running line says of its time: computed, measured, in use, and what would be possible."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.api import parts
from gateway.core.batches import Clock
from gateway.flow.moment import Moment
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from gateway.machines.signals import signals
from gateway.sources import ModbusSource, line_use
from gateway.sources.device import Unit
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.line_time import LineTime
from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.serial_server import SerialServer
from tests.simulators.modbus.jumping_loop import played_through_the_system
from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import on, unit
from tests.sources.plain_templates import words_template


@asynccontextmanager
async def running(*addresses, every, units=(1, 2, 3), silent=(), baud=9600, thinks=0.02, **more):
    """A runner at work on a line that keeps its pace; gives it with its signals' periods."""
    time = asyncio.get_running_loop().time
    template, numbering = words_template(*addresses, **more), Numbering(1)
    period = timedelta(seconds=every)

    def now():
        return Moment(datetime.now(UTC), time(), Clock.SYNCED)

    bus = Bus(
        {n: words_told_by(lambda at, n=n: told(n, at)) for n in units},
        Pace(baud, "none", 1),
        takes=thinks,
    )
    async with SerialServer(bus) as server:
        connects = [
            ModbusRtuOverTcpConnect(host=server.host, port=server.port, baud=baud, unit=n)
            for n in (*units, *silent)
        ]
        source = ModbusSource([Unit(f"m{c.unit}", c, template) for c in connects], now=now)
        found = [one for c in connects for one in signals(f"m{c.unit}", template, period)]
        runner = SourceRunner(source, found, lambda _: None, numbering, now=now)
        task = asyncio.create_task(runner.run())
        try:
            yield source, {signal.id: signal.every for signal in found}
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.mark.parametrize(
    ("baud", "thinks", "addresses", "pause"),
    [
        (1200, 0.02, (0, 1), "0ms"),
        (9600, 0.02, tuple(range(30)), "0ms"),
        (9600, 0.02, (0, 1, 100, 101), "100ms"),
        (115_200, 0.02, tuple(range(100)), "0ms"),
    ],
)
def test_the_computed_cycle_of_a_running_line_is_within_a_tenth_of_the_measured_one(
    baud, thinks, addresses, pause
):
    async def measured():
        how = {"baud": baud, "thinks": thinks, "workarounds": {"pause": pause}}
        async with running(*addresses, every=1.0, **how) as (source, every):
            assert line_use(source, every).cycle is None
            await asyncio.sleep(60)
            found = line_use(source, every)
            assert found.expected == pytest.approx(found.cycle, rel=0.1)
            assert found.share == pytest.approx(found.cycle, rel=0.1)
            assert list(parts.lines([found])) == []

    played_through_the_system(measured())


def test_devices_that_are_faster_than_thought_make_a_shorter_period_possible():
    async def measured():
        async with running(0, 1, every=1.0, thinks=0.002) as (source, every):
            await asyncio.sleep(60)
            found = line_use(source, every)
            assert found.thinks == pytest.approx(0.002, abs=0.002)
            assert found.shortest == pytest.approx(found.cycle, abs=0.01)
            assert found.cycle < 0.6 * found.expected
            said = found.told()
            assert "3 devices, 3 requests, 6 registers, 6 values a cycle" in said.en
            assert f"gemessen {round(1000 * found.cycle)} ms" in said.de
            assert f"shortest period possible is {round(1000 * found.shortest)} ms" in said.en

    played_through_the_system(measured())


def test_a_line_that_is_asked_for_too_much_is_in_use_all_the_time():
    async def measured():
        async with running(*range(100), every=0.5) as (source, every):
            await asyncio.sleep(60)
            found = line_use(source, every)
            assert found.share > 0.95
            assert found.shortest > 0.5
            [part] = parts.lines([found])
            assert part.state == "waiting"
            assert f"kürzeste mögliche Takt ist {round(1000 * found.shortest)} ms" in part.text.de
            assert "too much for this line, polls are left out." in part.text.en

    played_through_the_system(measured())


def test_nothing_is_measured_while_a_device_is_silent_and_its_silence_counts_as_use():
    async def measured():
        async with running(0, 1, every=1.0, units=(1,), silent=(9,)) as (source, every):
            await asyncio.sleep(2)
            found = line_use(source, every)
            assert (found.cycle, found.shortest) == (None, None)
            assert found.share > 0.1
            assert "never yet has everything answered together" in found.told().en

    played_through_the_system(measured())


async def test_what_a_device_refuses_is_not_counted(line, reading):
    plain = line.answer
    line.misbehave = lambda asked: (
        frame_of(asked, b"\x83\x02")
        if asked.first <= 40 < asked.first + asked.count
        else plain(asked)
    )
    source = reading(unit(1, 0, 40))
    every = dict.fromkeys(source.signals, 1.0)
    assert line_use(source, every).load.values == 2
    await source.read(source.signals)
    assert line_use(source, every).load.values == 1


async def test_a_line_whose_speed_is_not_known_expects_nothing_and_measures(line):
    source = ModbusSource(on(line, unit(1, 0, 40)))
    every = dict.fromkeys(source.signals, 1.0)
    assert "computed" not in line_use(source, every).told().en
    await source.read(source.signals)
    found = line_use(source, every)
    assert found.expected is None
    assert 0 < found.cycle <= found.shortest
    await source.close()


def test_the_middle_of_the_last_cycles_counts():
    time = LineTime(0.0)
    for at, took in enumerate([3.0, *[0.1] * 8, 2.0]):
        time.polled(at * 10, at * 10 + took, whole=True)
    assert time.cycle == pytest.approx(0.1)


def test_the_share_is_that_of_the_last_minute_at_most():
    time = LineTime(0.0)
    for second in range(600):
        time.polled(second, second + 0.9, whole=False)
    assert time.share(600.0) == pytest.approx(0.9, rel=0.01)
    for second in range(600, 700):
        time.polled(second, second + 0.1, whole=False)
    assert time.share(700.0) == pytest.approx(0.1, rel=0.01)
    assert time.share(10_000.0) < 0.01
