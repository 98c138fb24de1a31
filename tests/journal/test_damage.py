"""A damaged journal is put aside, never a crash loop; what can be saved is saved."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import pytest

from gateway.core.batches import BOOT_SPAN
from gateway.core.errors import JournalError
from gateway.database import Corrupt, Unwritable, open_writer, sqlite_errors
from gateway.journal import GapReason


async def _filled(make, batch, committed, count: int = 50):
    journal = make()
    await journal.open()
    for number in range(1, count + 1):
        journal.offer(batch(journal.boot, number))
        if number % 10 == 0:
            await committed(journal, journal.boot * BOOT_SPAN + number)
    await journal.move_cursor("influx", journal.boot * BOOT_SPAN + 10)
    await journal.close()
    return journal


def _broken_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("journal-*.broken.db"))


def _zero_bytes(path: Path) -> None:
    path.write_bytes(b"")


def _zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is not a database, it is a shopping list " * 500)


def _cut_in_half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _header_flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 0xFF
    path.write_bytes(content)


def _another_program(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (recipe TEXT)")
    connection.close()


def _missing_tables(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE cursors")
    connection.close()


def _gone(path: Path) -> None:
    path.unlink()


def _a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "somebody's notes.txt").touch()


def _its_log_a_folder(path: Path) -> None:
    path.with_name(f"{path.name}-wal").mkdir()


@pytest.mark.parametrize(
    "damage",
    [
        _zero_bytes,
        _zeros,
        _garbage,
        _cut_in_half,
        _header_flip,
        _another_program,
        _missing_tables,
        _gone,
        _a_folder,
        _its_log_a_folder,
    ],
)
async def test_a_damaged_file_is_put_aside_and_the_gateway_starts(
    damage, make, batch, committed, hands, tmp_path
):
    before = await _filled(make, batch, committed)
    damage(tmp_path / "journal.db")
    hands.now += timedelta(hours=1)
    journal = make()
    await journal.open()
    assert journal.boot == before.boot + 1, "no sequence number is ever reissued"
    gap = next(gap for gap in await journal.gaps() if gap.why is GapReason.DAMAGED)
    assert gap.end <= hands.now
    if damage is not _gone:
        (aside,) = _broken_files(tmp_path)
        assert journal.health.broken == (aside,)
        assert hands.now.strftime("%Y%m%d") in aside.name
    journal.offer(batch(journal.boot, 1))
    await committed(journal, journal.boot * BOOT_SPAN + 1)
    assert len(await journal.read(0, 10)) == 1


NUMBERS = ("journal.db", "boot", "witness")


@pytest.mark.parametrize("lost", [*((name,) for name in NUMBERS), *combinations(NUMBERS, 2)])
@pytest.mark.parametrize("how", [_gone, _zero_bytes, _garbage])
async def test_no_number_is_issued_twice_whichever_file_is_lost(
    lost, how, make, batch, committed, tmp_path
):
    before = await _filled(make, batch, committed)
    for name in lost:
        how(tmp_path / name)
    journal = make()
    await journal.open()
    assert journal.boot == before.boot + 1
    journal.offer(batch(journal.boot, 1))
    await committed(journal, journal.boot * BOOT_SPAN + 1)
    await journal.close()
    again = make()
    await again.open()
    assert again.boot == before.boot + 2


async def test_an_older_copy_of_the_journal_issues_no_number_twice(
    make, batch, committed, tmp_path
):
    first = await _filled(make, batch, committed)
    older = (tmp_path / "journal.db").read_bytes()
    for _ in range(2):
        await _filled(make, batch, committed)
    (tmp_path / "journal.db").write_bytes(older)
    (tmp_path / "boot").unlink()
    journal = make()
    await journal.open()
    assert journal.boot == first.boot + 3


async def test_folders_that_were_put_aside_are_kept(make, batch, committed, hands, tmp_path):
    for _ in range(5):
        await _filled(make, batch, committed, 10)
        _a_folder(tmp_path / "journal.db")
        hands.now += timedelta(hours=1)
    journal = make()
    await journal.open()
    assert len(_broken_files(tmp_path)) == 5, "whose folder it is, nobody knows"


async def test_the_job_state_is_saved_from_a_file_whose_batches_are_damaged(
    make, batch, committed, hands, tmp_path
):
    before = await _filled(make, batch, committed)
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name='blocks'").fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    content = bytearray(path.read_bytes())
    start = (root[0] - 1) * size[0]
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    journal = make()
    await journal.open()
    assert journal.health.broken
    assert journal.state.total == before.state.total == sum(range(1, 51))
    assert await journal.cursor("influx") == before.boot * BOOT_SPAN + 10


async def test_a_damaged_row_becomes_a_gap_and_the_rest_is_delivered(
    make, batch, committed, booking, tmp_path
):
    before = await _filled(make, batch, committed)
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute(
        "UPDATE blocks SET body = zeroblob(length(body)) WHERE last_seq = ?",
        (before.boot * BOOT_SPAN + 20,),
    )
    connection.commit()
    connection.close()
    journal = make()
    await journal.open()
    kept = [judged.batch.values[0] for judged in await journal.read(0, 100)]
    assert kept == [*range(1, 11), *range(21, 51)]
    await journal.read(0, 100)
    await journal.apply(booking(1))
    (gap,) = [gap for gap in await journal.gaps() if gap.why is GapReason.UNREADABLE]
    assert (gap.batches, gap.last_seq) == (10, before.boot * BOOT_SPAN + 20)
    assert journal.state.total == sum(range(1, 51))


async def test_damage_met_while_running_loses_neither_state_nor_what_is_queued(
    make, batch, committed, booking, tmp_path
):
    await _filled(make, batch, committed, 500)
    journal = make()
    await journal.open()
    state = journal.state
    _scribble(tmp_path / "journal.db")
    with pytest.raises(JournalError):
        await _read_until_damage(journal)
    await journal.apply(booking(3))
    assert journal.health.broken
    assert journal.state.total == state.total
    assert journal.state.booked == 3
    journal.offer(batch(journal.boot, 1))
    await committed(journal, journal.boot * BOOT_SPAN + 1)
    assert [gap.why for gap in await journal.gaps()] == [GapReason.DAMAGED]
    await journal.close()

    again = make()
    await again.open()
    assert again.boot == journal.boot + 1
    assert again.state.total == state.total + 1
    assert again.state.booked == 3


async def test_a_new_file_holds_all_that_was_known_even_if_nothing_happens_afterwards(
    make, batch, committed, tmp_path
):
    before = await _filled(make, batch, committed, 500)
    journal = make()
    await journal.open()
    _scribble(tmp_path / "journal.db")
    with pytest.raises(JournalError):
        await _read_until_damage(journal)
    async with asyncio.timeout(10):
        while not journal.health.broken:
            await asyncio.sleep(0.01)
    await journal.close()

    again = make()
    await again.open()
    assert again.state.total == before.state.total == sum(range(1, 501))
    assert await again.cursor("influx") == before.boot * BOOT_SPAN + 10
    assert [gap.why for gap in await again.gaps()] == [GapReason.DAMAGED]


def _scribble(path: Path) -> None:
    """Overwrite every page but the first in place, as a dying card does."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))


