"""The time on a serial line: computed, and measured on a line that keeps its baud rate."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from gateway.config import Bilingual, Device, Machine
from gateway.core.batches import Clock
from gateway.flow.moment import Moment
from gateway.sources import line_load
from gateway.sources.bus_time import Polled, Wire, load, possible
from gateway.sources.device import Unit
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.source import ModbusSource
from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.serial_server import SerialServer
from tests.simulators.modbus.jumping_loop import played_through_the_system
from tests.sources.fault_line import told
from tests.sources.line_reading import faults_of
from tests.sources.plain_templates import words_template

SLOW = Wire(9600, 10)


def polled(*addresses, every=1.0, **more):
    template = words_template(*addresses)
    return Polled(template, [(point, every) for point in template.points], **more)


def test_a_byte_takes_its_bits():
    assert SLOW.takes(96) == pytest.approx(0.1)
    assert Wire(19_200, 11).takes(1) == pytest.approx(11 / 19_200)


def test_the_silence_is_that_of_three_and_a_half_bytes_and_never_less_than_1_75_ms():
    assert SLOW.silence == pytest.approx(35 / 9600)
    assert Wire(19_200, 11).silence == pytest.approx(3.5 * 11 / 19_200)
    assert Wire(115_200, 10).silence == 0.00175


def test_a_short_block_at_9600_baud_takes_25_ms_without_the_device():
    """8 bytes out, 9 back, twice the silence of 3.5."""
    found = load([polled(0, 1)], SLOW, thinks=0.0)
    assert found.cycle == pytest.approx((8 + 9 + 7) * 10 / 9600)
    assert (found.requests, found.registers, found.values) == (1, 2, 2)
    assert found.busy == pytest.approx(found.cycle)


def test_a_pause_that_is_longer_than_the_silence_takes_its_place():
    without, paused = load([polled(0)], SLOW), load([polled(0, pause=0.1)], SLOW)
    assert paused.cycle - without.cycle == pytest.approx(0.1 - SLOW.silence)


def test_13_meters_at_9600_baud_cannot_give_much_more_than_one_short_block_a_second():
    short = [polled(0, 1)] * 13
    long = [polled(*range(60))] * 13
    assert load(short, SLOW, thinks=0.0).busy < 0.4
    assert load(long, SLOW, thinks=0.0).busy > 1
    assert possible(1.0, load(long, SLOW, thinks=0.0).busy) == pytest.approx(1.9)


def test_what_is_due_together_is_asked_for_together():
    template = words_template(0, 1, 2, 3)
    two_periods = [(p, 1.0 if p.address < 2 else 10.0) for p in template.points]
    once = load([Polled(template, two_periods)], SLOW, thinks=0.0).busy
    short = load([polled(0, 1)], SLOW, thinks=0.0).cycle
    long = load([polled(0, 1, 2, 3)], SLOW, thinks=0.0).cycle
    assert once == pytest.approx((9 * short + long) / 10)


@pytest.mark.parametrize("slow", [0.7, 3600.0, 86_400.0])
def test_periods_that_meet_seldom_are_added_up_all_the_same(slow):
    template = words_template(0, 500)
    mixed = Polled(template, [(p, 1.0 if p.address == 0 else slow) for p in template.points])
    fast = load([polled(0)], SLOW, thinks=0.0).busy
    expected = fast + load([polled(500, every=slow)], SLOW, thinks=0.0).busy
    assert load([mixed], SLOW, thinks=0.0).busy == pytest.approx(expected, rel=0.01)


def test_nothing_is_said_of_the_time_where_the_speed_is_not_known():
    assert (load([polled(0)], None).cycle, load([polled(0)], None).busy) == (0, 0)


@asynccontextmanager
async def line(units, silent, template, *, baud, thinks):
    """A source of ``units`` and a ``silent`` one on a line that keeps its pace, and their load."""
    live = {n: words_told_by(lambda at, n=n: told(n, at)) for n in units}
    bus, time = Bus(live, Pace(baud, "none", 1), takes=thinks), asyncio.get_running_loop()
    async with SerialServer(bus) as server:  # what a socket is told is there at once
        connects = [
            ModbusRtuOverTcpConnect(host=server.host, port=server.port, baud=baud, unit=n)
            for n in (*units, *silent)
        ]
        source = ModbusSource(
            [Unit(f"m{c.unit}", c, template) for c in connects],
            now=lambda: Moment(datetime.now(UTC), time.time(), Clock.SYNCED),
        )
        devices = [Polled(template, [(p, 1.0) for p in template.points]) for _ in units]
        yield source, load(devices, connects[0].wire, thinks)
        await source.close()


@pytest.mark.parametrize(
    ("baud", "thinks", "addresses"),
    [
        (1200, 0.0, (0, 1)),
        (9600, 0.02, tuple(range(30))),
        (9600, 0.005, (0, 1, 100, 101)),
        (19_200, 0.04, tuple(range(100))),
        (115_200, 0.01, tuple(range(100))),
    ],
)
def test_a_cycle_is_predicted_within_a_tenth(baud, thinks, addresses):
    async def measured():
        template, time = words_template(*addresses), asyncio.get_running_loop().time
        how = {"baud": baud, "thinks": thinks}
        async with line((1, 2, 3), (), template, **how) as (source, predicted):
            await source.read(source.signals)
            began = time()
            for _ in range(5):
                assert not any(faults_of(await source.read(source.signals)).values())
            assert (time() - began) / 5 == pytest.approx(predicted.cycle, rel=0.1)

    played_through_the_system(measured())


def test_a_full_line_is_driven_at_95_percent_of_its_limit_beside_a_silent_unit(monkeypatch):
    monkeypatch.setattr("simulators.modbus.bus.HANDED_OVER", 0.1)  # fewer, larger pieces

    async def measured():
        template, time = words_template(*range(40)), asyncio.get_running_loop().time
        how = {"baud": 2400, "thinks": 0.0}
        async with line((1, 2, 3), (9,), template, **how) as (source, limit):
            good, began = 0, time()
            while time() - began < 200:
                batches = await source.read(source.signals)
                good += sum(batch.faults is None for batch in batches)
            assert good / 3 * limit.cycle >= 0.95 * (time() - began)

    played_through_the_system(measured())


def machine(name, *connects, template="sdm630"):
    return Machine(
        name=name,
        title=Bilingual(de=name, en=name),
        devices=tuple(
            Device(template=template, connect=one, every=timedelta(seconds=1)) for one in connects
        ),
    )


def test_check_says_what_a_serial_line_carries_and_how_long_that_takes():
    meters = [ModbusRtuConnect(port="/dev/serial/by-id/usb-x", unit=n) for n in (1, 2)]
    [said] = line_load.notes([machine("mill-1", meters[0]), machine("mill-2", meters[1])])
    assert said.en.startswith("/dev/serial/by-id/usb-x: 2 devices, 2 requests, ")
    assert "at 9600 baud and 20 ms per answer" in said.en
    assert "ms bei 9600 Baud und 20 ms Bedenkzeit" in said.de


def test_check_advises_the_lasting_name_of_a_port():
    notes = list(line_load.notes([machine("mill-1", ModbusRtuConnect(port="/dev/ttyUSB0"))]))
    assert "/dev/serial/by-id" in notes[1].de


def test_check_knows_one_line_under_two_names(tmp_path):
    (tmp_path / "ttyUSB0").write_bytes(b"")
    (tmp_path / "meters").symlink_to(tmp_path / "ttyUSB0")
    ports = [ModbusRtuConnect(port=str(tmp_path / name)) for name in ("ttyUSB0", "meters")]
    *_, said = line_load.notes([machine("mill-1", ports[0]), machine("mill-2", ports[1])])
    assert f"{ports[0].port} and {ports[1].port} are the same" in said.en
    hosts = [ModbusTcpConnect(host=host, unit=1) for host in ("127.0.0.1", "localhost")]
    (refused,) = line_load.two_names([machine("mill-1", hosts[0]), machine("mill-2", hosts[1])])
    assert refused.at[:2] == ("machines", 1)
    assert "localhost ist dasselbe Gerät wie 127.0.0.1 (Port 502)" in refused.what.de


def test_check_says_which_machine_waits_after_a_late_answer(tmp_path):
    path = tmp_path / "words.yaml"
    ranges = "\n".join(
        f"  - {{table: holding-registers, first: {at}, last: {at}}}" for at in (0, 200)
    )
    points = "\n".join(
        f"  - {{name: w{at}, means: {{de: a, en: a}}, table: holding-registers, address: {at}, "
        "encoding: uint16}"
        for at in (0, 200)
    )
    path.write_text(
        "schema: 1\ntemplate: words\ntitle: {de: W, en: W}\n"
        "identification: {manufacturer: x, model: x}\n"
        f"readable:\n{ranges}\npoints:\n{points}\n",
        "utf-8",
    )
    shared = [ModbusTcpConnect(host="10.0.0.1", unit=n) for n in (1, 2)]
    notes = list(line_load.notes([machine("m", *shared, template=str(path))]))
    assert sum("up to 9 s" in note.en for note in notes) == 2
    alone = ModbusTcpConnect(host="10.0.0.1")
    assert len(list(line_load.notes([machine("m", alone, template=str(path))]))) == 1
