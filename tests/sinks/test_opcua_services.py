"""What the OPC UA server's services answer, beyond a simple read: the specification's codes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from asyncua import Client, ua
from asyncua.ua.uaerrors import (
    BadMaxAgeInvalid,
    BadMessageNotAvailable,
    BadNoSubscription,
    BadNothingToDo,
    BadSubscriptionIdInvalid,
)

from gateway.config import Endpoint
from gateway.core.signals import SignalId
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from tests.sinks.small_firm import SIGNALS, batch, executing, firm, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

POWER = SignalId("mill-1/power")
NOWHERE = ua.NodeId("nowhere", 4)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sink(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaSink]:
    folder = tmp_path_factory.mktemp("opcua")
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    server = OpcUaSink(config, firm(folder), SIGNALS, folder)
    await server.connect()
    await server.write([batch("mill-1", {"power": 1500.0})])
    await server.show([executing()], [])
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="module")
async def client(sink: OpcUaSink) -> AsyncIterator[Client]:
    async with Client(sink.endpoint, timeout=30) as client:
        yield client


def node(sink: OpcUaSink, path: str = "mill-1/power") -> ua.NodeId:
    return ua.NodeId.from_string(sink.node(SignalId(path)))


def names(results: Any) -> list[str]:
    return [getattr(one, "StatusCode", one).name for one in results]


async def test_a_write_is_refused_node_by_node(client: Client, sink: OpcUaSink) -> None:
    asked = ua.WriteParameters()
    value = ua.DataValue(ua.Variant(1.0, ua.VariantType.Double))
    for one in (
        ua.WriteValue(node(sink), ua.AttributeIds.Value, None, value),
        ua.WriteValue(NOWHERE, ua.AttributeIds.Value, None, value),
        ua.WriteValue(node(sink), ua.AttributeIds.Executable, None, value),
        ua.WriteValue(node(sink), ua.AttributeIds.DisplayName, None, value),
    ):
        asked.NodesToWrite.append(one)
    results = await client.uaclient.write(asked)
    assert names(results) == [
        "BadNotWritable",
        "BadNodeIdUnknown",
        "BadAttributeIdInvalid",
        "BadNotWritable",
    ]
    assert await client.get_node(node(sink)).read_value() == 1500.0


async def test_history_is_refused_node_by_node(client: Client, sink: OpcUaSink) -> None:
    asked = ua.HistoryReadParameters()
    asked.HistoryReadDetails = ua.ReadRawModifiedDetails()
    asked.NodesToRead = [ua.HistoryReadValueId(NodeId=node(sink))] * 2
    results = await client.uaclient.history_read(asked)
    assert names(results) == ["BadHistoryOperationUnsupported"] * 2


async def test_a_method_call_is_refused_one_by_one(client: Client) -> None:
    asked = ua.CallMethodRequest()
    asked.ObjectId = ua.NodeId(ua.ObjectIds.Server)
    asked.MethodId = ua.NodeId(ua.ObjectIds.Server_GetMonitoredItems)
    results = await client.uaclient.call([asked, asked])
    assert names(results) == ["BadUserAccessDenied"] * 2


async def test_browse_is_cut_where_the_client_wants_and_goes_on(client: Client) -> None:
    asked = ua.BrowseParameters()
    asked.NodesToBrowse = [ua.BrowseDescription(NodeId=ua.NodeId(ua.ObjectIds.Server))]
    asked.NodesToBrowse[0].ResultMask = 63
    (whole,) = await client.uaclient.browse(asked)
    assert whole.ContinuationPoint is None
    asked.RequestedMaxReferencesPerNode = 3
    (part,) = await client.uaclient.browse(asked)
    assert part.ContinuationPoint
    found = list(part.References)
    while part.ContinuationPoint:
        assert len(part.References) == 3
        (part,) = await client.uaclient.browse_next(following(part.ContinuationPoint))
        found += part.References
    assert [one.NodeId for one in found] == [one.NodeId for one in whole.References]


def following(*points: bytes, release: bool = False) -> ua.BrowseNextParameters:
    asked = ua.BrowseNextParameters()
    asked.ContinuationPoints, asked.ReleaseContinuationPoints = list(points), release
    return asked


async def test_a_session_has_ten_continuation_points_and_gets_room_by_releasing_them(
    client: Client, sink: OpcUaSink
) -> None:
    asked = ua.BrowseParameters()
    asked.RequestedMaxReferencesPerNode = 1
    asked.NodesToBrowse = [ua.BrowseDescription(NodeId=ua.NodeId(ua.ObjectIds.Server))] * 11
    results = await client.uaclient.browse(asked)
    assert names(results) == ["Good"] * 10 + ["BadNoContinuationPoints"]
    points = [one.ContinuationPoint for one in results[:10]]
    async with Client(sink.endpoint, timeout=30) as other:
        (strange,) = await other.uaclient.browse_next(following(points[0]))
        assert strange.StatusCode.name == "BadContinuationPointInvalid"
    assert names(await client.uaclient.browse_next(following(*points, release=True))) == (
        ["Good"] * 10
    )
    assert names(await client.uaclient.browse_next(following(points[0]))) == [
        "BadContinuationPointInvalid"
    ]
    assert names(await client.uaclient.browse(asked)) == names(results)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"NodeId": NOWHERE}, "BadNodeIdUnknown"),
        ({"ReferenceTypeId": ua.NodeId(ua.ObjectIds.Server)}, "BadReferenceTypeIdInvalid"),
    ],
)
async def test_what_cannot_be_browsed_says_why(
    client: Client, change: dict[str, ua.NodeId], expected: str
) -> None:
    asked = ua.BrowseParameters()
    one = {"NodeId": ua.NodeId(ua.ObjectIds.Server), **change}
    asked.NodesToBrowse = [ua.BrowseDescription(**one)]
    assert names(await client.uaclient.browse(asked)) == [expected]


async def test_paths_there_and_back_again_end_somewhere(client: Client) -> None:
    def step(name: str, *, back: bool) -> ua.RelativePathElement:
        kind = ua.NodeId(ua.ObjectIds.HasComponent)
        return ua.RelativePathElement(kind, back, True, ua.QualifiedName(name, 0))

    path = ua.BrowsePath(ua.NodeId(ua.ObjectIds.Server))
    path.RelativePath.Elements = [step("ServerStatus", back=False), step("Server", back=True)] * 400
    (result,) = await client.uaclient.translate_browsepaths_to_nodeids([path])
    assert [one.TargetId.Identifier for one in result.Targets] == [ua.ObjectIds.Server]
    results = await client.uaclient.translate_browsepaths_to_nodeids([path] * 12)
    assert names(results)[::11] == ["Good", "BadQueryTooComplex"]
    path.RelativePath.Elements = []
    (result,) = await client.uaclient.translate_browsepaths_to_nodeids([path])
    assert result.StatusCode.name == "BadNothingToDo"


@pytest.mark.parametrize(
    ("path", "wanted", "expected"),
    [
        ("mill-1/Because", "0", [ua.LocalizedText("Leistung über 1200 W seit 3 s", "de")]),
        ("mill-1/Because", "0:1", 2),
        ("mill-1/Because", "5", "BadIndexRangeNoData"),
        ("mill-1/Because", "1:0", "BadIndexRangeInvalid"),
        ("mill-1/Because", "one", "BadIndexRangeInvalid"),
        ("mill-1/Because", "0,0", "BadIndexRangeNoData"),
        ("mill-1/power", "0", "BadIndexRangeNoData"),
        ("mill-1/power", "-1", "BadIndexRangeInvalid"),
    ],
)
async def test_an_index_range_is_what_is_read(
    client: Client, sink: OpcUaSink, path: str, wanted: str, expected: Any
) -> None:
    asked = ua.ReadParameters()
    asked.NodesToRead = [ua.ReadValueId(node(sink, path), ua.AttributeIds.Value, wanted)]
    (value,) = await client.uaclient.read(asked)
    if isinstance(expected, str):
        assert value.StatusCode.name == expected
    elif isinstance(expected, int):
        assert len(value.Value.Value) == expected
    else:
        assert value.Value.Value == expected


@pytest.mark.parametrize(
    ("path", "attribute", "encoding", "expected"),
    [
        ("mill-1/power", ua.AttributeIds.Value, "Default Binary", "BadDataEncodingInvalid"),
        ("mill-1/power", ua.AttributeIds.BrowseName, "Default XML", "BadDataEncodingInvalid"),
        ("mill-1/power.EURange", ua.AttributeIds.Value, "Default Binary", "Good"),
        (
            "mill-1/power.EURange",
            ua.AttributeIds.Value,
            "Default XML",
            "BadDataEncodingUnsupported",
        ),
    ],
)
async def test_a_data_encoding_is_had_or_refused(
    client: Client,
    sink: OpcUaSink,
    path: str,
    attribute: ua.AttributeIds,
    encoding: str,
    expected: str,
) -> None:
    asked = ua.ReadParameters()
    name = ua.QualifiedName(encoding, 0)
    asked.NodesToRead = [ua.ReadValueId(node(sink, path), attribute, None, name)]
    assert names(await client.uaclient.read(asked)) == [expected]


async def test_requests_without_anything_to_do_are_told_so(client: Client) -> None:
    for nothing in (None, []):
        asked = ua.TransferSubscriptionsRequest()
        asked.Parameters.SubscriptionIds = nothing
        with pytest.raises(BadNothingToDo):
            await client.uaclient.session._send_request(asked)
    with pytest.raises(BadNothingToDo):
        await client.uaclient.read(ua.ReadParameters())
    with pytest.raises(BadNothingToDo):
        await client.uaclient.delete_subscriptions([])
    old = ua.ReadParameters(MaxAge=-1.0)
    old.NodesToRead = [ua.ReadValueId(NOWHERE, ua.AttributeIds.Value)]
    with pytest.raises(BadMaxAgeInvalid):
        await client.uaclient.read(old)


async def test_republish_without_a_message_says_so(client: Client) -> None:
    subscription = await client.create_subscription(1000, None)
    number = subscription.subscription_id
    with pytest.raises(BadMessageNotAvailable):
        await client.uaclient.session.republish(number, 77)
    with pytest.raises(BadSubscriptionIdInvalid):
        await client.uaclient.session.republish(number + 1000, 1)


async def test_another_sessions_subscription_cannot_be_touched(
    client: Client, sink: OpcUaSink
) -> None:
    heard: asyncio.Queue[Any] = asyncio.Queue()
    subscription = await client.create_subscription(50, Listener(heard))
    (item,) = await subscription.subscribe_data_change([client.get_node(node(sink))])
    number = subscription.subscription_id
    async with Client(sink.endpoint, timeout=30) as other:
        session = other.uaclient.session
        asked: Any
        asked = ua.ModifySubscriptionParameters(number)
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.modify_subscription(asked)
        asked = ua.CreateMonitoredItemsParameters(number)
        asked.ItemsToCreate = [ua.MonitoredItemCreateRequest()]
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.create_monitored_items(asked)
        asked = ua.ModifyMonitoredItemsParameters(number)
        asked.ItemsToModify = [ua.MonitoredItemModifyRequest(item)]
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.modify_monitored_items(asked)
        asked = ua.SetMonitoringModeParameters(number, ua.MonitoringMode.Disabled, [item])
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.set_monitoring_mode(asked)
        asked = ua.DeleteMonitoredItemsParameters(number, [item])
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.delete_monitored_items(asked)
        with pytest.raises(BadSubscriptionIdInvalid):
            await session.republish(number, 1)
        asked = ua.SetPublishingModeParameters(False, [number])
        assert names(await session.set_publishing_mode(asked)) == ["BadSubscriptionIdInvalid"]
        asked = ua.TransferSubscriptionsParameters([number])
        assert names(await session.transfer_subscriptions(asked)) == ["BadUserAccessDenied"]
        assert names(await session.delete_subscriptions([number])) == ["BadSubscriptionIdInvalid"]
        with pytest.raises(BadNoSubscription):
            await session.publish([])
    async with asyncio.timeout(5):
        await heard.get()
        await sink.write([batch("mill-1", {"power": 1501.0})])
        assert await heard.get() == 1501.0


class Listener:
    def __init__(self, heard: asyncio.Queue[Any]) -> None:
        self._heard = heard

    def datachange_notification(self, _node: object, value: object, _data: object) -> None:
        self._heard.put_nowait(value)


async def test_a_sessions_subscriptions_end_with_it_whatever_it_asks_for(
    sink: OpcUaSink,
) -> None:
    """Two hundred left behind locked every other client out."""
    for _ in range(12):
        client = Client(sink.endpoint, timeout=5)
        await client.connect()
        for _ in range(20):
            await client.create_subscription(1000, None)
        await client.uaclient.close_session(False)
        client.disconnect_socket()
    async with Client(sink.endpoint, timeout=30) as other:
        await other.create_subscription(1000, None)
        assert await summary(other, "CurrentSubscriptionCount") == 1


async def test_sessions_whose_connection_was_lost_make_room_for_others(sink: OpcUaSink) -> None:
    for _ in range(12):
        client = Client(sink.endpoint, timeout=5)
        await client.connect()
        for _ in range(20):
            await client.create_subscription(1000, None)
        client.disconnect_socket()
        await client.disconnect()
    async with Client(sink.endpoint, timeout=30) as other:
        await other.create_subscription(1000, None)
        assert await summary(other, "CurrentSubscriptionCount") <= 200
    await all_ended(sink)


async def test_no_more_than_fifty_sessions_are_kept(sink: OpcUaSink) -> None:
    for _ in range(60):
        client = Client(sink.endpoint, timeout=5)
        await client.connect()
        await client.create_subscription(3_600_000, None)
        client.disconnect_socket()
        await client.disconnect()
    async with Client(sink.endpoint, timeout=30) as other:
        assert await summary(other, "CurrentSessionCount") == 50
    await all_ended(sink)


async def all_ended(sink: OpcUaSink) -> None:
    """End the sessions that wait for their clients."""
    assert sink._serving is not None
    while await sink._serving._server.iserver.end_longest_left():
        pass


async def summary(client: Client, name: str) -> int:
    number = getattr(ua.ObjectIds, f"Server_ServerDiagnostics_ServerDiagnosticsSummary_{name}")
    return int(await client.get_node(ua.NodeId(number)).read_value())


async def test_nothing_below_server_is_null_and_good(client: Client) -> None:
    null = []
    ahead = [client.nodes.server]
    seen = set()
    while ahead:
        one = ahead.pop()
        if one.nodeid in seen:
            continue
        seen.add(one.nodeid)
        ahead += await one.get_children()
        if await one.read_node_class() == ua.NodeClass.Variable:
            value = await one.read_data_value(raise_on_bad_status=False)
            if value.StatusCode.is_good() and (value.Value is None or value.Value.Value is None):
                null.append(one.nodeid)
    assert len(seen) > 300
    assert null == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("OperationLimits_MaxNodesPerRead", 1000),
        ("OperationLimits_MaxNodesPerBrowse", 1000),
        ("OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds", 1000),
        ("OperationLimits_MaxNodesPerRegisterNodes", 1000),
        ("OperationLimits_MaxMonitoredItemsPerCall", 1000),
        ("OperationLimits_MaxNodesPerWrite", 1000),
        ("MaxBrowseContinuationPoints", 10),
        ("MaxQueryContinuationPoints", 0),
        ("MaxSessions", 50),
        ("MaxSubscriptions", 200),
        ("MaxSubscriptionsPerSession", 20),
        ("LocaleIdArray", ["de", "en"]),
        ("MinSupportedSampleRate", 0.0),
    ],
)
async def test_the_server_tells_its_limits(client: Client, name: str, expected: Any) -> None:
    node = ua.NodeId(getattr(ua.ObjectIds, f"Server_ServerCapabilities_{name}"))
    assert await client.get_node(node).read_value() == expected


async def test_the_server_counts_what_there_is_and_what_it_refused(
    client: Client, sink: OpcUaSink
) -> None:
    names = ("CurrentSessionCount", "CumulatedSessionCount", "CurrentSubscriptionCount")
    names += ("CumulatedSubscriptionCount", "RejectedRequestsCount", "ServerViewCount")
    before = {name: await summary(client, name) for name in names}
    async with Client(sink.endpoint, timeout=30) as other:
        await other.create_subscription(1000, None)
        with pytest.raises(BadNothingToDo):
            await other.uaclient.read(ua.ReadParameters())
        after = {name: await summary(client, name) for name in names}
    assert {name: after[name] - before[name] for name in names} == {
        "CurrentSessionCount": 1,
        "CumulatedSessionCount": 1,
        "CurrentSubscriptionCount": 1,
        "CumulatedSubscriptionCount": 1,
        "RejectedRequestsCount": 1,
        "ServerViewCount": 0,
    }
    number = ua.ObjectIds.Server_ServerDiagnostics_ServerDiagnosticsSummary
    whole = await client.get_node(ua.NodeId(number)).read_value()
    assert whole.CumulatedSessionCount >= after["CumulatedSessionCount"]


async def test_the_dictionaries_of_the_standard_are_not_served(client: Client) -> None:
    """A thousand reads of one of them would be answered with 340 MB."""
    for number in (ua.ObjectIds.OpcUa_BinarySchema, ua.ObjectIds.OpcUa_XmlSchema):
        one = client.get_node(ua.NodeId(number))
        value = await one.read_data_value(raise_on_bad_status=False)
        assert value.StatusCode.name == "BadNotSupported"
