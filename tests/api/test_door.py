"""Sockets that ask for nothing, half of something, or take no answer: everybody else is served."""

from __future__ import annotations

import http.client
import json
import os
import select
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.api import door
from tests.api.running import API, TOKEN, RunningGateway, until

HALF = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
HALF_SENT = b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 90\r\n\r\n{"
STRANGER, SECOND = "127.0.0.9", "127.0.0.10"


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """All addresses of this computer but one are strangers."""
    monkeypatch.setattr(door, "local", lambda host: host == "127.0.0.1")


def opened(gateway: RunningGateway, source: str = "127.0.0.1") -> socket.socket:
    where = urlsplit(gateway.base)
    return socket.create_connection((where.hostname, where.port), 10, source_address=(source, 0))


@contextmanager
def held(
    gateway: RunningGateway, count: int, source: str = "127.0.0.1"
) -> Iterator[list[socket.socket]]:
    """Connections without a complete request, of every kind."""
    with ExitStack() as stack:
        lines = [stack.enter_context(opened(gateway, source)) for _ in range(count)]
        for number, line in enumerate(lines):
            line.sendall((b"", HALF, HALF_SENT)[number % 3])
        yield lines


def status(gateway: RunningGateway, source: str = "127.0.0.1") -> int:
    where = urlsplit(gateway.base)
    assert where.hostname is not None
    web = http.client.HTTPConnection(
        where.hostname, where.port, timeout=10, source_address=(source, 0)
    )
    try:
        web.request("GET", f"{API}/session")
        return web.getresponse().status
    finally:
        web.close()


def alive(line: socket.socket) -> bool:
    """Whether the other end still holds it; what it says is read and forgotten."""
    line.setblocking(False)
    try:
        while line.recv(65536):
            pass
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


CROWD = """
import socket, sys
from tests.api.test_door import HALF, HALF_SENT, alive
lines = [socket.create_connection((sys.argv[1], int(sys.argv[2])), 10) for _ in range(600)]
for number, line in enumerate(lines):
    try:
        line.sendall((b"", HALF, HALF_SENT)[number % 3])
    except OSError:
        pass  # it has been ended already
print("held", flush=True)
for _ in sys.stdin:
    print(sum(map(alive, lines)), all(map(alive, lines[-29:])), flush=True)
"""


def test_six_hundred_idle_sockets_keep_nobody_out(demo: RunningGateway) -> None:
    where = urlsplit(demo.base)
    crowd = subprocess.Popen(  # of its own: a process has often no more than 1,024 files
        [sys.executable, "-c", CROWD, str(where.hostname), str(where.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with crowd:
        assert crowd.stdin is not None
        assert crowd.stdout is not None
        assert crowd.stdout.readline() == "held\n"
        assert [status(demo) for _ in range(5)] == [200] * 5
        crowd.stdin.write("how many?\n")
        crowd.stdin.flush()
        held_still, newest = crowd.stdout.readline().split()
        assert int(held_still) <= 30
        assert newest == "True", "the newest have the patience that they are promised"
        crowd.stdin.close()
    assert crowd.returncode == 0


def test_a_connection_without_a_complete_request_is_ended_in_ten_seconds(
    demo: RunningGateway,
) -> None:
    with held(demo, 3) as lines, opened(demo) as asked_before:
        began = time.monotonic()
        asked_before.sendall(b"GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        while any(map(alive, lines)):
            assert time.monotonic() - began < 20
            for line in lines[1:]:
                with suppress(OSError):  # its end may come just now
                    line.sendall(b"a")  # ever another byte, never a whole request
            assert status(demo) == 200
            select.select([], [], [], 0.2)
        assert time.monotonic() - began > 9
        asked_before.settimeout(10)
        answer = b"".join(iter(lambda: asked_before.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 404"), "and then it was ended as well"


def test_a_request_that_is_at_work_is_never_ended_for_others(demo: RunningGateway) -> None:
    with opened(demo) as stream:
        stream.sendall(
            f"GET {API}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        assert stream.recv(12) == b"HTTP/1.1 200"
        with held(demo, 100):
            assert status(demo) == 200
            assert alive(stream)


@pytest.mark.usefixtures("network")
def test_strangers_take_no_place_of_this_computer(
    demo: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_FROM_NETWORK", 6)
    with ExitStack() as stack:
        for source in (STRANGER, SECOND):
            for _ in range(3):
                stack.enter_context(at_work(demo, source))
        assert status(demo, "127.0.0.11") == 503
        assert status(demo) == 200


@pytest.mark.usefixtures("network")
def test_one_address_of_the_network_takes_not_all_of_its_places(
    demo: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_OF_ONE", 4)
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(at_work(demo, STRANGER))
        assert status(demo, STRANGER) == 503
        assert status(demo, SECOND) == 200


@contextmanager
def at_work(gateway: RunningGateway, source: str) -> Iterator[socket.socket]:
    """A stream of events: a connection whose request is being answered."""
    with opened(gateway, source) as line:
        line.sendall(
            f"GET {API}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        assert line.recv(12) == b"HTTP/1.1 200"
        yield line


@pytest.mark.usefixtures("network")
def test_too_many_connections_are_told_so_in_both_languages(
    demo: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_OF_ONE", 1)
    where = urlsplit(demo.base)
    assert where.hostname is not None
    with at_work(demo, STRANGER):
        web = http.client.HTTPConnection(
            where.hostname, where.port, timeout=10, source_address=(STRANGER, 0)
        )
        web.request("GET", f"{API}/session")
        answer = web.getresponse()
        assert answer.status == 503
        assert set(json.loads(answer.read())["detail"]) == {"de", "en"}
        assert answer.headers["retry-after"] == "10"
        assert answer.headers["content-security-policy"]
        web.close()


def test_an_answer_that_nobody_takes_is_given_up(
    demo: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "UNTAKEN", 0.5)
    where = urlsplit(demo.base)
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((where.hostname, where.port))
        line.sendall(
            f"GET {API}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        hub = demo.gateway.hub
        until(lambda: hub.watched)
        padding = "x" * 1_000_000
        for number in range(20):
            demo.call(lambda n=number: hub.publish("machine", "test", {"n": n, "padding": padding}))
        until(lambda: not hub.watched)


def test_what_is_no_http_is_told_so_in_both_languages(demo: RunningGateway) -> None:
    with opened(demo) as line:
        line.sendall(b"this is not HTTP\r\n\r\n")
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    head, _, content = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert set(json.loads(content)["detail"]) == {"de", "en"}


def test_places_are_free_again_once_their_connections_have_ended(demo: RunningGateway) -> None:
    def come_and_go() -> None:
        for number in range(50):
            with opened(demo) as line:
                line.sendall((b"", HALF, HALF_SENT, b"nonsense\r\n\r\n")[number % 4])

    guests = [threading.Thread(target=come_and_go) for _ in range(8)]
    for guest in guests:
        guest.start()
    for guest in guests:
        guest.join(30)
    assert [status(demo) for _ in range(250)] == [200] * 250


def test_small_answers_do_not_wait_for_the_peer_s_acknowledgement(demo: RunningGateway) -> None:
    where = urlsplit(demo.base)
    found: list[int] = []

    def look() -> None:
        """The accepted end of a connection, in the gateway's own process."""
        for number in (int(entry.name) for entry in Path("/proc/self/fd").iterdir()):
            try:
                if not stat.S_ISSOCK(os.fstat(number).st_mode):
                    continue  # a copy of a file would be left open: it makes no socket
                with socket.socket(fileno=socket.dup(number)) as one:
                    if one.getpeername() == mine:
                        found.append(one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            except OSError:
                continue

    with opened(demo) as line:
        line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert line.recv(1)
        mine = line.getsockname()
        demo.call(look)
    assert found, where
    assert all(found)
