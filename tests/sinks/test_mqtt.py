"""The firm's MQTT sink: topics and payloads, birth and will, a broker that dies and forgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import SecretStr, ValidationError

from gateway.config import SiteConfig
from gateway.core.clock import to_ms
from gateway.core.errors import NotConnected
from gateway.core.signals import Kind, SignalId
from gateway.core.text import Text
from gateway.core.work import JobState, MachineStatus
from gateway.drivers import heard
from gateway.drivers.heard import Hearing
from gateway.drivers.mqtt import Broker, Message, MqttClient, Protocol
from gateway.sinks.mqtt import MqttConfig, MqttSink
from tests.drivers.brokers import RunningBroker, embedded, mosquitto, running
from tests.sinks.small_firm import (
    AT,
    REFUSED,
    SIGNALS,
    TOO_HIGH,
    batch,
    executing,
    firm,
    job,
    never_reached,
    signal,
)

ROOT = "wv/v1/zerspanung-rennweg/rennweg"


@pytest.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[RunningBroker]:
    async with running(mosquitto(tmp_path) if request.param == "mosquitto" else embedded()) as one:
        yield one


@pytest.fixture
async def sink(broker: RunningBroker, site: SiteConfig, tmp_path: Path) -> AsyncIterator[MqttSink]:
    config = MqttConfig(type="mqtt", broker=broker.url, protocol=broker.speaks)  # type: ignore[arg-type]
    sink = config.build(site, SIGNALS, tmp_path)
    assert isinstance(sink, MqttSink)
    await sink.connect()
    yield sink
    await sink.close()


class Reader:
    """A subscriber of everything the firm publishes."""

    def __init__(self, broker: RunningBroker) -> None:
        address = Broker.parse(broker.url, protocol=Protocol(broker.speaks))
        self._client = MqttClient(address, "reader")

    async def __aenter__(self) -> Reader:
        await self._client.connect()
        await self._client.subscribe(f"{ROOT}/#")
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.close()

    async def hear(self, topic: str, **expected: Any) -> Mapping[str, Any]:
        """The next message on ``topic`` that has all of ``expected``."""
        async with asyncio.timeout(10):
            async for message in self._client.messages():
                said: dict[str, Any] = orjson.loads(message.payload)
                if message.topic == f"{ROOT}/{topic}" and expected.items() <= said.items():
                    return {**said, "retain": message.retain}
        raise AssertionError("the broker has gone")

    async def next(self) -> tuple[str, Mapping[str, Any]]:
        """The next message that is not the sink's to itself."""
        async with asyncio.timeout(10):
            async for message in self._client.messages():
                if not message.topic.endswith("/echo"):
                    said = orjson.loads(message.payload) if message.payload else {}
                    return message.topic, {**said, "retain": message.retain}
        raise AssertionError("the broker has gone")

    async def say(self, topic: str) -> None:
        await self._client.publish(Message(f"{ROOT}/{topic}", b"{}"))


async def test_readings_are_one_message_per_machine_and_cycle(
    broker: RunningBroker, sink: MqttSink
) -> None:
    async with Reader(broker) as reader:
        values = {"power": 99_000.0, "energy": None}
        judged = batch("mill-1", values, {"power": TOO_HIGH, "energy": REFUSED}, seq0=2**40 + 7)
        await sink.write([judged])
        assert await reader.hear("main/mill-1/readings") == {
            "schema": 1,
            "at": to_ms(AT),
            "seq": 2**40 + 7,
            "clock": "synced",
            "points": {
                "power": {"v": 99_000.0, "q": 1, "r": "out_of_range"},
                "energy": {"v": None, "q": 2, "r": "refused(2)"},
            },
            "retain": False,
        }


async def test_good_values_keep_their_kind(broker: RunningBroker, sink: MqttSink) -> None:
    async with Reader(broker) as reader:
        await sink.write([batch("press-1", {"mould-closed": True, "shots": 12})])
        said = await reader.hear("main/press-1/readings")
        assert said["points"] == {
            "mould-closed": {"v": True, "q": 0, "r": "ok"},
            "shots": {"v": 12, "q": 0, "r": "ok"},
        }


