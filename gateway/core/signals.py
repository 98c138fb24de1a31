"""What a machine tells: signals, their units, and how far a value can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NewType

from gateway.core.findings import Finding
from gateway.core.text import Text
from gateway.core.units import Unit

SignalId = NewType("SignalId", str)
"""``machine/point``, for example ``mill-1/power``; from the config, never reused."""

Value = float | int | bool | str
"""Always in the signal's unit; nobody downstream converts."""


LARGEST_EXACT = 2**53
"""Up to here a 64-bit float holds every whole number; beyond it digits are lost."""


def is_exact(value: Value) -> bool:
    """Whether a 64-bit float holds a number to its last digit."""
    return not isinstance(value, int) or float(value) == value


class Wide(StrEnum):
    """Whole numbers of 64 bits, which a float cannot hold to the last digit."""

    SIGNED = "int64"
    UNSIGNED = "uint64"


def signal_id(machine: str, point: str) -> SignalId:
    """The id of ``point`` of ``machine``."""
    return SignalId(f"{machine}/{point}")


class Kind(StrEnum):
    """What a value means over time."""

    GAUGE = "gauge"
    COUNTER = "counter"
    STATE = "state"
    TEXT = "text"


class Quality(IntEnum):
    """How far a value can be trusted; the numbers are what InfluxDB and MQTT carry."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Reason(StrEnum):
    """Why a value is not simply good."""

    OK = "ok"
    NO_CONNECTION = "no_connection"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    DESYNC = "desync"
    UNDECODABLE = "undecodable"
    SENTINEL = "sentinel"
    OUT_OF_RANGE = "out_of_range"
    APART = "apart"
    STALE = "stale"
    DISABLED = "disabled"


WHY: Mapping[Reason, Text] = {
    Reason.NO_CONNECTION: Text("keine Verbindung", "no connection"),
    Reason.TIMEOUT: Text("keine Antwort in der Frist", "no answer in time"),
    Reason.REFUSED: Text("vom Gerät abgelehnt", "refused by the device"),
    Reason.DESYNC: Text("die Antwort passt nicht zur Frage", "the answer does not fit"),
    Reason.UNDECODABLE: Text("nicht lesbar", "cannot be decoded"),
}
"""Why a machine's signals are silent, in words."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a signal has no sound value.

    ``code`` is the Modbus exception code, where one was answered. ``detail`` says for people what
    was found, and ``found`` for programs, while it is known: neither is kept, and two faults are
    equal without them.
    """

    reason: Reason
    code: int | None = None
    detail: Text | None = field(default=None, compare=False)
    found: Finding | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return self.reason if self.code is None else f"{self.reason}({self.code})"


@dataclass(frozen=True, slots=True)
class Limits:
    """The range that is physically possible; outside it a value is uncertain."""

    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """A point of one machine.

    ``every`` is the polling period in seconds of real time. ``role`` is what the point means to
    the job logic (``power``, ``current-l1``, ``temperature``, ``good``, ...) or None.
    ``wraps_after`` is the highest value of a device's counter, after which it starts at 0 again.
    ``words`` are the meanings of an enumeration's numbers; the value stays the number. ``wide``
    says that the values are whole numbers of up to 64 bits.
    """

    id: SignalId
    means: Text
    unit: Unit
    kind: Kind
    limits: Limits
    every: float
    role: str | None = None
    wraps_after: float | None = None
    words: tuple[tuple[int, Text], ...] = ()
    wide: Wide | None = None

    def word(self, value: Value | None) -> Text | None:
        """What a value of an enumeration means; None where it means itself."""
        return next((means for number, means in self.words if number == value), None)
