"""Browsing: how many references an answer holds, and where the next request goes on."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.server.address_space import AddressSpace, ViewService
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.status_codes import StatusCodes

from gateway.sinks.opcua.limits import ALL_REFERENCES, CONTINUATION_POINTS, REFERENCES
from gateway.sinks.opcua.values import code, node_id

BREATH = 20
"""Nodes looked at in one go: then others get their turn."""

LOOKS = 100_000
"""References that the paths of one request may be compared with."""

_NULL = node_id(0)
_ALL_NODES = _NULL  # the view that is no view


class View(ViewService):
    """asyncua's, which asks the tree of reference types anew for every reference: asked once."""

    def __init__(self, space: AddressSpace) -> None:
        super().__init__(space)
        self._kinds: dict[ua.NodeId, frozenset[ua.NodeId]] = {}

    def references(self, wanted: ua.BrowseDescription) -> ua.BrowseResult:
        """All references of a node that a client wants, or why there are none."""
        result = ua.BrowseResult()
        kind = wanted.ReferenceTypeId
        if wanted.NodeId not in self._aspace:
            result.StatusCode = code(StatusCodes.BadNodeIdUnknown)
        elif kind != _NULL and not self._is_reference_type(kind):
            result.StatusCode = code(StatusCodes.BadReferenceTypeIdInvalid)
        else:
            result = self._browse(wanted)
        return result

    def targets(self, path: ua.BrowsePath, looks: list[int]) -> ua.BrowsePathResult:
        """Where a path leads; ``looks`` is what is left of LOOKS for the paths of a request."""
        result = ua.BrowsePathResult()
        elements = path.RelativePath.Elements
        if not elements:
            result.StatusCode = code(StatusCodes.BadNothingToDo)
        elif path.StartingNode not in self._aspace:
            result.StatusCode = code(StatusCodes.BadNodeIdUnknown)
        elif not all(one.TargetName and one.TargetName.Name for one in elements):
            result.StatusCode = code(StatusCodes.BadBrowseNameInvalid)
        else:
            found = [path.StartingNode]
            for element in elements:
                looks[0] -= sum(len(self._references_of(node)) for node in found)
                if looks[0] < 0:
                    result.StatusCode = code(StatusCodes.BadQueryTooComplex)
                    return result
                # Without repeats: two steps there and back would double them each time.
                there = [self._find_elements_in_node(element, node) for node in found]
                found = list(dict.fromkeys(one for some in there for one in some))
                found = [node for node in found if node in self._aspace]
            for node in found:
                expanded = ua.ExpandedNodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)
                result.Targets.append(ua.BrowsePathTarget(expanded, ua.Index(0xFFFFFFFF)))
            if not found:
                result.StatusCode = code(StatusCodes.BadNoMatch)
        return result

    def _references_of(self, node: ua.NodeId) -> Sequence[ua.ReferenceDescription]:
        kept = self._aspace.get(node)
        return kept.references if kept is not None else ()

    def _is_reference_type(self, node: ua.NodeId) -> bool:
        kept = self._aspace.read_attribute_value(node, AttributeIds.NodeClass)
        return kept.Value is not None and kept.Value.Value == ua.NodeClass.ReferenceType

    def _suitable_reftype(self, ref1: ua.NodeId, ref2: ua.NodeId, subtypes: bool) -> bool:  # noqa: FBT001
        if ref1 in (_NULL, ref2):
            return True
        if not subtypes:
            return False
        kinds = self._kinds.get(ref1)
        if kinds is None:
            kinds = frozenset(self._get_sub_ref(ref1))
            if self._is_reference_type(ref1):  # nobody fills memory with names of his own
                self._kinds[ref1] = kinds
        return ref2 in kinds


@dataclass(frozen=True)
class _Rest:
    references: list[ua.ReferenceDescription]
    most: int


class Browsing:
    """What one session browses, with the results it has not fetched to their ends."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._rests: dict[bytes, _Rest] = {}

    async def first(self, asked: ua.BrowseParameters) -> list[ua.BrowseResult]:
        """The answer to Browse."""
        wanted = int(asked.RequestedMaxReferencesPerNode)
        most = min(wanted or REFERENCES, REFERENCES)
        room, results = ALL_REFERENCES, []
        for number, one in enumerate(asked.NodesToBrowse):
            if asked.View.ViewId != _ALL_NODES:
                results.append(ua.BrowseResult(code(StatusCodes.BadViewIdUnknown)))
                continue
            result = self._cut(self._view.references(one), min(most, room), most)
            room -= len(result.References)
            results.append(result)
            if number % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        return results

    def next(self, asked: ua.BrowseNextParameters) -> list[ua.BrowseResult]:
        """The answer to BrowseNext."""
        room, results = ALL_REFERENCES, []
        for point in asked.ContinuationPoints or ():
            rest = self._rests.pop(point or b"", None)
            result = ua.BrowseResult()
            if rest is None:
                result.StatusCode = code(StatusCodes.BadContinuationPointInvalid)
            elif not asked.ReleaseContinuationPoints:
                result.References = rest.references
                result = self._cut(result, min(rest.most, room), rest.most)
                room -= len(result.References)
            results.append(result)
        return results

    async def translate(self, paths: Sequence[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        """The answer to TranslateBrowsePathsToNodeIds."""
        looks, results = [LOOKS], []
        for number, path in enumerate(paths):
            results.append(self._view.targets(path, looks))
            if number % BREATH == BREATH - 1:
                await asyncio.sleep(0)
        return results

    def _cut(self, result: ua.BrowseResult, first: int, most: int) -> ua.BrowseResult:
        found = result.References
        if len(found) <= first:
            return result
        if first == 0 or len(self._rests) >= CONTINUATION_POINTS:
            return ua.BrowseResult(code(StatusCodes.BadNoContinuationPoints))
        result.ContinuationPoint = secrets.token_bytes(16)
        result.References = found[:first]
        self._rests[result.ContinuationPoint] = _Rest(found[first:], most)
        return result
