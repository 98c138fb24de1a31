"""Answers that are decoded as a whole say what pymodbus reads of them register by register."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusIOException
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse

from gateway.sources.line import answers


async def registered() -> DecodePDU:
    client = AsyncModbusTcpClient("127.0.0.1")
    answers.use(client)
    return client.ctx.framer.decoder


@pytest.mark.parametrize("function", [3, 4])
async def test_both_functions_are_decoded_as_a_whole(function: int) -> None:
    found = (await registered()).decode(bytes([function, 4, 0x12, 0x34, 0xFE, 0xDC]))
    assert found is not None
    assert found.function_code == function
    assert found.registers == [0x1234, 0xFEDC]
    assert type(found) not in (ReadHoldingRegistersResponse, ReadInputRegistersResponse)


@given(st.binary(min_size=1, max_size=255))
def test_any_answer_is_read_as_pymodbus_reads_it(data: bytes) -> None:
    theirs, ours = ReadHoldingRegistersResponse(), answers._HoldingRegisters()
    try:
        theirs.decode(data)
    except ModbusIOException:
        with pytest.raises(ModbusIOException):
            ours.decode(data)
    except (IndexError, struct.error) as error:
        with pytest.raises(type(error)):
            ours.decode(data)
    else:
        ours.decode(data)
        assert ours.registers == theirs.registers
