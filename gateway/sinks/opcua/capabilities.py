"""What the server says of itself below Server: its limits, its counts; and nothing it has not.

asyncua leaves some two hundred variables of the standard at null with Good. Those that mean
something here get their value, the counts at each read; the rest says Bad_NotSupported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from gateway.sinks.opcua import limits
from gateway.sinks.opcua.decoding import ELEMENTS, OPERATIONS
from gateway.sinks.opcua.values import code, node_id

if TYPE_CHECKING:
    from gateway.sinks.opcua.guarded import Internal

_KIND = ua.VariantType
_NOTHING = ua.DataValue(StatusCode=code(StatusCodes.BadNotSupported))
_HIERARCHY = {
    node_id(ObjectIds.Organizes),
    node_id(ObjectIds.HasProperty),
    node_id(ObjectIds.HasComponent),
    node_id(ObjectIds.HasAddIn),
}
_PREFIX = "Server_ServerCapabilities_"
_OPERATIONS = [
    name.removeprefix(_PREFIX)
    for name in vars(ObjectIds)
    if name.startswith((f"{_PREFIX}OperationLimits_MaxNodes", f"{_PREFIX}OperationLimits_MaxMon"))
]


def _capabilities(variables: int) -> Iterator[tuple[str, Any, ua.VariantType]]:
    """Name below ServerCapabilities, value, type."""
    for name in _OPERATIONS:
        yield name, OPERATIONS, _KIND.UInt32
    yield "ServerProfileArray", [], _KIND.String  # nobody has certified us
    yield "LocaleIdArray", ["de", "en"], _KIND.String
    yield "MinSupportedSampleRate", 0.0, _KIND.Double
    yield "MaxBrowseContinuationPoints", limits.CONTINUATION_POINTS, _KIND.UInt16
    yield "MaxQueryContinuationPoints", 0, _KIND.UInt16
    yield "MaxHistoryContinuationPoints", 0, _KIND.UInt16
    yield "MaxArrayLength", ELEMENTS, _KIND.UInt32
    yield "MaxStringLength", limits.MESSAGE, _KIND.UInt32
    yield "MaxByteStringLength", limits.MESSAGE, _KIND.UInt32
    yield "MaxSessions", limits.SESSIONS, _KIND.UInt32
    yield "MaxSubscriptions", limits.ALL_SUBSCRIPTIONS, _KIND.UInt32
    yield "MaxSubscriptionsPerSession", limits.SUBSCRIPTIONS, _KIND.UInt32
    yield "MaxMonitoredItems", limits.SESSIONS * variables, _KIND.UInt32
    yield "MaxMonitoredItemsPerSubscription", variables, _KIND.UInt32
    yield "MaxMonitoredItemsQueueSize", limits.QUEUE, _KIND.UInt32
    yield "MaxSelectClauseParameters", OPERATIONS, _KIND.UInt32
    yield "MaxWhereClauseParameters", OPERATIONS, _KIND.UInt32


async def tell(server: Internal) -> None:
    """Set what is fixed, hang up what counts, and mark what there is not."""
    await tell_limits(server)
    for name, value, kind in (
        ("ServerDiagnostics_EnabledFlag", True, _KIND.Boolean),
        ("Auditing", False, _KIND.Boolean),
        ("ServerStatus_SecondsTillShutdown", 0, _KIND.UInt32),
        ("ServerStatus_ShutdownReason", ua.LocalizedText(""), _KIND.LocalizedText),
    ):
        await _set(server, f"Server_{name}", ua.Variant(value, kind))
    summary = "Server_ServerDiagnostics_ServerDiagnosticsSummary"
    _count(server, summary, lambda: ua.Variant(server.counts(), _KIND.ExtensionObject))
    for field in fields(ua.ServerDiagnosticsSummaryDataType):
        _count(server, f"{summary}_{field.name}", _one(server, field.name))
    # The dictionaries of the standard's types, which every client has: a thousand reads of one in
    # one request would be answered with 340 MB.
    for name in ("OpcUa_BinarySchema", "OpcUa_XmlSchema"):
        await server.aspace.write_attribute_value(
            node_id(getattr(ObjectIds, name)), AttributeIds.Value, _NOTHING
        )
    for node in tuple(_below(server, node_id(ObjectIds.Server))):
        kept = server.aspace.read_attribute_value(node, AttributeIds.Value)
        if kept.Value is None or kept.Value.Value is None:
            await server.aspace.write_attribute_value(node, AttributeIds.Value, _NOTHING)


async def tell_limits(server: Internal) -> None:
    """Set what a client may ask for; how much he may watch follows from how much there is."""
    server.variables = sum(1 for node in tuple(server.aspace.keys()) if _is_variable(server, node))
    for name, value, kind in _capabilities(server.variables):
        await _set(server, _PREFIX + name, ua.Variant(value, kind))


def _one(server: Internal, field: str) -> Callable[[], ua.Variant]:
    return lambda: ua.Variant(getattr(server.counts(), field), _KIND.UInt32)


def _count(server: Internal, name: str, ask: Callable[[], ua.Variant]) -> None:
    node = node_id(getattr(ObjectIds, name))
    server.set_attribute_value_callback(node, lambda _node, _attribute: ua.DataValue(ask()))


async def _set(server: Internal, name: str, value: ua.Variant) -> None:
    node = node_id(getattr(ObjectIds, name))
    await server.aspace.write_attribute_value(node, AttributeIds.Value, ua.DataValue(value))


def _is_variable(server: Internal, node: ua.NodeId) -> bool:
    kept = server.aspace.read_attribute_value(node, AttributeIds.NodeClass)
    return kept.Value is not None and kept.Value.Value == ua.NodeClass.Variable


def _below(server: Internal, top: ua.NodeId) -> Iterator[ua.NodeId]:
    """All variables below a node."""
    seen, ahead = {top}, [top]
    while ahead:
        node = ahead.pop()
        if _is_variable(server, node):
            yield node
        for link in server.aspace[node].references:
            down = link.IsForward and link.ReferenceTypeId in _HIERARCHY
            if down and link.NodeId not in seen and link.NodeId in server.aspace:
                seen.add(link.NodeId)
                ahead.append(link.NodeId)
