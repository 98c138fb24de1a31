"""Modbus RTU on a serial port (a pseudo-terminal) and through TCP, against devices in bytes."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.core.signals import Fault, Reason
from gateway.sources.device import Unit
from gateway.sources.frame import crc
from gateway.sources.line.rtu import ModbusRtuConnect
from gateway.sources.line.rtu_over_tcp import ModbusRtuOverTcpConnect
from gateway.sources.source import ModbusSource
from tests.sources.fault_line import told
from tests.sources.line_reading import faults_of, values_of
from tests.sources.plain_templates import words_template
from tests.sources.serial_bus import SerialBus

WITHIN = 0.15


@pytest.fixture
async def bus(tmp_path):
    serial = SerialBus()
    serial.plug(tmp_path / "port")
    await serial.start()
    yield serial
    await serial.stop()


@pytest.fixture(params=["serial port", "through TCP"])
async def reading(request, bus, tmp_path, clock):
    """A source of some units, by either way to the line."""
    sources = []

    def make(*units, addresses=(0, 1, 2), within=WITHIN, **how):
        how["timeout"] = timedelta(seconds=within)
        template = words_template(*addresses)
        if request.param == "through TCP":
            connects = [
                ModbusRtuOverTcpConnect(host="127.0.0.1", port=bus.port, unit=unit, **how)
                for unit in units
            ]
        else:
            bus.plug(tmp_path / "port")
            port = str(tmp_path / "port")
            connects = [ModbusRtuConnect(port=port, unit=unit, **how) for unit in units]
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


async def test_every_unit_of_a_line_is_read(bus, reading):
    source = reading(1, 2, 247)
    for _ in range(3):
        await right(source)
    assert source.counts.connects == 1


async def test_noise_around_an_answer_does_no_harm(bus, reading):
    source = reading(1, 2)
    for before, behind in (
        (b"\x00", b""),
        (b"", b"\xff"),
        (b"\x01\x03\x06", b"\x01"),
        (b"\xff" * 9, b""),
    ):
        bus.mangle = lambda _, frame, a=before, b=behind: a + frame + b
        await right(source)


async def test_an_echo_of_the_question_is_skipped(bus, reading):
    source = reading(1)
    heard = bus.hear

    def echo(received):
        bus._say(received)
        heard(received)

    bus.hear = echo
    await right(source)
    await right(source)


async def test_an_answer_in_pieces_is_put_together(bus, reading):
    source = reading(1)
    loop = asyncio.get_running_loop()

    def piecewise(asked, frame):
        for index in range(1, len(frame)):
            loop.call_later(index * 0.001, bus._speak, frame[index : index + 1])
        return frame[:1]

    bus.mangle = piecewise
    await right(source)


async def test_every_changed_byte_is_found_out(bus, reading):
    source = reading(1, within=0.03)
    for index in range(11):
        bus.mangle = lambda _, frame, at=index: (
            frame[:at] + bytes([frame[at] ^ 0x55]) + frame[at + 1 :]
        )
        batches = await source.read(source.signals)
        assert set(values_of(batches).values()) == {None}
        bus.mangle = lambda _, frame: frame
        await source.close()
        source = reading(1, within=0.03)


async def test_what_is_no_frame_is_told_with_what_to_check(bus, reading):
    bus.mangle = lambda _, frame: bytes(byte ^ 0x55 for byte in frame)
    source = reading(1)
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.reason is Reason.DESYNC
    assert "baud rate" in fault.detail.en


async def test_another_unit_that_answers_is_named_and_taken_where_that_is_wanted(bus, reading):
    def as_unit_9(_, frame):
        body = b"\x09" + frame[1:-2]
        return body + crc(body)

    bus.mangle = as_unit_9
    source = reading(1)
    [fault] = set(faults_of(await source.read(source.signals)).values())
    assert fault.detail.en == "unit 9 answers for unit 1"
    await right(reading(1, ignore_unit=True))


async def test_a_refusal_is_a_refusal(bus, reading):
    bus.mangle = lambda asked, _: bus.refusal(asked, 4)
    source = reading(1)
    batches = await source.read(source.signals)
    assert set(faults_of(batches).values()) == {Fault(Reason.REFUSED, 4)}


async def test_a_silent_unit_costs_the_others_nothing_but_its_deadline(bus, reading, clock):
    bus.takes = lambda asked: None if asked.unit == 2 else 0.0
    source = reading(1, 2, 3, within=0.05)
    for _ in range(30):
        faults = faults_of(await source.read(source.signals))
        assert [signal for signal, fault in faults.items() if fault] == ["m2/w0", "m2/w1", "m2/w2"]
        assert faults["m2/w0"] == Fault(Reason.TIMEOUT)
        clock.mono += 1
    assert bus.count(2) <= 6


async def test_a_late_answer_is_no_answer_to_the_next_question(bus, reading, clock):
    """In one poll: the first of three blocks of one length is answered after the second asked."""
    late = iter([0.07])
    bus.takes = lambda _: next(late, 0.0)
    source = reading(1, addresses=(0, 200, 400), within=0.05)
    for _ in range(5):
        values = values_of(await source.read(source.signals))
        assert all(value in (None, told(1, int(signal[4:]))) for signal, value in values.items())
        clock.mono += 1
    await right(source)


async def test_a_question_that_is_cancelled_leaves_the_line_usable(bus, reading):
    source = reading(1, 2)
    await right(source)
    bus.takes = lambda _: None
    asking = asyncio.create_task(source.read(source.signals))
    before = len(bus.asked)
    async with asyncio.timeout(20):
        while len(bus.asked) == before:
            await asyncio.sleep(0)
    asking.cancel()
    await asyncio.wait([asking])
    assert asking.cancelled()
    bus.takes = lambda _: 0.0
    await right(source)


async def test_a_doubled_answer_is_no_answer_to_the_next_question(bus, reading):
    bus.mangle = lambda _, frame: frame + frame
    source = reading(1, addresses=(0, 200, 400))
    for _ in range(3):
        await right(source)
