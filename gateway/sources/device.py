"""One device on a line: which blocks it is asked for, what it refuses, and its last words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.core.findings import Why
from gateway.core.ports import Words
from gateway.core.signals import Fault, Reason, SignalId, Value, signal_id
from gateway.core.text import Text
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Moment, Now
from gateway.machines.codec import Decoded, Layout
from gateway.machines.derived import Found, derive
from gateway.machines.lengths import Lengths
from gateway.machines.read_plan import Block, Learned, Place, halves, plan
from gateway.machines.template import FUNCTIONS, PointSpec, Table, Template
from gateway.sources.bus_time import Polled
from gateway.sources.line.base import ModbusConnect
from gateway.sources.refusals import REMEMBERED, Refusals, place

NO_CONNECTION = Fault(Reason.NO_CONNECTION)
SHARED_LINE = (0.0, 1.0, 3.0, 10.0, 50.0)
"""Seconds for which a silent unit is left alone, or a fifth more: each try costs all others."""

TRIES = 2
"""Questions for one block in one poll."""

_WRONG_ADDRESS = (2, 3)  # illegal address; some devices say illegal value instead


class Link(Protocol):
    """What a unit needs of its line."""

    async def ask(self, device: Unit, block: Block) -> Sequence[int]:
        """The words of one block, or a SourceError."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one unit said in one cycle. ``failure`` is why it fell silent, if it did."""

    signals: tuple[SignalId, ...]
    values: tuple[Value | None, ...]
    faults: tuple[Fault | None, ...] | None
    moment: Moment | None
    failure: SourceError | None = None


@dataclass(frozen=True, slots=True)
class _Requests:
    """The blocks that bring some signals, and the signals that are not asked for at present."""

    blocks: tuple[tuple[Block, Layout], ...]
    signals: tuple[SignalId, ...]
    refused: tuple[Fault, ...]
    until: float


