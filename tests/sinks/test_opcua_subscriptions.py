"""What a subscriber of the OPC UA server gets: as often as asked for, as much, and no more."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.ua.uaerrors import BadResponseTooLarge

from gateway.config import Endpoint
from gateway.core.signals import SignalId
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.raw_opcua import Raw, text
from tests.sinks.small_firm import SIGNALS, batch, firm, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

POWER, ENERGY = "mill-1/power", "mill-1/energy"
TEN_MINUTES = 600_000.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaSink]:
    folder = tmp_path_factory.mktemp("opcua")
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await server.connect()
    yield server
    await server.close()


class Subscriber:
    """A subscription, what it has heard, and what was granted for each item."""

    def __init__(self, client: Client, sink: OpcUaSink, subscription: Any) -> None:
        self.client, self.sink, self.subscription = client, sink, subscription
        self.heard: asyncio.Queue[tuple[int, Any]] = asyncio.Queue()

    def datachange_notification(self, _node: object, value: object, data: Any) -> None:
        self.heard.put_nowait((data.monitored_item.ClientHandle, value))

    async def watch(
        self, path: str, handle: int, every: float = 0.0, wanted: Any = None, queue: int = 100
    ) -> ua.MonitoredItemCreateResult:
        asked = ua.MonitoredItemCreateRequest()
        asked.ItemToMonitor.NodeId = ua.NodeId.from_string(self.sink.node(SignalId(path)))
        asked.ItemToMonitor.AttributeId = ua.AttributeIds.Value
        asked.MonitoringMode = ua.MonitoringMode.Reporting
        asked.RequestedParameters.ClientHandle = handle
        asked.RequestedParameters.SamplingInterval = every
        asked.RequestedParameters.QueueSize = queue
        if wanted is not None:
            asked.RequestedParameters.Filter = wanted
        parameters = ua.CreateMonitoredItemsParameters(self.subscription.SubscriptionId)
        parameters.ItemsToCreate = [asked]
        (result,) = await self.client.uaclient.create_monitored_items(parameters)
        return result

    async def until(self, marker: tuple[int, Any]) -> Sequence[tuple[int, Any]]:
        """Everything up to a notification."""
        got: list[tuple[int, Any]] = []
        async with asyncio.timeout(10):
            while not got or got[-1] != marker:
                got.append(await self.heard.get())
        return got


@pytest_asyncio.fixture(loop_scope="module")
async def subscriber(sink: OpcUaSink) -> AsyncIterator[Subscriber]:
    async with Client(sink.endpoint, timeout=30) as client:
        made = Subscriber(client, sink, None)

        async def heard(result: Any) -> None:
            for notice in result.NotificationMessage.NotificationData or ():
                for one in notice.MonitoredItems:
                    made.heard.put_nowait((one.ClientHandle, one.Value.Value.Value))

        wish = ua.CreateSubscriptionParameters()
        wish.RequestedPublishingInterval = 50
        wish.RequestedMaxKeepAliveCount = 10
        wish.PublishingEnabled = True
        made.subscription = await client.uaclient.create_subscription(wish, heard)
        yield made


async def told(sink: OpcUaSink, values: Sequence[float], point: str = "power") -> None:
    for value in values:
        await sink.write([batch("mill-1", {point: value})])


async def test_a_value_is_reported_as_often_as_it_was_asked_for(
    sink: OpcUaSink, subscriber: Subscriber
) -> None:
    """Asked for every ten minutes, and every value beside it as the marker."""
    await told(sink, [0.0])
    rarely = await subscriber.watch(POWER, 1, TEN_MINUTES)
    assert rarely.RevisedSamplingInterval == TEN_MINUTES
    always = await subscriber.watch(POWER, 2, 0.0)
    assert always.RevisedSamplingInterval == 0.0
    as_published = await subscriber.watch(POWER, 3, -1.0)
    assert as_published.RevisedSamplingInterval == 50.0
    await told(sink, [float(number) for number in range(1, 21)])
    got = await subscriber.until((2, 20.0))
    assert [value for handle, value in got if handle == 1] == [0.0]
    assert [value for handle, value in got if handle == 2] == [float(one) for one in range(21)]


async def test_the_newest_value_is_reported_once_it_is_due(
    sink: OpcUaSink, subscriber: Subscriber
) -> None:
    await told(sink, [0.0])
    await subscriber.watch(POWER, 1, 300.0)
    await told(sink, [1.0, 2.0, 3.0])
    assert await subscriber.until((1, 3.0)) == [(1, 0.0), (1, 3.0)]


async def test_values_that_come_as_often_as_they_are_sampled_are_all_reported(
    sink: OpcUaSink, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values every 100 ms, now a little early and now a little late, sampled every 100 ms."""
    clock = [1000.0]
    monkeypatch.setattr("gateway.sinks.opcua.items.monotonic", lambda: clock[0])
    await told(sink, [0.0])
    await subscriber.watch(POWER, 1, 100.0)
    for number in range(1, 21):
        clock[0] = 1000.0 + number * 0.1 + (0.004 if number % 3 else -0.004)
        await told(sink, [float(number)])
    clock[0] += 1.0
    got = await subscriber.until((1, 20.0))
    assert [value for _, value in got] == [float(number) for number in range(21)]


