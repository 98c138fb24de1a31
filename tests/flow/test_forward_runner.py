"""A forwarding sink gets everything from the journal, at least once, in order, poison aside."""

from __future__ import annotations

import asyncio
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.errors import NotConnected, Rejected
from gateway.core.signals import SignalId
from gateway.flow.backoff import Backoff
from gateway.flow.forward_runner import ForwardRunner
from gateway.flow.moment import Moment
from gateway.journal import Journal


class NoJobs:
    """A gateway without jobs."""

    def initial(self) -> int:
        return 0

    def advance(self, state: int, _: Judged):
        return state, ()

    def command(self, state: int, _: object):
        return state + 1, ()

    def dump(self, state: int) -> bytes:
        return str(state).encode()

    def fixed(self, _: int, __: Container[str]) -> dict[str, bytes | None]:
        return {}

    def load(self, kept: bytes, _: Mapping[str, bytes]) -> int:
        return int(kept)


class Warehouse:
    """A sink with moods: away, refusing some numbers, saying or not saying which."""

    def __init__(self) -> None:
        self.reachable = True
        self.poison: set[int] = set()
        self.names_them = True
        self.shows_nothing = False
        self.lose_answer_after: int | None = None
        self.got: list[int] = []
        self.shown: list[object] = []
        self.writes = 0
        self.connects = 0
        self.changed = asyncio.Event()

    async def connect(self) -> None:
        self.connects += 1
        self.changed.set()
        if not self.reachable:
            raise NotConnected("away")

    async def write(self, batches: Sequence[Judged]) -> None:
        await asyncio.sleep(0)
        self.writes += 1
        self.changed.set()
        if not self.reachable:
            raise NotConnected("away")
        numbers = [judged.batch.values[0] for judged in batches]
        bad = [index for index, number in enumerate(numbers) if number in self.poison]
        if bad:
            raise Rejected("poison", bad if self.names_them else range(len(batches)))
        self.got += numbers
        if self.lose_answer_after is not None and len(self.got) >= self.lose_answer_after:
            self.lose_answer_after = None
            raise NotConnected("written, but the answer was lost")

    async def show(self, machines, jobs) -> None:
        self.changed.set()
        if self.shows_nothing:
            raise Rejected("no room for states", [])
        self.shown.append((machines, jobs))

    async def close(self) -> None:
        pass

    async def until(self, condition) -> None:
        async with asyncio.timeout(20):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


def numbered(boot: int, number: int) -> Judged:
    at = datetime(2026, 8, 3, tzinfo=UTC) + timedelta(seconds=number)
    batch = Batch("m", at, 0.0, Clock.SYNCED, (SignalId("m/a"),), (number,))
    return Judged(batch, boot * BOOT_SPAN + number, {})


@pytest.fixture
async def journal(tmp_path: Path):
    made = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def start():
    tasks = []

    def go(journal, sink) -> tuple[ForwardRunner, asyncio.Task[None]]:
        runner = ForwardRunner(sink, journal, "warehouse", backoff=Backoff(0.001, 0.01))
        tasks.append(asyncio.create_task(runner.run()))
        return runner, tasks[-1]

    yield go
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def fill(journal: Journal[int], first: int, last: int) -> None:
    for number in range(first, last + 1):
        journal.offer(numbered(journal.boot, number))


async def test_everything_committed_is_delivered_in_order(journal, start):
    sink = Warehouse()
    runner, _ = start(journal, sink)
    fill(journal, 1, 1200)
    await sink.until(lambda: len(sink.got) == 1200)
    assert sink.got == list(range(1, 1201))
    assert runner.cursor == journal.boot * BOOT_SPAN + 1200
    assert runner.health.delivered == 1200


async def test_a_sink_that_was_away_reads_on_where_it_stopped(journal, start):
    sink = Warehouse()
    runner, _ = start(journal, sink)
    fill(journal, 1, 10)
    await sink.until(lambda: sink.got == list(range(1, 11)))
    sink.reachable = False
    fill(journal, 11, 700)
    await sink.until(lambda: sink.connects >= 3)
    assert runner.health.cause == "away"
    sink.reachable = True
    await sink.until(lambda: len(sink.got) == 700)
    assert sink.got == list(range(1, 701))


