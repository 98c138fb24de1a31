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
from simulators.modbus.framing import rtu
from simulators.modbus.gateway import Gateway
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import words_told_by
from simulators.modbus.port import SerialPort
from simulators.modbus.script import always_well
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
        client.write(rtu(1, question(first=5)))
        async with asyncio.timeout(20):
            while not port.bus.tally.garbled:
                await asyncio.sleep(0)
        client.close()
        client = Terminal(port.path)
        client.write(rtu(1, question()))
        assert await client.read(7) == rtu(1, b"\x03\x02\x00\x64"), "and nothing before it"
        client.close()
    assert (port.bus.tally.garbled, port.bus.tally.requests) == (1, 1)


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
