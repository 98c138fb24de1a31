"""Names of devices, with a resolver that takes its time."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from gateway.core.errors import Unreachable
from gateway.sources.line import sockets
from gateway.sources.line.base import Hooks
from gateway.sources.line.lookup import Lookup

HOOKS = Hooks(inspect=lambda _, frame: frame, watch=lambda _: None)


@pytest.fixture
def silent_resolver(monkeypatch: pytest.MonkeyPatch):
    """A resolver that finds nothing until it is told to go on; what it was asked for."""
    asked: list[str] = []
    go_on = threading.Event()
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: Any, **options: Any) -> Any:
        if host == "127.0.0.1":  # a thread of somebody else in this process
            return real(host, *args, **options)
        asked.append(host)
        go_on.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "no name server")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield asked, go_on
    go_on.set()


def test_a_resolver_that_hangs_is_asked_once_and_nobody_waits_for_it(
    silent_resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go_on = silent_resolver
    monkeypatch.setattr(sockets, "CONNECT_WITHIN", 0.05)

    async def tries() -> None:
        opener = sockets.SocketOpener("plc.example", 502, "socket", None)
        for _ in range(20):
            with pytest.raises(Unreachable):
                await opener.open(HOOKS)
        assert await asyncio.to_thread(lambda: "free") == "free"

    asyncio.run(tries())
    assert not go_on.is_set(), "the end has not waited for the resolver"
    assert asked == ["plc.example"]


async def test_a_name_is_looked_up_again_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["::1", "127.0.0.1"], [], ["127.0.0.2"]])

    def getaddrinfo(*_: object, **__: object) -> list[object]:
        return [(0, 0, 0, "", (address, 0)) for address in next(answers)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    lookup = Lookup("plc.example")
    assert await lookup.addresses() == ("::1", "127.0.0.1")
    assert await lookup.addresses() == ()
    assert await lookup.addresses() == ("127.0.0.2",)


async def test_an_address_is_not_looked_up(silent_resolver) -> None:
    asked, _ = silent_resolver
    assert await Lookup("192.0.2.1").addresses() == ("192.0.2.1",)
    assert asked == []


async def test_every_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    places = [(0, 0, 0, "", (address, 0)) for address in ("127.0.0.9", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places)
    client = await sockets.SocketOpener("plc.example", port, "socket", None).open(HOOKS)
    client.close()
    server.close()
    await server.wait_closed()
