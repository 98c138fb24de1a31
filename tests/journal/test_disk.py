"""A disk that takes nothing: live data goes on, the loss is counted, it heals by itself."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.batches import BOOT_SPAN
from gateway.core.errors import JournalError
from gateway.database import Unwritable
from gateway.journal import GapReason


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB of its own, where we may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting a small tmpfs needs root: run this test as root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def _fill_up(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(OSError, match="No space"):
        ballast.with_name("more").write_bytes(b"x" * 8192)


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
    _fill_up(ballast)
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
    _fill_up(small_disk / "ballast")
    number = 0
    while journal.health.trouble is None:
        number += 1
        journal.offer(batch(journal.boot, number))
        await asyncio.sleep(0.005)
    async with asyncio.timeout(5):
        await journal.close()
