"""Modbus TCP: how a device is reached, and the link that asks it. The gateway's only pymodbus.

The link reads and cannot write: a frame with a function code beyond 1 to 4 never leaves it. Each
question has its own deadline. Whatever does not match the question, and any silence, ends the
connection, so that a late answer meets a closed socket instead of the next question.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from gateway.config import Duration, Endpoint, Host, Port, Variant
from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.machines.read_plan import Block
from gateway.machines.template import BIT_TABLES, FUNCTIONS, Table
from gateway.sources.lookup import Lookup

if TYPE_CHECKING:
    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.pdu import ModbusPDU

READS = frozenset(FUNCTIONS.values())
CONNECT_WITHIN = 1.0
"""Seconds for opening a connection."""

_HEADER = 8  # transaction 2, protocol 2, length 2, unit 1, function 1
_NEVER = 3600.0  # pymodbus has a deadline of its own: ours always comes first


class ModbusTcpConnect(Variant):
    """A device behind Modbus TCP: its own address, or a unit on a shared line."""

    type: Literal["modbus-tcp"] = "modbus-tcp"
    host: Host = Field(description="Adresse des Geräts / address of the device")
    port: Port = 502
    unit: int = Field(default=1, ge=1, le=255, description="Gerätenummer / unit id, 1 to 255")
    timeout: Duration = Field(
        default=timedelta(milliseconds=300),
        ge=timedelta(milliseconds=10),
        le=timedelta(seconds=10),
        description="Längste Wartezeit auf eine Antwort / longest wait for an answer, e.g. 300ms",
    )

    @property
    def endpoint(self) -> Endpoint:
        """The physical link; devices with the same one share a connection."""
        return Endpoint(self.host.lower(), self.port)

    def place(self) -> str:
        """The address that only one device may have."""
        return f"{self.endpoint} unit {self.unit}"


@dataclass(frozen=True, slots=True)
class _Question:
    """What the answer must look like. ``head`` is transaction, protocol 0, as on the wire."""

    head: bytes
    unit: int
    function: int
    size: int


class ModbusLink:
    """One connection to one endpoint, one question at a time."""

    def __init__(self, endpoint: Endpoint, pause: timedelta = timedelta(0)) -> None:
        self.endpoint = endpoint
        self._pause = pause.total_seconds()
        self._lookup = Lookup(endpoint.host)
        self._quiet_until = 0.0
        self._client: AsyncModbusTcpClient | None = None
        self._deadline: asyncio.Timeout | None = None
        self._question: _Question | None = None
        self._size = 0
        self._strange = ""
        self._lost = False

    @property
    def connected(self) -> bool:
        """Whether a question can be asked."""
        return self._client is not None and self._client.connected and not self._strange

    async def open(self) -> None:
        """Connect anew. Raises Unreachable."""
        from pymodbus.client import AsyncModbusTcpClient  # noqa: PLC0415  # drivers load on use

        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # we report ourselves
        with suppress(TimeoutError):
            async with asyncio.timeout(CONNECT_WITHIN):
                for address in await self._lookup.addresses():
                    self.close()
                    self._client = AsyncModbusTcpClient(
                        address,
                        port=self.endpoint.port,
                        timeout=_NEVER,
                        retries=0,
                        reconnect_delay=0,
                        trace_packet=self._inspect,
                        trace_connect=self._watch,
                    )
                    if await self._client.connect():
                        return
        self.close()
        raise Unreachable(f"no connection to {self.endpoint}")

    async def ask(self, unit: int, block: Block, within: float) -> Sequence[int]:
        """The registers (or bits) of one block, as many as asked.

        Raises Refused and stays open; raises Unreachable or Desync and closes.
        """
        if self._client is None or not self.connected:
            self.close()
            raise Unreachable(f"no connection to {self.endpoint}")
        if self._pause:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(self._quiet_until - loop.time())
        self._lost = False
        self._size = (block.count + 7) // 8 if block.table in BIT_TABLES else 2 * block.count
        try:
            with self._errors(unit):
                async with asyncio.timeout(within) as self._deadline:
                    answer = await self._read(self._client, unit, block)
        except Refused:
            raise
        except BaseException:  # cancelled as well: its answer must not meet the next question
            self.close()
            raise
        finally:
            self._deadline = None
            self._question = None
            self._quiet_until = asyncio.get_running_loop().time() + self._pause
        return answer.bits[: block.count] if block.table in BIT_TABLES else answer.registers

    async def _read(self, client: AsyncModbusTcpClient, unit: int, block: Block) -> ModbusPDU:
        match block.table:
            case Table.COILS:
                read = client.read_coils
            case Table.DISCRETE_INPUTS:
                read = client.read_discrete_inputs
            case Table.HOLDING_REGISTERS:
                read = client.read_holding_registers
            case Table.INPUT_REGISTERS:
                read = client.read_input_registers
        answer = await read(block.first, count=block.count, device_id=unit)
        if answer.isError():
            code = answer.exception_code
            raise Refused(
                f"{self.endpoint} unit {unit} refuses {block.table} "
                f"{block.first} to {block.last}: exception {code}",
                code=code,
            )
        return answer

    @contextmanager
    def _errors(self, unit: int) -> Iterator[None]:
        """Findings of pymodbus and our own findings as our errors."""
        from pymodbus.exceptions import ModbusException  # noqa: PLC0415

        try:
            yield
        except SourceError:
            raise
        except (TimeoutError, ModbusException, OSError) as cause:
            if self._strange:
                raise Desync(f"{self.endpoint} unit {unit}: {self._strange}") from cause
            if self._lost or not isinstance(cause, TimeoutError):
                raise Unreachable(f"{self.endpoint} closed the connection") from cause
            raise Unreachable(
                f"no answer from {self.endpoint} unit {unit}", timed_out=True
            ) from cause

    def close(self) -> None:
        """Close; safe twice and before ``open``."""
        client, self._client = self._client, None
        self._strange = ""
        if client is not None:
            client.close()

    def _inspect(self, sending: bool, frame: bytes) -> bytes:  # noqa: FBT001
        """See every frame before pymodbus does: nothing but reads out, only the answer in."""
        if sending:
            if frame[7] not in READS:
                raise AssertionError(f"function code {frame[7]} must never be sent")
            self._question = _Question(frame[:4], frame[6], frame[7], self._size)
            return frame
        strange = _mismatch(self._question, frame)
        if not strange:
            return frame
        self._strange = strange
        self._give_up()
        return b""

    def _watch(self, connected: bool) -> None:  # noqa: FBT001
        if not connected:
            self._lost = True
            self._give_up()

    def _give_up(self) -> None:
        """End the running question now instead of at its deadline."""
        if self._deadline is not None and not self._deadline.expired():
            self._deadline.reschedule(asyncio.get_running_loop().time())


def _mismatch(question: _Question | None, frame: bytes) -> str:
    """Why ``frame``, complete or not, cannot be the answer; empty where it may be."""
    if question is None:
        return "an answer without a question"
    if frame[:4] != question.head[: len(frame)]:
        return "an answer to another question"
    if len(frame) < _HEADER:
        return ""
    length, unit, function = int.from_bytes(frame[4:6]), frame[6], frame[7]
    refused = function == question.function | 0x80
    if unit != question.unit:
        strange = f"unit {unit} answers for unit {question.unit}"
    elif function != question.function and not refused:
        strange = f"function {function} answers function {question.function}"
    elif length != (3 if refused else 3 + question.size):
        strange = "an answer of the wrong length"
    elif not refused and len(frame) > _HEADER and frame[_HEADER] != question.size:
        strange = "an answer of the wrong size"
    else:
        strange = ""
    return strange
