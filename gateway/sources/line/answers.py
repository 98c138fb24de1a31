"""Answers of pymodbus that cost a block what a block costs, not every register of it.

Its own turns each register into a number by itself, and each answer into a text that nobody reads.
"""

from __future__ import annotations

import struct

from pymodbus.client.base import ModbusBaseClient
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse


class _HoldingRegisters(ReadHoldingRegistersResponse):
    """Answers function code 3."""

    def decode(self, data: bytes) -> None:
        """All registers at once; what is no answer is left to pymodbus."""
        size = data[0]
        if size >= len(data) or size % 2:
            super().decode(data)
        else:
            self.registers = list(struct.unpack_from(f">{size // 2}H", data, 1))

    def __str__(self) -> str:
        return type(self).__name__


class _InputRegisters(_HoldingRegisters, ReadInputRegistersResponse):
    """Answers function code 4."""

    function_code = ReadInputRegistersResponse.function_code


def use(client: ModbusBaseClient) -> None:
    """Let a client take its answers for these."""
    client.register(_HoldingRegisters)
    client.register(_InputRegisters)
