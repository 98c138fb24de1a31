"""A simulated serial line with faults that a test switches; registers tell where they stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import Asked, words_told_by
from simulators.modbus.script import WELL, Fate
from tests.sources.fault_line import told


@dataclass
class Faults:
    """``fate`` says what becomes of each answer; ``asked`` records every request."""

    fate: Callable[[Asked], Fate] = lambda _: WELL
    asked: list[Asked] = field(default_factory=list)

    def __call__(self, asked: Asked) -> Fate:
        self.asked.append(asked)
        return self.fate(asked)

    def count(self, unit: int) -> int:
        return sum(asked.unit == unit for asked in self.asked)

    def bus(self, baud: int = 9600, stop_bits: int = 1) -> Bus:
        """A line of 247 units that answer at once, and whatever is asked meanwhile."""
        units = {n: words_told_by(lambda at, n=n: told(n, at)) for n in range(1, 248)}
        pace = Pace(baud, "none", stop_bits)
        return Bus(units, pace, script=self, takes=0.0, queues=True)
