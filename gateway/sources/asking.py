"""How a line is asked, so that one lost answer costs one poll and a late one is never a value.

A device alone on its connection gets a new try, on a new connection where the old one is lost. On
a line that units share (a serial one, behind a gateway) nobody is asked after a silence while the
gateway may still wait for the old answer, and then for a while only in lengths that it cannot have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.core.findings import Finding, Why
from gateway.core.ports import LineCounts
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Now
from gateway.machines.read_plan import Block, other_counts, other_lengths
from gateway.machines.template import Template
from gateway.sources.frame import Late
from gateway.sources.line.base import ModbusConnect, Tap
from gateway.sources.line.connection import Connection
from gateway.sources.suspects import Suspects, Told

RECONNECT = (0.0, 1.0, 2.0, 3.0)
"""Seconds after connections that brought nothing: the first is made anew with the next poll."""
GATEWAY_WAITS = 4.0
"""Times the deadline that a gateway is taken to wait for a silent unit, until it is known."""
LONGEST_QUIET = 5.0
"""Seconds after a question for which a line is left alone at most."""
FORGETTING = 5.0
"""Seconds without a question after which a device may have forgotten the connection."""

EMPTIED = 3
"""Questions in another length after which a device that answers none of them is let be."""

_BUSY = (5, 6)
_BUSY_PAUSES = (0.05, 0.2)  # seconds before a busy device is asked again within the poll
_NOBODY_THERE = (10, 11)  # with these a gateway speaks for a silent unit
_NOT_THIS_LENGTH = (2, 3)


class Asker(Protocol):
    """A device that is asked for: how it is reached, and its type."""

    @property
    def connect(self) -> ModbusConnect:
        """How it is reached."""

    @property
    def template(self) -> Template:
        """Its type, which says in which lengths it may be asked."""

    @property
    def pause(self) -> float:
        """Seconds to leave between two questions."""


class Line:
    """The connection to one line, and to the devices on it."""

    def __init__(self, devices: Sequence[Asker], now: Now, tap: Tap | None = None) -> None:
        connects = [device.connect for device in devices]
        self.link = Connection(
            connects[0],
            max(device.pause for device in devices),
            max(connect.pause_after_connect.total_seconds() for connect in connects),
            late=self._late,
            tap=tap,
        )
        self.backoff = Backoff(steps=RECONNECT)
        self.shared = len({one.unit for one in connects}) > 1
        self._gateway = False
        told = Told.BYTES
        if self.link.numbered:
            self._gateway = self.shared or any(one.through_gateway for one in connects)
            numbers = not any(one.any_number for one in connects)
            told = Told.GATEWAY if self._gateway else Told.NUMBER if numbers else Told.BYTES
        self.shared = self.shared or self._gateway
        self._told = told
        self._now = now
        self._suspects = Suspects(told)
        self._refused: set[tuple[int, tuple[Block, ...]]] = set()
        self._found = Finding(Why.NO_CONNECTION)
        self._emptied = 0
        self.counts = LineCounts()
        self.woken = False
        """An answer that had been given up has come, and none is missing any more."""
        self._awake = asyncio.Event()  # nothing has been asked in vain since the last sign of life
        self._awake.set()
        self._spoke_at = 0.0
        self._proven = False
        self._hangs = False
        self._silences = 0
        self._silent_since = 0.0
        self._free_at = 0.0
        self._waits = 0.0
        self._forgets_after = self._doubt = float("inf")

    def follow(self, before: Line) -> None:
        """Go on where another one has stopped: what it has asked may still be answered here."""
        self._suspects.follow(before._suspects)
        self._free_at, self._waits, self.counts = before._free_at, before._waits, before.counts
        if not before._awake.is_set():
            self._awake.clear()
        if before.link.goes_on_as(self.link):
            self.link, before.link = before.link, self.link
            self._spoke_at, self._proven = before._spoke_at, before._proven

    @property
    def silent(self) -> bool:
        """Whether more than one unit was asked in vain, with no sign of life in between."""
        return self.shared and self._silences > 1

    async def stand(self) -> None:
        """Connect where there is no connection, or none worth keeping. Raises Unreachable."""
        if self._hangs:
            await self._quiet()  # it may still speak
        idle = asyncio.get_running_loop().time() - self._spoke_at
        if (self._hangs or idle >= self._forgets_after) and not self.link.worth_keeping:
            self.link.close()
        self._hangs = False
        if self.link.connected:
            return
        mono = self._now().mono
        if not self.backoff.ready(mono):
            raise Unreachable(self.link.place, self._found)
        try:
            await self.link.open()
        except Unreachable as failure:
            self._found = failure.found
            self.backoff.failed(mono)
            raise
        self.counts.connects += 1
        self._proven = False
        self._spoke_at = asyncio.get_running_loop().time()

    async def ask(self, device: Asker, block: Block) -> Sequence[int]:
        """The words of one block, in one more try where the first was in vain.

        Raises Refused, or what the last try has failed with.
        """
        await self.stand()
        self.woken = False
        try:
            return await self._ask(device, block)
        except (Unreachable, Desync) as failure:
            lost = isinstance(failure, Unreachable) and not self.link.connected
            if (self.shared and not lost) or not self.backoff.ready(self._now().mono):
                raise
        await self.stand()
        try:
            return await self._ask(device, block)
        except (Unreachable, Desync):
            self._hangs = not (self.shared or self._awake.is_set())
            raise

    async def _ask(self, device: Asker, block: Block) -> Sequence[int]:
        if self._gateway:
            await self._quiet()
        words = await self._distinct(device, block)
        if words is None and self._suspects.kept(asyncio.get_running_loop().time()):
            await self._empty(device, block)
            words = await self._distinct(device, block)
        if words is not None:
            return words
        if self._told is Told.NUMBER:
            return await self._once(device, block)
        raise Unreachable(device.connect.place(), Finding(Why.WAITING))

    async def _distinct(self, device: Asker, block: Block) -> Sequence[int] | None:
        """The words, asked for so that no older answer can be taken for them; None: no such way."""
        now, unit = asyncio.get_running_loop().time(), device.connect.unit
        if not self._suspects.fit(unit, block, now):
            return await self._once(device, block)
        for way in other_lengths(block, device.template):
            known = (unit, way) in self._refused
            if known or any(self._suspects.fit(unit, part, now) for part in way):
                continue
            try:
                parts = [(part, await self._once(device, part)) for part in way]
            except Refused as refusal:
                if refusal.code not in _NOT_THIS_LENGTH:
                    raise
                self._refused.add((unit, way))
            else:
                return _words_of(block, parts)
        return None

    async def _empty(self, device: Asker, block: Block) -> None:
        """Make a gateway hand out what it keeps: ask in a length that the device may refuse."""
        now, unit = asyncio.get_running_loop().time(), device.connect.unit
        fresh = (one for one in other_counts(block) if not self._suspects.fit(unit, one, now))
        other = next(fresh, None)
        if other is None or self._emptied >= EMPTIED:  # it is silent where others refuse
            self._emptied = 0
            self._suspects.forget(now)
            return
        self._emptied += 1
        with suppress(Refused):
            await self._once(device, other)
        self._emptied = 0

    async def _once(self, device: Asker, block: Block) -> Sequence[int]:
        connect, within = device.connect, device.connect.within(block)
        for pause in (*_BUSY_PAUSES, None):
            began = asyncio.get_running_loop().time()
            try:
                words = await self.link.ask(connect, block)
            except Refused as refusal:
                self._spoke()
                self._suspects.answered(0, began)
                self.counts.refusals += 1
                if refusal.code in _NOBODY_THERE:
                    raise Unreachable(connect.place(), refusal.found) from refusal
                if refusal.code not in _BUSY or pause is None:
                    raise
                await asyncio.sleep(pause)
            except asyncio.CancelledError:  # whoever follows on this line must know of it
                self._suspects.add(connect.unit, block, began + within, within)
                raise
            except SourceError as failure:
                self.counts.desyncs += isinstance(failure, Desync)
                self._suspects.add(connect.unit, block, began + within, within)
                self._fell_silent(failure, began, within)
                raise
            else:
                self._spoke()
                self._suspects.answered(block.size, began)
                return words
        raise AssertionError("the last try answers or raises")

    async def _quiet(self) -> None:
        """Leave a shared line alone while its gateway may still wait for an older answer."""
        rest = self._free_at - asyncio.get_running_loop().time()
        if rest > 0 and not self._awake.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._awake.wait()

    def _spoke(self) -> None:
        self._silences = 0
        self._awake.set()
        self._spoke_at = asyncio.get_running_loop().time()
        self.backoff.succeeded()
        if not self._proven:
            self._proven = True
            self._forgets_after = min(self._forgets_after, self._doubt)
        self._doubt = float("inf")

    def _late(self, late: Late) -> None:
        """The answer to a question that was given up has come."""
        if self.link.numbered:
            self._waits = 1.2 * (asyncio.get_running_loop().time() - self._silent_since)
            self.woken = not self.link.outstanding
        elif self._suspects.arrived(late.unit, late.function, late.size):
            self.woken = not self._suspects
        else:
            return  # nobody here has asked for it
        self._hangs = False
        self._doubt = float("inf")
        self._spoke()

    def _fell_silent(self, failure: SourceError, began: float, within: float) -> None:
        self._awake.clear()
        timed_out = isinstance(failure, Unreachable) and failure.timed_out
        if timed_out:
            self.counts.silences += 1
            self._count_silence(began)
        elif not self._proven:
            self.backoff.failed(self._now().mono)  # a connection that has brought nothing
        if self._gateway and (timed_out or isinstance(failure, Desync)):
            waits = self._waits or GATEWAY_WAITS * within
            self._free_at = began + min(LONGEST_QUIET, 2 * waits if self.silent else waits)

    def _count_silence(self, began: float) -> None:
        self._silences += 1
        if self._silences == 1:
            self._silent_since = began
            idle = began - self._spoke_at
            self._doubt = 0.9 * idle if idle >= FORGETTING else float("inf")
        elif self.shared:
            self._hangs = True


def _words_of(block: Block, parts: Sequence[tuple[Block, Sequence[int]]]) -> list[int]:
    """The words of a block that was read in other lengths; holes between its parts are 0."""
    found = {
        address: word
        for part, words in parts
        for address, word in zip(range(part.first, part.last + 1), words, strict=True)
    }
    return [found.get(address, 0) for address in range(block.first, block.last + 1)]
