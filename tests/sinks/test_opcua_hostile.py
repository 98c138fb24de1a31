"""A whole gateway under hostile bytes: polls, journal and pages go on as beside a bare timer."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.api.running import API, RunningGateway, a_workshop, at_work, free_port, until
from tests.sinks.raw_opcua import Raw, header, text
from tests.sinks.test_opcua_bytes import GET_ENDPOINTS, LITERAL, MANY, array_of, count

TIMER = """
import time
due = time.monotonic()
for _ in range(90):
    due = max(due + 0.05, time.monotonic())
    time.sleep(max(0.0, due - time.monotonic()))
"""
"""Ninety ticks of 50 ms, that come later when the computer is busy, and nothing else."""


@contextmanager
def attack(endpoint: str) -> Iterator[list[str]]:
    """Strangers who send both messages, one after the other, until the end; what was answered."""
    over, answers = threading.Event(), []

    async def strangers() -> None:
        bombs = [
            (text(b"opc") + count(0) * 2, header(LITERAL + text(array_of(0, MANY)))),
            (text(b"opc") + count(MANY) + count(-4) * 2 + text(None), header()),
        ]
        stranger = await (await Raw.connect(endpoint)).opened()
        while not over.is_set():
            for body, head in bombs:
                stranger.send(GET_ENDPOINTS, body, head)
                answers.append(await stranger.result())
            await asyncio.sleep(0.02)
        stranger.close()

    thread = threading.Thread(target=lambda: asyncio.run(strangers()), name="strangers")
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join(60)


def done(gateway: RunningGateway) -> tuple[int, int]:
    """Values in the journal and answers of the pages while a bare timer runs beside."""
    over, pages = threading.Event(), []

    def reading() -> None:
        with httpx.Client(timeout=60) as web:
            while not over.is_set():
                pages.append(web.get(f"{gateway.base}{API}/session").status_code)
                over.wait(0.05)

    reader = threading.Thread(target=reading, name="pages")
    journal = gateway.gateway.journal
    at_first = journal.committed_seq
    until(lambda: journal.committed_seq != at_first)  # it commits once a second: begin with one
    before = journal.committed_seq
    reader.start()
    subprocess.run([sys.executable, "-c", TIMER], check=True, timeout=60)
    after = gateway.gateway.journal.committed_seq
    over.set()
    reader.join(60)
    assert set(pages) == {200}
    return after - before, len(pages)


def test_polls_journal_and_pages_go_on_as_beside_a_bare_timer(
    tmp_path: Path,
) -> None:
    port = free_port()
    sink = f'sinks:\n  - {{type: opcua, listen: "127.0.0.1:{port}", open: true}}\n'
    with at_work(a_workshop(tmp_path, demo=True, more=sink)) as gateway:
        until(lambda: gateway.gateway.journal.committed_seq)
        until(lambda: _listens(port), 60)
        calm = done(gateway)
        with attack(f"opc.tcp://127.0.0.1:{port}") as answers:
            hostile = done(gateway)
        assert len(answers) > 20
        assert set(answers) == {"Good", "BadDecodingError"}
    assert hostile[0] > 0.8 * calm[0]
    assert hostile[1] > 0.8 * calm[1]


def _listens(port: int) -> bool:
    async def knock() -> bool:
        try:
            stranger = await (await Raw.connect(f"opc.tcp://127.0.0.1:{port}")).opened()
        except OSError:
            return False
        stranger.close()
        return True

    return asyncio.run(knock())
