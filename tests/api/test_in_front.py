"""Who asks, where a web server stands in front, and what strangers cost before they are heard."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import ssl
import struct
import threading
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.api import callers, door
from gateway.api.lan import Lan
from gateway.api.serving import serve_app
from gateway.core.errors import reason

PROXY, PHONE = "127.0.0.9", "198.51.100.7"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of this computer but one are strangers."""
    for module in (door, callers):
        monkeypatch.setattr(module, "local", lambda host: host == "127.0.0.1")


async def tell_who(scope, _receive, send) -> None:
    """Answers who has asked, and how."""
    body = json.dumps([*scope["client"][:1], scope["scheme"]]).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(app, host: str, **how) -> AsyncIterator[int]:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        port = probe.getsockname()[1]
    ready = asyncio.Event()
    serving = asyncio.create_task(serve_app(app, host, port, bound=ready.set, **how))
    try:
        await asyncio.wait_for(ready.wait(), 20)
        yield port
    finally:
        serving.cancel()
        await asyncio.wait([serving], timeout=20)


def asked(port: int, source: str, **headers: str) -> list[str]:
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=10, source_address=(source, 0))
    try:
        web.request(
            "GET", "/", headers={name.replace("_", "-"): it for name, it in headers.items()}
        )
        return json.loads(web.getresponse().read())
    finally:
        web.close()


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("host", ["127.0.0.1", "::ffff:127.0.0.1"])
async def test_the_web_server_in_front_says_who_asks_also_at_a_socket_of_both_kinds(host) -> None:
    async with served(tell_who, host, proxy=PROXY) as port:
        said = {"x_forwarded_for": f"10.1.1.1, {PHONE}", "x_forwarded_proto": "https"}
        assert await asyncio.to_thread(asked, port, PROXY, **said) == [PHONE, "https"]


@pytest.mark.parametrize("claim", ["127.0.0.1", "127.0.0.1, 127.0.0.1", "localhost", "a, b"])
async def test_nobody_is_at_this_computer_because_a_web_server_elsewhere_says_so(
    claim, monkeypatch
) -> None:
    known = {"127.0.0.1": True, PROXY: False}
    for module in (door, callers):
        monkeypatch.setattr(module, "local", known.get)
    async with served(tell_who, "127.0.0.1", proxy=PROXY) as port:
        answer = await asyncio.to_thread(asked, port, PROXY, x_forwarded_for=claim)
        assert answer == [PROXY, "http"]


def test_only_the_web_server_itself_is_admitted_and_not_its_neighbours() -> None:
    here = door.Door(only="2001:db8::5")
    admitted = [here.admits(host) for host in ("2001:db8::5", "2001:DB8:0::5", "::1", "127.0.0.1")]
    assert admitted == [True] * 4
    assert not here.admits("2001:db8::6")
    assert not here.admits("192.0.2.9")
    assert door.Door(only="192.0.2.9").admits("::ffff:192.0.2.9")


async def test_whoever_has_hung_up_already_is_nobody_of_this_computer() -> None:
    """A request can be read from a connection that is reset; then nobody knows whose it was."""
    requests: list[object] = []

    async def note(scope, _receive, _send) -> None:
        requests.append(scope["client"])

    async with served(note, "127.0.0.1", proxy="192.0.2.9") as port:
        for _ in range(50):
            line = socket.create_connection(("127.0.0.1", port), 10)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.sendall(b"POST / HTTP/1.1\r\nHost: a\r\n\r\n")
            line.close()
            await asyncio.sleep(0)
        await asyncio.to_thread(marker, port)
    assert None not in requests


def marker(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), 10) as line:
        line.sendall(b"nonsense\r\n\r\n")
        assert line.recv(4096)


@pytest.fixture
def lan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lan:
    """The pages of a firm, encrypted, but at this computer's own address alone."""

    def listening(self: Lan) -> socket.socket:
        made = socket.create_server(("127.0.0.1", self.port), backlog=128)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)  # the system keeps little
        return made

    monkeypatch.setattr(Lan, "listening", listening)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Lan(tmp_path, "muster", port, lambda: datetime.now(UTC), lambda *_: None)


