"""The history is filled from the journal, rebuilt from it, and forgets what is too old."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.errors import JournalError
from gateway.core.signals import SignalId
from gateway.flow import history_runner
from gateway.flow.backoff import Backoff
from gateway.flow.history_runner import fill
from gateway.history import Series
from gateway.journal import Journal
from tests.flow.test_forward_runner import NoJobs

A = SignalId("m/a")
NOW = datetime.now(UTC)


def one(boot: int, number: int, at: datetime) -> Judged:
    batch = Batch("m", at, 0.0, Clock.SYNCED, (A,), (float(number),))
    return Judged(batch, boot * BOOT_SPAN + number, {})


async def _run(folder, batches: int, start: datetime, *, keep=None) -> tuple[Series, int]:
    """Open, take in that many batches a second apart, close; the series stays readable."""
    journal = Journal(folder, NoJobs(), commit_every=timedelta(milliseconds=10))
    await journal.open()
    series = Series(folder)
    await asyncio.to_thread(series.open)
    task = asyncio.create_task(fill(series, journal, keep=keep))
    for number in range(1, batches + 1):
        journal.offer(one(journal.boot, number, start + timedelta(seconds=number)))
    await journal.apply("flush")
    async with asyncio.timeout(20):
        while series.seq < journal.committed_seq:
            await asyncio.sleep(0.01)
    await journal.close()
    await asyncio.wait_for(task, 20)
    return series, journal.committed_seq


async def test_what_is_committed_can_be_drawn(tmp_path):
    start = NOW - timedelta(hours=1)
    series, seq = await _run(tmp_path, 1500, start)
    shown = series.history(A, start, NOW, 10_000)
    assert [point.last for point in shown] == [float(n) for n in range(1, 1501)]
    assert series.seq == seq
    series.close()


async def test_a_lost_history_is_rebuilt_from_the_journal(tmp_path):
    start = NOW - timedelta(hours=2)
    first, _ = await _run(tmp_path, 1500, start)
    first.close()
    (tmp_path / "history.db").write_bytes(b"gone bad" * 999)
    for part in tmp_path.glob("history.db-*"):
        part.unlink()
    second, _ = await _run(tmp_path, 500, start + timedelta(hours=1))
    assert second.broken
    assert len(second.history(A, start, NOW, 100_000)) == 2000
    second.close()


async def test_what_is_older_than_it_is_kept_is_forgotten(tmp_path, monkeypatch):
    # Also after the last commit: before the first one of a start nobody knows how late it is.
    monkeypatch.setattr(history_runner, "_PRUNE_EVERY", 0.0)
    start = NOW - timedelta(hours=5)
    first, _ = await _run(tmp_path, 1500, start)
    first.close()
    second, _ = await _run(tmp_path, 10, NOW - timedelta(minutes=1), keep=timedelta(hours=1))
    assert len(second.history(A, start, NOW, 100_000)) == 10
    second.close()


async def test_a_history_that_cannot_read_on_says_so_once_and_tries_again(
    tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(history_runner, "Backoff", lambda: Backoff(0.001, 0.01))
    journal = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await journal.open()
    series, failures = Series(tmp_path), iter(range(3))
    await asyncio.to_thread(series.open)
    read = journal.read

    async def now_and_then(after, most):
        if next(failures, None) is not None:
            raise JournalError("the disk does not answer")
        return await read(after, most)

    monkeypatch.setattr(journal, "read", now_and_then)
    task = asyncio.create_task(fill(series, journal))
    journal.offer(one(journal.boot, 1, NOW))
    await journal.apply("flush")
    async with asyncio.timeout(20):
        while series.seq < journal.committed_seq:
            await asyncio.sleep(0.01)
    await journal.close()
    await asyncio.wait_for(task, 20)
    series.close()
    assert [record.getMessage() for record in caplog.records] == [
        "History waits and tries again: the disk does not answer"
    ]
