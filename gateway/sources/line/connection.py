"""The connection to one line: one question at a time, each with its own deadline.

It reads and cannot write: a frame with a function code beyond 1 to 4 never leaves it, but for the
two by which a scan asks what a device is (17 and 43/14), each only while that is asked. Late
answers are known for what they are and thrown away; whatever else does not match the question is
none.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.core.findings import Finding, Why
from gateway.machines.read_plan import Block
from gateway.machines.template import BIT_TABLES, FUNCTIONS, Table
from gateway.sources.deadline import Deadline
from gateway.sources.frame import IDENTIFICATION, REPORT_ID, Expected, Late
from gateway.sources.line.base import Exchange, Hooks, ModbusConnect, Tap

if TYPE_CHECKING:
    from pymodbus.client.base import ModbusBaseClient
    from pymodbus.pdu import ModbusPDU

READS = frozenset(FUNCTIONS.values())
BASIC, MEI_TYPE = 1, 14
"""The basic objects (vendor, product, revision); the type that identifies a device."""
_AS_LONG = Block(Table.HOLDING_REGISTERS, 0, 60, ())
"""A read whose answer takes about as long as an identification."""
MOST_SHOWN = 600
"""Bytes of what has been received that a tap is told of: two answers of the longest."""


class Identified(NamedTuple):
    """What a device has said that it is, by number of object; ``more`` begins at another one."""

    objects: Mapping[int, bytes]
    more: int | None


class Connection:
    """One connection to one line; ``late`` hears of late answers, ``tap`` of everything.

    ``pause`` is left between two questions, ``at_first`` after connecting, in seconds.
    """

    def __init__(
        self,
        connect: ModbusConnect,
        pause: float = 0.0,
        at_first: float = 0.0,
        *,
        late: Callable[[Late], None] = lambda _: None,
        tap: Tap | None = None,
    ) -> None:
        self.place = connect.key
        self._settings = dict(connect.agreed())
        self._opener = connect.opener()
        self._hooks = Hooks(self._inspect, self._watch)
        self._framing = connect.framing()
        self._late = late
        self._tap = tap
        self._sent = self._received = b""
        self._asked_at: float | None = None
        self._pause = max(pause, connect.wire.silence if connect.wire else 0.0)
        self._at_first = at_first
        self._quiet_until = 0.0
        self._identifies: int | None = None
        self._client: ModbusBaseClient | None = None
        self._deadline: Deadline | None = None
        self._expected = Expected(0)
        self._strange: Finding | None = None
        self._lost = False

    @property
    def connected(self) -> bool:
        """Whether a question can be asked."""
        return self._client is not None and self._client.connected and not self._strange

    @property
    def rest(self) -> float:
        """Seconds for which nobody on it may be asked."""
        return max(0.0, self._quiet_until - asyncio.get_running_loop().time())

    @property
    def numbered(self) -> bool:
        """Whether answers carry the number of their question."""
        return self._framing.numbered

    @property
    def outstanding(self) -> int:
        """How many questions have been given up whose answers may still come."""
        return self._framing.outstanding

    @property
    def worth_keeping(self) -> bool:
        """Whether it should stay open though nobody answers."""
        return self._client is not None and self._opener.worth_keeping(self._client)

    def goes_on_as(self, next_: Connection) -> bool:
        """Whether it can stay open for other devices; then it serves them as ``next_`` would."""
        asked = self._deadline is not None
        if asked or not self.connected or self._settings != next_._settings:
            return False
        self._late, self._pause, self._at_first = next_._late, next_._pause, next_._at_first
        return True

    async def open(self) -> None:
        """Connect anew. Raises Unreachable."""
        self.close()
        logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL)  # we report ourselves
        try:
            self._client = await self._opener.open(self._hooks)
        except Unreachable as failure:
            if self._tap is not None:
                self._tap(Exchange(0, None, None, failure.found, 0.0))
            raise
        self._quiet_until = asyncio.get_running_loop().time() + self._at_first

    async def ask(self, connect: ModbusConnect, block: Block) -> Sequence[int]:
        """The registers (or bits) of one block of the device at ``connect``, as many as asked.

        Raises Refused, or Unreachable for an answer that did not come in time, and stays open;
        raises Unreachable (the connection is lost) or Desync, and closes where it has to.
        """
        if self._tap is None:
            return await self._ask(connect, block)
        self._sent, self._received, self._asked_at = b"", b"", None
        words: Sequence[int] | None = None
        found: Finding | None = None
        try:
            words = await self._ask(connect, block)
        except SourceError as failure:
            found = failure.found
            raise
        finally:
            if self._asked_at is not None and (words is not None or found is not None):
                took = asyncio.get_running_loop().time() - self._asked_at
                sent, received = self._sent, self._received
                self._tap(Exchange(connect.unit, block, words, found, took, sent, received))
        return words

    async def _ask(self, connect: ModbusConnect, block: Block) -> Sequence[int]:
        answer = await self._exchange(
            connect,
            connect.within(block),
            Expected(block.size, connect.ignore_unit, connect.any_number),
            lambda client: self._read(client, connect.unit, block),
        )
        return answer.bits[: block.count] if block.table in BIT_TABLES else answer.registers

    async def identify(self, connect: ModbusConnect, function: int, first: int = 0) -> Identified:
        """What the device at ``connect`` says that it is, from object ``first`` on.

        ``function`` is REPORT_ID (17) or IDENTIFICATION (43/14); nothing but the assistant's scan
        calls this. Raises as ``ask``.
        """
        self._identifies = function

        async def read(client: ModbusBaseClient) -> ModbusPDU:
            if function == REPORT_ID:
                return await client.report_device_id(device_id=connect.unit)
            return await client.read_device_information(
                read_code=BASIC, object_id=first, device_id=connect.unit
            )

        try:
            answer: Any = await self._exchange(
                connect,
                connect.within(_AS_LONG),
                Expected(None, connect.ignore_unit, connect.any_number),
                lambda client: self._said(connect.unit, read(client)),
            )
        finally:
            self._identifies = None
        if function == REPORT_ID:
            return Identified({0: bytes(answer.identifier)}, None)
        objects = {
            number: one
            for number, said in answer.information.items()
            for one in (said if isinstance(said, list) else [said])
        }
        more = answer.more_follows and answer.next_object_id > first
        return Identified(objects, answer.next_object_id if more else None)

    async def _exchange(
        self,
        connect: ModbusConnect,
        within: float,
        expected: Expected,
        ask: Callable[[ModbusBaseClient], Awaitable[ModbusPDU]],
    ) -> ModbusPDU:
        if self._client is None or not self.connected:
            self.close()
            raise Unreachable(self.place, Finding(Why.NO_CONNECTION))
        rest = self.rest
        if rest or self._framing.resyncs:
            await asyncio.sleep(rest)
            await asyncio.sleep(0)  # what has come in meanwhile is looked at first
            self._opener.drain(self._client)
        self._lost = False
        self._expected = expected
        given_up = False
        self._asked_at = asyncio.get_running_loop().time()
        try:
            with Deadline(within) as self._deadline:
                return await ask(self._client)
        except Refused:
            raise
        except BaseException as cause:  # cancelled as well
            error = self._ours(cause, connect.place())
            given_up = isinstance(error, Unreachable) and error.timed_out
            if not (given_up or (isinstance(error, Desync) and self._framing.resyncs)):
                self.close()
            if error is None or error is cause:
                raise
            raise error from cause
        finally:
            self._deadline = None
            self._framing.done(given_up=given_up)
            self._quiet_until = asyncio.get_running_loop().time() + self._pause

    async def _said(self, unit: int | str, asked: Awaitable[ModbusPDU]) -> ModbusPDU:
        answer = await asked
        if answer.isError():
            raise Refused(
                f"{self.place} unit {unit}", Finding(Why.EXCEPTION, answer.exception_code)
            )
        return answer

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
        where = f"{unit}, {block.table} {block.first} to {block.last}"
        return await self._said(where, read(block.first, count=block.count, device_id=unit))

    def _ours(self, cause: BaseException, place: str) -> SourceError | None:
        """What pymodbus or our own findings mean, as our error; None for anything else."""
        from pymodbus.exceptions import ModbusException  # noqa: PLC0415

        if isinstance(cause, SourceError):
            return cause
        if not isinstance(cause, TimeoutError | ModbusException | OSError):
            return None
        if self._strange:
            return Desync(place, self._strange)
        if self._lost or not isinstance(cause, TimeoutError):
            return Unreachable(place, Finding(Why.HUNG_UP))
        if self._framing.found:
            return Desync(place, self._framing.found)
        return Unreachable(place, Finding(Why.NO_ANSWER))

    def close(self) -> None:
        """Close; safe twice and before ``open``."""
        client, self._client = self._client, None
        self._strange = None
        self._framing.reset()
        if client is not None:
            client.close()

    def _inspect(self, sending: bool, frame: bytes) -> bytes:  # noqa: FBT001
        """See every frame before pymodbus does: nothing but reads out, only the answer in."""
        if sending:
            function = self._framing.ask(frame, self._expected)
            if function not in READS and not self._may_identify(function, frame):
                raise AssertionError(f"function code {function} must never be sent")
            self._sent = frame
            return frame
        if self._tap is not None:  # pymodbus hands over all that it has not taken, again
            before = self._received
            self._received = frame if frame.startswith(before) else (before + frame)[:MOST_SHOWN]
        if self._strange is not None:
            return b""
        heard = self._framing.hear(frame)
        for late in heard.late:
            self._late(late)
        if heard.strange is not None:
            self._strange = heard.strange
            self._give_up()
        elif heard.answer and self._deadline is not None:
            self._deadline.met = True
        return heard.hand_on

    def _may_identify(self, function: int, frame: bytes) -> bool:
        """Whether it is the question what a device is, and that was to be asked."""
        content = frame[frame.index(function, 7 if self._framing.numbered else 1) :]
        only = content[1] == MEI_TYPE if function == IDENTIFICATION else function == REPORT_ID
        return only and function == self._identifies

    def _watch(self, connected: bool) -> None:  # noqa: FBT001
        if not connected:
            self._lost = True
            self._give_up()

    def _give_up(self) -> None:
        """End the running question now instead of at its deadline."""
        if self._deadline is not None:
            self._deadline.end()
