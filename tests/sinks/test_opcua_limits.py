"""What strangers can do to the OPC UA server: take connections, talk nonsense; and no more."""

from __future__ import annotations

import asyncio
import logging
import os
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.ua.uaerrors import BadServiceUnsupported, BadTooManySessions

from gateway.config import Endpoint
from gateway.core.signals import SignalId
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.small_firm import SIGNALS, batch, firm, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

HELLO = struct.pack("<IIIII", 0, 65535, 65535, 0, 0) + struct.pack("<I", 0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaSink]:
    folder = tmp_path_factory.mktemp("opcua")
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await server.connect()
    await server.write([batch("mill-1", {"power": 1500.0})])
    yield server
    await server.close()


def address(sink: OpcUaSink) -> tuple[str, int]:
    host, port = sink.endpoint.removeprefix("opc.tcp://").split(":")
    return host, int(port)


async def ended(reader: asyncio.StreamReader) -> bool:
    """Wait until the other side has ended the connection."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def power(sink: OpcUaSink) -> object:
    async with Client(sink.endpoint, timeout=30) as client:
        return await client.get_node(sink.node(SignalId("mill-1/power"))).read_value()


async def test_idle_connections_of_one_address_make_room_for_its_next_one(
    sink: OpcUaSink,
) -> None:
    opened = [await asyncio.open_connection(*address(sink)) for _ in range(11)]
    async with asyncio.timeout(5):
        assert await ended(opened[0][0])  # the oldest has gone for the eleventh
    assert await power(sink) == 1500.0
    for _, one in opened:
        one.close()


async def test_idle_connections_of_all_addresses_make_room_for_somebody_elses(
    sink: OpcUaSink,
) -> None:
    opened = [
        await asyncio.open_connection(*address(sink), local_addr=(f"127.0.0.{host}", 0))
        for host in range(11, 16)
        for _ in range(10)
    ]
    assert await power(sink) == 1500.0
    async with asyncio.timeout(5):
        assert await ended(opened[0][0])
    for _, one in opened:
        one.close()


async def test_the_eleventh_client_of_one_address_is_not_let_in_and_nobody_is_thrown_out(
    sink: OpcUaSink,
) -> None:
    inside = [Client(sink.endpoint, timeout=5) for _ in range(10)]
    for client in inside:
        await client.connect()
    reader, writer = await asyncio.open_connection(*address(sink))
    async with asyncio.timeout(5):
        assert await ended(reader)
    writer.close()
    elsewhere = await asyncio.open_connection(*address(sink), local_addr=("127.0.0.9", 0))
    elsewhere[1].write(b"HELF" + struct.pack("<I", 8 + len(HELLO)) + HELLO)
    async with asyncio.timeout(5):
        assert (await elsewhere[0].readexactly(4)) == b"ACKF"
    elsewhere[1].close()
    for client in inside:
        assert await client.nodes.server_state.read_value() == 0
        await client.disconnect()


@pytest.mark.parametrize(
    "nonsense",
    [
        b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n",
        b"HELF" + struct.pack("<I", 8),
        b"HELF" + struct.pack("<I", 8 + len(HELLO)) + HELLO,
        b"OPNF" + struct.pack("<II", 12 + 64, 0) + os.urandom(64),
        b"MSGF" + struct.pack("<II", 12 + 64, 7) + os.urandom(64),
        b"ERRF" + struct.pack("<II", 16, 0) + b"\xff\xff\xff\xff",
        os.urandom(4096),
    ],
    ids=["http", "empty hello", "hello", "open", "message", "error", "noise"],
)
async def test_nonsense_is_survived_and_hardly_logged(
    sink: OpcUaSink, caplog: pytest.LogCaptureFixture, nonsense: bytes
) -> None:
    with caplog.at_level(logging.WARNING, "gateway"):
        for _ in range(30):
            _, writer = await asyncio.open_connection(*address(sink))
            writer.write(nonsense)
            writer.close()
            await writer.wait_closed()
        assert await power(sink) == 1500.0
    said = [one for one in caplog.records if one.name.startswith("gateway")]
    assert len(said) <= 12
    assert all("Traceback" not in one.getMessage() for one in said)


async def test_nobody_registers_a_server_with_us(sink: OpcUaSink) -> None:
    client = Client(sink.endpoint, timeout=5)
    await client.connect_sessionless()
    try:
        stranger = ua.RegisteredServer()
        stranger.ServerUri = "urn:tests:stranger"
        stranger.ServerNames = [ua.LocalizedText("stranger")]
        with pytest.raises(BadServiceUnsupported):
            await client.uaclient.register_server(stranger)
        known = await client.find_servers()
        assert "urn:tests:stranger" not in {one.ApplicationUri for one in known}
    finally:
        await client.disconnect_sessionless()


async def test_a_stranger_has_one_session_that_waits_and_it_goes_with_the_connection(
    sink: OpcUaSink,
) -> None:
    assert sink._serving is not None
    sessions = sink._serving._server.iserver._external_sessions
    asked = ua.CreateSessionParameters()
    asked.EndpointUrl, asked.SessionName, asked.ClientNonce = sink.endpoint, "stranger", bytes(32)
    asked.RequestedSessionTimeout = 600_000
    before = set(sessions)
    client = Client(sink.endpoint, timeout=5)
    await client.connect_sessionless()
    try:
        await client.uaclient.create_session(asked)
        for _ in range(3):
            with pytest.raises(BadTooManySessions):
                await client.uaclient.create_session(asked)
        assert len(set(sessions) - before) == 1
    finally:
        await client.disconnect_sessionless()
    async with asyncio.timeout(5):
        while set(sessions) - before:
            await asyncio.sleep(0.01)
    assert await power(sink) == 1500.0


async def test_building_and_serving_do_not_hold_the_loop_for_long(tmp_path: Path) -> None:
    """Acquisition shares this loop. The limit is generous: test machines are busy."""
    longest = 0.0
    loop = asyncio.get_running_loop()

    async def probe() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - before - 0.005)

    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    task = asyncio.create_task(probe())
    try:
        await server.connect()
        for number in range(200):
            await server.write([batch("mill-1", {"power": float(number)})] * 5)
    finally:
        task.cancel()
        await server.close()
    assert longest < 15
