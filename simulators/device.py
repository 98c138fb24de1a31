"""A simulated Modbus unit: the registers of a template, as its real type would answer.

Pure apart from what its counters remember: a device's counters go on from what they showed,
whatever becomes of the order in front of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from gateway.core.signals import Kind, Value
from gateway.machines.codec import encode, without_value
from gateway.machines.template import FUNCTIONS, PointSpec, Range, Table, Template
from simulators.faults import Quirks
from simulators.modbus import pdu
from simulators.modbus.pdu import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Refusal,
    Shows,
)

SIMULATED = "simulated"

TABLES = {function: table for table, function in FUNCTIONS.items()}


@dataclass(slots=True)
class Device:
    """One unit. ``truth`` gives the present values of all points of the machine by name.

    ``named``: it says what it is when asked (functions 43/14 and 17).
    """

    template: Template
    unit: int
    truth: Callable[[], Mapping[str, Value]]
    quirks: Quirks = field(default_factory=Quirks)
    initial: Mapping[str, float] = field(default_factory=dict)
    named: bool = True
    _offsets: dict[str, float] = field(default_factory=dict)
    _told: dict[str, float] = field(default_factory=dict)
    _shows: Shows = Shows.TRUTH

    def counters(self) -> dict[str, float]:
        """What the counters show now, those of which the machine knows."""
        truth = self.truth()
        return {
            point.name: self._counted(point, truth)
            for point in self.template.points
            if point.kind is Kind.COUNTER and point.name in truth
        }

    def told(self) -> dict[str, float]:
        """What a reader last saw of each counter; what it shows now where nobody has read it.

        After a jump the counters go on from here: what was made since the last look belongs to an
        order that is over, and must not turn up in the next one.
        """
        return self.counters() | self._told

    def go_on_from(self, counters: Mapping[str, float]) -> None:
        """Show these counters now, and count on from there: called after the truth has moved."""
        truth = self.truth()
        for name, shown in counters.items():
            self._offsets[name] = shown - _number(truth.get(name, 0))

    def reset_counters(self) -> None:
        """Begin all counters at 0, as after a loss of power."""
        self._told.clear()
        self.go_on_from(dict.fromkeys(self.counters(), 0.0))

    def change(self, *, silent: bool) -> None:
        """Fall silent, or speak again."""
        self.quirks = replace(self.quirks, silent=silent)

    def answer(self, content: bytes, shows: Shows = Shows.TRUTH) -> bytes | None:
        """What it answers to a request; None where it is silent."""
        if self.quirks.silent:
            return None
        if shows is Shows.COUNTERS_BEGIN_ANEW:
            self.reset_counters()
        self._shows = shows
        try:
            return pdu.answer(content, self.read, self.identification if self.named else None)
        finally:
            self._shows = Shows.TRUTH

    @property
    def identification(self) -> dict[int, str]:
        """The basic objects of function 43/14; each says that the device is simulated."""
        told = self.template.identification
        return {
            0: f"{told.manufacturer} ({SIMULATED})",
            1: f"{told.model} ({SIMULATED})",
            2: f"Werkverbund, {SIMULATED}",
        }

    def read(self, function: int, address: int, count: int) -> tuple[int, ...]:
        """Registers (or bits) as the device sends them. Raises Refusal."""
        table = TABLES.get(function)
        if table is None or not self._has(table):
            raise Refusal(ILLEGAL_FUNCTION)
        self._check_count(table, count)
        first = address - self.quirks.off_by_one
        if not self._readable(table, first, first + count - 1):
            raise Refusal(ILLEGAL_ADDRESS)
        return self._words(table, first, count)

    def _has(self, table: Table) -> bool:
        return any(point.table is table for point in self.template.points)

    def _check_count(self, table: Table, count: int) -> None:
        bits = table in (Table.COILS, Table.DISCRETE_INPUTS)
        rules = self.template.workarounds
        most = rules.max_bits if bits else rules.max_registers
        if not 1 <= count <= most or (rules.even_only and not bits and count % 2):
            raise Refusal(ILLEGAL_VALUE)

    def _readable(self, table: Table, first: int, last: int) -> bool:
        ranges = self.template.reads(table) or tuple(
            Range(table=table, first=point.address, last=point.last)
            for point in self.template.points
            if point.table is table
        )
        covered = {
            address for r in ranges for address in range(max(r.first, first), min(r.last, last) + 1)
        }
        return len(covered) == last - first + 1

    def _words(self, table: Table, first: int, count: int) -> tuple[int, ...]:
        words = [0] * count
        truth = self.truth()
        for point in self.template.points:
            if point.table is not table or point.last < first or point.address >= first + count:
                continue
            if point.kind is Kind.COUNTER and self._shows is Shows.TRUTH:
                self._told[point.name] = self._counted(point, truth)
            for offset, word in enumerate(self._encoded(point, truth)):
                at = point.address - first + offset
                if 0 <= at < count:
                    words[at] |= word
        return tuple(words)

    def _encoded(self, point: PointSpec, truth: Mapping[str, Value]) -> tuple[int, ...]:
        value = truth.get(point.name, "" if point.kind is Kind.TEXT else 0)
        if self._shows is Shows.SENTINELS:
            return without_value(point)
        if point.kind is Kind.COUNTER:
            at_zero = self._shows is Shows.COUNTERS_AT_ZERO
            value = 0 if at_zero else self._wrapped(point, self._counted(point, truth))
        power = 0 if point.factor is None else int(_number(truth.get(point.factor.name, 0)))
        words = encode(point, value, power)
        return words[::-1] if self.quirks.word_swap else words

    def _counted(self, point: PointSpec, truth: Mapping[str, Value]) -> float:
        offset = self._offsets.get(point.name, self.initial.get(point.name, 0))
        return offset + _number(truth.get(point.name, 0))

    def _wrapped(self, point: PointSpec, shown: float) -> float:
        """A counter starts at 0 again after the highest raw value that it can hold."""
        last = self.quirks.rollover.get(point.name)
        if last is not None:
            return shown % ((last + 1) * point.scale)
        highest = point.wraps_after
        return shown if highest is None else shown % (highest + point.scale)


def _number(value: Value) -> float:
    return float(value)
