"""The stream of a real gateway: at once, then what changes, and the newest for a slow reader."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson
import pytest

from gateway.api import live
from tests.api.conftest import PASSWORDS
from tests.api.running import API, TOKEN, RunningGateway, client, until
from tests.api.test_documents import events_of


def test_the_first_states_come_at_once_and_whole(owner: httpx.Client) -> None:
    with owner.stream("GET", f"{API}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        found = events_of(answer)
        first = [next(found) for _ in range(5)]
    assert [event for event, _ in first] == ["machine", "jobs", "questions", "sent", "health"]
    machine = first[0][1]["machine"]
    assert machine["name"] == "drill-1"
    assert machine["signals"]
    assert "thresholds" not in machine
    assert [job["id"] for job in first[1][1]["jobs"]] == ["B-1", "B-2"]
    assert {content["firm"] for _, content in first} == {"workshop"}


def power_in(content: dict[str, Any]) -> dict[str, Any]:
    """The power in a machine's event."""
    signals: list[dict[str, Any]] = content["machine"]["signals"]
    return next(entry for entry in signals if entry["point"] == "power")


def test_changes_follow(owner: httpx.Client) -> None:
    values, counts = set(), set()
    with owner.stream("GET", f"{API}/events") as answer:
        for event, content in events_of(answer):
            if event == "machine":
                signals = {
                    entry["point"]: entry["value"] for entry in content["machine"]["signals"]
                }
                values.add(signals["power"])
            elif event == "jobs":
                counts.add(content["jobs"][0]["runs_completed"])
            if len(values) > 2 and len(counts) > 2:
                break


def test_a_pulled_cable_is_told_by_itself(owner: httpx.Client, demo: RunningGateway) -> None:
    with owner.stream("GET", f"{API}/events") as answer:
        found = events_of(answer)
        next(found)
        demo.unplug("drill-1")
        try:
            lost = next(
                content
                for event, content in found
                if event == "machine"
                and not content["machine"]["state"]["known"]
                and power_in(content)["quality"] == "bad"
            )
            assert power_in(lost)["value"] is None
            assert power_in(lost)["reason"] == "no_connection"
            assert lost["machine"]["state"]["because"]["de"]
        finally:
            demo.replug("drill-1")
        next(c for e, c in found if e == "machine" and c["machine"]["state"]["known"])


def test_the_stored_point_has_its_own_quality(owner: httpx.Client, demo: RunningGateway) -> None:
    """And not that of an outage before it."""

    def trace() -> Any:
        return owner.get(f"{API}/machines/drill-1/trace?signal=drill-1/power").json()

    demo.unplug("drill-1")
    try:
        until(lambda: trace()["signal"]["quality"] == "bad")
    finally:
        demo.replug("drill-1")
    until(lambda: trace()["signal"]["quality"] == "good")
    assert trace()["stored"]["quality"] == 0


def test_a_quiet_stream_says_that_it_is_alive(
    owner: httpx.Client, demo: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.02)  # between two looks at what has changed
    with owner.stream("GET", f"{API}/events") as answer:
        assert ": alive" in answer.iter_lines()


def test_nothing_is_told_to_nobody(owner: httpx.Client, demo: RunningGateway) -> None:
    until(lambda: not demo.gateway.hub.watched)
    with owner.stream("GET", f"{API}/events") as answer:
        lines = answer.iter_lines()
        next(lines)
        assert demo.gateway.hub.watched
    until(lambda: not demo.gateway.hub.watched)


def test_a_browser_that_goes_leaves_nothing_that_has_to_be_looked_for(
    owner: httpx.Client, demo: RunningGateway
) -> None:
    until(lambda: not demo.gateway.hub.watched)
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            with owner.stream("GET", f"{API}/events") as answer:
                next(answer.iter_lines())
            owner.get(f"{API}/health")
        until(lambda: not demo.gateway.hub.watched)
        until(lambda: not [one for one in gc.get_objects() if isinstance(one, live._Client)], 10)
    finally:
        gc.enable()