async def test_who_names_no_queue_gets_the_newest_value_only(
    sink: OpcUaSink, subscriber: Subscriber
) -> None:
    """And whoever does not ask for what is published holds no memory (OPC 10000-4, 7.21)."""
    await told(sink, [0.0])
    item = await subscriber.watch(POWER, 1, queue=0)
    assert item.RevisedQueueSize == 1
    await subscriber.until((1, 0.0))
    await told(sink, [1.0, 2.0, 3.0])
    assert (await subscriber.until((1, 3.0)))[-2:] in ([(1, 0.0), (1, 3.0)], [(1, 3.0)])


async def test_what_waits_for_one_session_is_bounded_over_all_of_its_items(
    sink: OpcUaSink, subscriber: Subscriber
) -> None:
    sizes = [
        (await subscriber.watch(POWER, n, TEN_MINUTES, queue=1000)).RevisedQueueSize
        for n in range(51)
    ]
    assert sizes == [1000] * 50 + [1]


async def test_a_sampling_interval_can_be_changed(sink: OpcUaSink, subscriber: Subscriber) -> None:
    await told(sink, [0.0])
    item = await subscriber.watch(POWER, 1, TEN_MINUTES)
    change = ua.ModifyMonitoredItemsParameters(subscriber.subscription.SubscriptionId)
    known = ua.MonitoredItemModifyRequest(item.MonitoredItemId)
    known.RequestedParameters.ClientHandle = 5
    known.RequestedParameters.QueueSize = 2**32 - 1
    unknown = ua.MonitoredItemModifyRequest(item.MonitoredItemId + 999)
    change.ItemsToModify = [known, unknown]
    await told(sink, [1.0])
    results = await subscriber.client.uaclient.modify_monitored_items(change)
    assert [one.StatusCode.name for one in results] == ["Good", "BadMonitoredItemIdInvalid"]
    assert (results[0].RevisedSamplingInterval, results[0].RevisedQueueSize) == (0.0, 1000)
    await told(sink, [2.0, 3.0, 4.0])
    got = await subscriber.until((5, 4.0))
    assert [one for one in got if one[0] == 5][-3:] == [(5, 2.0), (5, 3.0), (5, 4.0)]


def deadband(kind: ua.DeadbandType, size: float) -> ua.DataChangeFilter:
    return ua.DataChangeFilter(ua.DataChangeTrigger.StatusValue, ua.UInt32(kind), size)


@pytest.mark.parametrize(
    "wanted",
    [deadband(ua.DeadbandType.Percent, 10.0), deadband(ua.DeadbandType.Absolute, 2000.0)],
    ids=["ten percent of 0 to 20000", "2000"],
)
async def test_a_deadband_is_measured_from_what_was_last_reported(
    sink: OpcUaSink, subscriber: Subscriber, wanted: ua.DataChangeFilter
) -> None:
    """A slow drift is seen: every step of it is smaller than the deadband."""
    await told(sink, [0.0])
    await subscriber.watch(POWER, 1, 0.0, wanted)
    await subscriber.watch(POWER, 2)
    await told(sink, [1500.0, 2000.0, 2001.0, 500.0, 0.0, 4002.0])
    got = await subscriber.until((2, 4002.0))
    got = [*got, *await subscriber.until((1, 4002.0))] if (1, 4002.0) not in got else got
    assert [value for handle, value in got if handle == 1] == [0.0, 2001.0, 0.0, 4002.0]


@pytest.mark.parametrize(
    ("path", "wanted", "expected"),
    [
        (ENERGY, deadband(ua.DeadbandType.Percent, 1.0), "BadMonitoredItemFilterUnsupported"),
        (POWER, deadband(ua.DeadbandType.Percent, 101.0), "BadDeadbandFilterInvalid"),
        (POWER, deadband(ua.DeadbandType.Percent, -1.0), "BadDeadbandFilterInvalid"),
        (POWER, deadband(ua.DeadbandType.Absolute, float("nan")), "BadDeadbandFilterInvalid"),
        (POWER, deadband(ua.DeadbandType(0), 0.0), "Good"),
        ("mill-1/Job/State", deadband(ua.DeadbandType.Absolute, 1.0), "BadFilterNotAllowed"),
        (POWER, ua.EventFilter(), "BadFilterNotAllowed"),
    ],
)
async def test_a_filter_that_cannot_be_had_is_refused(
    subscriber: Subscriber, path: str, wanted: Any, expected: str
) -> None:
    result = await subscriber.watch(path, 1, 0.0, wanted)
    assert result.StatusCode.name == expected


