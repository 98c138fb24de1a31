from __future__ import annotations

import asyncio
import sqlite3
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.core.batches import BOOT_SPAN, Clock
from gateway.core.errors import JournalError
from gateway.core.events import Event, EventKind
from gateway.journal import GapReason, Parked
from gateway.journal.encoding import to_us
from gateway.journal.file import JournalFile, Limits, Work
from tests.journal.conftest import NOON


async def test_what_is_offered_can_be_read_back_after_the_commit(make, batch, committed):
    journal = make()
    await journal.open()
    offered = [batch(journal.boot, number) for number in range(1, 6)]
    for judged in offered:
        journal.offer(judged)
    await committed(journal, offered[-1].last_seq)
    assert await journal.read(0, 100) == offered
    assert await journal.read(offered[1].last_seq, 2) == offered[2:4]
    assert journal.state.total == 15


async def test_the_newest_committed_reading_of_a_signal_is_at_hand(make, batch, booking):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    journal.offer(batch(journal.boot, 1))
    assert journal.newest("m/count") is None, "not committed yet"
    journal.offer(batch(journal.boot, 2))
    await journal.apply(booking(1))
    reading = journal.newest("m/count")
    assert (reading.value, reading.seq) == (2, journal.committed_seq)
    assert journal.newest("m/other") is None


async def test_a_commit_comes_within_the_time_asked_for(make, batch):
    journal = make(commit_every=timedelta(milliseconds=100))
    await journal.open()
    feed = journal.commits()
    began = time.monotonic()
    journal.offer(batch(journal.boot, 1))
    commit = await asyncio.wait_for(anext(feed), 5)
    assert commit.batches == 1
    assert commit.seq == journal.committed_seq
    assert time.monotonic() - began < 1.0


async def test_a_restart_goes_on_with_a_higher_boot_and_the_same_state(
    make, batch, committed, booking, hands
):
    first = make()
    await first.open()
    first.offer(batch(first.boot, 7))
    await committed(first, first.boot * BOOT_SPAN + 7)
    await first.apply(booking(30))
    await first.move_cursor("influx", first.committed_seq)
    await first.close()

    hands.now += timedelta(hours=1)
    second = make()
    await second.open()
    assert second.boot == first.boot + 1
    assert second.committed_seq == first.committed_seq
    assert (second.state.total, second.state.booked) == (7, 30)
    assert await second.cursor("influx") == first.committed_seq
    assert [judged.batch.values for judged in await second.read(0, 10)] == [(7,)]


async def test_a_restart_records_how_long_the_gateway_was_down(make, batch, committed, hands):
    first = make()
    await first.open()
    last = batch(first.boot, 1)
    first.offer(last)
    await committed(first, last.last_seq)
    await first.close()

    hands.now += timedelta(hours=2)
    second = make()
    await second.open()
    (gap,) = await second.gaps()
    assert (gap.why, gap.start, gap.end) == (GapReason.NOT_RUNNING, last.at, hands.now)
    assert second.state.restarts == 2
    assert [kept.event.kind for kept in await second.events(kinds=[EventKind.GAP])] == ["gap"]


async def test_the_first_start_is_no_gap(make):
    journal = make()
    await journal.open()
    assert await journal.gaps() == []
    assert await journal.events() == []


async def test_a_clean_close_commits_what_is_queued(make, batch):
    first = make(commit_every=timedelta(hours=1))
    await first.open()
    for number in range(1, 50):
        first.offer(batch(first.boot, number))
    await first.close()
    second = make()
    await second.open()
    assert second.state.batches == 49


async def test_a_command_is_on_the_disk_when_its_answer_comes(make, booking, tmp_path):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    (event,) = await asyncio.wait_for(journal.apply(booking(12)), 5)
    assert event.details == {"good": 12}
    beside = sqlite3.connect(tmp_path / "journal.db")
    assert beside.execute("SELECT kind, job FROM events").fetchall() == [("booked", "J-1")]
    beside.close()


async def test_a_command_sees_the_batches_offered_before_it(make, batch, booking):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    journal.offer(batch(journal.boot, 5))
    await journal.apply(booking(1))
    assert journal.state.total == 5


