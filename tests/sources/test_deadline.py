"""The time limit that a loop standing still does not use up."""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter

import pytest

from gateway.sources.deadline import Deadline


async def test_what_takes_too_long_is_ended():
    async def wait():
        with Deadline(0.02):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError, match=r"^$"):
        await asyncio.wait_for(wait(), 10)


async def test_what_has_come_in_time_is_kept():
    with Deadline(0.02) as deadline:
        deadline.met = True
        deadline.end()
        await asyncio.sleep(0.1)


async def test_a_stall_longer_than_the_limit_leaves_time_to_look():
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_later(0.005, time.sleep, 0.5)
    with Deadline(0.2):
        loop.call_later(0.25, came.set)
        await came.wait()


async def test_it_can_be_ended_at_once_and_twice():
    async def wait():
        with Deadline(60) as deadline:
            deadline.end()
            deadline.end()
            async with asyncio.timeout(10):
                await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()


async def test_being_cancelled_is_not_a_time_limit():
    async def wait():
        with Deadline(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_who_is_cancelled_when_the_time_is_over_stays_cancelled():
    async def wait():
        with Deadline(60) as deadline:
            deadline.end()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_soon(task.cancel)
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_is_over_ends_nothing_afterwards():
    with Deadline(60) as deadline:
        deadline.end()  # and the block is left before the loop runs again
    deadline.end()
    await asyncio.sleep(0.01)
    assert not asyncio.current_task().cancelling()


async def test_the_one_after_it_has_its_own_time():
    with pytest.raises(TimeoutError), Deadline(0.02):
        await asyncio.Event().wait()
    with Deadline(0.2):
        await asyncio.sleep(0.02)
    assert not asyncio.current_task().cancelling()


async def test_a_question_that_is_answered_calls_less_than_a_bare_timeout():
    async def bare():
        async with asyncio.timeout(60):
            pass

    async def ours():
        with Deadline(60):
            pass

    def calls_of(question):
        counted = Counter()
        sys.setprofile(lambda _frame, kind, _what: counted.update([kind]))
        try:
            question().send(None)
        except StopIteration:
            pass
        finally:
            sys.setprofile(None)
        return counted["call"] + counted["c_call"]

    assert calls_of(ours) < calls_of(bare)
