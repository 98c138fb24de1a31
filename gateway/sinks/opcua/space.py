"""Builds nodes in asyncua's address space: the types from their table, and instances.

asyncua's own calls for adding nodes read the parent back for every node and cannot set the
reference, so the node descriptions are made here and handed over whole.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from asyncua import ua
from asyncua.server.server import Server
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from gateway.core.text import Text
from gateway.sinks.opcua.types import (
    HAS_ADD_IN,
    HAS_COMPONENT,
    HAS_PROPERTY,
    PROPERTY_TYPE,
    Name,
    Ref,
    Rule,
    TypeNode,
)
from gateway.sinks.opcua.values import code, node_id

PAUSE = 20
"""Nodes added at a stretch: then the event loop gets its turn, a few milliseconds later."""

_RULES = {
    Rule.MANDATORY: node_id(ObjectIds.ModellingRule_Mandatory),
    Rule.OPTIONAL: node_id(ObjectIds.ModellingRule_Optional),
}
_READ = ua.AccessLevel.CurrentRead.mask


class Space:
    """The address space of one server. ``own`` is the namespace of the instances."""

    def __init__(self, server: Server, indices: Mapping[str, int], own: str) -> None:
        self._session = server.iserver.isession
        self._nodes = server.iserver.aspace
        self._indices = indices
        self._own = own
        self._added = 0

    def id(self, ref: Ref) -> ua.NodeId:
        """The node id of a standard node."""
        return node_id(ref.id, self._indices[ref.uri])

    def own_id(self, path: str) -> ua.NodeId:
        """The node id of an instance."""
        return node_id(path, self._indices[self._own])

    def name(self, name: Name) -> ua.QualifiedName:
        """A browse name on the wire."""
        return ua.QualifiedName(name.name, self._indices[name.uri])

    async def add_types(self, nodes: Iterable[TypeNode]) -> None:
        """Add the nodes of types, parents first, then their further references."""
        nodes = tuple(nodes)
        for node in nodes:
            await self._add(
                self.id(node.ref),
                self.name(node.name),
                parent=self.id(node.parent),
                link=self.id(node.link),
                definition=self.id(node.definition) if node.definition else ua.NodeId(),
                attributes=self._attributes_of(node),
            )
            if node.rule is not None:
                await self._point(self.id(node.ref), _MODELLING_RULE, _RULES[node.rule])
        for node in nodes:
            for link, target in node.links:
                await self.link(self.id(node.ref), link, self.id(target))

    async def add_object(
        self,
        path: str,
        name: Name,
        parent: ua.NodeId,
        definition: Ref,
        *,
        link: Ref = HAS_COMPONENT,
        title: Text | None = None,
    ) -> ua.NodeId:
        """Add an object."""
        attributes = ua.ObjectAttributes()
        attributes.EventNotifier = 0
        _describe(attributes, name, title)
        return await self._add(
            self.own_id(path),
            self.name(name),
            parent=parent,
            link=self.id(link),
            definition=self.id(definition),
            attributes=attributes,
        )

    async def add_add_in(
        self, path: str, name: Name, parent: ua.NodeId, definition: Ref
    ) -> ua.NodeId:
        """Add an object by HasAddIn, as the companion specifications ask."""
        return await self.add_object(path, name, parent, definition, link=HAS_ADD_IN)

    async def add_property(
        self,
        path: str,
        name: Name,
        parent: ua.NodeId,
        value: ua.Variant,
        data: int,
        *,
        array: bool = False,
    ) -> ua.NodeId:
        """Add a property with its value."""
        attributes = _variable(value, node_id(data))
        if array:
            attributes.ValueRank = ua.ValueRank.OneDimension
            attributes.ArrayDimensions = [0]
        _describe(attributes, name, None)
        return await self._add(
            self.own_id(path),
            self.name(name),
            parent=parent,
            link=self.id(HAS_PROPERTY),
            definition=self.id(PROPERTY_TYPE),
            attributes=attributes,
        )

    async def add_variable(
        self,
        path: str,
        name: Name,
        parent: ua.NodeId,
        definition: Ref,
        data: int,
        *,
        title: Text | None = None,
        array: bool = False,
    ) -> ua.NodeId:
        """Add a variable that has no value yet."""
        attributes = _variable(ua.Variant(), node_id(data))
        if array:
            attributes.ValueRank = ua.ValueRank.OneDimension
            attributes.ArrayDimensions = [0]
        _describe(attributes, name, title)
        return await self._add(
            self.own_id(path),
            self.name(name),
            parent=parent,
            link=self.id(HAS_COMPONENT),
            definition=self.id(definition),
            attributes=attributes,
        )

    async def remove(self, path: str, parent: Ref) -> Listening:
        """Take an object below ``parent`` away with everything below it; returns who listened.

        asyncua's own way looks through every reference of every node for each one, and whoever
        listens to a value is told that his whole subscription has ended.
        """
        index = self._indices[self._own]
        mine = [
            node
            for node in self._nodes.keys()  # noqa: SIM118 - it is no mapping
            if node.NamespaceIndex == index and f"{node.Identifier}.".startswith(f"{path}.")
        ]
        above = self._nodes[self.id(parent)].references
        above[:] = [one for one in above if one.NodeId != self.own_id(path)]
        listening: Listening = {}
        for count, node in enumerate(mine):
            for attribute, kept in self._nodes[node].attributes.items():
                if kept.datachange_callbacks:
                    listening[node, attribute] = dict(kept.datachange_callbacks)
            del self._nodes[node]
            if count % PAUSE == PAUSE - 1:
                await asyncio.sleep(0)
        return listening

    async def listened(self, listening: Listening) -> None:
        """Let those who listened to nodes that were taken away listen to the ones there now.

        Where there is none, they are told so.
        """
        for (node, attribute), callbacks in listening.items():
            there = self._nodes.get(node)
            kept = None if there is None else there.attributes.get(attribute)
            if kept is not None:
                kept.datachange_callbacks.update(callbacks)
                continue
            for handle, callback in callbacks.items():
                await callback(handle, _NO_NODE)
                with contextlib.suppress(KeyError):  # it forgets the handle, then misses the node
                    self._nodes.delete_datachange_callback(handle)

    def _attributes_of(self, node: TypeNode) -> Any:
        attributes: Any
        if node.definition is None:
            attributes = ua.ObjectTypeAttributes()
            attributes.IsAbstract = node.abstract
        elif node.data is None:
            attributes = ua.ObjectAttributes()
            attributes.EventNotifier = 0
        else:
            value = self.name(node.value) if isinstance(node.value, Name) else node.value
            kind = ua.VariantType(node.data) if value is not None else ua.VariantType.Null
            attributes = _variable(ua.Variant(value, kind), node_id(node.data))
        _describe(attributes, node.name, None)
        return attributes

    async def _add(
        self,
        node: ua.NodeId,
        name: ua.QualifiedName,
        *,
        parent: ua.NodeId,
        link: ua.NodeId,
        definition: ua.NodeId,
        attributes: Any,
    ) -> ua.NodeId:
        item = ua.AddNodesItem()
        item.RequestedNewNodeId = node
        item.BrowseName = name
        item.ParentNodeId = parent
        item.ReferenceTypeId = link
        item.TypeDefinition = definition
        item.NodeAttributes = attributes
        item.NodeClass = _CLASSES[type(attributes)]
        (result,) = await self._session.add_nodes([item])
        result.StatusCode.check()
        self._added += 1
        if self._added % PAUSE == 0:
            await asyncio.sleep(0)
        return node

    async def link(self, source: ua.NodeId, link: Ref, target: ua.NodeId) -> None:
        """Add a reference between two nodes, seen from both."""
        await self._point(source, self.id(link), target)
        await self._point(target, self.id(link), source, forward=False)

    async def _point(
        self, source: ua.NodeId, link: ua.NodeId, target: ua.NodeId, *, forward: bool = True
    ) -> None:
        item = ua.AddReferencesItem()
        item.SourceNodeId = source
        item.TargetNodeId = target
        item.ReferenceTypeId = link
        item.IsForward = forward
        item.TargetNodeClass = ua.NodeClass.Unspecified
        (status,) = await self._session.add_references([item])
        status.check()


Listening = dict[tuple[ua.NodeId, Any], dict[int, Callable[..., Awaitable[None]]]]
"""Whom asyncua tells of a new value: by node and attribute, by the number that it gave him."""
_NO_NODE = ua.DataValue(StatusCode=code(StatusCodes.BadNodeIdUnknown))
_MODELLING_RULE = node_id(ObjectIds.HasModellingRule)
_CLASSES = {
    ua.ObjectTypeAttributes: ua.NodeClass.ObjectType,
    ua.ObjectAttributes: ua.NodeClass.Object,
    ua.VariableAttributes: ua.NodeClass.Variable,
}


def _variable(value: ua.Variant, data: ua.NodeId) -> Any:
    attributes: Any = ua.VariableAttributes()
    attributes.Value = value
    attributes.DataType = data
    attributes.ValueRank = ua.ValueRank.Scalar
    attributes.ArrayDimensions = None
    attributes.AccessLevel = attributes.UserAccessLevel = _READ
    attributes.Historizing = False
    return attributes


def _describe(attributes: Any, name: Name, title: Text | None) -> None:
    """Display name in German and description in English, each marked with its language."""
    if title is None:
        attributes.DisplayName = ua.LocalizedText(name.name)
        attributes.Description = ua.LocalizedText()
    else:
        attributes.DisplayName = ua.LocalizedText(title.de, "de")
        attributes.Description = ua.LocalizedText(title.en, "en")
    attributes.WriteMask = attributes.UserWriteMask = 0
