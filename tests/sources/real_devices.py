"""Devices of the shipped templates on pymodbus's own server: the driver's real peer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from gateway.core.signals import Value
from gateway.machines.codec import place
from gateway.machines.template import BIT_TABLES, Table, Template

SPAN = 128
"""Addresses 0 to 127 of each table exist at least; up to the last point's in any case."""


def device(unit: int, template: Template, values: Mapping[str, Value]) -> SimDevice:
    """A device of ``template`` that shows ``values`` by point, and keeps its type's rules."""
    span = max(SPAN, *(point.last + 1 for point in template.points))
    tables = {table: [0] * span for table in Table}
    for point in template.points:
        if point.name in values:
            place(tables[point.table], 0, point, values[point.name])
    rules = template.workarounds

    async def refuse(function, _start, _address, count, _registers, _set):
        if function in (3, 4):
            if rules.even_only and count % 2:
                return ExcCodes.ILLEGAL_VALUE
            if count > rules.max_registers:
                return ExcCodes.ILLEGAL_VALUE
        return None

    blocks = tuple(
        [
            SimData(0, values=[bool(bit) for bit in tables[table]], datatype=DataType.BITS)
            if table in BIT_TABLES
            else SimData(0, values=tables[table], datatype=DataType.REGISTERS)
        ]
        for table in (
            Table.COILS,
            Table.DISCRETE_INPUTS,
            Table.HOLDING_REGISTERS,
            Table.INPUT_REGISTERS,
        )
    )
    return SimDevice(id=unit, simdata=blocks, action=refuse)


@asynccontextmanager
async def serving(*devices: SimDevice) -> AsyncIterator[int]:
    """Serve the devices on one free loopback port."""
    server = ModbusTcpServer(list(devices), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        await server.shutdown()
