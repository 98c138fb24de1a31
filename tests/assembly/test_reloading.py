"""Who asks for a reload gets the answer of a reading that began after he had asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.assembly.reloading import Reloading
from gateway.config import SiteConfig
from gateway.core.errors import ConfigError, JournalError, Problem
from gateway.core.reloads import Outcome, Reloaded
from gateway.core.text import Text
from gateway.jobs.commands import Exchanged
from tests.sinks.small_firm import firm

NOW = datetime(2026, 11, 30, tzinfo=UTC)


class House:
    """Counts readings; each waits until it is let go."""

    def __init__(self, folder: Path) -> None:
        self.site = firm(folder)
        self.read = 0
        self.taken: list[SiteConfig] = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Event()
        self.wrong: Exception | None = None
        self.reloading = Reloading(self._read, self._take)

    def _read(self) -> SiteConfig:
        self.read += 1
        self.begun.set()
        assert self.go.wait(20)
        if self.wrong is not None:
            raise self.wrong
        return self.site

    async def _take(self, site: SiteConfig, exchanged: Sequence[Exchanged]) -> Outcome:
        assert exchanged == []
        self.taken.append(site)
        return Outcome(Reloaded.DONE, NOW, (Text("neu: b", "new: b"),))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def test_all_who_ask_during_a_reading_share_the_next_one(house: House) -> None:
    house.go.clear()
    serving = asyncio.create_task(house.reloading.run())
    first = house.reloading.asked()
    await asyncio.to_thread(house.begun.wait, 20)
    rest = [house.reloading.asked() for _ in range(50)]
    house.go.set()
    answers = await asyncio.gather(first, *rest)
    assert house.read == 2
    assert {one.how for one in answers} == {Reloaded.DONE}
    assert house.reloading._waiting == []
    serving.cancel()


async def test_a_wrong_file_is_an_answer_and_the_next_reading_works(house: House) -> None:
    problem = Problem(Path("a/b.yaml"), 3, 1, Text("falsch", "wrong"), Text("so", "thus"))
    house.wrong = ConfigError([problem])
    serving = asyncio.create_task(house.reloading.run())
    refused = await house.reloading.ask()
    assert (refused.how, refused.problems) == (Reloaded.REFUSED, (problem,))
    assert refused.said.en.endswith("everything goes on as before: a/b.yaml:3:1: wrong")
    assert house.taken == []
    assert house.reloading.last is refused
    house.wrong = None
    assert (await house.reloading.ask()).how is Reloaded.DONE
    serving.cancel()


async def test_a_disk_that_takes_nothing_is_an_answer(house: House) -> None:
    house.wrong = JournalError("the journal is closed")
    serving = asyncio.create_task(house.reloading.run())
    refused = await house.reloading.ask()
    assert refused.how is Reloaded.REFUSED
    assert refused.why is not None
    serving.cancel()


async def test_a_bug_is_an_answer_too_and_then_the_supervisor_s(house: House) -> None:
    house.wrong = ZeroDivisionError("a bug")
    serving = asyncio.create_task(house.reloading.run())
    refused = await house.reloading.ask()
    assert refused.how is Reloaded.REFUSED
    with pytest.raises(ZeroDivisionError):
        await serving


async def test_at_the_end_nobody_waits_for_ever(house: House) -> None:
    house.go.clear()
    serving = asyncio.create_task(house.reloading.run())
    first = house.reloading.asked()
    await asyncio.to_thread(house.begun.wait, 20)
    second = house.reloading.asked()
    serving.cancel()
    house.go.set()
    assert (await first).how is (await second).how is Reloaded.REFUSED
    third = house.reloading.asked()
    house.reloading.end()
    assert (await third).how is Reloaded.REFUSED


async def test_a_gateway_that_was_started_without_a_file_says_so() -> None:
    async def nothing(_site: SiteConfig) -> Outcome:
        raise AssertionError

    reloading = Reloading(None, nothing)
    serving = asyncio.create_task(reloading.run())
    assert (await reloading.ask()).why is not None
    serving.cancel()
