"""What reading a machine costs: microseconds of CPU, one JSON line per figure.

    .venv/bin/python tests/bench/reading.py [--quick]

A poll is that of two blocks with six values each from a device on loopback, in the reader's thread
alone; a look is that at a machine with two counters and two contacts, once a second.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.flow.moment import SystemTime
from gateway.jobs.evidence.counters.rule import Counters, CountersConfig
from gateway.jobs.evidence.findings import Frame
from gateway.jobs.moments import Moment
from gateway.sources.device import Unit
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.source import ModbusSource
from tests.figures import tell_all
from tests.sources.plain_templates import words_template

QUICK = "--quick" in sys.argv
ROUNDS, POLLS, LOOKS = (3, 100, 500) if QUICK else (9, 500, 2000)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


class Device(asyncio.Protocol):
    """Answers every question with zeros."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        size = 2 * int.from_bytes(data[10:12])
        head = data[:4] + struct.pack(">H", 3 + size) + data[6:8]
        self._transport.write(head + bytes([size]) + bytes(size))


def device() -> int:
    """The port of a device in a thread of its own."""
    ports: list[int] = []
    there = threading.Event()

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Device, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        there.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    there.wait()
    return ports[0]


async def polls() -> list[float]:
    """Microseconds of CPU for a poll, in some rounds."""
    connect = ModbusTcpConnect(host="127.0.0.1", port=device())
    template = words_template(*range(6), *range(200, 206))
    source = ModbusSource([Unit("m1", connect, template)], now=SystemTime())
    await source.connect()
    found = []
    for _ in range(ROUNDS):
        began = time.thread_time()
        for _ in range(POLLS):
            [batch] = await source.read(source.signals)
            assert batch.faults is None
        found.append(1e6 * (time.thread_time() - began) / POLLS)
    await source.close()
    return found


def frame(second: int) -> Frame:
    """A part every three seconds."""
    at = BEGAN + timedelta(seconds=second)
    values = {"good-count": second // 3, "reject-count": 5, "running": True, "fault": False}
    now = Moment(at, float(second), 1, synced=True)
    return Frame(at, float(second), values, now=now, plan=3.0)


def looks() -> list[float]:
    """Microseconds of CPU for a look, in some rounds."""
    every = dict.fromkeys(("good-count", "reject-count", "running", "fault"), 1.0)
    rule = Counters(CountersConfig(idle_after=timedelta(minutes=1)), every, {})
    frames = [frame(second) for second in range(LOOKS)]
    found = []
    for _ in range(ROUNDS):
        state, began = rule.initial(), time.thread_time()
        for one in frames:
            state, _ = rule.look(state, one)
        found.append(1e6 * (time.thread_time() - began) / LOOKS)
    return found


if __name__ == "__main__":
    tell_all("a poll of two blocks", asyncio.run(polls()), "us of CPU")
    tell_all("a look at two counters and two contacts", looks(), "us of CPU")
