"""A paced line as clients meet it: on a pseudo-terminal, raw over TCP, behind a gateway."""

from __future__ import annotations

import asyncio
import re
import struct
import termios

import pytest
from pymodbus import FramerType
from pymodbus.client import AsyncModbusTcpClient

from gateway.core.errors import WerkverbundError
from simulators.modbus.bus import Bus
from simulators.modbus.framing import mbap, rtu
from simulators.modbus.gateway import Gateway
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.port import SerialPort
from simulators.modbus.script import Fate, always_well
from simulators.modbus.serial_server import SerialServer
from tests.peers import need
from tests.simulators.modbus.terminal import Terminal

FAST = Pace(115200, "none", 1)


def unit(number):
    return words_told_by(lambda at: number * 100 + at)


def bus(*numbers, pace=FAST, script=always_well, **more):
    return Bus({n: unit(n) for n in numbers or (1, 2, 3)}, pace, script=script, **more)


def question(number=1, first=0, count=1):
    return struct.pack(">BHH", 3, first, count)


async def test_several_units_answer_at_a_serial_port():
    async with SerialPort(bus()) as port:
        client = Terminal(port.path)
        for number in (1, 2, 3, 1):
            client.write(rtu(number, question(first=7, count=2)))
            right = rtu(number, struct.pack(">BBHH", 3, 4, number * 100 + 7, number * 100 + 8))
            assert await client.read(len(right)) == right
        client.close()
    assert port.bus.tally.units == {1: 2, 2: 1, 3: 1}


async def test_another_program_reads_the_units_at_a_serial_port():
    async with SerialPort(bus()) as port:
        process = await asyncio.create_subprocess_exec(
            need("mbpoll"), "-m", "rtu", "-b", "115200", "-P", "none", "-a", "1:3", "-0",
            "-t", "4", "-r", "5", "-c", "2", "-1", port.path,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(20):
            said, _ = await process.communicate()
    values = re.findall(r"^\[\d+\]:\s+(\d+)", said.decode(errors="replace"), re.MULTILINE)
    assert values == ["105", "106", "205", "206", "305", "306"]


@pytest.mark.parametrize("settings", [{"baud": termios.B9600}, {"stop_bits": 2}])
async def test_a_client_with_other_settings_is_not_understood(settings):
    async with SerialPort(bus()) as port:
        client = Terminal(port.path, **settings)
        client.write(rtu(1, question()))
        with pytest.raises(TimeoutError):
            await client.read(1, patience=0.1)
        assert port.bus.tally.garbled == 1
        client.close()
        client = Terminal(port.path)
        client.write(rtu(1, question()))
        assert await client.read(7)
        client.close()


async def test_a_port_that_is_put_in_again_is_another_device_under_the_same_link(tmp_path):
    link = tmp_path / "meter"
    port = SerialPort(bus(), link)
    devices = []
    for _ in range(3):
        await port.open()
        await port.open()
        devices.append(str(link.readlink()))
        client = Terminal(port.path)
        client.write(rtu(1, question()))
        assert await client.read(7) == rtu(1, b"\x03\x02\x00\x64")
        port.close()
        port.close()
        assert not link.is_symlink()
        with pytest.raises(OSError):
            await client.read(1, patience=60)
        client.close()
    assert all(device.startswith("/dev/") for device in devices)


async def test_what_stands_where_the_link_should_be_is_named_and_stays(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("kept")
    for link in ("folder", "file", "nowhere/link"):
        port = SerialPort(bus(), tmp_path / link)
        with pytest.raises(WerkverbundError, match=link):
            await port.open()
        assert not port.plugged
    assert (tmp_path / "file").read_text() == "kept"


async def test_a_client_that_does_not_read_stops_nobody():
    line = bus(speed=1000)
    async with SerialPort(line) as port:
        deaf = Terminal(port.path)
        async with asyncio.timeout(20):
            while line.tally.answers < 60:  # of 255 bytes each: more than a terminal holds
                deaf.write(rtu(1, question(count=125)))
                before = line.tally.answers
                while line.tally.answers == before:
                    await asyncio.sleep(0)
        deaf.close()


async def test_a_raw_device_server_hands_the_line_s_bytes_on():
    async with SerialServer(bus()) as server:
        client = AsyncModbusTcpClient(
            server.host, port=server.port, framer=FramerType.RTU, timeout=5, retries=0
        )
        assert await client.connect()
        for number in (1, 2, 3):
            answer = await client.read_holding_registers(9, count=2, device_id=number)
            assert answer.registers == [number * 100 + 9, number * 100 + 10]
        client.close()


async def test_a_device_server_with_an_echo_says_what_it_was_told():
    async with SerialServer(bus(), echo=True) as server:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        writer.write(rtu(1, question()))
        async with asyncio.timeout(5):
            assert await reader.readexactly(15) == rtu(1, question()) + rtu(1, b"\x03\x02\0\x64")
        writer.close()


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


async def test_a_gateway_that_flushes_forgets_what_came_too_late():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.05) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), (1, 7), gap=0.15)
    assert came == {1: told(106), 2: told(107)}
    assert gateway.stale == 0


async def test_a_gateway_that_does_not_flush_is_one_answer_behind_from_then_on():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.05, flushes=False) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), (1, 7), gap=0.15)
    assert came == {1: told(105), 2: told(106)}
    assert gateway.stale == 2


async def test_even_a_gateway_that_flushes_is_deceived_by_an_answer_that_comes_while_it_waits():
    line = bus(script=late_once(0.1))
    async with Gateway(line, waits=0.08) as gateway:
        came = await asked(gateway, (1, 5), (1, 6), gap=0.08)
    assert came == {1: told(105)}
    assert gateway.stale == 1


@pytest.mark.parametrize(("says_so", "said"), [(False, {1: told(201)}), (True, {})])
async def test_a_gateway_waits_for_a_dead_unit_and_the_others_with_it(says_so, said):
    began = asyncio.get_running_loop().time()
    async with Gateway(bus(), waits=0.3, says_so=says_so) as gateway:
        came = await asked(gateway, (9, 0), (2, 1))
        assert asyncio.get_running_loop().time() - began >= 0.3
    assert came.pop(0, None) == (b"\x83\x0b" if says_so else None)
    assert came == {1: told(201)}
    assert gateway.while_waiting == 2


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


async def test_an_address_that_is_taken_is_named():
    async with Gateway(bus()) as gateway:
        for second in (Gateway(bus(), port=gateway.port), SerialServer(bus(), port=gateway.port)):
            with pytest.raises(WerkverbundError, match=str(gateway.port)):
                await second.open()


async def test_what_is_not_modbus_ends_the_connection():
    async with Gateway(bus()) as gateway:
        reader, writer = await asyncio.open_connection(gateway.host, gateway.port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        async with asyncio.timeout(5):
            assert await reader.read() == b""
        writer.close()
