"""A template as an Asset Interfaces Description: the submodel by which others read the device.

IDTA 02017-1-0 with the interface InterfaceMODBUS, in the JSON of the Asset Administration Shell
(metamodel 3.0). Its terms are those of the W3C's Thing Description and Modbus binding. It has none
for a factor, for a single bit of a register or for raw values that mean no value: these stand at
the point as qualifiers, and a unit stands there only where the registers hold the value in that
unit. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.machines.aas import (
    Element,
    collection,
    flag,
    inside,
    limits,
    qualifier,
    references,
    said,
    semantic,
    value_of,
)
from gateway.machines.point import Point
from gateway.machines.template import Order, Table, Template

AID = "https://admin-shell.io/idta/AssetInterfacesDescription/1/0/"
TD = "https://www.w3.org/2019/wot/td#"
FORM = "https://www.w3.org/2019/wot/hypermedia#"
SCHEMA = "https://www.w3.org/2019/wot/json-schema#"
SECURITY = "https://www.w3.org/2019/wot/security#"
MODBUS = "https://www.w3.org/2019/wot/modbus#"
RDF_TYPE = "https://www.w3.org/1999/02/22-rdf-syntax-ns#type"
UNIT = "https://schema.org/unitCode"
BINARY = "application/octet-stream"

ENTITIES: Mapping[Table, tuple[str, str]] = {
    Table.COILS: ("readCoil", "Coil"),
    Table.DISCRETE_INPUTS: ("readDiscreteInput", "DiscreteInput"),
    Table.HOLDING_REGISTERS: ("readHoldingRegisters", "HoldingRegister"),
    Table.INPUT_REGISTERS: ("readInputRegisters", "InputRegister"),
}
"""``modv_function`` and ``modv_entity`` of each table."""

TYPES: Mapping[str, str] = {
    "h": "xs:short",
    "H": "xs:unsignedShort",
    "i": "xs:int",
    "I": "xs:unsignedInt",
    "q": "xs:long",
    "Q": "xs:unsignedLong",
    "f": "xs:float",
    "d": "xs:double",
}
"""``modv_type`` by ``struct``'s code; of what is in none of these forms, the bytes are said."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the device is; the address is one of those kept for documentation (RFC 5737)."""

    host: str = "192.0.2.1"
    port: int = 502
    unit: int = 1

    @property
    def base(self) -> str:
        """The address to which those of the points are relative."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"modbus+tcp://{host}:{self.port}/{self.unit}/"


def environment(template: Template, endpoint: Endpoint) -> Element:
    """The file: the submodel of ``template``, whose parameters have been given."""
    return {"submodels": [submodel(template, endpoint)]}


def submodel(template: Template, endpoint: Endpoint) -> Element:
    """The submodel AssetInterfacesDescription."""
    identity = f"urn:werkverbund:template:{template.template}:asset-interfaces-description"
    interface = collection(
        "InterfaceMODBUS",
        f"{AID}Interface",
        [
            value_of("title", f"{TD}title", template.title.en),
            _endpoint(endpoint, identity),
            _interaction(template),
        ],
        "https://www.w3.org/2019/wot/td",
        "http://www.w3.org/2011/modbus",
    )
    return {
        "modelType": "Submodel",
        "kind": "Instance",
        "id": identity,
        "idShort": "AssetInterfacesDescription",
        "description": said(template.title),
        "semanticId": semantic(f"{AID}Submodel"),
        "submodelElements": [interface],
    }


def _endpoint(endpoint: Endpoint, submodel: str) -> Element:
    scheme = collection(
        "nosec_sc",
        f"{SECURITY}NoSecurityScheme",
        [value_of("scheme", f"{SECURITY}SecurityScheme", "nosec")],
    )
    path = ("InterfaceMODBUS", "EndpointMetadata", "securityDefinitions", "nosec_sc")
    return collection(
        "EndpointMetadata",
        f"{AID}EndpointMetadata",
        [
            value_of("base", f"{TD}baseURI", endpoint.base, "xs:anyURI"),
            value_of("contentType", f"{FORM}forContentType", BINARY),
            references("security", f"{TD}hasSecurityConfiguration", [inside(submodel, *path)]),
            collection("securityDefinitions", f"{TD}definesSecurityScheme", [scheme]),
        ],
    )


def _interaction(template: Template) -> Element:
    properties = collection(
        "properties",
        f"{TD}PropertyAffordance",
        [_point(point) for point in template.points],
    )
    return collection(
        "InteractionMetadata",
        f"{AID}InteractionMetadata",
        [properties],
        f"{TD}InteractionAffordance",
    )


def _point(point: Point) -> Element:
    told = [
        value_of("key", f"{AID}key", point.name),
        value_of("title", f"{TD}title", point.means.en),
        value_of("type", RDF_TYPE, _kind(point)),
    ]
    if point.unit != "1" and _as_it_is(point):
        told.append(value_of("unit", UNIT, point.unit))
    element = collection(
        point.name.replace("-", "_"),
        f"{AID}PropertyDefinition",
        [*told, *_limits(point), _form(point)],
        f"{TD}name",
    )
    element["description"] = said(point.means)
    if qualifiers := list(_qualifiers(point)):
        element["qualifiers"] = qualifiers
    return element


def _form(point: Point) -> Element:
    function, entity = ENTITIES[point.table]
    terms = [
        value_of("href", f"{FORM}hasTarget", f"{point.address}?quantity={point.words}"),
        value_of("contentType", f"{FORM}forContentType", BINARY),
        value_of("modv_function", f"{MODBUS}hasFunction", function),
        value_of("modv_entity", f"{MODBUS}hasEntity", entity),
        flag("modv_zeroBasedAddressing", f"{MODBUS}hasZeroBasedAddressingFlag", yes=True),
        value_of("modv_type", f"{MODBUS}hasPayloadDataType", _type(point)),
    ]
    if not point.is_table_bit:
        high_first = point.order is not Order.LOW_FIRST
        terms += [
            flag("modv_mostSignificantByte", f"{MODBUS}hasMostSignificantByte", yes=True),
            flag("modv_mostSignificantWord", f"{MODBUS}hasMostSignificantWord", yes=high_first),
        ]
    if point.every is not None:
        every = str(round(point.every.total_seconds() * 1000))
        terms.append(value_of("modv_pollingTime", f"{MODBUS}hasPollingTime", every, "xs:integer"))
    return collection("forms", f"{TD}hasForm", terms)


def _kind(point: Point) -> str:
    """The type of what is sent, in the words of JSON Schema."""
    if point.is_table_bit:
        return "boolean"
    return "number" if point.is_float else "integer"


def _type(point: Point) -> str:
    if point.is_table_bit:
        return "xs:boolean"
    return TYPES.get(point.encoding.row.layout, "xs:hexBinary")


def _as_it_is(point: Point) -> bool:
    """Whether the registers hold the value in its unit."""
    return (point.scale, point.offset) == (1, 0)


def _limits(point: Point) -> Iterator[Element]:
    """The limits of the raw value, where there are some."""
    lowest, highest = (
        None if limit is None else (limit - point.offset) / point.scale
        for limit in ((point.low, point.high) if point.scale > 0 else (point.high, point.low))
    )
    if lowest is None and highest is None:
        return
    ends = {"minimum": lowest, "maximum": highest}
    write = repr if point.is_float else "{:.0f}".format
    element = limits(
        "min_max",
        f"{AID}minMaxRange",
        "xs:double" if point.is_float else "xs:integer",
        *(None if limit is None else write(float(limit)) for limit in ends.values()),
    )
    element["supplementalSemanticIds"] = [
        semantic(f"{SCHEMA}{end}") for end, limit in ends.items() if limit is not None
    ]
    yield element


def _qualifiers(point: Point) -> Iterator[Element]:
    """What the terms of the submodel cannot say: value = raw x scale + offset, in ``unit``."""
    if not _as_it_is(point):
        yield qualifier("scale", "xs:double", repr(float(point.scale)))
        yield qualifier("offset", "xs:double", repr(float(point.offset)))
        yield qualifier("unit", "xs:string", point.unit)
    if point.bit is not None:
        yield qualifier("bit", "xs:int", str(point.bit))
    for number, raw in enumerate(point.sentinels, 1):
        yield qualifier(f"noValue{number}", "xs:string", f"{raw:g}")
