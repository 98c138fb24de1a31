"""A live sink: newest values, reconnecting by itself, present states after each connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.core.batches import Batch, Clock, Judged
from gateway.core.errors import NotConnected, Rejected
from gateway.core.signals import SignalId
from gateway.core.work import Job, MachineStatus
from gateway.flow.backoff import Backoff
from gateway.flow.bus import Bus
from gateway.flow.live_runner import LiveRunner


def batch_of(seq: int) -> Judged:
    at = datetime(2026, 8, 3, tzinfo=UTC)
    return Judged(Batch("m", at, 0.0, Clock.SYNCED, (SignalId("m/a"),), (seq,)), seq, {})


class Shelf:
    """A sink on which a test can pull the plug; it speaks no protocol."""

    def __init__(self) -> None:
        self.reachable = True
        self.refused: set[int] = set()
        self.shows_nothing = False
        self.fails: Exception | None = None
        self.got: list[int] = []
        self.shown: list[object] = []
        self.connects = 0
        self.closes = 0
        self.changed = asyncio.Event()

    async def connect(self) -> None:
        self.connects += 1
        self.changed.set()
        if not self.reachable:
            raise NotConnected("the plug is pulled")

    async def write(self, batches: Sequence[Judged]) -> None:
        await asyncio.sleep(0)
        self.changed.set()
        if self.fails is not None:
            raise self.fails
        if not self.reachable:
            raise NotConnected("the plug is pulled")
        bad = [index for index, judged in enumerate(batches) if judged.seq0 in self.refused]
        if bad:
            raise Rejected("not wanted", bad)
        self.got += [judged.seq0 for judged in batches]

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        if self.shows_nothing:
            self.changed.set()
            raise Rejected("no room for states", [])
        if not self.reachable:
            raise NotConnected("the plug is pulled")
        self.shown.append((*machines, *jobs))
        self.changed.set()

    async def close(self) -> None:
        self.closes += 1

    async def until(self, condition) -> None:
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def stage():
    bus, sink = Bus(), Shelf()
    subscription = bus.subscribe("shelf", 4)
    runner = LiveRunner(sink, subscription, "shelf", backoff=Backoff(0.001, 0.01))
    running = asyncio.create_task(runner.run())
    yield bus, sink, runner, running, subscription
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_published_is_written_in_order(stage):
    bus, sink, runner, _, _ = stage
    for seq in range(3):
        bus.publish(batch_of(seq))
    await sink.until(lambda: sink.got == [0, 1, 2])
    assert runner.health.connected
    assert {"shelf values", "shelf states"} <= {task.get_name() for task in asyncio.all_tasks()}


async def test_a_lost_sink_is_connected_again_and_gets_the_newest(stage):
    bus, sink, runner, _, _ = stage
    await sink.until(lambda: sink.connects == 1)
    sink.reachable = False
    bus.publish(batch_of(1))
    await sink.until(lambda: sink.connects >= 3)
    assert not runner.health.connected
    assert runner.health.cause == "the plug is pulled"
    assert runner.health.next_try is not None
    for seq in range(2, 10):
        bus.publish(batch_of(seq))
    sink.reachable = True
    await sink.until(lambda: 9 in sink.got)
    assert sink.got == sorted(sink.got)[-4:]
    assert runner.dropped == 4
    assert runner.health.connected


async def test_states_are_shown_when_they_change_and_after_each_connection(stage):
    _, sink, runner, _, _ = stage
    runner.changed(("running",), ())
    await sink.until(lambda: sink.shown == [("running",)])
    runner.changed(("held",), ())
    await sink.until(lambda: sink.shown[-1] == ("held",))
    sink.reachable = False
    runner.changed(("idle",), ())
    await sink.until(lambda: sink.connects >= 2)
    runner.changed(("running again",), ())
    sink.reachable = True
    await sink.until(lambda: sink.shown[-1] == ("running again",))


async def test_refused_values_are_counted_and_the_rest_goes_on(stage):
    bus, sink, runner, _, _ = stage
    sink.refused = {1}
    bus.publish(batch_of(1))
    await sink.until(lambda: runner.health.refused == 1)
    assert runner.health.delivered == 0
    bus.publish(batch_of(2))
    await sink.until(lambda: sink.got == [2])
    assert sink.connects == 1


async def test_who_refuses_states_still_gets_values(stage):
    bus, sink, runner, running, _ = stage
    sink.shows_nothing = True
    runner.changed(("running",), ())
    await sink.until(lambda: runner.health.refusal == "no room for states")
    bus.publish(batch_of(1))
    await sink.until(lambda: sink.got == [1])
    assert not running.done()
    assert (runner.health.refused, sink.connects) == (0, 1), "no values are refused"


async def test_a_bug_in_the_sink_ends_the_runner_and_closes_the_sink(stage):
    bus, sink, _, running, _ = stage
    sink.fails = ZeroDivisionError("a bug")
    bus.publish(batch_of(1))
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(running, 10)
    assert sink.closes >= 1


async def test_the_end_of_the_stream_ends_the_runner(stage):
    bus, sink, _, running, subscription = stage
    bus.publish(batch_of(1))
    subscription.close()
    await asyncio.wait_for(running, 10)
    assert sink.got == [1]
    assert sink.closes == 1
