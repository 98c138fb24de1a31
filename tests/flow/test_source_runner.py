"""The runner against a hand-moved clock and a source that does as it is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from gateway.core.batches import BOOT_SPAN, Batch, Clock
from gateway.core.signals import Fault, Quality, Reason
from gateway.core.text import Text
from gateway.flow.moment import Moment
from gateway.flow.numbering import Numbering
from gateway.flow.source_runner import SourceRunner
from tests.flow.test_quality import signal

START = datetime(2026, 1, 1, tzinfo=UTC)


class Time:
    def __init__(self):
        self.mono = 50.0
        self.began = START

    def __call__(self):
        return Moment(self.began + timedelta(seconds=self.mono), self.mono, Clock.SYNCED)

    async def sleep(self, seconds):
        self.mono += seconds
        await asyncio.sleep(0)


class Told:
    """Answers with the tick number; ``takes`` seconds each, silent for ``silent`` machines."""

    endpoint = "192.0.2.1:502"
    patience = 0.0
    signals = ("a/x", "a/y", "b/x")

    def __init__(self, time):
        self.time = time
        self.takes = 0.0
        self.silent = {}
        self.silent_signals = {}
        self.polls = []
        self.closed = 0

    async def batches(self, due):
        self.polls.append((round(self.time.mono - 50, 3), due))
        self.time.mono += self.takes
        await asyncio.sleep(0)
        now = self.time()
        for machine in dict.fromkeys(s.partition("/")[0] for s in due):
            yield self._batch(machine, tuple(s for s in due if s.startswith(machine)), now)

    def _batch(self, machine, due, now):
        found = tuple(self.silent_signals.get(s, self.silent.get(machine)) for s in due)
        faults = found if any(found) else None
        values = tuple(None if fault else 1.0 for fault in found)
        return Batch(machine, now.at, now.mono, now.clock, due, values, faults)

    def next_try(self, machine):
        return self.time.mono + 4 if machine in self.silent else None

    def words(self, _signal):
        return None

    async def connect(self):
        pass

    async def close(self):
        self.closed += 1


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def told(time):
    return Told(time)


async def run_until(runner, done):
    task = asyncio.create_task(runner.run())
    async with asyncio.timeout(10):
        while not done():
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def runner_of(told, time, signals, published):
    return SourceRunner(told, signals, published.append, Numbering(1), now=time, sleep=time.sleep)


async def test_each_signal_is_polled_at_its_own_rate(time, told):
    published = []
    runner = runner_of(told, time, [signal("a/x", every=0.1), signal("a/y", every=0.5)], published)
    await run_until(runner, lambda: len(told.polls) >= 11)
    fast = [at for at, due in told.polls if "a/x" in due]
    slow = [at for at, due in told.polls if "a/y" in due]
    assert fast[:11] == [round(i * 0.1, 3) for i in range(11)]
    assert slow[:3] == [0.0, 0.5, 1.0]


async def test_sequence_numbers_run_on_without_a_gap(time, told):
    published = []
    runner = runner_of(told, time, [signal("a/x"), signal("a/y"), signal("b/x")], published)
    await run_until(runner, lambda: len(published) >= 6)
    expected = BOOT_SPAN
    for judged in published:
        assert judged.seq0 == expected
        expected += len(judged.batch.signals)


async def test_a_failed_poll_is_published_with_its_reason(time, told):
    published = []
    told.silent["a"] = Fault(Reason.TIMEOUT)
    runner = runner_of(told, time, [signal("a/x")], published)
    await run_until(runner, lambda: published)
    reading = published[0].reading(0)
    assert (reading.quality, reading.fault.reason) == (Quality.BAD, Reason.TIMEOUT)


async def test_a_slow_source_skips_and_counts_polls_and_never_overlaps(time, told):
    published = []
    told.takes = 0.25
    runner = runner_of(told, time, [signal("a/x", every=0.1)], published)
    await run_until(runner, lambda: len(told.polls) >= 5)
    starts = [at for at, _ in told.polls]
    assert all(later - earlier >= 0.25 for earlier, later in pairwise(starts))
    assert runner.skipped >= 4
    assert runner.late >= 2


async def test_the_time_between_two_good_batches_stands_in_the_batches(time, told):
    published = []
    runner = runner_of(told, time, [signal("a/x", every=0.1)], published)
    await run_until(runner, lambda: len(published) >= 2)
    told.takes = 0.6
    await run_until(runner, lambda: len(published) >= 4)
    gaps = [b.batch.mono - a.batch.mono for a, b in pairwise(published)]
    assert max(gaps) >= 0.6


async def test_signals_of_another_line_are_left_alone(time, told):
    published = []
    runner = runner_of(told, time, [signal("a/x"), signal("elsewhere/x")], published)
    await run_until(runner, lambda: published)
    assert [s.id for s in runner.signals] == ["a/x"]
    assert published[0].batch.signals == ("a/x",)


async def test_what_deadlines_allow_is_not_overdue(time, told):
    runner = runner_of(told, time, [signal("a/x")], [])
    told.patience = 60.0
    time.mono += 60
    assert runner.overdue() == 0
    time.mono += 5
    assert runner.overdue() == 5


async def test_a_line_that_does_not_go_on_is_overdue_since_its_poll_was_due(time, told):
    runner = runner_of(told, time, [signal("a/x")], [])
    assert runner.overdue() == 0
    time.mono += 7
    assert runner.overdue() == 7


async def test_stopping_closes_the_source(time, told):
    runner = runner_of(told, time, [signal("a/x")], [])
    await run_until(runner, lambda: told.polls)
    assert told.closed == 1


async def test_health_tells_who_answers_since_when_and_when_the_next_try_is(time, told):
    published = []
    runner = runner_of(told, time, [signal("a/x"), signal("b/x")], published)
    before = {h.machine: h for h in runner.health()}
    assert (before["a"].connected, before["a"].last_ok) == (False, None)
    await runner.poll(("a/x", "b/x"))
    told.silent["b"] = Fault(Reason.NO_CONNECTION)
    last_ok = time().at
    time.mono += 1
    await runner.poll(("a/x", "b/x"))
    health = {h.machine: h for h in runner.health()}
    assert health["a"].connected
    assert health["a"].next_try is None
    b = health["b"]
    assert (b.connected, b.silent, b.asked) == (False, 1, 1)
    assert (b.fault, b.last_ok) == (Fault(Reason.NO_CONNECTION), last_ok)
    assert b.next_try == time().at + timedelta(seconds=4)


async def test_a_machine_is_partly_lost_while_one_of_its_devices_is_silent(time, told, caplog):
    runner = runner_of(told, time, [signal("a/x"), signal("a/y")], [])
    told.silent_signals = {"a/y": Fault(Reason.TIMEOUT)}
    await runner.poll(("a/x", "a/y"))
    [health] = runner.health()
    assert (health.connected, health.silent, health.asked) == (True, 1, 2)
    assert "a partly lost (1 signals)" in caplog.text


async def test_a_machine_is_lost_with_its_first_silent_poll(time, told):
    runner = runner_of(told, time, [signal("a/x"), signal("a/y")], [])
    await runner.poll(("a/x", "a/y"))
    told.silent["a"] = Fault(Reason.TIMEOUT)
    await runner.poll(("a/y",))
    [health] = runner.health()
    assert (health.connected, health.silent, health.asked) == (False, 1, 2)


async def test_a_refused_register_does_not_make_a_machine_silent(time, told, caplog):
    runner = runner_of(told, time, [signal("a/x")], [])
    told.silent["a"] = Fault(Reason.REFUSED, 2)
    await runner.poll(("a/x",))
    [health] = runner.health()
    assert (health.connected, health.silent) == (True, 0)
    assert (health.refused, health.refusal) == (1, Fault(Reason.REFUSED, 2))
    await runner.poll(("a/x",))
    told.silent.clear()
    await runner.poll(("a/x",))
    assert [record.getMessage() for record in caplog.records] == [
        "a: all 1 signals refused by the device (2) at 192.0.2.1:502",
        "a: nothing is refused any more at 192.0.2.1:502",
    ]
    assert runner.health()[0].refused == 0


async def test_points_that_are_refused_are_named_in_a_line(time, told, caplog):
    runner = runner_of(told, time, [signal("a/x"), signal("a/y")], [])
    no_address = Text("keine Adresse", "no such address")
    told.silent_signals = {"a/y": Fault(Reason.REFUSED, 2, no_address)}
    for _ in range(3):
        await runner.poll(("a/x", "a/y"))
    assert [record.getMessage() for record in caplog.records] == [
        "a: 1 of 2 signals refused by the device (2, no such address) at 192.0.2.1:502: y"
    ]


async def test_a_change_of_the_reason_is_a_line_and_stands_in_health(time, told, caplog):
    runner = runner_of(told, time, [signal("a/x"), signal("a/y")], [])
    late = Fault(Reason.TIMEOUT)
    strange = Fault(Reason.DESYNC, detail=Text("Gerät 0 für 1", "unit 0 for 1"))
    for fault in (late, late, strange, strange, late):
        told.silent["a"] = fault
        await runner.poll(("a/x", "a/y"))
    assert [record.getMessage() for record in caplog.records] == [
        "a lost: no answer in time at 192.0.2.1:502, next try in 4.0 s",
        "a lost: the answer does not fit (unit 0 for 1) at 192.0.2.1:502, next try in 4.0 s",
        "a lost: no answer in time at 192.0.2.1:502, next try in 4.0 s",
    ]
    told.silent["a"] = strange
    await runner.poll(("a/x", "a/y"))
    [health] = runner.health()
    assert health.fault.detail.en == "unit 0 for 1"


async def test_a_machine_is_published_before_the_next_one_is_asked(time, told):
    published = []

    class Watching(Told):
        async def batches(self, due):
            async for batch in super().batches(due):
                yield batch
                seen.append([judged.machine for judged in published])

    seen = []
    runner = runner_of(Watching(time), time, [signal("a/x"), signal("b/x")], published)
    await runner.poll(("a/x", "b/x"))
    assert seen == [["a"], ["a", "b"]]


@pytest.mark.parametrize("days", [0, -1, 1])
async def test_losing_and_finding_a_machine_is_one_line_each(time, told, caplog, days):
    runner = runner_of(told, time, [signal("a/x")], [])
    caplog.set_level("INFO")
    await runner.poll(("a/x",))
    told.silent["a"] = Fault(Reason.TIMEOUT)
    for _ in range(5):
        time.mono += 1
        await runner.poll(("a/x",))
    told.silent.clear()
    time.mono += 1
    time.began += timedelta(days=days)
    await runner.poll(("a/x",))
    assert [record.getMessage() for record in caplog.records] == [
        "a lost: no answer in time at 192.0.2.1:502, next try in 4.0 s",
        "a answers again after 5.0 s",
    ]


async def test_a_cancellation_that_a_driver_loses_is_heeded_all_the_same(time):
    """asyncio.wait_for loses one that comes together with the answer, before Python 3.12."""

    class Absent(Told):
        asked = asyncio.Event()

        async def batches(self, due):
            self.polls.append(due)
            self.asked.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return
            yield

    source = Absent(time)
    runner = SourceRunner(
        source, [signal("a/x")], lambda _: None, Numbering(1), now=time, sleep=time.sleep
    )
    running = asyncio.create_task(runner.run())
    await source.asked.wait()
    running.cancel()
    await asyncio.wait({running}, timeout=10)
    assert running.cancelled()
    assert (len(source.polls), source.closed) == (1, 1)
