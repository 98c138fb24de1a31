"""Attributes that say the same share one value: the standard's 5,000 nodes have 77,000 of them.

asyncua makes four objects for each, 50 MB in all, most of them "not writable" and "no text". A
DataValue is replaced when something is written, and never changed, so it can stand in many places.
"""

from __future__ import annotations

from typing import Any

from asyncua import ua
from asyncua.server.address_space import NodeData, NodeManagementService
from asyncua.ua.attribute_ids import AttributeIds

_VALUE = AttributeIds.Value


class SharingNodes(NodeManagementService):
    """Adds nodes as asyncua does, and shares what they have in common."""

    def __init__(self, aspace: Any) -> None:
        super().__init__(aspace)
        self._shared: dict[Any, ua.DataValue] = {}

    def _add_node_attributes(self, nodedata: NodeData, item: Any, add_timestamps: bool) -> None:  # noqa: FBT001
        super()._add_node_attributes(nodedata, item, add_timestamps)
        for kind, attribute in nodedata.attributes.items():
            if kind != _VALUE and attribute.value is not None:
                attribute.value = self._same(attribute.value)

    def _same(self, value: ua.DataValue) -> ua.DataValue:
        variant = value.Value
        if variant is None or value.SourceTimestamp is not None or variant.is_array:
            return value
        content = variant.Value
        try:
            return self._shared.setdefault((variant.VariantType, type(content), content), value)
        except TypeError:  # it cannot be told by its content
            return value
