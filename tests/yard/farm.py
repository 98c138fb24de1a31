"""Modbus devices whose registers say when they changed, in a process of their own.

    python -m tests.yard.farm '[{"port": 15021, "phase": 10}, ...]'

Every pair of registers is a float32: the moment of its last change, in milliseconds of this
computer's monotonic clock since midnight of its run, every 97 ms. So whoever hears of a value can
say how old it is, and a poll of 100 ms meets every phase. What a device does wrong stands in its
``Device``; it is fast enough that it limits nobody.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
import time
from dataclasses import dataclass

CHANGES = 97
"""Milliseconds between two changes."""
TURN = 2**24
"""Milliseconds after which the numbers begin anew: a float32 knows no more of them."""


@dataclass(frozen=True)
class Device:
    """One port. ``phase``: milliseconds by which it changes later than others.

    ``answers`` after so many seconds; ``hangs``: takes connections and never answers; ``drops``:
    connections are not even refused; ``silent``: units that never answer, of those behind it.
    """

    port: int
    phase: int = 0
    answers: float = 0.0
    hangs: bool = False
    drops: bool = False
    silent: tuple[int, ...] = ()


def moment() -> float:
    """Milliseconds of the clock that device and meter share."""
    return time.monotonic() * 1000 % TURN


def age(value: float) -> float:
    """Milliseconds since a value has changed."""
    return (moment() - value) % TURN


class Connection(asyncio.Protocol):
    """Answers one client."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._held = b""
        self._loop = asyncio.get_running_loop()
        self._free_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        held = self._held + data
        while len(held) >= 12:
            question, held = held[:12], held[12:]
            self._answer(question)
        self._held = held

    def _answer(self, question: bytes) -> None:
        device, unit = self._device, question[6]
        if device.hangs or unit in device.silent:
            return
        if not device.answers:
            self._transport.write(answer(question, device.phase))
            return
        self._free_at = max(self._free_at, self._loop.time()) + device.answers
        self._loop.call_at(self._free_at, self._late, question)

    def _late(self, question: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer(question, self._device.phase))


def answer(question: bytes, phase: int) -> bytes:
    """The frame that answers: as many registers as asked, from an even address on."""
    size = 2 * int.from_bytes(question[10:12])
    changed = (moment() - phase) // CHANGES * CHANGES + phase
    pair = struct.pack(">f", changed % TURN)
    head = question[:4] + struct.pack(">HBBB", 3 + size, question[6], question[7], size)
    return head + pair * (size // 4)


async def serve(devices: list[Device]) -> None:
    """All devices, until the process is ended."""
    loop, kept = asyncio.get_running_loop(), []
    for device in devices:
        if device.drops:
            kept.append(full(device.port))
        else:
            kept.append(
                await loop.create_server(lambda d=device: Connection(d), "127.0.0.1", device.port)
            )
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def full(port: int) -> list[socket.socket]:
    """A port whose waiting room is full: the kernel answers no further connection."""
    listening = socket.create_server(("127.0.0.1", port), backlog=0)
    waiting = [socket.socket() for _ in range(4)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    return [listening, *waiting]


if __name__ == "__main__":
    asyncio.run(serve([Device(**one) for one in json.loads(sys.argv[1])]))
