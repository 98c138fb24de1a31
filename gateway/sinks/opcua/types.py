"""The type nodes that we serve of OPC 10000-100 (DI) and OPC 40001-1 (Machinery), as plain data.

Only what our instances need, under the official numeric ids. Editions: DI 1.04.0, Machinery
1.03.0; both namespaces are declared as subsets. A test compares every entry with the published
nodesets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

UA = "http://opcfoundation.org/UA/"
DI = "http://opcfoundation.org/UA/DI/"
MACHINERY = "http://opcfoundation.org/UA/Machinery/"

INDICES = {DI: 2, MACHINERY: 3}
OWN_INDEX = 4
"""Namespace indices in our servers: 0 is UA, 1 the application's own, 4 the firm's instances."""


def own_namespace(firm: str) -> str:
    """The namespace of a firm's instances."""
    return f"urn:werkverbund:{firm}"


@dataclass(frozen=True, slots=True)
class Ref:
    """A node by its namespace and numeric id."""

    uri: str
    id: int


@dataclass(frozen=True, slots=True)
class Name:
    """A browse name in its namespace."""

    uri: str
    name: str


class Rule(StrEnum):
    """Whether an instance must have the child."""

    MANDATORY = "Mandatory"
    OPTIONAL = "Optional"


@dataclass(frozen=True, slots=True)
class TypeNode:
    """One node of a type: the type itself, or a child that describes its instances.

    ``link``        how ``parent`` refers to it
    ``definition``  the type of an object or variable; None for an object type
    ``data``        the data type of a variable (a number of namespace UA)
    ``links``       further forward references: interfaces, the states of a transition
    """

    ref: Ref
    name: Name
    parent: Ref
    link: Ref
    definition: Ref | None = None
    rule: Rule | None = None
    data: int | None = None
    value: int | str | bool | Name | datetime | None = None
    abstract: bool = False
    links: tuple[tuple[Ref, Ref], ...] = ()


def _ua(number: int) -> Ref:
    return Ref(UA, number)


ORGANIZES, HAS_COMPONENT, HAS_PROPERTY, HAS_SUBTYPE = _ua(35), _ua(47), _ua(46), _ua(45)
HAS_ADD_IN, HAS_INTERFACE, FROM_STATE, TO_STATE = _ua(17604), _ua(17603), _ua(51), _ua(52)
FOLDER_TYPE, PROPERTY_TYPE, BASE_INTERFACE_TYPE = _ua(61), _ua(68), _ua(17602)
STATE_MACHINE_TYPE, STATE_TYPE, TRANSITION_TYPE = _ua(2771), _ua(2307), _ua(2310)
NAMESPACE_METADATA_TYPE, NAMESPACES, OBJECTS_FOLDER = _ua(11616), _ua(11715), _ua(85)

BOOLEAN, BYTE, UINT16, UINT32, STRING, DATE_TIME = 1, 3, 5, 7, 12, 13
QUALIFIED_NAME, LOCALIZED_TEXT, UINTEGER, DURATION = 20, 21, 28, 290

FUNCTIONAL_GROUP_TYPE = Ref(DI, 1005)
MACHINES = Ref(MACHINERY, 1001)
ITEM_STATE_TYPE = Ref(MACHINERY, 1002)
ITEM_IDENTIFICATION_TYPE = Ref(MACHINERY, 1004)
OPERATION_MODE_TYPE = Ref(MACHINERY, 1008)
OPERATION_COUNTER_TYPE = Ref(MACHINERY, 1009)
IDENTIFICATION_TYPE = Ref(MACHINERY, 1012)

_VENDOR, _LABEL, _COUNTERS = Ref(DI, 15035), Ref(DI, 15048), Ref(DI, 480)
_ITEM_VENDOR, _MACHINE_VENDOR = Ref(MACHINERY, 1003), Ref(MACHINERY, 1010)
_MACHINE_LABEL = Ref(MACHINERY, 1011)

ITEM_STATES = {
    0: Ref(MACHINERY, 5005),  # NotAvailable
    1: Ref(MACHINERY, 5004),  # OutOfService
    2: Ref(MACHINERY, 5007),  # NotExecuting
    3: Ref(MACHINERY, 5006),  # Executing
}
"""The state nodes of MachineryItemState by their StateNumber."""

OPERATION_MODES = {
    0: Ref(MACHINERY, 5024),  # None
    1: Ref(MACHINERY, 5025),  # Maintenance
    2: Ref(MACHINERY, 5027),  # Setup
    3: Ref(MACHINERY, 5026),  # Processing
}
"""The mode nodes of MachineryOperationMode by their StateNumber."""

ITEM_STATE_NAMES = ("NotAvailable", "OutOfService", "NotExecuting", "Executing")
OPERATION_MODE_NAMES = ("None", "Maintenance", "Setup", "Processing")


def _type(ref: Ref, name: str, base: Ref, *interfaces: Ref, abstract: bool = False) -> TypeNode:
    links = tuple((HAS_INTERFACE, interface) for interface in interfaces)
    return TypeNode(ref, Name(ref.uri, name), base, HAS_SUBTYPE, abstract=abstract, links=links)


