"""A disk that takes nothing: live data goes on, the loss is counted, it heals by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.batches import BOOT_SPAN
from gateway.core.errors import JournalError
from gateway.database import Unwritable
from gateway.journal import GapReason
from tests.disks import fill_up, small_disk


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as place:
        yield place


async def _eventually(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_full_disk_stops_nothing_and_the_gap_is_exact(
    make, batch, committed, booking, small_disk
):
    journal = make(folder=small_disk, queue_bytes=20_000)
    await journal.open()
    journal.offer(batch(journal.boot, 1))
    await committed(journal, journal.boot * BOOT_SPAN + 1)
    ballast = small_disk / "ballast"
    fill_up(ballast)
    number = 1
    while journal.health.trouble is None:
        number += 1
        began = time.monotonic()
        journal.offer(batch(journal.boot, number))
        assert time.monotonic() - began < 0.5
        await asyncio.sleep(0.005)
    with pytest.raises(JournalError, match="nothing can be stored now"):
        await journal.apply(booking(1))
    for _ in range(200):
        number += 1
        journal.offer(batch(journal.boot, number))
    assert journal.health.dropped > 0
    assert journal.state.booked == 0

    ballast.unlink()
    last = journal.boot * BOOT_SPAN + number
    await _eventually(lambda: journal.committed_seq == last and journal.health.trouble is None)
    kept = [judged.batch.values[0] for judged in await journal.read(0, 10**6)]
    gaps = [gap for gap in await journal.gaps() if gap.why is GapReason.OVERFLOW]
    assert sum(gap.batches for gap in gaps) == number - len(kept) == journal.health.dropped
    assert kept == sorted(set(kept))
    assert journal.state.total == sum(kept)
    assert journal.state.batches == len(kept)


async def test_a_start_on_a_full_disk_shows_what_was_and_goes_on_when_there_is_room(
    make, batch, committed, booking, hands, small_disk
):
    first = make(folder=small_disk)
    await first.open()
    first.offer(batch(first.boot, 1, 7))
    await first.apply(booking(3))
    await first.move_cursor("archive", first.committed_seq)
    await first.close()
    ballast = small_disk / "ballast"
    fill_up(ballast)

    hands.now += timedelta(hours=1)
    journal = make(folder=small_disk)
    await journal.open()
    assert journal.boot == first.boot + 1
    assert journal.health.trouble is not None
    assert (journal.state.total, journal.state.booked) == (7, 3)
    with pytest.raises(JournalError, match="nothing can be stored now"):
        await journal.apply(booking(1))
    journal.offer(batch(journal.boot, 2, 5))
    hands.now += timedelta(hours=1)

    ballast.unlink()
    await _eventually(lambda: journal.committed_seq == journal.boot * BOOT_SPAN + 2)
    await journal.apply(booking(1))
    assert journal.health.trouble is None
    state = journal.state
    assert (state.total, state.booked, state.restarts) == (12, 4, 2)
    assert [kept.batch.values[0] for kept in await journal.read(0, 10)] == [7, 5]
    assert await journal.cursor("archive") == first.boot * BOOT_SPAN + 1
    (gap,) = await journal.gaps()
    assert (gap.why, gap.end) == (GapReason.NOT_RUNNING, hands.now - timedelta(hours=1))


async def test_a_boot_on_a_full_disk_is_never_counted_twice(make, small_disk):
    first = make(folder=small_disk)
    await first.open()
    await first.close()
    fill_up(small_disk / "ballast")
    boots = []
    for _ in range(3):
        journal = make(folder=small_disk)
        await journal.open()
        boots.append(journal.boot)
        await journal.close()
    assert boots == [first.boot + 1, first.boot + 2, first.boot + 3]


async def test_a_folder_that_never_served_must_be_writable(make, small_disk):
    fill_up(small_disk / "ballast")
    with pytest.raises(JournalError):
        await make(folder=small_disk / "state").open()


async def test_after_a_failed_commit_nothing_is_doubled(make, batch, booking, monkeypatch):
    """The error may come after the commit reached the disk: what it left behind is replaced."""
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    file = journal._writer._file
    commit = file.commit
    failures = [Unwritable("fsync: input/output error")]

    def failing(work) -> None:
        commit(work)
        if failures and work.batches:
            raise failures.pop()

    monkeypatch.setattr(file, "commit", failing)
    for number in range(1, 4):
        journal.offer(batch(journal.boot, number))
    with pytest.raises(JournalError):
        await journal.apply(booking(5))
    assert journal.committed_seq < journal.boot * BOOT_SPAN
    journal.offer(batch(journal.boot, 4))
    await journal.apply(booking(2))
    assert (journal.state.total, journal.state.booked) == (10, 2)
    kept = [judged.batch.values[0] for judged in await journal.read(0, 100)]
    assert kept == [1, 2, 3, 4]
    await journal.close()

    again = make()
    await again.open()
    assert (again.state.total, again.state.booked) == (10, 2)
    assert [judged.batch.values[0] for judged in await again.read(0, 100)] == [1, 2, 3, 4]
    kinds = [kept.event.kind for kept in await again.events()]
    assert kinds == ["counted"] * 4 + ["booked", "gap"]


async def test_closing_while_the_disk_is_full_ends_in_time(make, batch, small_disk):
    journal = make(folder=small_disk)
    await journal.open()
    fill_up(small_disk / "ballast")
    number = 0
    while journal.health.trouble is None:
        number += 1
        journal.offer(batch(journal.boot, number))
        await asyncio.sleep(0.005)
    async with asyncio.timeout(5):
        await journal.close()