async def test_a_text_may_hold_whatever_stands_in_json(
    broker: RunningBroker, sink: MqttSink
) -> None:
    """Messages of good values are made by their form, which knows no texts with commas."""
    async with Reader(broker) as reader:
        for text in ("a,b", 'quoted "100 %", {}', "%b", "Größe", ""):
            await sink.write([batch("press-1", {"mould-closed": text, "shots": 12})])
            said = await reader.hear("main/press-1/readings")
            assert said["points"]["mould-closed"] == {"v": text, "q": 0, "r": "ok"}
            assert said["points"]["shots"] == {"v": 12, "q": 0, "r": "ok"}


async def test_batches_arrive_in_order(broker: RunningBroker, sink: MqttSink) -> None:
    async with Reader(broker) as reader:
        await sink.write([batch("mill-1", {"power": float(n)}, seq0=n) for n in range(30)])
        heard = [await reader.hear("main/mill-1/readings") for _ in range(30)]
        assert [said["seq"] for said in heard] == list(range(30))


async def test_birth_tells_a_late_subscriber_meanings_and_units(
    broker: RunningBroker, sink: MqttSink
) -> None:
    async with Reader(broker) as reader:
        birth = await reader.hear("main/mill-1/birth")
    assert birth["retain"] is True
    assert birth["simulated"] is True
    assert birth["title"] == {"de": "Fräsmaschine", "en": "Milling machine"}
    assert birth["points"]["power"] == {
        "means": {"de": "Größe power", "en": "Quantity power"},
        "unit": "W",
        "kind": "gauge",
        "low": 0.0,
        "high": 20_000.0,
        "every_s": 0.1,
        "role": "power",
    }


async def test_a_machine_that_never_answered_claims_no_state(
    broker: RunningBroker, sink: MqttSink
) -> None:
    await sink.show([never_reached()], [])
    async with Reader(broker) as reader:
        state = await reader.hear("main/mill-1/state")
        assert (state["known"], state["state"], state["name"]) == (False, None, None)


async def test_state_and_job_are_retained_and_say_why(
    broker: RunningBroker, sink: MqttSink
) -> None:
    await sink.show([executing()], [job()])
    async with Reader(broker) as reader:
        state = await reader.hear("main/mill-1/state")
        assert (state["state"], state["name"], state["mode"]) == (3, "executing", 3)
        assert state["since"] == to_ms(AT)
        assert state["because"]["de"] == "Leistung über 1200 W seit 3 s"
        shown = await reader.hear("main/mill-1/job")
        assert (shown["id"], shown["state"], shown["good"]) == ("GA-17-AP1", "running", 24)
        assert (shown["origins"], shown["simulated"]) == ({"simulated": 24}, True)
        await sink.show([executing()], [job(state=JobState.ENDED, good=240)])
        await reader.hear("main/mill-1/job", state="ended", good=240)
        await sink.show([executing()], [])
        await reader.hear("main/mill-1/job", id=None)


async def test_only_what_has_changed_is_published_again(
    broker: RunningBroker, sink: MqttSink
) -> None:
    async with Reader(broker) as reader:
        await sink.show([executing()], [job()])
        await reader.hear("main/mill-1/job", good=24)
        await sink.show([executing()], [job(good=25)])
        await sink.write([batch("mill-1", {"power": 1.0})])
        seen = []
        async with asyncio.timeout(10):
            async for message in reader._client.messages():
                seen.append(message.topic.rpartition("/")[2])
                if seen[-1] == "readings":
                    break
        assert seen == ["job", "readings"]


async def test_a_state_is_published_when_it_changes_and_not_with_every_second_of_its_sentence(
    broker: RunningBroker, site: SiteConfig
) -> None:
    now = [AT + timedelta(hours=1)]
    address = Broker.parse(broker.url, protocol=Protocol(broker.speaks))
    sink = MqttSink(address, site, SIGNALS, clock=lambda: now[0])
    await sink.connect()

    async def heard(*shown: MachineStatus) -> list[dict[str, Any]]:
        """The states that come while these are shown, up to a marker behind them."""
        for status in shown:
            await sink.show([status], [])
        await sink.write([batch("mill-1", {"power": 1.0})])
        found = []
        async for message in reader._client.messages():
            kind = message.topic.rpartition("/")[2]
            if kind == "state":
                found.append(orjson.loads(message.payload))
            if kind == "readings":
                return found
        raise AssertionError("the broker has gone")

    def runs(seconds: int) -> MachineStatus:
        return replace(executing(), because=Text(f"seit {seconds} s", f"for {seconds} s"))

    async with Reader(broker) as reader, asyncio.timeout(20):
        (first,) = await heard(runs(1))
        assert first["at"] == to_ms(now[0])
        assert first["until"] - first["at"] == 600_000
        assert await heard(*(runs(second) for second in range(2, 60))) == []
        (changed,) = await heard(executing(known=False))
        assert changed["known"] is False
        now[0] += timedelta(minutes=6)
        (renewed,) = await heard(executing(known=False))
        assert renewed["until"] == to_ms(now[0]) + 600_000
        now[0] -= timedelta(hours=1)  # the clock is set back
        (again,) = await heard(executing(known=False))
        assert again["at"] == to_ms(now[0])
    await sink.close()