async def test_a_command_that_does_not_fit_changes_nothing(make, booking, not_allowed):
    journal = make()
    await journal.open()
    before = journal.state
    with pytest.raises(not_allowed):
        await journal.apply(booking(-1))
    assert journal.state == before
    await journal.apply(booking(2))
    assert journal.state.booked == 2


async def test_events_are_found_by_machine_kind_job_and_time(make, batch, booking):
    journal = make()
    await journal.open()
    for number in (1, 2, 3):
        journal.offer(batch(journal.boot, number))
    await journal.apply(booking(4))
    everything = await journal.events()
    assert [kept.event.kind for kept in everything] == ["counted"] * 3 + ["booked"]
    assert [kept.id for kept in everything] == sorted({kept.id for kept in everything})
    assert [kept.event.job for kept in await journal.events(job="J-1")] == ["J-1"]
    assert len(await journal.events(kinds=[EventKind.COUNTED], limit=2)) == 2
    assert len(await journal.events(everything[1].id)) == 2
    at = everything[1].event.at
    inside = await journal.events(machine="m", start=at, end=at + timedelta(seconds=1))
    assert [kept.event.at for kept in inside] == [at]


async def test_a_cursor_cannot_pass_what_is_committed(make, batch):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    journal.offer(batch(journal.boot, 1))
    with pytest.raises(ValueError, match="cannot pass"):
        await journal.move_cursor("influx", journal.boot * BOOT_SPAN + 1)


async def test_a_new_cursor_gets_everything_that_is_kept(make):
    journal = make()
    await journal.open()
    assert await journal.cursor("new") == 0


async def test_a_second_gateway_in_the_same_folder_is_refused(make):
    journal = make()
    await journal.open()
    with pytest.raises(JournalError, match="another gateway"):
        await make().open()


async def test_a_full_queue_drops_the_oldest_and_records_exactly_what(make, batch, hands):
    journal = make(commit_every=timedelta(hours=1), queue_bytes=4000)
    await journal.open()
    offered = [batch(journal.boot, number) for number in range(1, 101)]
    for judged in offered:
        journal.offer(judged)
    dropped = journal.health.dropped
    assert 0 < dropped < 100
    assert journal.health.queued_bytes <= 4000
    await journal.close()

    again = make()
    await again.open()
    kept = await again.read(0, 1000)
    assert kept == offered[dropped:]
    gap = next(gap for gap in await again.gaps() if gap.why is GapReason.OVERFLOW)
    assert (gap.batches, gap.entries) == (dropped, dropped)
    assert (gap.first_seq, gap.last_seq) == (offered[0].seq0, offered[dropped - 1].last_seq)
    assert (gap.start, gap.end) == (offered[0].at, offered[dropped - 1].at)
    assert again.state.restarts == 3, "the job logic is told of the stretch that it did not see"


async def test_retention_removes_old_batches_and_says_who_had_not_had_them(
    make, batch, hands, booking
):
    journal = make(keep=timedelta(hours=1))
    await journal.open()
    assert await journal.cursor("influx") == 0
    for number in (1, 2):
        journal.offer(batch(journal.boot, number))
        await journal.apply(booking(1))
    hands.now += timedelta(hours=2)
    journal.offer(batch(journal.boot, 7200))
    for _ in range(3):
        await journal.apply(booking(1))
        hands.now += timedelta(minutes=2)
    assert (await journal.size()).oldest == batch(journal.boot, 7200).at
    gaps = await journal.gaps()
    assert {(gap.why, gap.note) for gap in gaps} == {(GapReason.EXPIRED, "influx")}
    assert sum(gap.batches for gap in gaps) == 2
    assert journal.state.total == 7203


async def test_nothing_is_removed_by_a_clock_that_is_not_known_to_be_right(
    make, batch, hands, booking
):
    journal = make(keep=timedelta(hours=1))
    await journal.open()
    old = batch(journal.boot, 1)
    journal.offer(old)
    await journal.apply(booking(1))
    hands.now += timedelta(days=20_000)
    wrong = batch(journal.boot, 2)
    wrong = replace(wrong, batch=replace(wrong.batch, clock=Clock.UNSYNCED))
    journal.offer(wrong)
    for _ in range(3):
        await journal.apply(booking(1))
        hands.now += timedelta(minutes=2)
    assert (await journal.size()).oldest == old.at


