"""The way to the shared broker, while it is being opened and where it does not hold."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.core.errors import NotConnected
from gateway.drivers import heard
from gateway.drivers.mqtt import Broker, MqttClient, Protocol
from gateway.flow.line_log import FREE
from gateway.partners.transport import MqttTransport
from tests.drivers.brokers import RunningBroker, mosquitto, running
from tests.partners.firms import FURNACE, LEAD, Clock, opened, until, working


class Door:
    """A way that opens when a test lets it, and is lost at once unless it ``holds``."""

    def __init__(self, *, holds: bool) -> None:
        self.opening, self.free = asyncio.Event(), asyncio.Event()
        self.holds, self.open, self.opened = holds, False, 0

    heard = True

    def trouble(self) -> None:
        """All is well."""

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
        assert not exchange._context.connected
        exchange.uplink(True)
        await until(lambda: exchange.connected and door.open)


async def test_a_way_that_is_lost_again_and_again_is_tried_and_told_less_and_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As where two gateways have one name: each throws the other out."""
    monkeypatch.setattr("gateway.partners.link.PAUSES", (*[0.001] * 20, 60.0))
    door = Door(holds=False)
    door.free.set()
    async with working(tmp_path, (LEAD,), transport=lambda _: door):
        await until(lambda: door.opened == 21)
        await asyncio.sleep(0.1)
        assert door.opened == 21
    assert len([one for one in caplog.records if one.levelno >= logging.WARNING]) == FREE


async def test_a_firm_whose_name_was_taken_for_a_second_is_heard_again(
    any_broker: RunningBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker may leave the old connection open, and deaf."""
    for name, seconds in {"EVERY": 0.5, "PATIENCE": 0.8, "LISTENS": 1.5}.items():
        monkeypatch.setattr(heard, name, seconds)
    clock = Clock()
    async with working(tmp_path, (LEAD, FURNACE), any_broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        thief = MqttClient(Broker.parse(any_broker.url), f"wv-{FURNACE}")
        await thief.connect()
        await thief.close()
        clock.to("1 07:00")
        await lead.exchange.open_order("GA-18", at_s=6 * 3600)
        await until(lambda: furnace.exchange.order("GA-18"))
        await until(lambda: furnace.exchange.health().en.startswith("connected"))


async def test_two_gateways_of_one_firm_are_named_in_both_healths(
    any_broker: RunningBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"EVERY": 0.5, "PATIENCE": 0.8, "LISTENS": 1.5}.items():
        monkeypatch.setattr(heard, name, seconds)
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    async with (
        working(tmp_path / "one", (LEAD,), any_broker.url) as one,
        working(tmp_path / "other", (LEAD,), any_broker.url) as other,
    ):
        both = [one[LEAD].exchange, other[LEAD].exchange]
        await until(lambda: all("two gateways use" in each.health().en for each in both))
        assert all(f"wv-{LEAD}" in each.health().de for each in both)
        await until(lambda: sorted(each.connected for each in both) == [False, True])


async def test_who_is_not_heard_says_so_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An access list that lets us in, and drops what we write without a word (MQTT 3.1.1)."""
    for name, seconds in {"EVERY": 0.5, "PATIENCE": 0.8, "LISTENS": 1.5}.items():
        monkeypatch.setattr(heard, name, seconds)
    rights = tmp_path / "rights"
    rights.write_text("topic read wv/x1/#\n")
    deaf = mosquitto(tmp_path, "allow_anonymous true", f"acl_file {rights}")
    async with running(deaf) as broker:
        broker_311 = Broker.parse(broker.url, protocol=Protocol.V311)
        way = MqttTransport(broker_311, LEAD)
        async with working(tmp_path, (LEAD,), transport=lambda _: way) as firms:
            exchange = firms[LEAD].exchange
            await until(lambda: exchange.health().en.startswith("not heard"))
            assert f"wv/x1/{LEAD}/{LEAD}" in exchange.health().de
            assert not exchange.well