async def test_status_says_when_the_gateway_comes_and_goes(
    broker: RunningBroker, sink: MqttSink
) -> None:
    async with Reader(broker) as reader:
        assert (await reader.hear("status", online=True))["simulated"] is True
        await sink.close()
        await reader.hear("status", online=False)
        await sink.connect()
        await reader.hear("status", online=True)


async def test_last_will_says_that_the_gateway_vanished(
    broker: RunningBroker, sink: MqttSink
) -> None:
    async with Reader(broker) as reader:
        await reader.hear("status", online=True)
        assert sink._client.connected
        assert sink._client._client._link is not None
        sock = sink._client._client._link.client.socket()
        assert sock is not None
        sock.shutdown(2)
        await reader.hear("status", online=False)


async def test_emptied_broker_learns_everything_again(
    broker: RunningBroker, sink: MqttSink
) -> None:
    await sink.show([executing()], [job()])
    await broker.kill()
    with pytest.raises(NotConnected):
        await sink.write([batch("mill-1", {"power": 1.0})])
    with pytest.raises(NotConnected):
        await sink.show([executing(known=False)], [job(good=36)])
    with pytest.raises(NotConnected):
        await sink.connect()
    await broker.start()
    await sink.connect()
    async with Reader(broker) as reader:
        await reader.hear("status", online=True)
    async with Reader(broker) as reader:
        await reader.hear("main/press-1/birth")
    async with Reader(broker) as reader:
        assert (await reader.hear("main/mill-1/state"))["known"] is False
    async with Reader(broker) as reader:
        assert (await reader.hear("main/mill-1/job"))["good"] == 36
        await sink.write([batch("mill-1", {"power": 2.0})])
        await reader.hear("main/mill-1/readings")


async def test_broker_that_lets_nobody_publish_is_not_connected(
    site: SiteConfig, tmp_path: Path
) -> None:
    rights = tmp_path / "rights"
    rights.write_text("topic read wv/#\n")
    rights.chmod(0o600)
    async with running(mosquitto(tmp_path, "allow_anonymous true", f"acl_file {rights}")) as one:
        sink = MqttConfig(type="mqtt", broker=one.url, protocol="5").build(site, SIGNALS, tmp_path)
        with pytest.raises(NotConnected, match=f"refuses {ROOT}/status"):
            await sink.connect()
        await sink.close()


def test_topic_and_broker_can_be_told(tmp_path: Path) -> None:
    config = MqttConfig(type="mqtt", broker="mqtt://127.0.0.1:1883", password=SecretStr("geheim"))
    place = config.where(firm(tmp_path), SignalId("mill-1/power"))
    told = {fact.name: fact.value for fact in place.facts}
    assert told == {"broker": "mqtt://127.0.0.1:1883", "topic": f"{ROOT}/main/mill-1/readings"}


async def test_write_before_connect_is_not_connected(tmp_path: Path) -> None:
    config = MqttConfig(type="mqtt", broker="mqtt://127.0.0.1", password=SecretStr("geheim"))
    sink = config.build(firm(tmp_path), SIGNALS, tmp_path)
    with pytest.raises(NotConnected):
        await sink.write([batch("mill-1", {"power": 1.0})])
    await sink.close()
    assert "geheim" not in repr(config) + repr(vars(sink))


@pytest.mark.parametrize("broker", ["127.0.0.1:1883", "mqtt://user:word@host", "tcp://host"])
def test_what_is_no_broker_is_refused(broker: str) -> None:
    with pytest.raises(ValidationError):
        MqttConfig(type="mqtt", broker=broker)


VALUES = batch("mill-1", {"power": 1.0, "energy": 2.0})


