"""The bus never waits: a slow subscriber loses its own oldest batches, and nobody else's."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.batches import Judged
from gateway.flow.bus import Bus
from tests.flow.test_quality import batch, signal


def judged(seq):
    return Judged(batch([signal("m/a")], [seq]), seq, {})


async def first(subscription, n):
    found = []
    async with asyncio.timeout(5):
        async for each in subscription:
            found.append(each.seq0)
            if len(found) == n:
                break
    return found


async def test_every_subscriber_gets_every_batch_in_order():
    bus = Bus()
    one, two = bus.subscribe("one"), bus.subscribe("two")
    for seq in range(3):
        bus.publish(judged(seq))
    assert await first(one, 3) == await first(two, 3) == [0, 1, 2]


async def test_a_slow_subscriber_loses_the_oldest_and_counts_them():
    bus = Bus()
    slow, quick = bus.subscribe("slow", 2), bus.subscribe("quick", 10)
    for seq in range(5):
        bus.publish(judged(seq))
    assert (slow.dropped, quick.dropped) == (3, 0)
    assert [j.seq0 for j in slow.take()] == [3, 4]
    assert len(quick) == 5


async def test_a_subscriber_that_waits_is_woken():
    bus = Bus()
    subscription = bus.subscribe("live")
    waiting = asyncio.create_task(first(subscription, 1))
    await asyncio.sleep(0)
    bus.publish(judged(9))
    assert await waiting == [9]


async def test_closing_ends_the_iteration_after_what_waits():
    bus = Bus()
    subscription = bus.subscribe("live")
    bus.publish(judged(1))
    subscription.close()
    bus.publish(judged(2))
    assert [j.seq0 async for j in subscription] == [1]
    subscription.close()


async def test_closing_wakes_who_waits():
    subscription = Bus().subscribe("live")
    waiting = asyncio.create_task(first(subscription, 1))
    await asyncio.sleep(0)
    subscription.close()
    assert await waiting == []


def of(seq, *points):
    return Judged(batch([signal(f"m/{point}") for point in points], [seq] * len(points)), seq, {})


def taken(subscription):
    return [each.seq0 for each in subscription.take()]


async def test_who_wants_the_present_gets_every_batch_while_it_keeps_up():
    bus = Bus()
    present = bus.subscribe_newest("apart", 3)
    for seq in range(6):
        bus.publish(of(seq, "a"))
        assert await first(present, 1) == [seq]
    assert present.dropped == 0


def test_who_wants_the_present_and_falls_behind_gets_the_newest_of_every_signal():
    bus = Bus()
    present = bus.subscribe_newest("apart", 3)
    bus.publish(of(1, "a", "b"))
    bus.publish(of(2, "c"))
    assert taken(present) == [1, 2]
    for seq in range(3, 103):
        bus.publish(of(seq, "a"))
    bus.publish(of(103, "b"))
    assert len(present) == 2
    assert taken(present) == [102, 103], "c has been taken, and nothing newer of it has come"
    assert present.dropped == 99
    assert taken(present) == []


def test_who_begins_anew_gets_the_newest_of_every_signal():
    bus = Bus()
    present = bus.subscribe_newest("apart", 3)
    for seq, point in enumerate("abcab", 1):
        bus.publish(of(seq, point))
    assert taken(present) == [3, 4, 5]
    present.rewind()
    assert taken(present) == [3, 4, 5]
    bus.publish(of(6, "c"))
    assert taken(present) == [6]
    present.rewind()
    assert taken(present) == [4, 5, 6]


@given(st.lists(st.one_of(st.sampled_from("abcd"), st.sampled_from(["take", "rewind"]))))
def test_nothing_old_comes_after_something_newer_and_the_newest_is_never_missed(deeds):
    bus = Bus()
    present = bus.subscribe_newest("apart", 3)
    newest, seen = {}, {}
    for seq, deed in enumerate([*deeds, "take"]):
        if deed == "take":
            for each in present.take():
                [point] = each.batch.signals
                assert each.seq0 > seen.get(point, -1)
                seen[point] = each.seq0
            assert {f"m/{point}": at for point, at in newest.items()} == seen
        elif deed == "rewind":
            present.rewind()
            seen = {}
        else:
            bus.publish(of(seq, deed))
            newest[deed] = seq
        assert len(present._queue) <= 4
