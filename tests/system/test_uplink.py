from __future__ import annotations

import asyncio
import socket

import pytest

from simulators.stage.relay import Uplink


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while some := await reader.read(100):
        writer.write(some)
        await writer.drain()
    writer.close()


async def test_a_pulled_uplink_is_a_broken_line_and_comes_back() -> None:
    broker = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = free_port()
    uplink = Uplink(port, broker.sockets[0].getsockname()[1])
    await uplink.plug()
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"report")
        assert await reader.readexactly(6) == b"report"
        await uplink.pull()
        assert await reader.read() == b""  # the line ends
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await uplink.plug()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"again")
        assert await reader.readexactly(5) == b"again"
        writer.close()
        await uplink.pull()
        await uplink.pull()
    broker.close()
    await broker.wait_closed()
