"""The oracle for our type nodes: the nodesets that the OPC Foundation publishes, from npm."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from gateway.sinks.opcua.types import (
    DI,
    HAS_SUBTYPE,
    MACHINERY,
    TYPE_NODES,
    UA,
    Name,
    Ref,
    Rule,
    TypeNode,
)
from tests.sinks.node_peer import package

FILES = {DI: "Opc.Ua.Di.NodeSet2.xml", MACHINERY: "Opc.Ua.Machinery.NodeSet2.xml"}
XML = "{http://opcfoundation.org/UA/2011/03/UANodeSet.xsd}"
RULES = {Ref(UA, 78): Rule.MANDATORY, Ref(UA, 80): Rule.OPTIONAL}


@dataclass(frozen=True)
class Published:
    kind: str
    name: Name
    abstract: bool
    data: Ref | None
    forward: frozenset[tuple[Ref, Ref]]
    inverse: frozenset[tuple[Ref, Ref]]
    value: str


def published(uri: str) -> Mapping[Ref, Published]:
    file = package("node-opcua-nodesets") / "nodesets" / FILES[uri]
    root = ET.parse(file).getroot()
    uris = [UA, *(one.text or "" for one in root.iterfind(f"{XML}NamespaceUris/{XML}Uri"))]
    aliases = {
        one.get("Alias", ""): one.text or "" for one in root.iterfind(f"{XML}Aliases/{XML}Alias")
    }

    def ref(text: str | None) -> Ref:
        text = aliases.get(text or "", text or "")
        space, _, number = text.rpartition("i=")
        index = int(space.removeprefix("ns=").rstrip(";") or 0)
        return Ref(uris[index], int(number))

    nodes = {}
    for element in root:
        if element.get("NodeId") is None:
            continue
        index, _, name = element.get("BrowseName", "").rpartition(":")
        if "://" in element.get("BrowseName", ""):  # the browse name is itself an address
            index, _, name = element.get("BrowseName", "").partition(":")
        references = [
            (ref(one.get("ReferenceType")), ref(one.text), one.get("IsForward") != "false")
            for one in element.iterfind(f"{XML}References/{XML}Reference")
        ]
        value = element.find(f"{XML}Value")
        nodes[ref(element.get("NodeId"))] = Published(
            element.tag.removeprefix(f"{XML}UA"),
            Name(uris[int(index or 0)], name),
            element.get("IsAbstract") == "true",
            ref(element.get("DataType")) if element.get("DataType") else None,
            frozenset((kind, target) for kind, target, forward in references if forward),
            frozenset((kind, target) for kind, target, forward in references if not forward),
            "".join(value.itertext()).strip() if value is not None else "",
        )
    return nodes


@pytest.fixture(scope="module")
def oracle() -> Mapping[Ref, Published]:
    return {**published(DI), **published(MACHINERY)}


def kind(node: TypeNode) -> str:
    if node.definition is None:
        return "ObjectType"
    return "Object" if node.data is None else "Variable"


@pytest.mark.parametrize("node", TYPE_NODES, ids=lambda node: f"{node.ref.id}-{node.name.name}")
def test_node_agrees_with_the_published_nodeset(
    oracle: Mapping[Ref, Published], node: TypeNode
) -> None:
    theirs = oracle[node.ref]
    assert kind(node) == theirs.kind
    assert node.name == theirs.name
    assert node.abstract == theirs.abstract
    if node.data is not None:
        assert theirs.data == Ref(UA, node.data)
    if node.definition is not None:
        assert (Ref(UA, 40), node.definition) in theirs.forward
    if node.rule is not None:
        assert {RULES.get(target) for link, target in theirs.forward if link == Ref(UA, 37)} == {
            node.rule
        }
    parent = oracle.get(node.parent)
    assert (node.link, node.parent) in theirs.inverse or (
        parent is not None and (node.link, node.ref) in parent.forward
    )
    for link, target in node.links:
        assert (link, target) in theirs.forward
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        assert theirs.value == str(node.value)
    if isinstance(node.value, Name):
        assert node.value.name in theirs.value


def test_types_derive_from_nodes_that_are_there() -> None:
    known = {node.ref for node in TYPE_NODES}
    derived = [node for node in TYPE_NODES if node.link == HAS_SUBTYPE]
    assert len(derived) >= 10
    for node in derived:
        assert node.parent.uri == UA or node.parent in known


def test_no_id_and_no_sibling_name_is_used_twice() -> None:
    assert len({node.ref for node in TYPE_NODES}) == len(TYPE_NODES)
    assert len({(node.parent, node.name) for node in TYPE_NODES}) == len(TYPE_NODES)
