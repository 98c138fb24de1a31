"""The assistant's desk: one thing, that ends in time whatever it does."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import Any, cast

import pytest

from gateway.api.desk import LONGEST, Desk


class Endless:
    """Work that says when it has begun and when it was ended."""

    def __init__(self) -> None:
        self.began, self.ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


class Broken:
    async def run(self) -> None:
        raise KeyError("a mistake of ours")


async def test_what_takes_too_long_ends_by_itself_and_says_why() -> None:
    assert LONGEST == 900
    desk, work = Desk(longest=0.01), Endless()
    desk.begin(cast("Any", work), lambda: True)
    await asyncio.wait_for(work.ended.wait(), 10)
    while desk.busy:
        await asyncio.sleep(0)
    assert desk.trouble is not None
    assert "15 Minuten" in desk.trouble.de


async def test_a_mistake_is_told_and_ends_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()
    desk.begin(cast("Any", Broken()), lambda: True)
    while desk.busy:
        await asyncio.sleep(0)
    assert desk.trouble is not None
    assert "the assistant failed" in caplog.text


async def test_the_end_waits_until_it_has_hung_up() -> None:
    desk, work = Desk(), Endless()
    desk.begin(cast("Any", work), lambda: True)
    await asyncio.wait_for(work.began.wait(), 10)
    await desk.end()
    assert work.ended.is_set()
    assert (desk.busy, desk.work) == (False, None)


def test_the_web_loads_nothing_of_the_assistant_before_somebody_uses_it() -> None:
    ask = "import sys, gateway.run, gateway.api.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", ask], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "gateway.api.routes.assistant" in loaded
    assert not [name for name in loaded if name.startswith("gateway.assistant")]
