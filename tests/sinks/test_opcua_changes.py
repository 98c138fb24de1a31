"""Machines come, go and change while clients are connected to the OPC UA server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, Node, ua

from gateway.config import Endpoint, SiteConfig
from gateway.core.signals import Kind, Signal
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.small_firm import SIGNALS, batch, executing, firm, free_port, job, signal

NEW = signal("mill-2", "power", "W", Kind.GAUGE, "power")


@pytest.fixture
def both(tmp_path: Path) -> SiteConfig:
    return firm(tmp_path)


@pytest.fixture
async def sink(both: SiteConfig, tmp_path: Path) -> AsyncIterator[OpcUaSink]:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, both, SIGNALS, tmp_path)
    await server.connect()
    await server.write([batch("mill-1", {"power": 1.0}), batch("press-1", {"shots": 1})])
    await server.show([executing(), executing("press-1")], [job()])
    yield server
    await server.close()


@pytest.fixture
async def client(sink: OpcUaSink) -> AsyncIterator[Client]:
    async with Client(sink.endpoint, timeout=30) as client:
        yield client


def node(client: Client, path: str) -> Node:
    return client.get_node(f"ns=4;s={path}")


async def machines(client: Client) -> set[str]:
    found = await client.nodes.objects.get_child("3:Machines")
    return {(await one.read_browse_name()).Name for one in await found.get_children()} - {
        "MachineryItemState_States",
        "MachineryOperationMode_States",
    }


def with_mill_2(site: SiteConfig) -> tuple[SiteConfig, list[Signal]]:
    mill = site.machines[0].model_copy(update={"name": "mill-2"})
    return site.model_copy(update={"machines": (*site.machines, mill)}), [*SIGNALS, NEW]


def without_mill(site: SiteConfig) -> tuple[SiteConfig, list[Signal]]:
    left = [one for one in SIGNALS if one.id.startswith("press-1/")]
    return site.model_copy(update={"machines": site.machines[1:]}), left


class Listener:
    """What a client is told."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[str, Any, str]] = asyncio.Queue()
        self.events: asyncio.Queue[Any] = asyncio.Queue()
        self.statuses: list[Any] = []

    def datachange_notification(self, node: Node, value: Any, data: Any) -> None:
        status = data.monitored_item.Value.StatusCode
        self.heard.put_nowait((str(node.nodeid.Identifier), value, status.name))

    def event_notification(self, event: Any) -> None:
        self.events.put_nowait(event)

    def status_change_notification(self, status: Any) -> None:
        self.statuses.append(status)

    async def until(self, wanted: Callable[[tuple[str, Any, str]], bool]) -> tuple[str, Any, str]:
        async with asyncio.timeout(10):
            while not wanted(found := await self.heard.get()):
                pass
        return found


