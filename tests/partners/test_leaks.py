"""What somebody at the broker gets, and what becomes of messages that are played back or forged."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from gateway.core.errors import NotConnected
from gateway.drivers.mqtt import Broker, Message, MqttClient
from gateway.network.order import Member
from gateway.partners.crypto import sealed, signed
from gateway.partners.identity import identity
from gateway.partners.messages import Kind, header
from gateway.partners.messages import Message as Letter
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    PRESS,
    RESERVE,
    Clock,
    Firm,
    opened,
    until,
    working,
)

SECRETS = (b"GA-17", b"productionStatus", b"forecast", b"Klinge", b"departedLots", b'"lamp"')


@asynccontextmanager
async def listening(url: str, *topics: str) -> AsyncIterator[tuple[MqttClient, list[Message]]]:
    """A client that hears everything, as an eavesdropper at the broker would."""
    client = MqttClient(Broker.parse(url), "eavesdropper")
    await client.connect()
    await client.subscribe(*topics)
    heard: list[Message] = []

    async def hear() -> None:
        messages = client.messages()
        with suppress(NotConnected):
            while True:
                message = await anext(messages)
                if not to_itself(message.topic):
                    heard.append(message)

    task = asyncio.create_task(hear())
    try:
        yield client, heard
    finally:
        await client.close()
        await task


def to_itself(topic: str) -> bool:
    """Whether a firm writes to itself, to know that it is heard."""
    *_, recipient, sender = topic.split("/")
    return recipient == sender


async def test_the_broker_sees_firms_that_write_and_nothing_of_what_they_write(
    any_broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with listening(any_broker.url, "#") as (_, heard):
        async with working(tmp_path, (LEAD, MILL, FURNACE), any_broker.url, clock=clock) as firms:
            await opened(firms)
            clock.to("1 08:40")
            await firms[MILL].book(600)
            await until(lambda: firms[FURNACE].knows("AP1", good=600))
        assert len(heard) > 20
        for message in heard:
            assert not [secret for secret in SECRETS if secret in message.payload]
            assert message.topic.split("/")[:2] == ["wv", "x1"]
            assert set(message.topic.split("/")[2:]) <= {LEAD, MILL, FURNACE, PRESS, RESERVE}
            assert not message.retain
    async with listening(any_broker.url, "#") as (_, later):
        await asyncio.sleep(0.3)
        assert later == []  # nothing is left at the broker for who comes later


async def test_messages_that_are_played_back_get_no_answer_and_change_nothing(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with (
        listening(broker.url, "wv/x1/#") as (client, heard),
        working(tmp_path, (LEAD, MILL), broker.url, clock=clock) as firms,
    ):
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await settled(heard, lead, mill)
        heard.clear()  # what was lost because one was not there yet would be new to it
        clock.to("1 08:40")
        await mill.book(600)
        await until(lambda: lead.knows("AP1", progress=0.25))
        clock.to("1 11:20")
        await mill.book(600)
        await until(lambda: lead.knows("AP1", progress=0.5))
        await settled(heard, lead, mill)
        before, received = list(heard), lead.exchange.counts()
        for message in before:
            await client.publish(message)  # everything that was ever said, once more
        wrong = [Message(m.topic.replace(LEAD, FURNACE), m.payload) for m in before[:10]]
        await client.publish(*wrong)
        await until(lambda: len(heard) >= len(before) * 2 + len(wrong))
        await asyncio.sleep(0.3)
        assert len(heard) == len(before) * 2 + len(wrong)
        assert lead.exchange.counts() == received
        assert lead.package("AP1")["progress"] == 0.5


async def test_forged_messages_are_refused_and_written_down_without_an_answer(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with (
        listening(broker.url, "wv/x1/#") as (client, heard),
        working(tmp_path, (LEAD, MILL, PRESS), broker.url) as firms,
    ):
        await opened(firms)
        lead = firms[LEAD]
        await settled(heard, *firms.values())
        keys = identity(lead.site.state)
        to_lead = Member(LEAD, LEAD, keys.sign_public, keys.seal_public)
        stranger = identity(tmp_path / "stranger")
        press = identity(firms[PRESS].site.state)
        order = firms[MILL].order()["id"]
        letter = Letter(
            header=header(MILL, LEAD, Kind.REPORT, datetime.now(UTC)),
            kind=Kind.REPORT,
            order=order,
            version=1,
            package="AP1",
            chain="f" * 16,
            sequence=1,
            level="L2",
            fields={"lamp": "done"},
        ).content()
        attempts = {
            "signature": sealed(signed(letter, MILL, stranger), to_lead),
            "belong": sealed(signed(letter, "stranger", stranger), to_lead),
            "another name": sealed(signed(letter, PRESS, press), to_lead),
            "sealed": b"nonsense",
        }
        count, counts = len(heard), lead.exchange.counts()
        for wire in attempts.values():
            await client.publish(Message(f"wv/x1/{LEAD}/{MILL}", wire))
        await until(lambda: len(heard) >= count + len(attempts))
        await client.publish(Message(f"wv/x1/{LEAD}/nobody-at-all", b"other nonsense"))
        await until(lambda: [e for e in lead.exchange.audited() if e["firm"] == "?"])
        await asyncio.sleep(0.2)
        assert len(heard) == count + len(attempts) + 1  # no answer to any of them
        assert lead.exchange.counts() == counts
        assert lead.package("AP1")["lamp"] != "done"
        refused = [e for e in lead.exchange.audited() if e["what"] == "refused"]
        assert {e["firm"] for e in refused} == {MILL, "?"}
        text = orjson.dumps(refused, default=str)
        assert b"done" not in text  # an audit holds no payload


@pytest.mark.parametrize(
    "changed",
    [
        {"order_s": 1e300},
        {"forecast_s": 10**13},
        {"departed_s": 10**13},
        {"sentDateTime": "9999-12-31T23:59:59Z"},
    ],
)
async def test_what_cannot_be_reckoned_with_is_refused_and_the_exchange_goes_on(
    broker: RunningBroker, tmp_path: Path, changed: dict[str, object]
) -> None:
    """A member with a valid key sends times so far away that no sum with them is a time."""
    async with (
        listening(broker.url, "wv/x1/#") as (client, _),
        working(tmp_path, (LEAD, FURNACE), broker.url) as firms,
    ):
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        await until(lambda: _quiet(lead, furnace))
        last = next(e for e in furnace.sent() if e["to"] == LEAD)
        told = {"departed_s": 30_000, "forecast_s": 90_000} | changed
        letter = Letter(
            header=header(FURNACE, LEAD, Kind.REPORT, datetime.now(UTC)),
            kind=Kind.REPORT,
            order="GA-17",
            version=1,
            package="AP3",
            chain=_chain(lead, FURNACE),
            sequence=last["sequence"] + 1,
            prev=last["hash"],
            level="L3",
            fields={
                "lamp": "green",
                "productionStatus": "itemInProduction",
                "progress": 25,
                "forecast_s": told["forecast_s"],
                "precisionOfForecast": {"value": 5, "timeUnit": "minute"},
                "reasonsForDelay": [],
                "good": 600,
                "departedLots": [{"number": 1, "quantity": 600, "departed_s": told["departed_s"]}],
            },
        ).content()
        letter["order_s"] = changed.get("order_s", 30_000)
        letter["header"] |= {k: v for k, v in changed.items() if k in letter["header"]}
        keys = identity(lead.site.state)
        to_lead = Member(LEAD, LEAD, keys.sign_public, keys.seal_public)
        wire = sealed(signed(letter, FURNACE, identity(furnace.site.state)), to_lead)
        await client.publish(Message(f"wv/x1/{LEAD}/{FURNACE}", wire))
        await until(lambda: [e for e in lead.exchange.audited() if e["what"] == "refused"])
        assert lead.exchange.connected
        assert lead.package("AP3")["good"] == 0
        await lead.kill()
        await lead.start()
        await until(lambda: lead.exchange.connected)


async def test_refusals_do_not_flood_the_ledger(broker: RunningBroker, tmp_path: Path) -> None:
    async with (
        listening(broker.url, "wv/x1/#") as (client, _),
        working(tmp_path, (LEAD, MILL), broker.url) as firms,
    ):
        await opened(firms)
        lead = firms[LEAD]
        for number in range(300):
            noise = f"noise {number}".encode()
            await client.publish(Message(f"wv/x1/{LEAD}/someone-{number}", noise))
        await until(lead.exchange.audited)
        await asyncio.sleep(0.3)
        assert len(lead.exchange.audited()) < 5
        assert lead.exchange.connected


async def test_a_firm_gets_only_messages_between_itself_and_another(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """No firm learns from its own log what two others say to each other."""
    clock = Clock()
    firms_here = (LEAD, MILL, FURNACE, PRESS)
    async with working(tmp_path, firms_here, broker.url, clock=clock) as firms:
        await opened(firms)
        clock.to("1 08:40")
        await firms[MILL].book(600)
        await until(lambda: firms[FURNACE].knows("AP1", good=600))
        await until(lambda: _quiet(*firms.values()))
        for entry in firms[PRESS].received():
            assert entry["kind"] in ("order", "report", "summary")
            if entry["kind"] != "order":
                assert set(entry["fields"]) == {"lamp"}
        text = orjson.dumps(firms[PRESS].order())
        assert b'"good":600' not in text
        for private in (b"lot_time", b"piece_time", b"per_piece", b"scrap", b"machine_name"):
            assert private not in text


@pytest.mark.parametrize("package", ["AP1", "AP3", "AP4", "AP5"])
async def test_the_order_message_tells_no_cycle_time_of_another_firm(
    broker: RunningBroker, tmp_path: Path, package: str
) -> None:
    async with working(tmp_path, (LEAD, PRESS), broker.url) as firms:
        await opened(firms)
        press = firms[PRESS]
        (order,) = [e for e in press.received() if e["kind"] == "order"]
        seen = next(p for p in order["fields"]["packages"] if p["id"] == package)
        assert seen["lot_time"] is None
        assert seen["piece_time"] is None
        assert seen["baseline"] is None
        assert order["fields"]["prepared"] is None


async def settled(heard: list[Message], *firms: Firm) -> None:
    """Wait until nothing is on its way and nobody has anything more to say."""
    count = -1
    while count != len(heard):
        count = len(heard)
        await until(lambda: _quiet(*firms))
        for _ in range(3):
            await asyncio.gather(*(firm.exchange.tick() for firm in firms))
            await asyncio.sleep(0.1)


def _chain(firm: Firm, sender: str) -> str:
    """The chain in which ``sender`` writes to a firm."""
    with sqlite3.connect(firm.site.state / "exchange.db") as db:
        query = "SELECT chain FROM received WHERE partner = ? ORDER BY id DESC LIMIT 1"
        return str(db.execute(query, (sender,)).fetchone()[0])


def _quiet(*firms: Firm) -> bool:
    return not [e for f in firms for e in f.sent(limit=50) if e["state"] == "pending"]
