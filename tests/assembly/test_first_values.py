"""What is slow to load waits for the first values, but not for ever."""

from __future__ import annotations

import asyncio

from gateway.assembly.first_values import after


async def test_a_slow_part_begins_once_the_first_values_are_out() -> None:
    asked, out, began = asyncio.Event(), False, asyncio.Event()

    def looks() -> bool:
        asked.set()
        return out

    async def start() -> None:
        assert out
        began.set()

    async with asyncio.timeout(10):
        task = asyncio.create_task(after(looks, start)())  # type: ignore[arg-type]
        await asked.wait()
        assert not began.is_set()
        out = True
        await began.wait()
        await task


async def test_where_no_value_comes_it_begins_all_the_same() -> None:
    began = asyncio.Event()

    async def start() -> None:
        began.set()

    async with asyncio.timeout(10):
        await after(lambda: False, start)()
    assert began.is_set()