def _properties(owner: Ref, *rows: tuple[int, str, str, int, Rule | None]) -> Iterator[TypeNode]:
    """Properties of a type: (id in the owner's namespace, namespace, name, data type, rule)."""
    for number, uri, name, data, rule in rows:
        yield TypeNode(
            Ref(owner.uri, number),
            Name(uri, name),
            owner,
            HAS_PROPERTY,
            PROPERTY_TYPE,
            rule,
            data,
        )


def _instance_name(number: int, owner: Ref, instance: Name) -> TypeNode:
    """The browse name that every instance of ``owner`` has."""
    return TypeNode(
        Ref(owner.uri, number),
        Name(UA, "DefaultInstanceBrowseName"),
        owner,
        HAS_PROPERTY,
        PROPERTY_TYPE,
        data=QUALIFIED_NAME,
        value=instance,
    )


def _number(ref: Ref, name: str, owner: Ref, value: int) -> TypeNode:
    return TypeNode(
        ref, Name(UA, name), owner, HAS_PROPERTY, PROPERTY_TYPE, Rule.MANDATORY, UINT32, value
    )


def _states(
    machine: Ref, states: dict[int, Ref], names: tuple[str, ...], first_number: int
) -> Iterator[TypeNode]:
    """The states of a state machine; the ids of their numbers follow the ids of the states."""
    first = min(state.id for state in states.values())
    for value, state in states.items():
        yield TypeNode(
            state, Name(machine.uri, names[value]), machine, HAS_COMPONENT, definition=STATE_TYPE
        )
        number = Ref(machine.uri, first_number + state.id - first)
        yield _number(number, "StateNumber", state, value)


_TRANSITIONS = (
    # from, to, TransitionNumber: in the order of their ids, which both state machines share
    *((0, 1, 0), (0, 2, 2), (0, 3, 1), (0, 0, 12)),
    *((1, 0, 3), (1, 2, 5), (1, 3, 4), (1, 1, 13)),
    *((2, 0, 9), (2, 1, 10), (2, 3, 11), (2, 2, 15)),
    *((3, 0, 6), (3, 1, 7), (3, 2, 8), (3, 3, 14)),
)


def _transitions(
    machine: Ref,
    states: dict[int, Ref],
    names: tuple[str, ...],
    first: int,
    first_number: int,
) -> Iterator[TypeNode]:
    for offset, (start, end, value) in enumerate(_TRANSITIONS):
        transition = Ref(machine.uri, first + offset)
        yield TypeNode(
            transition,
            Name(machine.uri, f"From{names[start]}To{names[end]}"),
            machine,
            HAS_COMPONENT,
            definition=TRANSITION_TYPE,
            links=((FROM_STATE, states[start]), (TO_STATE, states[end])),
        )
        number = Ref(machine.uri, first_number + offset)
        yield _number(number, "TransitionNumber", transition, value)


def _edition(
    ref: Ref, version: str, published: datetime, ids: tuple[int, int, int, int]
) -> Iterator[TypeNode]:
    """The namespace's entry below Server/Namespaces: which edition, and that it is a subset."""
    yield TypeNode(ref, Name(ref.uri, ref.uri), NAMESPACES, HAS_COMPONENT, NAMESPACE_METADATA_TYPE)
    rows: tuple[tuple[str, int, str | datetime | bool], ...] = (
        ("NamespaceUri", STRING, ref.uri),
        ("NamespaceVersion", STRING, version),
        ("NamespacePublicationDate", DATE_TIME, published),
        ("IsNamespaceSubset", BOOLEAN, True),
    )
    for number, (name, data, value) in zip(ids, rows, strict=True):
        yield TypeNode(
            Ref(ref.uri, number),
            Name(UA, name),
            ref,
            HAS_PROPERTY,
            PROPERTY_TYPE,
            data=data,
            value=value,
        )


_M, _O = Rule.MANDATORY, Rule.OPTIONAL

DI_NODES = (
    *_edition(
        Ref(DI, 15001), "1.04.0", datetime(2022, 11, 3, tzinfo=UTC), (15002, 15003, 15004, 15005)
    ),
    _type(FUNCTIONAL_GROUP_TYPE, "FunctionalGroupType", FOLDER_TYPE),
    _type(_VENDOR, "IVendorNameplateType", BASE_INTERFACE_TYPE, abstract=True),
    *_properties(
        _VENDOR,
        (15036, DI, "Manufacturer", LOCALIZED_TEXT, _O),
        (15037, DI, "ManufacturerUri", STRING, _O),
        (15038, DI, "Model", LOCALIZED_TEXT, _O),
        (15042, DI, "ProductCode", STRING, _O),
        (15044, DI, "DeviceClass", STRING, _O),
        (15045, DI, "SerialNumber", STRING, _O),
        (15046, DI, "ProductInstanceUri", STRING, _O),
    ),
    _type(_LABEL, "ITagNameplateType", BASE_INTERFACE_TYPE, abstract=True),
    *_properties(
        _LABEL,
        (15049, DI, "AssetId", STRING, _O),
        (15050, DI, "ComponentName", LOCALIZED_TEXT, _O),
    ),
    _type(_COUNTERS, "IOperationCounterType", BASE_INTERFACE_TYPE, abstract=True),
    *_properties(
        _COUNTERS,
        (481, DI, "PowerOnDuration", DURATION, _O),
        (482, DI, "OperationDuration", DURATION, _O),
        (483, DI, "OperationCycleCounter", UINTEGER, _O),
    ),
)
"""Device Integration: what Machinery builds on."""