async def test_a_new_machine_has_its_nodes_and_values(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    await sink.equip(*with_mill_2(both))
    await sink.write([batch("mill-2", {"power": 7.0})])
    assert await node(client, "mill-2.power").read_value() == 7.0
    assert await machines(client) >= {"mill-1", "mill-2", "press-1"}


async def test_nodes_of_a_machine_that_is_gone_are_gone(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    await sink.equip(*without_mill(both))
    with pytest.raises(ua.UaStatusCodeError) as refused:
        await node(client, "mill-1.power").read_value()
    assert refused.value.code == ua.StatusCodes.BadNodeIdUnknown
    assert "mill-1" not in await machines(client)
    space = sink._serving._server.iserver.aspace  # type: ignore[union-attr]
    left = [one for one in space.keys() if str(one.Identifier).startswith("mill-1")]  # noqa: SIM118
    assert left == []


async def test_who_listens_to_a_machine_that_stays_hears_nothing_of_it(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    await listening.subscribe_data_change(node(client, "press-1.shots"))
    await ear.until(lambda heard: heard[1] == 1)
    await sink.equip(*without_mill(both))
    await sink.equip(both, SIGNALS)
    await sink.write([batch("press-1", {"shots": 2})])
    assert await ear.until(lambda _: True) == ("press-1.shots", 2, "Good")
    assert ear.statuses == []


async def test_who_listens_to_a_machine_that_goes_is_told_and_keeps_the_rest(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    handles = [
        await listening.subscribe_data_change(node(client, path))
        for path in ("mill-1.power", "press-1.shots")
    ]
    await ear.until(lambda heard: heard[0] == "press-1.shots")
    await sink.equip(*without_mill(both))
    await ear.until(lambda heard: heard[0] == "mill-1.power" and heard[2] == "BadNodeIdUnknown")
    await sink.write([batch("press-1", {"shots": 2})])
    await ear.until(lambda heard: heard == ("press-1.shots", 2, "Good"))
    await listening.unsubscribe(handles)
    await listening.delete()
    assert ear.statuses == []


async def test_who_listens_to_a_machine_that_changes_goes_on_listening(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    handle = await listening.subscribe_data_change(node(client, "mill-1.power"))
    await ear.until(lambda heard: heard[1] == 1.0)
    await sink.equip(both, [*SIGNALS, signal("mill-1", "voltage", "V", Kind.GAUGE)])
    await sink.write([batch("mill-1", {"power": 2.0, "voltage": 230.0})])
    await ear.until(lambda heard: heard == ("mill-1.power", 2.0, "Good"))
    assert await node(client, "mill-1.voltage").read_value() == 230.0
    assert await node(client, "mill-1.Job.Id").read_value() == "GA-17-AP1", "and its job is shown"
    assert (await node(client, "mill-1.Because").read_value())[0].Text
    await listening.unsubscribe(handle)


async def test_another_period_touches_no_node(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    await listening.subscribe_events(evtypes=ua.ObjectIds.BaseModelChangeEventType)
    await sink.equip(both, [replace(one, every=5.0) for one in SIGNALS])
    await sink.equip(*with_mill_2(both))
    async with asyncio.timeout(10):
        await ear.events.get()
    assert ear.events.empty(), "only the second change is one of the model"


async def test_clients_who_ask_are_told_that_the_model_has_changed(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    await listening.subscribe_events(evtypes=ua.ObjectIds.BaseModelChangeEventType)
    await sink.equip(*with_mill_2(both))
    async with asyncio.timeout(10):
        event = await ear.events.get()
    assert event.EventType.Identifier == ua.ObjectIds.BaseModelChangeEventType


async def test_as_many_items_may_be_watched_as_there_are_variables_then(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    limits = "Server_ServerCapabilities_MaxMonitoredItemsPerSubscription"
    most = ua.NodeId(getattr(ua.ObjectIds, limits))
    before = await client.get_node(most).read_value()
    await sink.equip(*with_mill_2(both))
    assert await client.get_node(most).read_value() > before
    await sink.equip(both, SIGNALS)
    assert await client.get_node(most).read_value() == before


async def test_a_server_that_starts_again_shows_the_machines_of_now(
    sink: OpcUaSink, both: SiteConfig
) -> None:
    await sink.close()
    await sink.equip(*with_mill_2(both))
    await sink.connect()
    async with Client(sink.endpoint, timeout=30) as client:
        assert await machines(client) >= {"mill-1", "mill-2", "press-1"}


async def test_a_hundred_changes_leave_nothing_behind(
    sink: OpcUaSink, client: Client, both: SiteConfig
) -> None:
    space = sink._serving._server.iserver.aspace  # type: ignore[union-attr]
    ear = Listener()
    listening = await client.create_subscription(50, ear)
    await listening.subscribe_data_change(node(client, "mill-1.power"))
    await sink.equip(*with_mill_2(both))
    await sink.equip(both, SIGNALS)
    nodes, references = len(space.keys()), sum(len(space[one].references) for one in space.keys())  # noqa: SIM118
    for _ in range(50):
        await sink.equip(*with_mill_2(both))
        await sink.equip(both, SIGNALS)
    assert len(space.keys()) == nodes
    assert sum(len(space[one].references) for one in space.keys()) == references  # noqa: SIM118
