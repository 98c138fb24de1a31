"""What one entry of a Read request, or one monitored item, asks for; and is refused for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from gateway.sinks.opcua.values import code, node_id

_RANGE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")
_STRUCTURE = 22
_STRUCTURES = {_STRUCTURE, 338, 344, 862, 884, 887, 856, 859, 865, 868, 871, 874, 877}
"""Structure, and the data types of it that our variables have."""


def encoding_refused(space: AddressSpace, asked: ua.ReadValueId) -> ua.StatusCode | None:
    """Why the wanted encoding cannot be had (OPC 10000-4, 7.29); None: it can."""
    name = asked.DataEncoding
    if name is None or not name.Name:
        return None
    kind = space.read_attribute_value(asked.NodeId, AttributeIds.DataType).Value
    structured = kind is not None and kind.Value in {node_id(one) for one in _STRUCTURES}
    if asked.AttributeId != AttributeIds.Value or not structured:
        return code(StatusCodes.BadDataEncodingInvalid)
    if (name.Name, name.NamespaceIndex) == ("Default Binary", 0):
        return None
    return code(StatusCodes.BadDataEncodingUnsupported)


def range_refused(text: str | None) -> ua.StatusCode | None:
    """Whether an index range is none (OPC 10000-4, 7.27): what lies in it is another question."""
    if not text:
        return None
    for part in text.split(","):
        match = _RANGE.fullmatch(part)
        if match is None or (match[2] is not None and int(match[1]) >= int(match[2])):
            return code(StatusCodes.BadIndexRangeInvalid)
    return None


def within(value: ua.DataValue, text: str | None) -> ua.DataValue:
    """The part of a value that an index range names."""
    if not text or (value.StatusCode is not None and value.StatusCode.is_bad()):
        return value
    whole: Any = value.Value.Value if value.Value is not None else None
    match = _RANGE.fullmatch(text)
    if value.Value is None or match is None or not isinstance(whole, list | tuple | str | bytes):
        return ua.DataValue(StatusCode=code(StatusCodes.BadIndexRangeNoData))
    part = whole[int(match[1]) : int(match[2] or match[1]) + 1]
    if not part:
        return ua.DataValue(StatusCode=code(StatusCodes.BadIndexRangeNoData))
    kept = ua.Variant(part, value.Value.VariantType)
    return replace(value, Value=kept)


def read(space: AddressSpace, asked: ua.ReadValueId) -> ua.DataValue:
    """One attribute."""
    if asked.NodeId not in space:
        return ua.DataValue(StatusCode=code(StatusCodes.BadNodeIdUnknown))
    refused = range_refused(asked.IndexRange) or encoding_refused(space, asked)
    if refused is not None:
        return ua.DataValue(StatusCode=refused)
    return within(space.read_attribute_value(asked.NodeId, asked.AttributeId), asked.IndexRange)
