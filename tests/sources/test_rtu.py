"""Modbus RTU on a serial port (a pseudo-terminal) and through TCP, against devices in bytes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.core.signals import Fault, Reason
from gateway.sources.device import Unit
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.source import ModbusSource
from simulators.modbus import bus as simulated
from simulators.modbus.port import SerialPort
from simulators.modbus.script import WELL, Fate
from simulators.modbus.serial_server import SerialServer
from tests.sources.fault_bus import Faults
from tests.sources.fault_line import told
from tests.sources.line_reading import faults_of, values_of
from tests.sources.plain_templates import words_template

WITHIN = 0.15
BAUD = 115_200


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture(params=[SerialPort, SerialServer])
async def way(request, faults):
    """A line with units, at a pseudo-terminal or behind a transparent converter."""
    async with request.param(faults.bus(BAUD)) as way:
        yield way


@pytest.fixture
async def reading(way, clock):
    """A source of some units, by either way to the line."""
    sources = []

    def make(*units, addresses=(0, 1, 2), within=WITHIN, **how):
        how |= {"timeout": timedelta(seconds=within), "baud": BAUD}
        template = words_template(*addresses)
        if isinstance(way, SerialServer):
            kind, how = ModbusRtuOverTcpConnect, {"host": way.host, "port": way.port} | how
        else:
            kind, how = ModbusRtuConnect, {"port": way.path} | how
        connects = [kind(unit=unit, **how) for unit in units]
        source = ModbusSource([Unit(f"m{c.unit}", c, template) for c in connects], now=clock)
        sources.append(source)
        return source

    yield make
    for source in sources:
        await source.close()


async def right(source):
    batches = await source.read(source.signals)
    for signal, value in values_of(batches).items():
        assert value == told(int(signal[1 : signal.index("/")]), int(signal.partition("/w")[2]))
    assert not any(faults_of(batches).values())


async def test_every_unit_of_a_line_is_read(reading):
    source = reading(1, 2, 247)
    for _ in range(3):
        await right(source)
    assert source.counts.connects == 1


async def test_noise_around_an_answer_does_no_harm(faults, reading):
    source = reading(1, 2)
    for before, behind in (
        (b"\x00", b""),
        (b"", b"\xff"),
        (b"\x01\x03\x06", b"\x01"),
        (b"\xff" * 9, b""),
    ):
        faults.fate = lambda _, a=before, b=behind: Fate(change=lambda frame: a + frame + b)
        await right(source)


async def test_an_echo_of_the_question_is_skipped(way, reading):
    source, line = reading(1), way.bus
    say = line.say

    def echo(received):
        line.hear(received)
        say(received)

    line.say = echo
    await right(source)
    await right(source)


async def test_an_answer_in_pieces_is_put_together(faults, reading, monkeypatch):
    monkeypatch.setattr(simulated, "HANDED_OVER", 0.0001)  # about a character
    faults.fate = lambda _: Fate(torn=0.005)
    await right(reading(1))


async def test_every_changed_byte_is_found_out(faults, reading):
    source = reading(1, within=0.03)
    for index in range(11):
        faults.fate = lambda _, at=index: Fate(
            change=lambda frame: frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1 :]
        )
        batches = await source.read(source.signals)
        assert set(values_of(batches).values()) == {None}
        faults.fate = lambda _: WELL
        await source.close()
        source = reading(1, within=0.03)


async def test_what_is_no_frame_is_told_with_what_to_check(faults, reading):
    faults.fate = lambda _: Fate(change=lambda frame: bytes(byte ^ 0x55 for byte in frame))
    source = reading(1)
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.reason is Reason.DESYNC
    assert "baud rate" in fault.detail.en


async def test_another_unit_that_answers_is_named_and_taken_where_that_is_wanted(faults, reading):
    faults.fate = lambda _: Fate(unit=9)
    source = reading(1)
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.detail.en == "unit 9 answers for unit 1"
    await source.close()
    await right(reading(1, ignore_unit=True))


async def test_a_refusal_is_a_refusal(faults, reading):
    faults.fate = lambda _: Fate(exception=4)
    source = reading(1)
    batches = await source.read(source.signals)
    assert set(faults_of(batches).values()) == {Fault(Reason.REFUSED, 4)}


async def test_a_silent_unit_costs_the_others_nothing_but_its_deadline(faults, reading, clock):
    faults.fate = lambda asked: Fate(lost=asked.unit == 2)
    source = reading(1, 2, 3, within=0.05)
    for _ in range(30):
        found = faults_of(await source.read(source.signals))
        assert [signal for signal, fault in found.items() if fault] == ["m2/w0", "m2/w1", "m2/w2"]
        assert found["m2/w0"] == Fault(Reason.TIMEOUT)
        clock.mono += 1
    assert faults.count(2) <= 6


async def test_a_late_answer_is_no_answer_to_the_next_question(faults, reading, clock):
    """In one poll: the first of three blocks of one length is answered after the second asked."""
    late = iter([0.07])
    faults.fate = lambda _: Fate(late=next(late, 0.0))
    source = reading(1, addresses=(0, 200, 400), within=0.05)
    for _ in range(5):
        values = values_of(await source.read(source.signals))
        assert all(value in (None, told(1, int(signal[4:]))) for signal, value in values.items())
        clock.mono += 1
    await right(source)


async def test_a_question_that_is_cancelled_leaves_the_line_usable(faults, reading):
    source = reading(1, 2)
    await right(source)
    faults.fate = lambda _: Fate(lost=True)
    asking = asyncio.create_task(source.read(source.signals))
    before = len(faults.asked)
    async with asyncio.timeout(20):
        while len(faults.asked) == before:
            await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    faults.fate = lambda _: WELL
    await right(source)


async def test_a_doubled_answer_is_no_answer_to_the_next_question(faults, reading):
    faults.fate = lambda _: Fate(copies=2)
    source = reading(1, addresses=(0, 200, 400))
    for _ in range(3):
        await right(source)
