"""The connection to one line: one question at a time, each with its own deadline.

It reads and cannot write: a frame with a function code beyond 1 to 4 never leaves it. A late
answer is known by the transaction number of its question and thrown away; whatever else does not
match the question ends the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.core.findings import Finding, Why
from gateway.machines.read_plan import Block
from gateway.machines.template import BIT_TABLES, FUNCTIONS, Table
from gateway.sources.deadline import Deadline
from gateway.sources.frame import HEADER, Question, mismatch, whole
from gateway.sources.line.base import Hooks, ModbusConnect

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient
    from pymodbus.pdu import ModbusPDU

READS = frozenset(FUNCTIONS.values())


class Connection:
    """One connection to one line; ``late`` hears of late answers."""

    def __init__(
        self,
        connect: ModbusConnect,
        pause: timedelta = timedelta(0),
        *,
        late: Callable[[], None] = lambda: None,
    ) -> None:
        self.place = connect.key
        self._opener = connect.opener()
        self._hooks = Hooks(self._inspect, self._watch)
        self._late = late
        self._pause = pause.total_seconds()
        self._quiet_until = 0.0
        self._client: ModbusBaseClient | None = None
        self._deadline: Deadline | None = None
        self._question: Question | None = None
        self._unanswered: set[bytes] = set()
        self._size = 0
        self._strange: Finding | None = None
        self._lost = False

    @property
    def connected(self) -> bool:
        """Whether a question can be asked."""
        return self._client is not None and self._client.connected and not self._strange

    @property
    def outstanding(self) -> int:
        """How many questions have been given up whose answers may still come."""
        return len(self._unanswered)

    async def open(self) -> None:
        """Connect anew. Raises Unreachable."""
        self.close()
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # we report ourselves
        self._client = await self._opener.open(self._hooks)

    async def ask(self, unit: int, block: Block, within: float) -> Sequence[int]:
        """The registers (or bits) of one block, as many as asked.

        Raises Refused, or Unreachable for an answer that did not come in time, and stays open;
        raises Unreachable (the connection is lost) or Desync, and closes.
        """
        if self._client is None or not self.connected:
            self.close()
            raise Unreachable(self.place, Finding(Why.NO_CONNECTION))
        if self._pause:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(self._quiet_until - loop.time())
        self._lost = False
        self._size = block.size
        try:
            with self._errors(unit), Deadline(within) as self._deadline:
                answer = await self._read(self._client, unit, block)
        except Refused:
            raise
        except BaseException as error:  # cancelled as well
            late = isinstance(error, Unreachable) and error.timed_out
            if late and self._question is not None:
                self._unanswered.add(self._question.head)
            else:
                self.close()
            raise
        finally:
            self._deadline = None
            self._question = None
            self._quiet_until = asyncio.get_running_loop().time() + self._pause
        return answer.bits[: block.count] if block.table in BIT_TABLES else answer.registers

    async def _read(self, client: ModbusBaseClient, unit: int, block: Block) -> ModbusPDU:
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
            raise Refused(
                f"{self.place} unit {unit}, {block.table} {block.first} to {block.last}",
                Finding(Why.EXCEPTION, answer.exception_code),
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
            place = f"{self.place} unit {unit}"
            if self._strange:
                raise Desync(place, self._strange) from cause
            if self._lost or not isinstance(cause, TimeoutError):
                raise Unreachable(place, Finding(Why.HUNG_UP)) from cause
            raise Unreachable(place, Finding(Why.NO_ANSWER)) from cause

    def close(self) -> None:
        """Close; safe twice and before ``open``."""
        client, self._client = self._client, None
        self._strange = None
        self._unanswered.clear()
        if client is not None:
            client.close()

    def _inspect(self, sending: bool, frame: bytes) -> bytes:  # noqa: FBT001
        """See every frame before pymodbus does: nothing but reads out, only the answer in."""
        if sending:
            if frame[7] not in READS:
                raise AssertionError(f"function code {frame[7]} must never be sent")
            self._question = Question(frame[:4], frame[6], frame[7], self._size)
            self._unanswered.discard(frame[:4])  # after 65,000 questions numbers come again
            return frame
        answer = self._without_late(frame)
        if not answer:
            return frame  # pymodbus goes by the transaction number as well
        self._strange = self._strange or mismatch(self._question, answer)
        if self._strange is None:
            if self._deadline is not None and len(answer) >= whole(answer):
                self._deadline.met = True
            return frame
        self._give_up()
        return b""

    def _without_late(self, frame: bytes) -> bytes:
        """What has come, without the answers to questions that were given up."""
        while frame[:4] in self._unanswered:
            if len(frame) < HEADER or len(frame) < (end := whole(frame)):
                return b""
            self._unanswered.discard(frame[:4])
            self._late()
            frame = frame[end:]
        return frame

    def _watch(self, connected: bool) -> None:  # noqa: FBT001
        if not connected:
            self._lost = True
            self._give_up()

    def _give_up(self) -> None:
        """End the running question now instead of at its deadline."""
        if self._deadline is not None:
            self._deadline.end()