@pytest.mark.parametrize("wrong", [timedelta(days=400), timedelta(days=-20_000)])
async def test_a_wrong_time_neither_keeps_what_is_old_nor_removes_what_is_new(
    make, batch, hands, booking, wrong
):
    journal = make(keep=timedelta(hours=1))
    await journal.open()
    for number in (1, 2, 3):  # the middle one is stamped by a clock that was wrong for a moment
        judged = batch(journal.boot, number)
        if number == 2:
            judged = replace(judged, batch=replace(judged.batch, at=judged.at + wrong))
        journal.offer(judged)
        await journal.apply(booking(1))  # a block of its own
    hands.now += timedelta(minutes=2)
    await journal.apply(booking(1))
    assert (await journal.size()).oldest == batch(journal.boot, 1).at, "nothing is old yet"
    hands.now += timedelta(hours=2)
    journal.offer(batch(journal.boot, 9000))
    await journal.apply(booking(1))
    hands.now += timedelta(minutes=2)
    await journal.apply(booking(1))
    assert (await journal.size()).oldest == batch(journal.boot, 9000).at


async def test_retention_holds_the_size(make, batch, booking, hands):
    journal = make(max_bytes=1, keep=timedelta(days=365))
    await journal.open()
    for number in range(1, 4):
        journal.offer(batch(journal.boot, number))
        await journal.apply(booking(1))
        hands.now += timedelta(minutes=2)
    await journal.apply(booking(1))
    await journal.apply(booking(1))
    kept = await journal.size()
    assert kept.oldest == batch(journal.boot, 3).at, "the newest stays, whatever the limit"
    assert journal.state.total == 6


def test_old_events_and_notes_do_not_drive_out_the_batches(tmp_path, batch):
    file = JournalFile(tmp_path / "journal.db")
    file.open()
    yesterday = NOON - timedelta(days=1)
    events = [(n, Event(EventKind.COUNTED, "m", yesterday, None, {"good": n})) for n in range(4000)]
    parked = [Parked("influx", n, n, "field type conflict", yesterday) for n in range(4000)]
    file.commit(Work(0, events=events, parked=parked, noted=to_us(yesterday)))
    for number in range(1, 11):
        file.commit(Work(number, [batch(0, number)], noted=to_us(NOON)))
    limit = 200_000
    assert (tmp_path / "journal.db-wal").stat().st_size > 2 * limit
    rounds = 0
    while file.prune(Limits(0, 0, limit)).more:
        rounds += 1
    file.close()
    beside = sqlite3.connect(tmp_path / "journal.db")
    assert beside.execute("SELECT count(*) FROM blocks").fetchone() == (10,)
    beside.execute("VACUUM")
    beside.close()
    assert (tmp_path / "journal.db").stat().st_size <= limit
    assert rounds > 1, "a bounded amount at once"


async def test_a_feed_ends_when_the_journal_closes(make):
    journal = make()
    await journal.open()
    feed = journal.commits()
    await journal.close()
    assert [commit async for commit in feed] == []


async def test_a_bug_in_the_job_logic_ends_the_journal_loudly(make, batch, monkeypatch):
    journal = make(commit_every=timedelta(hours=1))
    await journal.open()
    waiting = asyncio.create_task(journal.run())

    def broken(state, judged):
        raise ZeroDivisionError

    monkeypatch.setattr(journal._writer._tracker, "advance", broken)
    journal.offer(batch(journal.boot, 1))
    with pytest.raises(JournalError, match="failed"):
        await journal.apply(object())
    with pytest.raises(ZeroDivisionError):
        await waiting
    with pytest.raises(JournalError):
        journal.offer(batch(journal.boot, 2))


async def test_closing_is_safe_twice_and_before_opening(make):
    journal = make()
    await journal.close()
    await journal.close()
