"""The stage asks its own computer, whatever the environment says of proxies."""

import asyncio

import httpx
import pytest

from gateway import resources
from gateway.api.live import Hub
from simulators.stage.feed import Feed
from simulators.stage.ports import free_base
from simulators.stage.prepare import _is_stage
from simulators.stage.scenario import load
from simulators.stage.show import Show


async def test_a_proxy_of_the_environment_gets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        got.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(take, "127.0.0.1", 0)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    nobody = free_base()
    there = f"http://127.0.0.1:{nobody}"
    show = Show(load(resources.demo() / "scenario.yaml"), {}, there, "token", {})
    async with proxy:
        assert not await _is_stage(nobody)
        with pytest.raises(httpx.ConnectError):
            await show.web.get(f"{there}/state")
        await show.close()
        feed = Feed("a-firm", there, "token", Hub(), lambda *_: None)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await feed.run()
    assert got == []