async def _read_until_damage(journal) -> None:
    for _ in range(20):
        await journal.read(0, 1000)
        await journal.events()


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.7, 0.95])
async def test_a_truncated_log_leaves_a_consistent_earlier_state(
    keep, make, batch, committed, tmp_path
):
    """Frames that the disk never kept are gone; what is left fits together."""
    journal = make()
    await journal.open()
    for number in range(1, 31):
        journal.offer(batch(journal.boot, number))
        await committed(journal, journal.boot * BOOT_SPAN + number)
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("journal.db", "journal.db-wal", "boot"):
        content = (tmp_path / name).read_bytes()
        if name.endswith("-wal"):
            content = content[: int(len(content) * keep)]
        (copy / name).write_bytes(content)
    again = make(folder=copy)
    await again.open()
    values = [judged.batch.values[0] for judged in await again.read(0, 100)]
    assert values == list(range(1, len(values) + 1))
    assert again.state.total == sum(values)
    assert again.boot == journal.boot + 1


async def test_only_the_newest_broken_files_are_kept(make, batch, committed, hands, tmp_path):
    for _ in range(6):
        await _filled(make, batch, committed, 10)
        _garbage(tmp_path / "journal.db")
        hands.now += timedelta(hours=1)
    journal = make()
    await journal.open()
    assert len(_broken_files(tmp_path)) == 3
    assert journal.health.broken[0] in _broken_files(tmp_path)