MACHINERY_NODES = (
    *_edition(
        Ref(MACHINERY, 5001), "1.03.0", datetime(2023, 8, 1, tzinfo=UTC), (6033, 6034, 6032, 6031)
    ),
    TypeNode(MACHINES, Name(MACHINERY, "Machines"), OBJECTS_FOLDER, ORGANIZES, FOLDER_TYPE),
    _type(_ITEM_VENDOR, "IMachineryItemVendorNameplateType", _VENDOR, abstract=True),
    *_properties(
        _ITEM_VENDOR,
        (6022, DI, "Manufacturer", LOCALIZED_TEXT, _M),
        (6024, DI, "SerialNumber", STRING, _M),
        (6025, MACHINERY, "YearOfConstruction", UINT16, _O),
    ),
    _type(_MACHINE_VENDOR, "IMachineVendorNameplateType", _ITEM_VENDOR, abstract=True),
    *_properties(_MACHINE_VENDOR, (6023, DI, "ProductInstanceUri", STRING, _M)),
    _type(_MACHINE_LABEL, "IMachineTagNameplateType", _LABEL, abstract=True),
    *_properties(_MACHINE_LABEL, (6028, MACHINERY, "Location", STRING, _O)),
    _type(
        ITEM_IDENTIFICATION_TYPE,
        "MachineryItemIdentificationType",
        FUNCTIONAL_GROUP_TYPE,
        _ITEM_VENDOR,
        _LABEL,
        abstract=True,
    ),
    _instance_name(6088, ITEM_IDENTIFICATION_TYPE, Name(DI, "Identification")),
    *_properties(
        ITEM_IDENTIFICATION_TYPE,
        (6001, DI, "ProductInstanceUri", STRING, _O),
        (6002, DI, "Manufacturer", LOCALIZED_TEXT, _M),
        (6003, DI, "SerialNumber", STRING, _M),
        (6004, MACHINERY, "YearOfConstruction", UINT16, _O),
        (6008, DI, "Model", LOCALIZED_TEXT, _O),
        (6012, DI, "DeviceClass", STRING, _O),
        (6013, DI, "AssetId", STRING, _O),
        (6014, DI, "ComponentName", LOCALIZED_TEXT, _O),
    ),
    _type(
        IDENTIFICATION_TYPE,
        "MachineIdentificationType",
        ITEM_IDENTIFICATION_TYPE,
        _MACHINE_VENDOR,
        _MACHINE_LABEL,
    ),
    _instance_name(6030, IDENTIFICATION_TYPE, Name(DI, "Identification")),
    *_properties(
        IDENTIFICATION_TYPE,
        (6015, DI, "ProductInstanceUri", STRING, _M),
        (6029, MACHINERY, "Location", STRING, _O),
    ),
    _type(ITEM_STATE_TYPE, "MachineryItemState_StateMachineType", STATE_MACHINE_TYPE),
    _instance_name(6021, ITEM_STATE_TYPE, Name(MACHINERY, "MachineryItemState")),
    *_states(ITEM_STATE_TYPE, ITEM_STATES, ITEM_STATE_NAMES, 6038),
    *_transitions(ITEM_STATE_TYPE, ITEM_STATES, ITEM_STATE_NAMES, 5008, 6042),
    _type(OPERATION_MODE_TYPE, "MachineryOperationModeStateMachineType", STATE_MACHINE_TYPE),
    _instance_name(6058, OPERATION_MODE_TYPE, Name(MACHINERY, "MachineryOperationMode")),
    *_states(OPERATION_MODE_TYPE, OPERATION_MODES, OPERATION_MODE_NAMES, 6059),
    *_transitions(OPERATION_MODE_TYPE, OPERATION_MODES, OPERATION_MODE_NAMES, 5028, 6063),
    _type(
        OPERATION_COUNTER_TYPE, "MachineryOperationCounterType", FUNCTIONAL_GROUP_TYPE, _COUNTERS
    ),
    _instance_name(6082, OPERATION_COUNTER_TYPE, Name(DI, "OperationCounters")),
    *_properties(
        OPERATION_COUNTER_TYPE,
        (6079, DI, "PowerOnDuration", DURATION, _O),
        (6080, DI, "OperationDuration", DURATION, _O),
        (6081, DI, "OperationCycleCounter", UINTEGER, _O),
    ),
)
"""Machinery: how a client finds machines, what they are, what they do."""

TYPE_NODES = DI_NODES + MACHINERY_NODES