async def test_a_session_watches_as_many_items_as_there_are_variables(
    sink: OpcUaSink, subscriber: Subscriber
) -> None:
    limit = ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription)
    most = await subscriber.client.get_node(limit).read_value()
    asked = ua.MonitoredItemCreateRequest()
    asked.ItemToMonitor.NodeId = ua.NodeId(ua.ObjectIds.Server_ServiceLevel)
    asked.ItemToMonitor.AttributeId = ua.AttributeIds.Value
    asked.MonitoringMode = ua.MonitoringMode.Disabled
    parameters = ua.CreateMonitoredItemsParameters(subscriber.subscription.SubscriptionId)
    got: list[str] = []
    while len(got) <= most:
        parameters.ItemsToCreate = [asked] * 1000
        results = await subscriber.client.uaclient.create_monitored_items(parameters)
        got += [one.StatusCode.name for one in results]
    assert got == ["Good"] * most + ["BadTooManyMonitoredItems"] * (len(got) - most)
    async with Client(sink.endpoint, timeout=30) as other:
        subscription = await other.create_subscription(1000, subscriber)
        await subscription.subscribe_data_change(other.nodes.server_state)


async def test_a_message_holds_as_many_notifications_as_are_wanted_and_the_rest_follows(
    sink: OpcUaSink,
) -> None:
    messages: asyncio.Queue[tuple[int, bool]] = asyncio.Queue()

    async def heard(result: Any) -> None:
        counts = [len(one.MonitoredItems) for one in result.NotificationMessage.NotificationData]
        messages.put_nowait((sum(counts), result.MoreNotifications))

    async with Client(sink.endpoint, timeout=30) as client:
        wish = ua.CreateSubscriptionParameters()
        wish.RequestedPublishingInterval, wish.MaxNotificationsPerPublish = 3_600_000, 4
        wish.PublishingEnabled = False
        subscription = await client.uaclient.create_subscription(wish, heard)
        subscriber = Subscriber(client, sink, subscription)
        await subscriber.watch(POWER, 1)
        await told(sink, [float(number) for number in range(50, 59)])
        on = ua.SetPublishingModeParameters(True, [subscription.SubscriptionId])
        await client.uaclient.session.set_publishing_mode(on)
        assert sink._serving is not None
        service = sink._serving._server.iserver.subscription_service
        await service.subscriptions[subscription.SubscriptionId].publish_results()
        got = []
        async with asyncio.timeout(10):
            while sum(count for count, _ in got) < 10:
                got.append(await messages.get())
    assert [one for one in got if one[0]] == [(4, True), (4, True), (2, False)]


async def test_an_answer_that_is_too_long_is_refused(sink: OpcUaSink) -> None:
    number = ua.NodeId(ua.ObjectIds.Server_NamespaceArray)
    async with Client(sink.endpoint, timeout=30) as client:
        asked = ua.ReadParameters()
        asked.NodesToRead = [ua.ReadValueId(number, ua.AttributeIds.Value)] * 1000
        assert len(await client.uaclient.read(asked)) == 1000
        assert sink._serving is not None
        (connection,) = (
            one for one in sink._serving._server.bserver.clients if one.processor.active()
        )
        connection.processor._limits.max_message_size = 100_000
        with pytest.raises(BadResponseTooLarge):
            await client.uaclient.read(asked)
        assert await client.nodes.server_state.read_value() == 0


async def test_a_message_is_sent_again_as_often_as_it_is_asked_for(sink: OpcUaSink) -> None:
    """Until it is acknowledged: the answer to a Republish may be lost as well."""
    async with Client(sink.endpoint, timeout=30) as client:
        wish = ua.CreateSubscriptionParameters(3_600_000, PublishingEnabled=True)
        arrived: asyncio.Queue[Any] = asyncio.Queue()
        subscription = await client.uaclient.create_subscription(wish, arrived.put)
        assert sink._serving is not None
        service = sink._serving._server.iserver.subscription_service
        kept = service.subscriptions[subscription.SubscriptionId]
        message = ua.PublishResult(SubscriptionId=subscription.SubscriptionId)
        message.NotificationMessage.SequenceNumber = 7
        kept._not_acknowledged_results[7] = message
        for _ in range(2):
            again = await client.uaclient.session.republish(subscription.SubscriptionId, 7)
            assert again.SequenceNumber == 7


async def test_who_does_not_read_answers_is_disconnected(sink: OpcUaSink) -> None:
    stranger = await (await Raw.connect(sink.endpoint)).opened()
    stranger.writer.transport.pause_reading()
    assert sink._serving is not None
    clients = sink._serving._server.bserver.clients
    (connection,) = (one for one in clients if one.processor._transport is not None)
    async with asyncio.timeout(30):
        while connection in clients:
            for _ in range(20):
                stranger.send(428, text(b"opc" * 2000) + struct.pack("<ii", 0, 0))
            await stranger.writer.drain()
            await asyncio.sleep(0)
    stranger.close()
