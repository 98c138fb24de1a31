"""What the assistant does for a page: a scan or a look that can be watched while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network

from gateway.assistant.looking import Change, Meaning, changes, distinct, letters, meanings
from gateway.assistant.network import Door, knock
from gateway.assistant.question import SPACING, Asker, Heard
from gateway.assistant.scan import Found, scan
from gateway.assistant.stretch import Run, sample, survey
from gateway.core.errors import Unreachable
from gateway.core.text import Text
from gateway.machines import catalog
from gateway.machines.numbering import Table
from gateway.sources.line.base import ModbusConnect

LIKELIEST = 4
"""So many meanings of a register are shown."""
NO_CONNECTION = Text("keine Verbindung", "no connection")
NO_ANSWER = Text("keine Antwort", "no answer")


@dataclass(slots=True)
class Scan:
    """Looks for ``units`` on some lines, one after the other; at first for lines in a ``network``.

    ``ours`` are doors that are in use: nobody knocks there. ``at`` makes a line of a host.
    """

    connects: list[ModbusConnect]
    units: Sequence[int]
    network: IPv4Network | None = None
    port: int = 502
    ours: frozenset[Door] = frozenset()
    at: Callable[[str], ModbusConnect] | None = None
    knocked: int = 0
    place: str = ""
    tried: int = 0
    found: list[tuple[ModbusConnect, Found]] = field(default_factory=list)
    unreachable: list[tuple[str, Text]] = field(default_factory=list)
    _asker: Asker | None = None
    _asked: int = 0

    @property
    def asked(self) -> int:
        """How many questions were asked."""
        return self._asked + (0 if self._asker is None else self._asker.asked)

    async def run(self) -> None:
        """Ask; what is found is in ``found`` at once."""
        names = await asyncio.to_thread(catalog.names)
        templates = [await asyncio.to_thread(catalog.template, name) for name in names]
        if self.network is not None and self.at is not None:
            async for (host, _), opens in knock(self.network, [self.port], self.ours):
                self.place, self.knocked = host, self.knocked + 1
                if opens:
                    self.connects.append(self.at(host))
        for connect in self.connects:
            await asyncio.sleep(SPACING)  # also between two lines, and after an earlier scan
            self.place = connect.key
            self._asker = Asker(connect)
            try:
                async for seen in scan(self._asker, self.units, templates):
                    self.tried += 1
                    if isinstance(seen, Found):
                        self.found.append((connect, seen))
            except Unreachable as error:
                self.unreachable.append((connect.key, error.found.text or NO_CONNECTION))
            finally:
                self._asked, asker = self.asked, self._asker
                self._asker = None
                asker.close()


@dataclass(frozen=True, slots=True)
class Row:
    """One register: its newest word, what it may mean, and how it has changed."""

    address: int
    word: int
    meanings: tuple[Meaning, ...]
    change: Change | None


@dataclass(frozen=True, slots=True)
class Part:
    """A readable run of a stretch, with the texts in it."""

    table: Table
    rows: tuple[Row, ...]
    letters: tuple[tuple[int, str], ...]


@dataclass(slots=True)
class Look:
    """Reads a stretch of one device; ``again`` compares it with what it was the last time."""

    connect: ModbusConnect
    tables: Sequence[Table]
    first: int
    count: int
    samples: int
    asked: int = 0
    rounds: int = 0
    parts: tuple[Part, ...] = ()
    in_vain: Text | None = None
    _runs: tuple[Run, ...] = ()
    _newest: dict[Run, Sequence[tuple[int, ...]]] = field(default_factory=dict)

    async def run(self) -> None:
        """Find what can be read, read it, and read it again whenever this is called once more."""
        await asyncio.sleep(SPACING)
        asker, before = Asker(self.connect), self.asked
        self.in_vain = None
        try:
            await self._read(asker, before)
        except Unreachable as error:
            self.in_vain = error.found.text or NO_CONNECTION
        finally:
            self.asked = before + asker.asked
            asker.close()

    async def _read(self, asker: Asker, before: int) -> None:
        if not self._runs:
            seen = await survey(asker, self.tables, self.first, self.count)
            self._runs = seen.runs
            self.in_vain = None if seen.runs else _why(seen.refusal)
        earlier = self._newest
        newest: dict[Run, Sequence[tuple[int, ...]]] = {}
        for run in self._runs:
            self.asked = before + asker.asked
            if words := await sample(asker, run, self.samples):
                newest[run] = words
        if not newest:
            self.in_vain = self.in_vain or NO_ANSWER
            return
        self.parts = await asyncio.to_thread(
            lambda: tuple(_part(run, earlier.get(run), words) for run, words in newest.items())
        )
        self._newest = newest
        self.rounds += 1


def _why(refusal: Heard | None) -> Text:
    if refusal is None or refusal.found is None:
        return NO_ANSWER
    return refusal.found.text or NO_ANSWER


def _part(
    run: Run, earlier: Sequence[tuple[int, ...]] | None, newest: Sequence[tuple[int, ...]]
) -> Part:
    of_one: dict[int, list[Meaning]] = {}
    for meaning in distinct(meanings(run.first, newest)):
        kept = of_one.setdefault(meaning.address, [])
        if meaning.score > 0 and len(kept) < LIKELIEST:
            kept.append(meaning)
    settled = newest[len(newest) // 2 :]  # many meters show what was switched a second later
    changed = {one.address: one for one in changes(run.first, earlier, settled)} if earlier else {}
    rows = tuple(
        Row(address, word, tuple(of_one.get(address, ())), changed.get(address))
        for address, word in enumerate(newest[-1], run.first)
    )
    return Part(run.table, rows, tuple(letters(run.first, newest[-1])))