@contextmanager
def a_slow_reader(demo: RunningGateway) -> Iterator[socket.socket]:
    """A browser whose network takes a few kilobytes and then nothing."""
    where = urlsplit(demo.base)
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.settimeout(20)
    line.connect((where.hostname, where.port))
    with line:
        line.sendall(
            f"GET {API}/events HTTP/1.1\r\nHost: {where.netloc}\r\n"
            f"Authorization: Bearer {TOKEN}\r\n\r\n".encode()
        )
        yield line


def test_a_slow_reader_gets_the_newest_and_costs_little(demo: RunningGateway) -> None:
    hub = demo.gateway.hub
    rounds, padding = 300, "x" * 100_000

    with a_slow_reader(demo) as line:
        until(lambda: hub.watched)
        for number in range(rounds):
            demo.call(lambda n=number: hub.publish("machine", "test", {"n": n, "padding": padding}))
        (client,) = hub._clients
        assert len(client.pending) <= 8  # one for each thing, however many were told
        demo.call(lambda: hub.publish("machine", "test", {"n": "last"}))
        seen = _numbers(line)
    assert seen[-1] == "last"
    assert len(seen) < rounds / 2
    assert seen[:-1] == sorted(seen[:-1])


def _numbers(line: socket.socket) -> list[Any]:
    """What the test told, up to the last. HTTP's chunks begin and end between lines."""
    found: list[Any] = []
    content = b""
    while not found or found[-1] != "last":
        content += line.recv(65536)
        *whole, content = content.split(b"\n")
        for part in whole:
            if part.startswith(b'data: {"n":'):
                told, _, _ = part.removeprefix(b'data: {"n":').rstrip(b"}").partition(b",")
                found.append(orjson.loads(told))
    return found


def test_thirty_phones_are_served(owner: httpx.Client, demo: RunningGateway) -> None:
    where = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "visitor"}
    failed: list[str] = []

    def watch() -> None:
        with (
            httpx.Client(base_url=demo.base, headers=where, timeout=30) as web,
            web.stream("GET", f"{API}/events") as answer,
        ):
            seen = 0
            for event, _ in events_of(answer):
                seen += event == "machine"
                if seen == 4:
                    return
        failed.append("the stream ended")

    phones = [threading.Thread(target=watch) for _ in range(30)]
    for phone in phones:
        phone.start()
    for phone in phones:
        phone.join(40)
        assert not phone.is_alive()
    assert not failed


def stream_of(gateway: RunningGateway, session: httpx.Client) -> socket.socket:
    """A stream of events of a browser's session, over a connection of its own."""
    where = urlsplit(gateway.base)
    cookies = "; ".join(f"{name}={word}" for name, word in session.cookies.items())
    line = socket.create_connection((where.hostname, where.port), 20)
    line.sendall(
        f"GET {API}/events HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: {cookies}\r\n\r\n".encode()
    )
    assert line.recv(12) == b"HTTP/1.1 200"
    return line


def test_one_session_takes_not_all_streams(earnest: RunningGateway) -> None:
    with ExitStack() as stack:
        guest, owner = (stack.enter_context(client(earnest.base)) for _ in range(2))
        for web, role in ((guest, "customer"), (owner, "owner")):
            body = {"role": role, "password": PASSWORDS[role]}
            assert web.post(f"{API}/login", json=body).status_code == 200
        owners = stack.enter_context(stream_of(earnest, owner))
        streams = [stack.enter_context(stream_of(earnest, guest)) for _ in range(25)]
        hub = earnest.gateway.hub
        until(lambda: len(hub._clients) == 11)
        for line in streams[:15]:  # they end, the newest go on
            told = b"".join(iter(lambda line=line: line.recv(65536), b""))
            assert told.rstrip().endswith(b"retry: 30000\n\n\r\n0")
        padding = {"n": "marker"}
        earnest.call(lambda: hub.publish("health", "", padding))
        earnest.call(lambda: hub.publish("health", "for customers", padding))
        for line in (owners, *streams[15:]):
            content = b""
            while b"marker" not in content:
                content += line.recv(65536)
                assert content
    until(lambda: not earnest.gateway.hub._clients)