class Unit:
    """One device on a line, as one machine uses it."""

    def __init__(self, machine: str, connect: ModbusConnect, template: Template) -> None:
        self.machine = machine
        self.connect = connect
        self.backoff = Backoff()
        self.failed_at = 0.0
        """When (monotonic) it was last asked in vain; 0: it answers."""
        self.fault = NO_CONNECTION
        self.template = template
        self.pause = max(connect.pause, template.workarounds.pause).total_seconds()
        """Seconds to leave between two questions."""
        blocks = plan(template.points, template)
        self.patience = TRIES * sum(connect.within(block) for block in blocks)
        """Seconds that one poll of it may take, if every answer comes at the last moment."""
        self._points = {signal_id(machine, point.name): point for point in template.points}
        self._derived = {signal_id(machine, one.name): one for one in template.derived}
        self._told_by: dict[str, int] = {}  # points of which something is derived: which request
        self._requested = 0
        self._parts: dict[tuple[SignalId, ...], tuple[SignalId, ...]] = {}
        self._requests: dict[tuple[SignalId, ...], _Requests] = {}
        self._refusals = Refusals(place(point) for point in template.points)
        self._cuts: set[Place] = set()
        self.lengths = Lengths()
        """How long a request to it may be, as far as that has been found out."""
        self._sound: set[Block] = set()
        self._heard: Moment | None = None
        self._last: dict[tuple[Table, int, int], tuple[Sequence[int], datetime]] = {}

    @property
    def signals(self) -> tuple[SignalId, ...]:
        """Every signal that the unit can be asked for."""
        return (*self._points, *self._derived)

    def polled(self, every: Mapping[SignalId, float]) -> Polled:
        """How it is asked now: without what it refuses, in the lengths that it answers."""
        points = [
            (point, every[signal])
            for signal, point in self._points.items()
            if signal in every and not self._refusals.knows(point)
        ]
        return Polled(self.template, points, self.pause, self._learned)

    @property
    def _learned(self) -> Learned:
        return Learned(self._refusals.bad, frozenset(self._cuts), self.lengths.most)

    async def read(self, link: Link, due: tuple[SignalId, ...], now: Now) -> Answer:
        """Ask for the due signals, one entry each. Silence ends the cycle for the rest of them."""
        if not self._derived:
            return await self._read(link, due, now)
        asked = self._parts.get(due)
        if asked is None:
            asked = self._parts[due] = self._with_parts(due)
        return self._with_derived(due, await self._read(link, asked, now))

    def _with_parts(self, due: tuple[SignalId, ...]) -> tuple[SignalId, ...]:
        """What is to be asked for: derived signals are made of their parts."""
        asked = dict.fromkeys(signal for signal in due if signal in self._points)
        for signal in due:
            if signal in self._derived:
                parts = self._derived[signal].parts
                asked.update(dict.fromkeys(signal_id(self.machine, part) for part in parts))
        return tuple(asked)

    def _with_derived(self, due: tuple[SignalId, ...], answer: Answer) -> Answer:
        faults = answer.faults or (None,) * len(answer.signals)
        found = dict(zip(answer.signals, map(Found, answer.values, faults), strict=True))
        for signal in due:
            if signal in self._derived:
                derived = self._derived[signal]
                parts = [signal_id(self.machine, part) for part in derived.parts]
                found[signal] = derive(
                    derived,
                    [self._points[part] for part in parts],
                    [found[part] for part in parts],
                    together=len({self._told_by.get(part) for part in derived.parts}) == 1,
                )
        kept = [found[signal] for signal in due]
        sound = all(one.fault is None for one in kept)
        return replace(
            answer,
            signals=due,
            values=tuple(one.value for one in kept),
            faults=None if sound else tuple(one.fault for one in kept),
        )

    async def _read(self, link: Link, due: tuple[SignalId, ...], now: Now) -> Answer:
        mono = now().mono
        self._heard = None
        failure: SourceError | None = None
        values: list[Value | None] = []
        faults: list[Fault | None] = []
        try:
            if self._refusals.everything and not await self._answers_again(link, due, now):
                return Answer(due, (None,) * len(due), (self._refusals.fault,) * len(due), None)
        except SourceError as error:
            failure = error
        requests = self._requests_for(due, mono)
        sound = not requests.refused
        for block, layout in requests.blocks:
            if failure is not None:
                break
            try:
                found, wrong = await self._block(link, block, layout, now)
            except SourceError as error:
                failure = error
                self._not_heard(block, error)
                break
            values += found
            if wrong is not None:
                sound = False
                faults += [None] * (len(values) - len(found) - len(faults))
                faults += wrong
        if failure is not None:
            sound = False
            self.fault = fault_of(failure)
            rest = len(requests.signals) - len(requests.refused) - len(values)
            faults += [None] * (len(values) - len(faults)) + [self.fault] * rest
            values += [None] * rest
        elif self._heard is None:
            self._refusals.judge(mono)
        if not sound:
            faults += [None] * (len(values) - len(faults))
            faults += requests.refused
            values += [None] * len(requests.refused)
        return Answer(
            requests.signals,
            tuple(values),
            None if sound else tuple(faults),
            self._heard,
            failure,
        )

    def _not_heard(self, block: Block, failure: SourceError) -> None:
        """Perhaps the request was too long, where there was never an answer to it."""
        never = block not in self._sound and isinstance(failure, Unreachable)
        if never and self.lengths.silent(block):
            self._requests.clear()

    def silent(self, due: tuple[SignalId, ...]) -> Answer:
        """No answer, for the reason last found, without asking."""
        nothing = (None,) * len(due)
        return Answer(due, nothing, (self.fault,) * len(due), None)

    def asked(self, signal: SignalId) -> tuple[int, int, Text] | None:
        """With which function and at which address a point is asked for, and as it is written."""
        point = self._points.get(signal)
        return None if point is None else (FUNCTIONS[point.table], point.address, point.place)

    def point(self, signal: SignalId) -> PointSpec | None:
        """Where the value of ``signal`` stands; None for what is derived."""
        return self._points.get(signal)

    def words(self, signal: SignalId) -> Words | None:
        """The raw words of the last answer for ``signal``; what is derived has none."""
        point = self._points.get(signal)
        if point is None:
            return None
        found: Words | None = None
        for (table, first, count), (words, at) in self._last.items():
            start = point.address - first
            if table is not point.table or start < 0 or start + point.words > count:
                continue
            if found is None or at > found.at:
                own = tuple(int(word) for word in words[start : start + point.words])
                found = Words(FUNCTIONS[table], point.address, own, at)
        return found

    async def _answers_again(self, link: Link, due: tuple[SignalId, ...], now: Now) -> bool:
        """Ask a device that refuses everything for one point, if it is time to."""
        mono = now().mono
        point = self._refusals.probe([self._points[signal] for signal in due], mono)
        if point is None:
            return False
        [block] = plan([point], self.template)
        try:
            await self._ask(link, block, Layout(block.first, block.count, block.points), now)
        except Refused as refusal:
            self._refusals.again(_refused(refusal), mono)
            return False
        return True

    async def _block(self, link: Link, block: Block, layout: Layout, now: Now) -> Decoded:
        try:
            decoded = await self._ask(link, block, layout, now)
        except Refused as refusal:
            values, faults = await self._narrowed(link, block, refusal, now)
            return tuple(values), tuple(faults)
        self._sound.add(block)
        return decoded

    async def _ask(self, link: Link, block: Block, layout: Layout, now: Now) -> Decoded:
        words = await link.ask(self, block)
        self._heard = now()
        self._last[block.table, block.first, block.count] = (words, self._heard.at)
        if self._derived:
            self._requested += 1
            self._told_by |= dict.fromkeys((p.name for p in block.points), self._requested)
        longer = self.lengths.answered(block)
        if self._refusals.answered(block.points) or longer:
            self._requests.clear()
        return layout.decode(words)

    async def _narrowed(
        self, link: Link, block: Block, refusal: Refused, now: Now
    ) -> tuple[list[Value | None], list[Fault | None]]:
        """Find the bad address by halves, once; everything else of the block is read on the way.

        A block that has been answered before is not searched: its addresses are there.
        """
        fault = _refused(refusal)
        alone = len(block.points) == 1
        if alone or refusal.code not in _WRONG_ADDRESS or block in self._sound:
            self._sound.discard(block)
            if refusal.code in REMEMBERED:
                self._refusals.remember(
                    block.points,
                    fault,
                    now().mono,
                    alone=alone and refusal.code in _WRONG_ADDRESS,
                )
                self._requests.clear()
            return [None] * len(block.points), [fault] * len(block.points)
        values: list[Value | None] = []
        faults: list[Fault | None] = []
        all_fine = True
        parts = halves(block, self.template)
        for half in parts:
            try:
                layout = Layout(half.first, half.count, half.points)
                found, wrong = await self._ask(link, half, layout, now)
                values += found
                faults += wrong if wrong is not None else [None] * len(found)
            except Refused as again:
                all_fine = False
                deeper = await self._narrowed(link, half, again, now)
                values += deeper[0]
                faults += deeper[1]
        if all_fine:
            self._cuts.update(place(part.points[0]) for part in parts[1:])
            self._requests.clear()
        return values, faults

    def _signal(self, point: PointSpec) -> SignalId:
        return signal_id(self.machine, point.name)

    def _requests_for(self, due: tuple[SignalId, ...], mono: float) -> _Requests:
        requests = self._requests.get(due)
        if requests is None or mono >= requests.until:
            requests = self._requests[due] = self._planned(due, mono)
        return requests

    def _planned(self, due: tuple[SignalId, ...], mono: float) -> _Requests:
        points: list[PointSpec] = []
        refused: list[tuple[SignalId, Fault]] = []
        until = float("inf")
        for signal in due:
            point = self._points[signal]
            waiting = self._refusals.waiting(point, mono)
            if waiting is None:
                points.append(point)
            else:
                refused.append((signal, waiting[0]))
                until = min(until, waiting[1])
        blocks = tuple(
            (block, Layout(block.first, block.count, block.points))
            for block in plan(points, self.template, self._learned)
        )
        asked = [self._signal(point) for block, _ in blocks for point in block.points]
        return _Requests(
            blocks,
            (*asked, *(signal for signal, _ in refused)),
            tuple(fault for _, fault in refused),
            until,
        )


def _refused(refusal: Refused) -> Fault:
    return Fault(Reason.REFUSED, refusal.code, refusal.found.text)


def fault_of(failure: SourceError) -> Fault:
    """What is told of the signals that were asked for."""
    found = failure.found
    code = found.got if found.why is Why.EXCEPTION else None
    if isinstance(failure, Desync):
        return Fault(Reason.DESYNC, detail=found.text, found=found)
    timed_out = isinstance(failure, Unreachable) and failure.timed_out
    return Fault(Reason.TIMEOUT if timed_out else Reason.NO_CONNECTION, code, found.text)
