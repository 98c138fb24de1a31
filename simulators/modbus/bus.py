"""A serial line and its units: half duplex, and paced by its baud rate.

A request is on the wire from the moment in which it is said; it ends with the silence that Modbus
asks for. Answers come out character by character. Who speaks into another's word is not heard, and
spoils it: nobody answers a spoilt request. Every moment follows from the one before it, not from
when a timer came, so that a line keeps its pace on a busy computer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from simulators.modbus.framing import of_rtu, rtu
from simulators.modbus.pace import Pace
from simulators.modbus.pdu import Asked, Unit
from simulators.modbus.script import Script, always_well
from simulators.modbus.tally import Tally

HANDED_OVER = 0.016
"""Real seconds after which an adapter hands over what has come: as many on USB do."""
NOISE = 0x55
"""What two units that speak at once do to each other's characters."""
ROUNDING = 1e-6
"""Seconds of the line by which a timer may be early."""


@dataclass(slots=True)
class _Talk:
    """An answer on the wire; ``out`` characters of it have passed.

    Where two speak at once, the first is garbled from then on and the second is not heard.
    """

    asked: Asked
    begins: float
    ends: float
    frame: bytes
    out: int = 0
    spoilt_from: float = float("inf")
    drowned_until: float = float("-inf")


class Bus:
    """The line. Its time runs ``speed`` times as fast as ours.

    ``takes``   seconds of the line that a unit needs for an answer
    ``strict``  a request without the silence before it is not heard
    ``queues``  what is asked of a unit that is still busy is answered later, not unheard
    """

    def __init__(
        self,
        units: Mapping[int, Unit],
        pace: Pace = Pace(),  # noqa: B008 - a frozen value
        *,
        script: Script = always_well,
        speed: float = 1.0,
        takes: float = 0.005,
        strict: bool = False,
        queues: bool = False,
        tally: Tally | None = None,
    ) -> None:
        self.units = units
        self.pace = pace
        self.script = script
        self.speed = speed
        self.takes = takes
        self.strict = strict
        self.queues = queues
        self.tally = tally or Tally()
        self.hear: Callable[[bytes], None] | None = None
        """Takes the characters that come, as they come."""
        self.hear_frame: Callable[[bytes, Asked], None] | None = None
        """Takes an answer once it was followed by the silence that ends a frame.

        With it comes what it really answers, so that a test can tell right from wrong.
        """
        self._incoming = bytearray()
        self._spoilt = False
        self._said: list[tuple[float, float]] = []
        """From when until when the client spoke, as far back as an answer on the wire reaches."""
        self._said_until = float("-inf")
        self._quiet_since = float("-inf")
        self._busy_until: dict[int, float] = {}
        self._talks: list[_Talk] = []
        self._swapped: list[tuple[Asked, bytes]] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._end: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Seconds of the line."""
        return asyncio.get_running_loop().time() * self.speed

    @property
    def free_at(self) -> float:
        """When the next request may begin, as things stand: in seconds of the line."""
        return max([self._quiet_since, *(talk.ends for talk in self._talks)]) + self.pace.silence

    def close(self) -> None:
        """Forget what is on the wire; safe twice."""
        for timer in self._timers:
            timer.cancel()
        self._end = None
        self._timers.clear()
        self._talks.clear()
        self._swapped.clear()
        self._incoming.clear()
        self._busy_until.clear()

    def say(self, characters: bytes) -> None:
        """The client sends: as fast as the line is."""
        begins = max(self.now, self._said_until)
        if not self._incoming:
            self._begin(begins)
        self._incoming += characters
        self._said_until = begins + self.pace.lasts(len(characters))
        self._said.append((begins, self._said_until))
        for talk in self._talks:
            if talk.begins < self._said_until and begins < talk.ends - ROUNDING:
                self._collide()
        if self._end is not None:
            self._end.cancel()
            self._timers.discard(self._end)
        self._end = self._call(self._said_until + self.pace.silence, self._frame_ended)

    def _begin(self, begins: float) -> None:
        self._spoilt = False
        if not self._talks:
            self._said.clear()
        lasted = begins - self._quiet_since
        if lasted < 0:
            return  # a collision, counted as such
        least = self.pace.silence - ROUNDING
        self.tally.note_silence(lasted, least)
        self._spoilt = self.strict and lasted < least

    def _collide(self) -> None:
        self.tally.collisions += not self._spoilt
        self._spoilt = True

    def _frame_ended(self) -> None:
        frame, self._incoming = bytes(self._incoming), bytearray()
        self._end = None
        self._quiet_since = max(self._quiet_since, self._said_until)
        parts = None if self._spoilt else of_rtu(frame)
        if parts is None:
            self.tally.garbled += 1
            return
        unit, content = parts
        heard = self._said_until + self.pace.silence
        asked = Asked(self.tally.requests + 1, unit, content, at=heard)
        self.tally.note(asked)
        if unit in self.units:
            self._answer(asked, heard)

    def _answer(self, asked: Asked, heard: float) -> None:
        busy_until = self._busy_until.get(asked.unit, heard)
        if busy_until > heard and not self.queues:
            self.tally.unheard += 1
            return
        fate = self.script(asked)
        content = fate.content(asked, self.units[asked.unit])
        if content is None:
            return
        frame = fate.frame(rtu(asked.unit if fate.unit is None else fate.unit, content))
        if fate.swapped:
            self._swapped.append((asked, frame))
            return
        at = max(busy_until, heard) + self.takes + fate.late
        for _ in range(fate.copies):
            for pause, piece in fate.pieces(frame):
                at = self._send(asked, at + pause, piece)
            at += self.pace.silence
        for whose, older in self._swapped:
            at = self._send(whose, at, older) + self.pace.silence
        self._swapped = []
        self._busy_until[asked.unit] = at - self.pace.silence

    def _send(self, asked: Asked, at: float, frame: bytes) -> float:
        """Put a frame on the wire at ``at``; when it will have passed."""
        ends = at + self.pace.lasts(len(frame))
        self._call(at, self._talk, _Talk(asked, at, ends, frame))
        return ends

    def _talk(self, talk: _Talk) -> None:
        self.tally.answers += 1
        for other in self._talks:
            talk.drowned_until = max(talk.drowned_until, other.ends)
            other.spoilt_from = min(other.spoilt_from, talk.begins)
            self.tally.collisions += 1
        if self._incoming and talk.begins < self._said_until:
            self._collide()
        self._talks.append(talk)
        self._pass(talk)

    def _pass(self, talk: _Talk) -> None:
        """Hand over the characters that have passed by now."""
        now = self.now + ROUNDING
        due = min(len(talk.frame), int((now - talk.begins) / self.pace.character))
        if now >= talk.ends:
            due = len(talk.frame)
        if due > talk.out:
            passed = self._heard(talk, talk.out, due)
            talk.out = due
            if passed and self.hear is not None:
                self.hear(passed)
        if due < len(talk.frame):
            soon = talk.ends if self.hear is None else now + HANDED_OVER * self.speed
            self._call(min(talk.ends, soon), self._pass, talk)
            return
        self._talks.remove(talk)
        self._quiet_since = max(self._quiet_since, talk.ends)
        if self.hear_frame is not None:
            heard = self._heard(talk, 0, due)
            self._call(talk.ends + self.pace.silence, self.hear_frame, heard, talk.asked)

    def _heard(self, talk: _Talk, since: int, due: int) -> bytes:
        """What the client hears of a stretch of characters: nothing while it speaks itself."""
        heard = bytearray()
        begins = talk.begins + self.pace.lasts(since)
        for byte in talk.frame[since:due]:
            ends = begins + self.pace.character
            after, before = begins + ROUNDING, ends - ROUNDING
            spoke = any(after < until and before > said for said, until in self._said)
            if not spoke and after >= talk.drowned_until:
                heard.append(byte ^ NOISE if before > talk.spoilt_from else byte)
            begins = ends
        return bytes(heard)

    def _call(
        self, at: float, what: Callable[..., None], *arguments: object
    ) -> asyncio.TimerHandle:
        loop = asyncio.get_running_loop()

        def due() -> None:
            self._timers.discard(timer)
            what(*arguments)

        timer = loop.call_at(at / self.speed, due)
        self._timers.add(timer)
        return timer
