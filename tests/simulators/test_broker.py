"""The embedded brokers: one process, one broker per port, nothing shared, nothing said."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from gateway.core.errors import WerkverbundError
from gateway.drivers.mqtt import Broker, Message, MqttClient, Protocol
from simulators.broker import broker
from tests.drivers.brokers import embedded, free_port, running

ROOT = Path(__file__).parents[2]


def client(port: int, name: str) -> MqttClient:
    return MqttClient(Broker("127.0.0.1", port, protocol=Protocol.V311), name)


async def listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


async def test_brokers_of_one_process_share_nothing_and_end_quietly() -> None:
    first, second = free_port(), free_port()
    code = f"from simulators.broker import serve; serve([{first}, {second}])"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", code),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await listening(first)
        await listening(second)
        here, there = client(first, "same-name"), client(second, "same-name")
        await here.connect()
        await there.connect()
        await here.publish(Message("a", b"only here", retain=True))
        await there.subscribe("#")
        await there.publish(Message("b", b"only there"))
        async with asyncio.timeout(5):
            async for message in there.messages():
                assert message.topic == "b"
                break
        assert here.connected
        await here.close()
        await there.close()
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            said, complained = await process.communicate()
        assert (process.returncode, said, complained) == (0, b"", b"")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_only_this_computer_can_reach_it() -> None:
    async with running(embedded()) as one:
        listen = (Path("/proc/net/tcp")).read_text().upper()
        assert f"0100007F:{one.port:04X}" in listen
        assert f"00000000:{one.port:04X}" not in listen


async def test_a_taken_port_is_named() -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        with pytest.raises(WerkverbundError, match=str(port)):
            async with broker(port):
                pass
