"""A line of Modbus devices that can be made to misbehave, while a test is running.

Every register tells where it stands (``told``), so that a value under a wrong signal shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.sources.line.tcp import ModbusTcpConnect
from simulators.modbus.framing import mbap
from simulators.modbus.pdu import BIT_READS, Asked, refused, registers
from simulators.modbus.script import Fate, Manners
from simulators.modbus.tcp_device import TcpDevice


def told(unit: int, address: int) -> int:
    """What the register at ``address`` of ``unit`` holds."""
    return (unit * 4096 + address) & 0xFFFF


Misbehaviour = Callable[[Asked], bytes | None]


@dataclass
class FaultLine:
    """A device with faults that a test switches; ``asked`` records every request."""

    asked: list[Asked] = field(default_factory=list)
    silent: set[int] = field(default_factory=set)
    late: dict[int, float] = field(default_factory=dict)
    refuse: dict[int, int] = field(default_factory=dict)
    most: int = 125
    odd_refused: bool = False
    units: set[int] = field(default_factory=lambda: {1, 2, 3})
    misbehave: Misbehaviour | None = None
    reset_next: bool = False
    always_reset: bool = False
    closes: bool = False  # after each answer
    deaf: set[int] = field(default_factory=set)  # connections on which nothing is answered any more
    connected: Callable[[int], object] = lambda _number: None  # hears of each connection
    served: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        everybody = dict.fromkeys(range(256), lambda content, _shows: content)
        self._device = TcpDevice(everybody, script=self._fate)
        self._device.greet = lambda connection: self.connected(connection.number)
        self.start = self._device.open

    @property
    def connect(self) -> ModbusTcpConnect:
        return ModbusTcpConnect(host="127.0.0.1", port=self.port)

    @property
    def port(self) -> int:
        return self._device.port

    @property
    def connections(self) -> int:
        return self._device.tally.connections

    def wakes_after(self, seconds: float) -> None:
        """From now on a connection hears nothing in its first seconds."""
        self._device.manners = Manners(wakes=seconds)

    @property
    def _writers(self):
        return [connection.writer for connection in self._device.connections]

    async def stop(self) -> None:
        self._device.close()

    def count(self, unit: int | None = None) -> int:
        return sum(1 for a in self.asked if unit is None or a.unit == unit)

    def _fate(self, asked: Asked) -> Fate:
        self.asked.append(asked)
        self.served.set()
        if self.reset_next or self.always_reset:
            self.reset_next = False
            return Fate(resets=True)
        unheard = asked.unit in self.silent or asked.unit not in self.units
        if unheard or asked.connection in self.deaf:
            return Fate(lost=True)
        answer = self.misbehave(asked) if self.misbehave else self.answer(asked)
        if answer is None:
            return Fate(lost=True)
        late = self.late.get(asked.unit, 0.0)
        return Fate(late=late, change=lambda _: answer, closes=self.closes)

    def answer(self, asked: Asked) -> bytes:
        """The frame that answers rightly, or refuses as it was told."""
        code = self._refusal(asked)
        if code:
            return frame_of(asked, refused(asked.function, code))
        words = [told(asked.unit, asked.first + index) for index in range(asked.count)]
        bits = [word & 1 for word in words]
        return frame_of(
            asked, registers(asked.function, bits if asked.function in BIT_READS else words)
        )

    def _refusal(self, asked: Asked) -> int:
        if asked.function not in BIT_READS and (
            asked.count > self.most or (self.odd_refused and asked.count % 2)
        ):
            return 3
        for address, code in self.refuse.items():
            if asked.first <= address < asked.first + asked.count:
                return code
        return 0


def frame_of(asked: Asked, pdu: bytes, *, tid: int | None = None, unit: int | None = None) -> bytes:
    """A whole Modbus TCP frame; ``tid`` and ``unit`` may lie."""
    return mbap(
        asked.transaction if tid is None else tid, asked.unit if unit is None else unit, pdu
    )
