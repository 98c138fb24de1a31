"""The Modbus TCP servers of the simulated machines: the simulators' only use of pymodbus.

pymodbus keeps sockets, framing and exceptions; what a request means is decided here, for three
reasons. A register is computed at the moment of the request, so nothing is ever a tick old. Every
function code is counted, those that pymodbus does not know included. And each unit has its own
device identification, where pymodbus knows one for the whole process.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pymodbus import FramerType
from pymodbus.pdu import DecodePDU, ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadInputRegistersResponse,
)
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from gateway.core.errors import WerkverbundError
from simulators.device import Device
from simulators.modbus.pdu import ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refusal

log = logging.getLogger(__name__)

READS = frozenset({1, 2, 3, 4})
IDENTIFICATION = 43
WRITES = frozenset({5, 6, 15, 16, 21, 22, 23})
SIMULATED = "simulated"


@dataclass(slots=True)
class Asked:
    """Which function codes were asked, and how many writes were refused."""

    functions: Counter[int] = field(default_factory=Counter)
    writes: int = 0

    def note(self, function: int) -> None:
        """Count a request."""
        self.functions[function] += 1
        if function in WRITES:
            self.writes += 1


class Question(ModbusPDU):
    """A request, whatever its function code."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.function_code = content[0]
        self.content = content[1:]


class Identified(ModbusPDU):
    """An answer to function 43/14: maker, product and revision in plain text."""

    def __init__(self, objects: Mapping[int, str]) -> None:
        super().__init__()
        self.function_code = IDENTIFICATION
        self.objects = objects

    def encode(self) -> bytes:
        """MEI type 14, basic, conformity 1, no more follows, then the objects."""
        head = struct.pack(">BBBBBB", 14, 1, 1, 0, 0, len(self.objects))
        return head + b"".join(
            struct.pack(">BB", number, len(text.encode())) + text.encode()
            for number, text in self.objects.items()
        )


class CountingDecoder(DecodePDU):
    """Counts each request by its function code and keeps it undecoded."""

    def __init__(self, asked: Asked) -> None:
        super().__init__(is_server=True)
        self.asked = asked

    def decode(self, frame: bytes) -> ModbusPDU | None:
        """A request as it came."""
        self.asked.note(frame[0])
        return Question(frame)


class Endpoint:
    """One TCP endpoint with its units. ``open`` may be called again after ``close``."""

    def __init__(self, host: str, port: int, devices: Mapping[int, Device], asked: Asked) -> None:
        self.host = host
        self.port = port
        self.devices = devices
        self.asked = asked
        self._server: _Server | None = None

    @property
    def plugged(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    async def open(self) -> None:
        """Listen. Raises WerkverbundError when the port is taken."""
        if self._server is not None:
            return
        server = _Server(self)
        if not await server.listen():
            raise WerkverbundError(f"nobody can listen on {self.host}:{self.port}")
        self._server = server

    def close(self) -> None:
        """Close every connection and stop listening, as if the cable were pulled."""
        if self._server is not None:
            server, self._server = self._server, None
            server.pull()

    def answer(self, question: Question) -> ModbusPDU | None:
        """What the asked unit answers; None where it keeps silent."""
        device = self.devices.get(question.dev_id)
        if device is None or device.quirks.silent:
            return None
        function = question.function_code
        try:
            if function == IDENTIFICATION and question.content[:1] == b"\x0e":
                return Identified(identification(device))
            return _read(device, function, question.content)
        except Refusal as refusal:
            return ExceptionResponse(function, refusal.code)


def identification(device: Device) -> dict[int, str]:
    """The basic objects of the device identification; each says that the device is simulated."""
    told = device.template.identification
    return {
        0: f"{told.manufacturer} ({SIMULATED})",
        1: f"{told.model} ({SIMULATED})",
        2: f"Werkverbund, {SIMULATED}",
    }


def _read(device: Device, function: int, content: bytes) -> ModbusPDU:
    if function not in READS:
        raise Refusal(ILLEGAL_FUNCTION)
    if len(content) != 4:
        raise Refusal(ILLEGAL_VALUE)
    address, count = struct.unpack(">HH", content)
    words = device.read(function, address, count)
    if function == 1:
        return ReadCoilsResponse(bits=[bool(bit) for bit in words])
    if function == 2:
        return ReadDiscreteInputsResponse(bits=[bool(bit) for bit in words])
    if function == 3:
        return ReadHoldingRegistersResponse(registers=list(words))
    return ReadInputRegistersResponse(registers=list(words))


class _Server(ModbusTcpServer):
    """pymodbus' server, asking our endpoint for every answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        unused = SimDevice(0, [SimData(0, datatype=DataType.REGISTERS)])
        super().__init__(unused, framer=FramerType.SOCKET, address=(endpoint.host, endpoint.port))
        self.endpoint = endpoint
        self.decoder = CountingDecoder(endpoint.asked)
        self.late: set[asyncio.Task[None]] = set()

    def callback_new_connection(self) -> ServerRequestHandler:
        """One conversation for each connection."""
        return _Conversation(self)

    def pull(self) -> None:
        """Close everything; answers that were still to come are dropped."""
        for task in self.late:
            task.cancel()
        self.close()


class _Conversation(ServerRequestHandler):
    """One connection. Each answer carries the transaction id of its own question, however late."""

    def __init__(self, server: _Server) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]
        self.endpoint = server.endpoint
        self.late = server.late

    def handle_later(self) -> None:
        """Answer at once, or after the device's delay."""
        question, self.last_pdu = self.last_pdu, None
        if not isinstance(question, Question):
            return
        device = self.endpoint.devices.get(question.dev_id)
        if device is None or not device.quirks.delay:
            self._answer(question)
            return
        task = self.loop.create_task(
            self._answer_after(device.quirks.delay, question), name="a slow device answers"
        )
        self.late.add(task)
        task.add_done_callback(self.late.discard)

    async def _answer_after(self, delay: float, question: Question) -> None:
        await asyncio.sleep(delay)
        self._answer(question)

    def _answer(self, question: Question) -> None:
        answer = self.endpoint.answer(question)
        if answer is None or not self.is_active():
            return
        answer.transaction_id, answer.dev_id = question.transaction_id, question.dev_id
        self.pdu_send(answer)
