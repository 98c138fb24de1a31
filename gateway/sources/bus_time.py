"""The time that bytes take on a serial line. Pure.

A byte is sent as a start bit, eight bits, the parity if there is one, and the stop bits; frames are
apart by the time of 3.5 bytes, from 19,200 baud on by 1.75 ms (Modbus over serial line 1.02,
2.5.1.1).
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.machines.read_plan import Block

QUESTION = 8
"""Bytes of a question to read: unit, function, address 2, count 2, checksum 2."""
AROUND_VALUES = 5
"""Bytes of an answer beside its values: unit, function, size, checksum 2."""
FAST = 19_200
"""Baud above which the silence between frames does not become shorter."""


@dataclass(frozen=True, slots=True)
class Wire:
    """A serial line of ``baud`` bits per second, ``bits`` of them for each byte."""

    baud: int
    bits: int

    def takes(self, count: int) -> float:
        """Seconds for so many bytes."""
        return count * self.bits / self.baud

    @property
    def silence(self) -> float:
        """Seconds of silence by which a frame is known to have ended (t3.5)."""
        return 0.00175 if self.baud > FAST else 3.5 * self.bits / self.baud

    def exchange(self, block: Block) -> float:
        """Seconds for the bytes of a question and its answer."""
        return self.takes(QUESTION + AROUND_VALUES + block.size)