async def test_a_sink_whose_name_was_taken_publishes_again(
    broker: RunningBroker, sink: MqttSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"EVERY": 0.5, "PATIENCE": 0.8, "LISTENS": 1.5}.items():
        monkeypatch.setattr(heard, name, seconds)
    async with Reader(broker) as reader:
        await heard_once(sink)
        assert sink.note is None
        thief = MqttClient(Broker.parse(broker.url), sink._client._name)
        await thief.connect()
        await thief.close()
        async with asyncio.timeout(20):
            while True:
                try:
                    await sink.show([], [])
                    await sink.write([VALUES])
                    await asyncio.sleep(0.1)
                except NotConnected:
                    break
            await sink.connect()
        await heard_once(sink)
        await sink.write([VALUES])
        await reader.hear("main/mill-1/readings")


async def test_a_sink_that_may_not_hear_itself_publishes_and_says_so(
    site: SiteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An access list from before: it allows to write, and to read nothing."""
    for name, seconds in {"EVERY": 0.3, "PATIENCE": 0.5}.items():
        monkeypatch.setattr(heard, name, seconds)
    rights = tmp_path / "rights"
    rights.write_text("topic write wv/v1/#\n")
    async with running(mosquitto(tmp_path, "allow_anonymous true", f"acl_file {rights}")) as one:
        broker = Broker.parse(one.url, protocol=Protocol.V311)
        sink = MqttSink(broker, site, SIGNALS)
        try:
            async with asyncio.timeout(20):
                await sink.connect()
                while sink.note is None:
                    try:
                        await sink.write([VALUES])
                        await asyncio.sleep(0.1)
                    except NotConnected:
                        await sink.connect()  # once: it may help
            assert "/echo" in sink.note.de
            await sink.write([VALUES])
        finally:
            await sink.close()


async def heard_once(sink: MqttSink) -> None:
    async with asyncio.timeout(10):
        while sink._client.hearing is not Hearing.HEARD:
            await asyncio.sleep(0.02)


async def test_a_machine_that_is_gone_leaves_nothing_at_the_broker(
    broker: RunningBroker, sink: MqttSink, site: SiteConfig
) -> None:
    await sink.show([executing(), executing("press-1")], [job()])
    only = site.model_copy(update={"machines": site.machines[1:]})
    await sink.equip(only, [one for one in SIGNALS if one.id.startswith("press-1/")])
    await sink.write([batch("mill-1", {"power": 1.0})])  # on its way when the machine went
    await sink.show([executing(), executing("press-1")], [job()])
    assert await retained(broker) == {
        "status",
        "main/press-1/birth",
        "main/press-1/state",
        "main/press-1/job",
    }


async def test_it_goes_also_while_the_broker_is_away(
    broker: RunningBroker, sink: MqttSink, site: SiteConfig
) -> None:
    await sink.show([executing(), executing("press-1")], [job()])
    await sink.close()
    await sink.equip(site.model_copy(update={"machines": site.machines[1:]}), SIGNALS)
    await sink.connect()
    assert not [topic for topic in await retained(broker) if "mill-1" in topic]


async def test_a_new_machine_is_born_and_others_are_not_born_again(
    broker: RunningBroker, sink: MqttSink, site: SiteConfig
) -> None:
    mill = site.machines[0].model_copy(update={"name": "mill-2"})
    async with Reader(broker) as reader:
        await reader.say("end")
        while (await reader.next())[0] != f"{ROOT}/end":
            pass
        both = site.model_copy(update={"machines": (*site.machines, mill)})
        await sink.equip(both, [*SIGNALS, signal("mill-2", "power", "W", Kind.GAUGE)])
        await sink.write([batch("mill-2", {"power": 7.0})])
        heard = [await reader.next() for _ in range(2)]
    assert [topic.removeprefix(f"{ROOT}/") for topic, _ in heard] == [
        "main/mill-2/birth",
        "main/mill-2/readings",
    ]
    assert heard[0][1]["points"]["power"]["unit"] == "W"


async def retained(broker: RunningBroker) -> set[str]:
    """The topics of what the broker keeps of the firm; our own message ends the list."""
    found: set[str] = set()
    async with Reader(broker) as reader:
        await reader.say("end")
        while True:
            topic, said = await reader.next()
            if topic == f"{ROOT}/end":
                return found
            if said["retain"]:
                found.add(topic.removeprefix(f"{ROOT}/"))
