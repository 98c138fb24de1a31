"""Whoever is connected and not heard knows it, and two of one name do not fight for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from gateway.core.errors import NotConnected
from gateway.drivers import heard
from gateway.drivers.heard import HeardClient, Hearing
from gateway.drivers.mqtt import Broker, Message, MqttClient, Protocol
from tests.drivers.brokers import RunningBroker, embedded, mosquitto, running


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunningBroker]:
    async with running(mosquitto(tmp_path) if request.param == "mosquitto" else embedded()) as one:
        yield one


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the usual times."""
    for name, seconds in {"EVERY": 0.5, "PATIENCE": 0.8, "LISTENS": 1.5}.items():
        monkeypatch.setattr(heard, name, seconds)


class Gateway:
    """A client that connects again and again, as a runner lets it, and reads what comes."""

    def __init__(self, url: str, protocol: Protocol = Protocol.AUTO) -> None:
        broker = Broker.parse(url, protocol=protocol)
        self.client = HeardClient(broker, "wv-firm", "t/firm/firm", topics=("t/firm/+",))
        self.got: list[bytes] = []
        self.opened = 0

    async def run(self) -> None:
        while True:
            with suppress(NotConnected):
                await self.client.connect()
                self.opened += 1
                async for message in self.client.messages():
                    self.got.append(message.payload)
            await asyncio.sleep(0.1)

    def hears(self) -> bool:
        return self.client.connected and self.client.hearing is Hearing.HEARD

    def waits(self) -> bool:
        trouble = self.client.trouble()
        return trouble is not None and "this one waits" in trouble.en


@asynccontextmanager
async def at_work(gateway: Gateway) -> AsyncIterator[Gateway]:
    task = asyncio.create_task(gateway.run())
    try:
        yield gateway
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await gateway.client.close()


async def until(what: Callable[[], object], seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while not what():
            await asyncio.sleep(0.02)


async def write(broker: RunningBroker, payload: bytes) -> None:
    partner = MqttClient(Broker.parse(broker.url), "partner")
    await partner.connect()
    await partner.publish(Message("t/firm/partner", payload))
    await partner.close()


async def test_a_client_hears_itself_and_hands_on_only_what_others_write(
    broker: RunningBroker,
) -> None:
    async with at_work(Gateway(broker.url)) as gateway:
        await until(gateway.hears)
        await write(broker, b"marker")
        await until(lambda: gateway.got)
        assert gateway.got == [b"marker"]
        assert gateway.client.trouble() is None


async def test_a_name_taken_for_a_moment_is_noticed_and_taken_back(broker: RunningBroker) -> None:
    async with at_work(Gateway(broker.url)) as gateway:
        await until(gateway.hears)
        thief = MqttClient(Broker.parse(broker.url), "wv-firm")
        await thief.connect()
        await thief.close()
        await until(lambda: gateway.opened > 1 and gateway.hears())
        await write(broker, b"after the theft")
        await until(lambda: gateway.got == [b"after the theft"])


async def test_of_two_with_one_name_one_works_and_the_other_waits_until_it_is_gone(
    broker: RunningBroker,
) -> None:
    async with AsyncExitStack() as both:
        ends: dict[Gateway, AsyncExitStack] = {}
        for _ in range(2):
            gateway = Gateway(broker.url)
            ends[gateway] = await both.enter_async_context(AsyncExitStack())
            await ends[gateway].enter_async_context(at_work(gateway))
            await until(lambda gateway=gateway: gateway.opened)
        one, other = ends
        await until(lambda: one.waits() != other.waits())
        waiting, working = (one, other) if one.waits() else (other, one)
        await until(lambda: "that one waits" in str(working.client.trouble()))
        opened = one.opened + other.opened
        probes = working.client._number
        await until(lambda: working.client._number > probes + 5)  # some seconds of peace
        await write(broker, b"for the one that works")
        await until(lambda: working.got == [b"for the one that works"])
        assert one.opened + other.opened == opened <= 6
        assert not waiting.client.connected
        assert "wv-firm" in str(waiting.client.trouble())
        await ends[working].aclose()
        await until(waiting.hears)


OWN_TOPIC = "topic readwrite t/firm/firm"
"""Without it, an access list as it was written before gateways heard themselves."""
OTHERS = ("topic read t/firm/partner", "topic write t/partner/firm", "topic write t/firm/partner")
PATTERNS = ("topic read t/firm/+", "topic write t/+/firm", "topic write t/firm/partner")


def with_access_list(folder: Path, *lines: str) -> RunningBroker:
    rights = folder / "rights"
    rights.write_text("\n".join([*lines, ""]))
    return mosquitto(folder, "allow_anonymous true", f"acl_file {rights}")


@pytest.mark.parametrize("protocol", [Protocol.V311, Protocol.V5])
@pytest.mark.parametrize("lines", [PATTERNS, (*OTHERS, OWN_TOPIC)], ids=["patterns", "topics"])
async def test_the_documented_access_list_lets_a_gateway_hear_itself(
    tmp_path: Path, protocol: Protocol, lines: tuple[str, ...]
) -> None:
    async with (
        running(with_access_list(tmp_path, *lines)) as broker,
        at_work(Gateway(broker.url, protocol)) as gateway,
    ):
        await until(gateway.hears)
        assert gateway.client.trouble() is None


@pytest.mark.parametrize(
    ("protocol", "found"), [(Protocol.V311, Hearing.NOTHING), (Protocol.V5, Hearing.REFUSED)]
)
async def test_an_older_access_list_without_the_own_topic_is_said_and_cuts_nothing_off(
    tmp_path: Path, protocol: Protocol, found: Hearing
) -> None:
    """3.1.1 drops such messages without a word; what partners write arrives all the same."""
    async with (
        running(with_access_list(tmp_path, *OTHERS)) as broker,
        at_work(Gateway(broker.url, protocol)) as gateway,
    ):
        await until(lambda: gateway.client.hearing is found)
        assert gateway.opened <= 2, "closed once to see whether that helps, then left alone"
        trouble = gateway.client.trouble()
        assert trouble is not None
        assert "t/firm/firm" in trouble.de
        assert "t/firm/firm" in trouble.en
        opened = gateway.opened
        await write(broker, b"marker")
        await until(lambda: gateway.got == [b"marker"])
        if protocol is Protocol.V311:
            await until(lambda: gateway.client.hearing is Hearing.OTHERS)
        number = gateway.client._number
        await until(lambda: gateway.client._number > number + 3)
        assert gateway.opened == opened


@pytest.mark.parametrize("word", [b"", b"[]", b"{", b'{"instance": 5}', b"9" * 10_000, b"\xff"])
async def test_nonsense_on_the_own_topic_changes_nothing(tmp_path: Path, word: bytes) -> None:
    async with running(mosquitto(tmp_path)) as broker, at_work(Gateway(broker.url)) as gateway:
        await until(gateway.hears)
        stranger = MqttClient(Broker.parse(broker.url), "stranger")
        await stranger.connect()
        await stranger.publish(Message("t/firm/firm", word))
        await stranger.publish(Message("t/firm/partner", b"marker"))
        await until(lambda: gateway.got == [b"marker"])
        await stranger.close()
        assert gateway.opened == 1
        assert gateway.client.trouble() is None
