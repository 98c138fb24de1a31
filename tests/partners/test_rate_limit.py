"""A partner that floods is read more slowly, and nobody else is held up by it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.partners import rate_limit
from gateway.partners.rate_limit import RateLimit
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import LEAD, MILL, Clock, eventually, logs_agree, opened, until, working

INTERVAL = timedelta(minutes=15)


@given(st.lists(st.floats(0, 2000), max_size=400), st.integers(1, 3))
def test_no_firm_gets_more_than_a_burst_and_so_many_an_interval(
    pauses: list[float], tries: int
) -> None:
    budget, mono, read = RateLimit(), 0.0, 0
    for pause in pauses:
        mono += pause
        for _ in range(200 * tries):
            if budget.used_up("mill", INTERVAL, mono):
                break
            budget.use("mill", mono)
            read += 1
    most = rate_limit.AT_ONCE + rate_limit.PER_INTERVAL * mono / INTERVAL.total_seconds()
    assert read <= most + 1e-6
    assert not budget.used_up("furnace", INTERVAL, mono), "each firm has its own"


def test_who_has_waited_is_read_again() -> None:
    budget = RateLimit()
    for _ in range(rate_limit.AT_ONCE):
        assert not budget.used_up("mill", INTERVAL, 5.0)
        budget.use("mill", 5.0)
    each = INTERVAL.total_seconds() / rate_limit.PER_INTERVAL
    assert budget.used_up("mill", INTERVAL, 5.0 + each * 0.9)
    assert not budget.used_up("mill", INTERVAL, 5.0 + each * 1.1)


def test_a_name_that_signed_nothing_uses_nothing_up() -> None:
    """Somebody at the broker may write under any name; only the firm itself has its keys."""
    budget = RateLimit()
    for _ in range(2 * rate_limit.AT_ONCE):
        assert not budget.used_up("mill", INTERVAL, 5.0)


async def test_what_was_not_read_comes_again_and_nothing_is_missing(
    broker: RunningBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The burst is tiny here, so that both firms are soon read more slowly than they speak."""
    monkeypatch.setattr(rate_limit, "AT_ONCE", 3)
    monkeypatch.setattr(rate_limit, "PER_INTERVAL", 20)
    clock = Clock()
    async with working(tmp_path, (LEAD, MILL), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        for good in range(240, 1201, 240):
            await mill.book(240)
            clock.to(f"1 {6 + good // 240:02d}:20")
            await until(lambda good=good: lead.knows("AP1", progress=good / 2400))
        await eventually(lambda: logs_agree(mill, lead))
        assert [e for e in lead.exchange.audited() if e["what"] == "slowed down"]


class Flooded:
    """A way on which the next message is always there."""

    handed = 0

    async def connect(self) -> None:
        """Nothing to open."""

    async def send(self, recipient: str, wire: bytes) -> None:
        """Nobody listens."""

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        for _ in range(300):
            self.handed += 1
            yield MILL, b"nonsense %d" % self.handed
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Nothing to close."""


async def test_between_two_messages_everything_else_has_its_turn(tmp_path: Path) -> None:
    flood, turns = Flooded(), set[int]()
    async with working(tmp_path, (LEAD,), transport=lambda _: flood):
        while flood.handed < 300:
            turns.add(flood.handed)
            await asyncio.sleep(0)
    assert len(turns) > 150
