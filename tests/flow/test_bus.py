"""The bus never waits: a slow subscriber loses its own oldest batches, and nobody else's."""

from __future__ import annotations

import asyncio

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
