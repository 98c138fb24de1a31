"""A point in an Asset Interfaces Description, by terms of the W3C's Thing Description and Modbus.

These have none for a factor, for some of the bits of a register, for rare encodings, or for raw
values that mean no value: such things stand at the point as qualifiers, and a unit stands there
only where the registers hold the value in that unit. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.core.text import Text
from gateway.machines.aas import (
    Element,
    collection,
    flag,
    limits,
    qualifier,
    said,
    semantic,
    texts,
    value_of,
)
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.point import Point
from gateway.machines.raw_values import Sentinel
from gateway.machines.template import Table

AID = "https://admin-shell.io/idta/AssetInterfacesDescription/1/0/"
TD = "https://www.w3.org/2019/wot/td#"
FORM = "https://www.w3.org/2019/wot/hypermedia#"
BINARY = "application/octet-stream"
SCHEMA = "https://www.w3.org/2019/wot/json-schema#"
MODBUS = "https://www.w3.org/2019/wot/modbus#"
RDF_TYPE = "https://www.w3.org/1999/02/22-rdf-syntax-ns#type"
UNIT = "https://schema.org/unitCode"

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
"""``modv_type`` by ``struct``'s code."""

BYTES = "xs:hexBinary"
"""``modv_type`` of what has none of its own; ``encoding`` then says what the bytes hold."""


def affordance(point: Point) -> Element:
    """The property of a point: its type, its unit and limits, and the form by which it is read."""
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
        [*told, *_listed(point), *_limits(point), _form(point)],
        f"{TD}name",
    )
    element["description"] = said(_meaning(point))
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
        byte, word = _first(point)
        terms += [
            flag("modv_mostSignificantByte", f"{MODBUS}hasMostSignificantByte", yes=byte),
            flag("modv_mostSignificantWord", f"{MODBUS}hasMostSignificantWord", yes=word),
        ]
    if point.every is not None:
        every = str(round(point.every.total_seconds() * 1000))
        terms.append(value_of("modv_pollingTime", f"{MODBUS}hasPollingTime", every, "xs:integer"))
    return collection("forms", f"{TD}hasForm", terms)


def _kind(point: Point) -> str:
    """The type of what is sent, in the words of JSON Schema."""
    if point.is_table_bit:
        return "boolean"
    if point.encoding.shape is Shape.TEXT:
        return "string"
    return "number" if point.is_float else "integer"


def _type(point: Point) -> str:
    if point.is_table_bit:
        return "xs:boolean"
    if point.encoding is Encoding.TEXT:
        return "xs:string"
    return BYTES if _mixed(point) else TYPES.get(point.encoding.row.layout, BYTES)


def _first(point: Point) -> tuple[bool, bool]:
    """Whether the high byte of a word, and the high word of a value, is sent first."""
    if point.order is None or _mixed(point):
        return True, True
    return not point.order.low_byte_first, point.order.places(point.words)[0] == 0


def _mixed(point: Point) -> bool:
    """Whether its words stand neither from high to low nor from low to high."""
    if point.order is None:
        return False
    straight = tuple(range(point.words))
    return point.order.places(point.words) not in (straight, straight[::-1])


def _as_it_is(point: Point) -> bool:
    """Whether the registers hold the value in its unit."""
    return (point.scale, point.offset, point.scale_from, point.mask) == (1, 0, None, None)


def _limits(point: Point) -> Iterator[Element]:
    """The limits of the raw value, where there are some."""
    if point.scale_from is not None or point.mask is not None:
        return
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


def _listed(point: Point) -> Iterator[Element]:
    """The numbers of an enumeration; what they mean stands in the description."""
    if point.values and _as_it_is(point):
        yield texts("enum", f"{SCHEMA}enum", [str(number) for number in point.values])


def _meaning(point: Point) -> Text:
    """What a point means, and each number of an enumeration."""
    if not point.values:
        return point.means.text
    listed = point.values.items()
    return Text(
        f"{point.means.de} ({', '.join(f'{number}: {told.de}' for number, told in listed)})",
        f"{point.means.en} ({', '.join(f'{number}: {told.en}' for number, told in listed)})",
    )


def _qualifiers(point: Point) -> Iterator[Element]:
    """What the terms of the submodel cannot say.

    value = (raw, or its bits of ``mask`` or ``bit``) x scale x 10^scaleFrom + offset, in ``unit``.
    """
    if not _as_it_is(point):
        yield qualifier("scale", "xs:double", repr(float(point.scale)))
        yield qualifier("offset", "xs:double", repr(float(point.offset)))
        yield qualifier("unit", "xs:string", point.unit)
    if point.scale_from is not None:
        yield qualifier("scaleFrom", "xs:string", point.scale_from)
    if point.bit is not None:
        yield qualifier("bit", "xs:int", str(point.bit))
    if point.mask is not None:
        yield qualifier("mask", "xs:unsignedLong", str(point.mask))
    if _type(point) == BYTES or point.encoding is Encoding.BOOL:
        yield qualifier("encoding", "xs:string", point.encoding)
    if _mixed(point):
        yield qualifier("order", "xs:string", str(point.order))
    for number, raw in enumerate(point.sentinels, 1):
        yield qualifier(f"noValue{number}", "xs:string", _plain(raw))


def _plain(raw: Sentinel) -> str:
    whole = not isinstance(raw, str) and float(raw).is_integer()
    return str(int(raw)) if whole else str(raw)