@asynccontextmanager
async def encrypted(app, lan: Lan) -> AsyncIterator[None]:
    await lan.open()
    ready = asyncio.Event()
    serving = asyncio.create_task(serve_app(app, "", lan.port, lan=lan, bound=ready.set))
    try:
        await asyncio.wait_for(ready.wait(), 20)
        yield
    finally:
        serving.cancel()
        await asyncio.wait([serving], timeout=20)


def trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_a_port_that_somebody_has_is_told_in_both_languages(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.listen()
        own = Lan(tmp_path, "muster", port, lambda: datetime.now(UTC), lambda *_: None)
        with pytest.raises(OSError, match="in use") as refused:
            own.listening()
    why = reason(refused.value)
    assert why.de != why.en


def ask_and_take_nothing(port: int, done: threading.Event) -> None:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect(("127.0.0.1", port))
        with trusting().wrap_socket(line) as encrypted_line:
            encrypted_line.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            done.wait(60)


async def test_what_nobody_takes_of_an_encrypted_answer_is_not_kept_in_memory(
    lan, monkeypatch
) -> None:
    monkeypatch.setattr(door, "UNTAKEN", 0.2)
    made, ended = 0, threading.Event()

    async def endless(_scope, receive, send) -> None:
        nonlocal made
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await receive()
        gone = asyncio.ensure_future(receive())
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 4096, "more_body": True})
            made += 4096
            await asyncio.sleep(0)
        ended.set()

    async with encrypted(endless, lan):
        await asyncio.to_thread(ask_and_take_nothing, lan.port, ended)
    assert ended.is_set()
    assert made < 250_000


def come_and_go(port: int, times: int) -> None:
    """Connections that end at every step of the handshake, and in every manner."""
    hello = first_words()
    for number in range(times):
        line = socket.create_connection(("127.0.0.1", port), 10)
        line.sendall(hello[: number % (len(hello) + 1)])
        if number % 3 == 1:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if number % 3 == 2:
            line.sendall(b"GET / HTTP/1.1\r\n\r\n")
            line.shutdown(socket.SHUT_WR)
        line.close()


def first_words() -> bytes:
    """What somebody who encrypts says first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        trusting().wrap_bio(incoming, outgoing).do_handshake()
    return outgoing.read()


def read_encrypted(port: int) -> list[str]:
    web = http.client.HTTPSConnection("127.0.0.1", port, context=trusting(), timeout=20)
    try:
        web.request("GET", "/")
        return json.loads(web.getresponse().read())
    finally:
        web.close()


async def test_a_thousand_broken_handshakes_leave_nothing_behind(lan) -> None:
    async with encrypted(tell_who, lan):
        assert await asyncio.to_thread(read_encrypted, lan.port) == ["127.0.0.1", "https"]
        await asyncio.to_thread(come_and_go, lan.port, 100)
        tasks, files = len(asyncio.all_tasks()), len(list(Path("/proc/self/fd").iterdir()))
        await asyncio.to_thread(come_and_go, lan.port, 1000)
        assert await asyncio.to_thread(read_encrypted, lan.port) == ["127.0.0.1", "https"]
        async with asyncio.timeout(20):
            while len(asyncio.all_tasks()) > tasks:
                await asyncio.sleep(0.01)
        assert len(list(Path("/proc/self/fd").iterdir())) <= files + 1


async def test_a_crowd_that_is_there_at_once_holds_no_more_than_its_places(lan) -> None:
    most = 0
    entered = door.Door.enter

    def enter(self, line) -> bool:
        nonlocal most
        most = max(most, sum(task.get_name() == "handshake" for task in asyncio.all_tasks()))
        return entered(self, line)

    door.Door.enter = enter  # type: ignore[method-assign]
    try:
        async with encrypted(tell_who, lan):
            with ExitStack() as crowd:
                for _ in range(100):  # while nobody accepts
                    line = crowd.enter_context(socket.socket())
                    line.connect(("127.0.0.1", lan.port))
                assert await asyncio.to_thread(read_encrypted, lan.port)
    finally:
        door.Door.enter = entered  # type: ignore[method-assign]
    assert most <= 40
