"""From judged values to OPC UA: data types, status codes, and a DataValue that is not copied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from gateway.core.signals import Fault, Kind, Quality, Reason, Signal, Value, Wide
from gateway.core.text import Text

_CODES = StatusCodes
_BAD: Mapping[Reason, int] = {
    Reason.NO_CONNECTION: _CODES.BadNoCommunication,
    Reason.TIMEOUT: _CODES.BadTimeout,
    Reason.REFUSED: _CODES.BadDeviceFailure,
    Reason.DESYNC: _CODES.BadCommunicationError,
    Reason.UNDECODABLE: _CODES.BadDecodingError,
    Reason.SENTINEL: _CODES.BadSensorFailure,
    Reason.OUT_OF_RANGE: _CODES.BadOutOfRange,
    Reason.STALE: _CODES.BadDataUnavailable,
    Reason.DISABLED: _CODES.BadOutOfService,
}
_UNCERTAIN: Mapping[Reason, int] = {
    Reason.OUT_OF_RANGE: _CODES.UncertainEngineeringUnitsExceeded,
    Reason.APART: _CODES.UncertainSubNormal,
    Reason.STALE: _CODES.UncertainLastUsableValue,
    Reason.NO_CONNECTION: _CODES.UncertainNoCommunicationLastUsableValue,
    Reason.TIMEOUT: _CODES.UncertainNoCommunicationLastUsableValue,
}
_NOT_IN_THE_DEVICE = {1, 2, 3}  # Modbus: illegal function, address, value: our template is wrong
_SHARED: dict[int, ua.StatusCode] = {}


def code(number: int) -> ua.StatusCode:
    """A status code on the wire."""
    return ua.StatusCode(ua.UInt32(number))


GOOD = code(_CODES.Good)
NOTHING = code(_CODES.GoodNoData)
WAITING = code(_CODES.BadWaitingForInitialData)
LAST_KNOWN = code(_CODES.UncertainNoCommunicationLastUsableValue)
"""The machine does not answer: this is what it did last."""


def node_id(identifier: Any, index: int = 0) -> ua.NodeId:
    """A node id: numeric, or of text."""
    return ua.NodeId(identifier, ua.Int16(index))


class Stamped(ua.DataValue):
    """A DataValue that subscriptions share instead of copying; never changed once it is made.

    asyncua copies every value deeply for every subscriber, which is over half of the cost.
    """

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Stamped:
        return self


def status(quality: Quality, fault: Fault) -> ua.StatusCode:
    """The status code of a judgement."""
    if quality is Quality.GOOD:
        return GOOD
    if quality is Quality.UNCERTAIN:
        number = _UNCERTAIN.get(fault.reason, _CODES.Uncertain)
    elif fault.reason is Reason.REFUSED and fault.code in _NOT_IN_THE_DEVICE:
        number = _CODES.BadConfigurationError
    else:
        number = _BAD.get(fault.reason, _CODES.Bad)
    shared = _SHARED.get(number)
    if shared is None:
        shared = _SHARED[number] = code(number)
    return shared


def data_type(signal: Signal) -> ua.VariantType | None:
    """How the values of a signal are typed; None: by its first value (contacts or state words)."""
    if signal.wide is not None:
        return ua.VariantType.UInt64 if signal.wide is Wide.UNSIGNED else ua.VariantType.Int64
    match signal.kind:
        case Kind.TEXT:
            return ua.VariantType.String
        case Kind.GAUGE:
            return ua.VariantType.Double
        case Kind.COUNTER:
            whole = signal.unit.ucum in ("1", "{pieces}")
            return ua.VariantType.Int64 if whole else ua.VariantType.Double
        case Kind.STATE:
            return None


def state_type(value: Value) -> ua.VariantType:
    """The data type of a state, from a value of it."""
    if isinstance(value, bool):
        return ua.VariantType.Boolean
    return ua.VariantType.String if isinstance(value, str) else ua.VariantType.Int64


def variant(value: Value, kind: ua.VariantType) -> ua.Variant:
    """A value in its data type."""
    if kind is ua.VariantType.Double:
        return ua.Variant(float(value), kind)
    if kind in (ua.VariantType.Int64, ua.VariantType.UInt64):
        return ua.Variant(int(value), kind)
    if kind is ua.VariantType.Boolean:
        return ua.Variant(bool(value), kind)
    return ua.Variant(str(value), kind)


def stamped(value: ua.Variant | None, said: ua.StatusCode, at: Any) -> Stamped:
    """A value with its status and the UTC time at which the machine said it (or None)."""
    made = Stamped(value, said, at, at)
    if value is None:
        made.Value = None  # asyncua would take a null variant for a value of the wrong type
    return made


def text(value: Text) -> ua.Variant:
    """One text in German."""
    return ua.Variant(ua.LocalizedText(value.de, "de"), ua.VariantType.LocalizedText)


def texts(value: Text) -> ua.Variant:
    """A sentence in both languages, as an array."""
    both = [ua.LocalizedText(value.de, "de"), ua.LocalizedText(value.en, "en")]
    return ua.Variant(both, ua.VariantType.LocalizedText)


def unit_information(signal: Signal) -> ua.Variant:
    """EngineeringUnits of a signal: UNECE code and display text."""
    information = ua.EUInformation()
    information.NamespaceUri = "http://www.opcfoundation.org/UA/units/un/cefact"
    information.UnitId = signal.unit.opcua
    information.DisplayName = ua.LocalizedText(signal.unit.display)
    information.Description = ua.LocalizedText(signal.unit.ucum)
    return ua.Variant(information, ua.VariantType.ExtensionObject)


def meanings(signal: Signal) -> ua.Variant:
    """EnumValues of an enumeration: each number, its German word, and its English one."""
    rows = []
    for number, means in signal.words:
        row = ua.EnumValueType()
        row.Value = number
        row.DisplayName = ua.LocalizedText(means.de, "de")
        row.Description = ua.LocalizedText(means.en, "en")
        rows.append(row)
    return ua.Variant(rows, ua.VariantType.ExtensionObject)


def range_of(low: float, high: float) -> ua.Variant:
    """EURange of a signal."""
    return ua.Variant(ua.Range(low, high), ua.VariantType.ExtensionObject)
