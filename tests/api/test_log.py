"""The event log of a real journal: the newest events, however long it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.core.batches import Judged
from gateway.core.events import Event, EventKind
from gateway.journal import Journal
from tests.api.running import API, RunningGateway, a_workshop, at_work, demo_client, until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Numbers:
    """Job logic that answers the command ``n`` with n numbered events."""

    def initial(self) -> int:
        return 0

    def advance(self, state: int, _: Judged) -> tuple[int, Sequence[Event]]:
        return state, ()

    def command(self, state: int, command: object) -> tuple[int, Sequence[Event]]:
        if not isinstance(command, int):
            return state, ()  # the journal tells of its start
        made = [
            Event(EventKind.COUNTED, "mill-1", NOON + timedelta(seconds=n), None, {"good": n})
            for n in range(state, state + command)
        ]
        return state + command, made

    def dump(self, state: int) -> bytes:
        return str(state).encode()

    def fixed(self, _: int, __: Container[str]) -> dict[str, bytes | None]:
        return {}

    def load(self, kept: bytes, _: Mapping[str, bytes]) -> int:
        return int(kept)


@pytest.mark.parametrize("count", [0, 1, 7, 255, 256, 257, 3000])
async def test_the_last_events_are_found(tmp_path: Path, count: int) -> None:
    journal = Journal(tmp_path, Numbers(), clock=lambda: NOON)
    await journal.open()
    try:
        await journal.apply(count)
        for limit in (1, 5, 300):
            found = await journal.events(limit=limit, newest=True)
            numbers = [kept.event.details["good"] for kept in found]
            assert numbers == list(range(max(0, count - limit), count))
            assert await journal.events(limit=limit, newest=True, kinds=[EventKind.LOT]) == []
    finally:
        await journal.close()


async def test_the_last_events_are_found_in_one_question_after_many_restarts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their ids need not follow each other: what is gone leaves holes."""
    for _ in range(4):
        journal = Journal(tmp_path, Numbers(), clock=lambda: NOON)
        await journal.open()
        await journal.apply(11)
        await journal.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file, file:
        file.execute("DELETE FROM events WHERE id IN (SELECT id FROM events ORDER BY id LIMIT 3)")
    journal = Journal(tmp_path, Numbers(), clock=lambda: NOON)
    await journal.open()
    try:
        asked = []
        ask = journal._ask
        monkeypatch.setattr(journal, "_ask", lambda read: asked.append(read) or ask(read))
        found = await journal.events(limit=100, newest=True)
        assert [kept.event.details["good"] for kept in found] == list(range(3, 44))
        assert len(found) == 41
        assert len(asked) == 1
    finally:
        await journal.close()


def test_the_log_tells_what_the_machine_has_done(owner: httpx.Client, demo: RunningGateway) -> None:
    log: dict[str, Any] = owner.get(f"{API}/log?limit=1000").json()
    kinds = {entry["kind"] for entry in log["events"]}
    assert {"run_started", "run_finished"} <= kinds
    ids = [entry["id"] for entry in log["events"]]
    assert ids == sorted(ids)
    for kind in ("state", "job"):  # rare ones are found however long ago they were
        rare = owner.get(f"{API}/log?limit=1000&kind={kind}").json()["events"]
        assert {entry["kind"] for entry in rare} == {kind}
        assert [e for e in log["events"] if e["kind"] == kind] == [
            entry for entry in rare if ids[0] <= entry["id"] <= ids[-1]
        ]
    run = next(entry for entry in log["events"] if entry["kind"] == "run_finished")
    assert (run["machine"], run["job"]) == ("drill-1", "B-1")
    assert run["details"]["pieces"] == 1
    newest = owner.get(f"{API}/log?limit=1").json()["events"]
    assert len(newest) == 1
    assert newest[0]["id"] >= ids[-1]


def test_what_the_journal_lacks_stands_in_the_log(tmp_path: Path) -> None:
    first = a_workshop(tmp_path, demo=True)
    with at_work(first), demo_client(first.base, "owner") as web:
        until(lambda: web.get(f"{API}/log").json()["events"])
        assert web.get(f"{API}/log").json()["gaps"] == []
    second = a_workshop(tmp_path, demo=True)
    with at_work(second), demo_client(second.base, "foreman") as web:
        gaps = until(lambda: web.get(f"{API}/log").json()["gaps"])
    assert [gap["why"] for gap in gaps] == ["not_running"]
    assert gaps[0]["start"] < gaps[0]["end"]