async def test_damage_that_the_first_commit_meets_does_not_keep_the_gateway_from_starting(
    make, batch, committed, monkeypatch
):
    """A large file is not checked as a whole when it is opened: its damage shows later."""
    first = make()
    await first.open()
    first.offer(batch(first.boot, 1, 7))
    await committed(first, first.boot * BOOT_SPAN + 1)
    await first.close()
    journal = make()
    file = journal._writer._file
    commit, damages = file.commit, [Corrupt("a page is damaged")]

    def failing(work) -> None:
        if damages:
            raise damages.pop()
        commit(work)

    monkeypatch.setattr(file, "commit", failing)
    await journal.open()
    assert journal.state.total == 7
    assert journal.health.broken
    assert [gap.why for gap in await journal.gaps()] == ["damaged", "not_running"]


async def test_a_disk_that_damages_every_new_file_is_not_tried_without_a_rest(
    make, batch, booking, monkeypatch
):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    rests: list[float] = []

    def bad(_work) -> None:
        raise Corrupt("the medium is worn out")

    def rest(seconds: float) -> bool:
        rests.append(seconds)
        if len(rests) == 3:
            monkeypatch.undo()
        return True

    monkeypatch.setattr(journal._writer._file, "commit", bad)
    monkeypatch.setattr(journal._inbox, "rest", rest)
    journal.offer(batch(journal.boot, 1, 7))
    with pytest.raises(JournalError, match="nothing can be stored now"):
        await journal.apply(booking(1))
    assert journal.health.trouble is not None
    async with asyncio.timeout(10):
        while journal.health.trouble is not None:
            await asyncio.sleep(0.01)
    assert rests == sorted(set(rests))
    await journal.apply(booking(2))
    assert (journal.state.total, journal.state.booked) == (7, 2)


async def test_a_file_that_is_gone_after_trouble_is_a_recorded_gap(
    make, batch, booking, committed, tmp_path, monkeypatch
):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    journal.offer(batch(journal.boot, 1, 7))
    await journal.apply(booking(1))
    file = journal._writer._file
    commit, troubles = file.commit, [Unwritable("the disk is away")]

    def failing(work) -> None:
        if troubles:
            for part in tmp_path.glob("journal.db*"):
                part.unlink()
            raise troubles.pop()
        commit(work)

    monkeypatch.setattr(file, "commit", failing)
    with pytest.raises(JournalError):
        await journal.apply(booking(1))
    await journal.apply(booking(2))
    assert (journal.state.total, journal.state.booked) == (7, 3)
    assert [gap.why for gap in await journal.gaps()] == ["damaged"]
    await journal.close()
    again = make()
    await again.open()
    assert (again.state.total, again.state.booked) == (7, 3)


async def test_a_file_of_a_newer_version_is_left_alone(make, batch, committed, tmp_path):
    await _filled(make, batch, committed)
    path = tmp_path / "journal.db"
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(JournalError, match="newer version \\(schema 99"):
        await make().open()
    assert path.read_bytes() == content
    assert not _broken_files(tmp_path)


def test_errors_of_sqlite_become_ours_and_bugs_stay_bugs(tmp_path):
    connection = sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.OperationalError), sqlite_errors(tmp_path):
        connection.execute("SELECT * FROM nothing")
    connection.close()
    (tmp_path / "text.db").write_text("no database" * 100)
    with pytest.raises(Corrupt):
        open_writer(tmp_path / "text.db", "gateway.journal", synchronous="FULL", check_up_to=10**9)
    with pytest.raises(Unwritable):
        open_writer(
            tmp_path / "no" / "folder.db", "gateway.journal", synchronous="FULL", check_up_to=0
        )