async def test_an_answer_that_is_lost_repeats_but_never_skips(journal, start):
    sink = Warehouse()
    sink.lose_answer_after = 5
    start(journal, sink)
    fill(journal, 1, 20)
    await sink.until(lambda: 20 in sink.got)
    assert sorted(set(sink.got)) == list(range(1, 21))


async def test_after_a_restart_the_cursor_goes_on(tmp_path, start):
    first = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await first.open()
    sink = Warehouse()
    _, task = start(first, sink)
    fill(first, 1, 50)
    await sink.until(lambda: len(sink.got) == 50)
    await first.close()
    await asyncio.wait_for(task, 10)

    second = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await second.open()
    again = Warehouse()
    start(second, again)
    fill(second, 51, 60)
    await again.until(lambda: 60 in again.got)
    assert again.got == list(range(51, 61))
    await second.close()


@pytest.mark.parametrize("names_them", [True, False])
async def test_poison_is_parked_and_the_rest_delivered(journal, start, names_them):
    sink = Warehouse()
    sink.poison, sink.names_them = {7, 200, 201}, names_them
    runner, _ = start(journal, sink)
    fill(journal, 1, 400)
    await sink.until(lambda: len(sink.got) == 397)
    assert sorted(sink.got) == [n for n in range(1, 401) if n not in sink.poison]
    assert len(set(sink.got)) == 397
    assert runner.health.refused == 3
    fill(journal, 401, 401)
    await sink.until(lambda: 401 in sink.got)
    parked = [parked.first_seq - journal.boot * BOOT_SPAN for parked in await journal.parked()]
    assert sorted(parked) == [7, 200, 201]


@pytest.mark.parametrize("place", [1, 2, 4])
async def test_what_a_sink_names_is_taken_out_without_a_search(journal, start, place):
    sink = Warehouse()
    sink.poison = {place}
    fill(journal, 1, 4)
    await journal.apply("flush")
    runner, _ = start(journal, sink)
    await sink.until(lambda: len(sink.got) == 3)
    fill(journal, 5, 5)
    await sink.until(lambda: 5 in sink.got)
    assert sink.got == [n for n in range(1, 6) if n != place]
    assert runner.health.parked == 1
    # All, the named one by itself, what stands before and behind it, and the fifth.
    assert sink.writes == (5 if place == 2 else 4)


async def test_what_an_earlier_start_has_stamped_in_1970_is_parked_with_its_reason(tmp_path, start):
    first = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await first.open()
    sound, lost = numbered(first.boot, 1), numbered(first.boot, 2)
    begun = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
    lost = replace(lost, batch=replace(lost.batch, at=begun, clock=Clock.UNSYNCED))
    first.offer(sound)
    first.offer(lost)
    await first.apply("flush")
    await first.close()
    second = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await second.open()
    sink = Warehouse()
    start(second, sink)
    fill(second, 3, 3)
    await sink.until(lambda: 3 in sink.got)
    assert sink.got == [1, 3]
    assert [(p.first_seq, p.why) for p in await second.parked()] == [
        (lost.seq0, "nobody knows when it was: its clock was never kept in step")
    ]
    await second.close()


async def test_who_refuses_states_still_gets_values(journal, start):
    sink = Warehouse()
    sink.shows_nothing = True
    runner, _ = start(journal, sink)
    runner.changed(("running",), ())
    fill(journal, 1, 3)
    await sink.until(lambda: sink.got == [1, 2, 3])
    fill(journal, 4, 4)
    await sink.until(lambda: sink.got == [1, 2, 3, 4])
    assert runner.health.refusal == "no room for states"
    assert (runner.health.refused, sink.connects) == (0, 1), "no values are refused"


async def test_states_are_shown_with_what_is_written_next(journal, start):
    sink = Warehouse()
    runner, _ = start(journal, sink)
    runner.changed(("running",), ("J-1",))
    fill(journal, 1, 1)
    await sink.until(lambda: bool(sink.shown))
    assert sink.shown == [(("running",), ("J-1",))]


