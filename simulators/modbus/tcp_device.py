"""A device on Modbus TCP with its units: it answers as soon as it is asked, or as its script says.

A register is computed at the moment of the request, so nothing is ever a tick old. Questions are
answered independently: one that is answered late holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from simulators.modbus.framing import cut_mbap, mbap
from simulators.modbus.listening import Connection, Listening
from simulators.modbus.pdu import Asked, Unit
from simulators.modbus.script import FOREVER, GOOD, Fate, Manners, Script, always_well
from simulators.modbus.tally import Tally


class TcpDevice(Listening):
    """The device. ``tally`` may be shared; its time runs ``speed`` times as fast as ours."""

    def __init__(
        self,
        units: Mapping[int, Unit],
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        script: Script = always_well,
        manners: Manners = GOOD,
        speed: float = 1.0,
        tally: Tally | None = None,
    ) -> None:
        super().__init__(host, port, tally or Tally(), manners, speed)
        self.units = units
        self.script = script
        self._timers: set[asyncio.TimerHandle] = set()

    def close(self) -> None:
        """Hang up and stop listening; answers that were still to come are dropped. Safe twice."""
        super().close()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def come(self, connection: Connection, characters: bytes) -> None:
        """Answer every request that is whole."""
        connection.buffer += characters
        for transaction, unit, content in cut_mbap(connection.buffer):
            now = asyncio.get_running_loop().time() * self.speed
            asked = Asked(
                self.tally.requests + 1, unit, content, connection.number, transaction, now
            )
            self.tally.note(asked)
            if connection.answered > -FOREVER:
                silence = now - connection.answered * self.speed
                self.tally.note_silence(silence, self.manners.pause)
            if self.hears(connection) and unit in self.units:
                self._answer(connection, asked, self.script(asked))

    def _answer(self, connection: Connection, asked: Asked, fate: Fate) -> None:
        if fate.resets:
            connection.writer.transport.abort()
            return
        content = fate.content(asked, self.units[asked.unit])
        if content is None:
            return
        frame = fate.frame(
            mbap(
                asked.transaction if fate.transaction is None else fate.transaction,
                asked.unit if fate.unit is None else fate.unit,
                content,
            )
        )
        if fate.swapped:
            connection.swapped.append(frame)
            return
        whole = frame * fate.copies + b"".join(connection.swapped)
        connection.swapped.clear()
        self.tally.answers += 1
        after = fate.late
        *parts, (pause, end) = fate.pieces(whole)
        for wait, part in parts:
            after += wait
            self._later(after, partial(connection.write, part))
        self._later(after + pause, partial(self._end, connection, end, fate))

    def _end(self, connection: Connection, frame: bytes, fate: Fate) -> None:
        self.tell(connection, frame)
        if fate.closes:
            connection.writer.close()

    def _later(self, after: float, what: Callable[[], None]) -> None:
        if not after:
            what()
            return

        def due() -> None:
            self._timers.discard(timer)
            what()

        timer = asyncio.get_running_loop().call_later(after / self.speed, due)
        self._timers.add(timer)
