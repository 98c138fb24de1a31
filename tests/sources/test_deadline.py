"""The time limit that a loop standing still does not use up."""

from __future__ import annotations

import asyncio
import time

import pytest

from gateway.sources.deadline import Deadline


async def test_what_takes_too_long_is_ended():
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10), Deadline(0.02):
            await asyncio.Event().wait()


async def test_what_has_come_in_time_is_kept():
    async with Deadline(0.02) as deadline:
        deadline.met = True
        deadline.end()
        await asyncio.sleep(0.1)


async def test_a_stall_longer_than_the_limit_leaves_time_to_look():
    came = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.call_later(0.005, time.sleep, 0.5)
    async with Deadline(0.2):
        loop.call_later(0.25, came.set)
        await came.wait()


async def test_it_can_be_ended_at_once_and_twice():
    async def wait():
        async with asyncio.timeout(10), Deadline(60) as deadline:
            deadline.end()
            deadline.end()
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        await wait()


async def test_being_cancelled_is_not_a_time_limit():
    async def wait():
        async with Deadline(60):
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