@pytest.mark.parametrize("names_them", [True, False])
async def test_a_peer_that_takes_nothing_stops_the_cursor_instead_of_parking_everything(
    journal, start, names_them
):
    sink = Warehouse()
    sink.poison, sink.names_them = set(range(1, 3001)), names_them
    runner, _ = start(journal, sink)
    fill(journal, 1, 3000)
    await sink.until(lambda: runner.health.refusing)
    stuck = sink.writes
    await sink.until(lambda: sink.writes > stuck + 30)  # tried again and again
    health = runner.health
    assert health.connected
    assert health.refusal == "poison"
    assert health.parked == 10
    assert runner.cursor == journal.boot * BOOT_SPAN + 10
    sink.poison = set()
    await sink.until(lambda: 3000 in sink.got)
    assert sink.got == list(range(11, 3001))
    assert not runner.health.refusing
    assert [entry.why for entry in await journal.parked()] == ["poison"] * 10


async def test_refused_batches_that_are_old_are_parked_while_the_newest_is_taken(journal, start):
    sink = Warehouse()
    sink.poison = set(range(1, 41))
    runner, _ = start(journal, sink)
    fill(journal, 1, 60)
    await sink.until(lambda: set(range(41, 61)) <= set(sink.got))
    assert runner.health.parked == 40
    assert not runner.health.refusing


async def test_what_is_parked_can_be_sent_again(journal, start):
    sink = Warehouse()
    sink.poison = {3, 5}
    runner, _ = start(journal, sink)
    assert not runner.send_again()
    fill(journal, 1, 8)
    await sink.until(lambda: 8 in sink.got)
    sink.poison = {5}
    assert runner.send_again()
    fill(journal, 9, 9)
    await sink.until(lambda: 3 in sink.got and runner.health.parked == 1)
    fill(journal, 10, 10)
    await sink.until(lambda: 10 in sink.got)
    parked = [entry.first_seq - journal.boot * BOOT_SPAN for entry in await journal.parked()]
    assert parked == [5]


async def test_the_number_of_parked_batches_outlives_a_restart(tmp_path, start):
    sink = Warehouse()
    sink.poison = {2}
    first = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await first.open()
    _, task = start(first, sink)
    fill(first, 1, 3)
    await sink.until(lambda: 3 in sink.got)
    await first.close()
    await asyncio.wait_for(task, 10)
    second = Journal(tmp_path, NoJobs(), commit_every=timedelta(milliseconds=10))
    await second.open()
    again = Warehouse()
    runner, _ = start(second, again)
    fill(second, 4, 4)
    await again.until(lambda: 4 in again.got)
    assert runner.health.parked == 1
    await second.close()


class Wrist:
    """A clock that stands in 1970 until somebody keeps it in step."""

    def __init__(self) -> None:
        self.clock = Clock.UNSYNCED

    def __call__(self) -> Moment:
        return Moment(datetime(2026, 8, 3, tzinfo=UTC), 100.0, self.clock)


async def test_times_that_cannot_be_right_are_held_and_then_sent_corrected(journal):
    sink, wrist = Warehouse(), Wrist()
    written: list[Judged] = []
    write = sink.write

    async def noting(batches: Sequence[Judged]) -> None:
        await write(batches)
        written.extend(batches)

    sink.write = noting
    runner = ForwardRunner(sink, journal, "warehouse", backoff=Backoff(0.001, 0.01), now=wrist)
    task = asyncio.create_task(runner.run())
    fill(journal, 1, 1)
    wrong = Batch(
        "m", datetime(1970, 1, 1, tzinfo=UTC), 40.0, Clock.UNSYNCED, (SignalId("m/a"),), (2,)
    )
    journal.offer(Judged(wrong, journal.boot * BOOT_SPAN + 2, {}))
    fill(journal, 3, 3)
    await sink.until(lambda: runner.health.waits_for_clock)
    assert sink.got == [1]
    wrist.clock = Clock.SYNCED
    fill(journal, 4, 4)
    await sink.until(lambda: 4 in sink.got)
    assert sink.got == [1, 2, 3, 4]
    assert written[1].at == datetime(2026, 8, 3, tzinfo=UTC) - timedelta(seconds=60)
    assert not runner.health.waits_for_clock
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
