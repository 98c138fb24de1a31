"""A device on Modbus TCP as a client meets it: its answers, its faults, its manners."""

from __future__ import annotations

import asyncio
import struct
from contextlib import asynccontextmanager

import pytest

from gateway.machines.catalog import template
from simulators.device import Device
from simulators.modbus.fault_words import read_faults
from simulators.modbus.framing import mbap
from simulators.modbus.pdu import words_told_by
from simulators.modbus.tcp_device import TcpDevice
from tests.simulators.modbus.jumping_loop import in_jumping_time

UNITS = {number: words_told_by(lambda at, n=number: n * 100 + at) for number in (1, 2)}


@asynccontextmanager
async def device(words="", units=UNITS):
    """A device that does what the words say, and its clients."""
    faults = read_faults(words)
    async with TcpDevice(units, script=faults.script(), manners=faults.manners) as server:
        server.clients = []
        yield server
        for client in server.clients:
            client.writer.close()
    await asyncio.sleep(0)


def question(transaction, unit=1, first=None, count=1, function=3):
    first = transaction if first is None else first
    return mbap(transaction, unit, struct.pack(">BHH", function, first, count))


def told(transaction, unit=1):
    return mbap(transaction, unit, struct.pack(">BBH", 3, 2, unit * 100 + transaction))


class Client:
    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    def ask(self, *transactions, **more):
        for transaction in transactions:
            self.writer.write(question(transaction, **more))

    async def read(self, count, patience=10):
        async with asyncio.timeout(patience):
            return await self.reader.readexactly(count)

    async def rest(self):
        """Everything until the device closes the connection."""
        async with asyncio.timeout(100):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    def close(self):
        self.writer.close()


async def connect(server):
    """A client, which ends with the server."""
    client = Client(*await asyncio.open_connection(server.host, server.port))
    server.clients.append(client)
    return client


@pytest.mark.parametrize(
    ("words", "came"),
    [
        ("", told(1) + told(2) + told(3)),
        ("lost @2", told(1) + told(3)),
        ("late=50ms @1", told(2) + told(3) + told(1)),
        ("swapped @1", told(2) + told(1) + told(3)),
        ("doubled @2", told(1) + told(2) * 2 + told(3)),
        ("truncated=5 @2", told(1) + told(2)[:5] + told(3)),
        ("torn=50ms @1", told(1)[:5] + told(2) + told(3) + told(1)[5:]),
        ("noise @1", b"\xde\xad\xbe\xef" + told(1) + told(2) + told(3)),
        ("exception=4 @3", told(1) + told(2) + mbap(3, 1, b"\x83\x04")),
        ("busy @3", told(1) + told(2) + mbap(3, 1, b"\x83\x06")),
        ("hole=2-3", told(1) + mbap(2, 1, b"\x83\x02") + mbap(3, 1, b"\x83\x02")),
        ("other-unit=9 @1", mbap(1, 9, told(1)[7:]) + told(2) + told(3)),
        ("other-transaction=0 @1", mbap(0, 1, told(1)[7:]) + told(2) + told(3)),
        ("sentinels @1", mbap(1, 1, b"\x03\x02\xff\xff") + told(2) + told(3)),
        ("glitch @1", mbap(1, 1, b"\x03\x02\0\0") + told(2) + told(3)),
    ],
)
@in_jumping_time
async def test_what_comes_for_three_questions(words, came):
    async with device(words) as server:
        client = await connect(server)
        client.ask(1, 2, 3)
        assert await client.read(len(came)) == came
        client.ask(4)
        assert await client.read(11) == told(4), "and nothing else"
    assert server.tally.functions == {3: 4}


@pytest.mark.parametrize(
    ("words", "came"), [("closes @2", told(1) + told(2)), ("drops @2", told(1))]
)
@in_jumping_time
async def test_a_device_ends_the_connection(words, came):
    async with device(words) as server:
        client = await connect(server)
        client.ask(1)
        assert await client.read(11) == told(1)
        client.ask(2)
        assert told(1) + await client.rest() == came
        again = await connect(server)
        again.ask(3)
        assert await again.read(11) == told(3)
    assert server.tally.connections == 2


@in_jumping_time
async def test_a_device_with_one_connection_turns_the_second_away_until_the_first_has_gone():
    async with device("connections=1") as server:
        first, second = await connect(server), await connect(server)
        first.ask(1)
        assert await first.read(11) == told(1)
        assert await second.rest() == b""
        first.close()
        async with asyncio.timeout(10):
            while server.connections:
                await asyncio.sleep(0)
        third = await connect(server)
        third.ask(2)
        assert await third.read(11) == told(2)
    assert (server.tally.connections, server.tally.refused) == (2, 1)


@in_jumping_time
async def test_a_device_that_forgets_answers_nothing_on_the_old_connection():
    async with device("forgets=60s") as server:
        old = await connect(server)
        old.ask(1)
        assert await old.read(11) == told(1)
        await asyncio.sleep(70)
        old.ask(2)
        fresh = await connect(server)
        fresh.ask(3)
        assert await fresh.read(11) == told(3)
        server.close()
        assert await old.rest() == b""
    assert server.tally.requests == 3


@in_jumping_time
async def test_a_device_that_hangs_up_when_idle():
    async with device("hangs-up=60s") as server:
        client = await connect(server)
        client.ask(1)
        assert await client.rest() == told(1)


@in_jumping_time
async def test_a_device_hears_nothing_right_after_connecting_or_right_after_an_answer():
    async with device("wakes=200ms, pause=200ms") as server:
        client = await connect(server)
        client.ask(1)
        await asyncio.sleep(0.25)
        client.ask(2)
        assert await client.read(11) == told(2)
        client.ask(3)
        await asyncio.sleep(0.25)
        client.ask(4)
        assert await client.read(11) == told(4)
    assert server.tally.crowded == 1
    assert server.tally.requests == 4


@in_jumping_time
async def test_a_restart_ends_the_connection_then_sentinels_then_values_again():
    unit = Device(template("pid-furnace"), 1, lambda: {"temperature": 20.0})
    async with device("reboot=60s @2", {1: unit.answer}) as server:
        client = await connect(server)
        client.ask(1, first=0)
        assert (await client.read(11))[9:] == b"\x00\xc8"
        client.ask(2, first=0)
        assert await client.rest() == b""
        client = await connect(server)
        seen = []
        for number in range(3, 11):
            client.ask(number, first=0)
            try:
                seen.append(struct.unpack(">H", (await client.read(11, patience=19))[9:])[0])
            except TimeoutError:
                seen.append(None)
            await asyncio.sleep(1 if seen[-1] is None else 20)
    assert seen == [None, None, None, 32767, 32767, 32767, 200, 200]


@in_jumping_time
async def test_counters_glitch_once_and_begin_anew_for_good():
    counted = {"shots": 5}
    unit = Device(template("e1210-press"), 1, lambda: counted, initial={"shots": 1000})
    async with device("glitch @2, reset @4", {1: unit.answer}) as server:
        client = await connect(server)
        seen = []
        for transaction in range(1, 7):
            client.ask(transaction, first=16, count=2, function=4)
            seen.append(int.from_bytes((await client.read(13))[9:], "big"))
            counted["shots"] += 1
    assert seen == [1005, 0, 1007, 0, 1, 2]


@in_jumping_time
async def test_the_same_faults_with_the_same_seed_are_the_same_run():
    async def run():
        async with device("lost @20%, doubled @20%, exception=4 @10%") as server:
            client = await connect(server)
            client.ask(*range(1, 100))
            client.writer.write_eof()
            return await client.rest()

    assert await run() == await run()
