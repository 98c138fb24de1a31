"""The way to the shared broker, while it is being opened and where it does not hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import NotConnected
from gateway.flow.line_log import FREE
from tests.exchange.firms import LEAD, until, working


class Door:
    """A way that opens when a test lets it, and is lost at once unless it ``holds``."""

    def __init__(self, *, holds: bool) -> None:
        self.opening, self.free = asyncio.Event(), asyncio.Event()
        self.holds, self.open, self.opened = holds, False, 0

    async def connect(self) -> None:
        self.opening.set()
        await self.free.wait()
        self.open, self.opened = True, self.opened + 1

    async def send(self, recipient: str, wire: bytes) -> None:
        """Nobody is there."""

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        while self.holds and self.open:
            await asyncio.sleep(0.01)
        raise NotConnected("somebody else has our name there")
        yield "", b""

    async def close(self) -> None:
        self.open = False


async def test_a_plug_that_is_pulled_while_the_way_opens_leaves_none_open(tmp_path: Path) -> None:
    door = Door(holds=True)
    async with working(tmp_path, (LEAD,), transport=lambda _: door) as firms:
        exchange = firms[LEAD].exchange
        await door.opening.wait()
        exchange.uplink(False)
        door.free.set()
        await until(lambda: door.opened and not door.open)
        assert not exchange._office.connected
        exchange.uplink(True)
        await until(lambda: exchange.connected and door.open)


async def test_a_way_that_is_lost_again_and_again_is_tried_and_told_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where two gateways have one name: each throws the other out."""
    monkeypatch.setattr("gateway.exchange.link.PAUSES", (*[0.001] * 20, 60.0))
    door = Door(holds=False)
    door.free.set()
    async with working(tmp_path, (LEAD,), transport=lambda _: door):
        await until(lambda: door.opened == 21)
        await asyncio.sleep(0.1)
        assert door.opened == 21
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == FREE
