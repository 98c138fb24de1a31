"""One device on a line: which blocks it is asked for, what it refuses, and its last words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.core.errors import Desync, Refused, SourceError, Unreachable
from gateway.core.ports import Words
from gateway.core.signals import Fault, Reason, SignalId, Value, signal_id
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Moment, Now
from gateway.machines.codec import Decoded, Layout
from gateway.machines.read_plan import Block, Learned, Place, halves, plan
from gateway.machines.template import FUNCTIONS, PointSpec, Table, Template

NO_CONNECTION = Fault(Reason.NO_CONNECTION)
RETRY_REFUSED = (60.0, 600.0)
"""Seconds between two questions for an address that was refused: first and longest."""

_WRONG_FUNCTION = 1
_WRONG_ADDRESS = (2, 3)  # illegal address; some devices say illegal value instead
_BEHIND_A_GATEWAY = {10: Reason.NO_CONNECTION, 11: Reason.TIMEOUT}


class Link(Protocol):
    """What a unit needs of its line."""

    async def ask(self, unit: int, block: Block, within: float) -> Sequence[int]:
        """The words of one block, or a SourceError."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one unit said in one cycle. ``failure`` is why it fell silent, if it did."""

    signals: tuple[SignalId, ...]
    values: tuple[Value | None, ...]
    faults: tuple[Fault | None, ...] | None
    moment: Moment | None
    failure: SourceError | None = None


@dataclass(slots=True)
class _Refusal:
    fault: Fault
    retry: Backoff


@dataclass(frozen=True, slots=True)
class _Requests:
    """The blocks that bring some signals, and the signals that are not asked for at present."""

    blocks: tuple[tuple[Block, Layout], ...]
    signals: tuple[SignalId, ...]
    refused: tuple[Fault, ...]
    until: float


class Unit:
    """One device on a shared line. ``within`` is its deadline in seconds."""

    def __init__(self, machine: str, number: int, template: Template, within: float) -> None:
        self.machine = machine
        self.number = number
        self.within = within
        self.backoff = Backoff()
        self.fault = NO_CONNECTION
        self._template = template
        self._points = {signal_id(machine, point.name): point for point in template.points}
        self._requests: dict[tuple[SignalId, ...], _Requests] = {}
        self._refusals: dict[Place, _Refusal] = {}
        self._cuts: set[Place] = set()
        self._heard: Moment | None = None
        self._last: dict[tuple[Table, int, int], tuple[Sequence[int], datetime]] = {}

    @property
    def signals(self) -> tuple[SignalId, ...]:
        """Every signal that the unit can be asked for."""
        return tuple(self._points)

    async def read(self, link: Link, due: tuple[SignalId, ...], now: Now) -> Answer:
        """Ask for the due signals, one entry each. Silence ends the cycle for the rest of them."""
        requests = self._requests_for(due, now().mono)
        self._heard = None
        values: list[Value | None] = []
        faults: list[Fault | None] = []
        sound = not requests.refused
        failure: SourceError | None = None
        for block, layout in requests.blocks:
            try:
                found, wrong = await self._block(link, block, layout, now)
            except SourceError as error:
                failure = error
                self.fault = _fault(error)
                rest = len(requests.signals) - len(requests.refused) - len(values)
                found, wrong = (None,) * rest, (self.fault,) * rest
            values += found
            if wrong is not None:
                sound = False
                faults += [None] * (len(values) - len(found) - len(faults))
                faults += wrong
            if failure is not None:
                break
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

    def silent(self, due: tuple[SignalId, ...]) -> Answer:
        """No answer, for the reason last found, without asking."""
        nothing = (None,) * len(due)
        return Answer(due, nothing, (self.fault,) * len(due), None)

    def words(self, signal: SignalId) -> Words | None:
        """The raw words of the last answer for ``signal``."""
        point = self._points[signal]
        found: Words | None = None
        for (table, first, count), (words, at) in self._last.items():
            start = point.address - first
            if table is not point.table or start < 0 or start + point.words > count:
                continue
            if found is None or at > found.at:
                own = tuple(int(word) for word in words[start : start + point.words])
                found = Words(FUNCTIONS[table], point.address, own, at)
        return found

    async def _block(self, link: Link, block: Block, layout: Layout, now: Now) -> Decoded:
        try:
            return await self._ask(link, block, layout, now)
        except Refused as refusal:
            values, faults = await self._narrowed(link, block, refusal, now)
            return tuple(values), tuple(faults)

    async def _ask(self, link: Link, block: Block, layout: Layout, now: Now) -> Decoded:
        try:
            words = await link.ask(self.number, block, self.within)
        except Refused as refusal:
            if refusal.code in _BEHIND_A_GATEWAY:
                timed_out = _BEHIND_A_GATEWAY[refusal.code] is Reason.TIMEOUT
                raise Unreachable(str(refusal), timed_out=timed_out) from refusal
            raise
        self._heard = now()
        self._last[block.table, block.first, block.count] = (words, self._heard.at)
        if self._refusals and _place(block.points[0]) in self._refusals:
            del self._refusals[_place(block.points[0])]
            self._requests.clear()
        return layout.decode(words)

    async def _narrowed(
        self, link: Link, block: Block, refusal: Refused, now: Now
    ) -> tuple[list[Value | None], list[Fault | None]]:
        """Find the bad address by halves, once; everything else of the block is read on the way."""
        fault = Fault(Reason.REFUSED, refusal.code)
        if refusal.code not in _WRONG_ADDRESS or len(block.points) == 1:
            if refusal.code in (_WRONG_FUNCTION, *_WRONG_ADDRESS):
                self._remember(block.points, fault, now)
            return [None] * len(block.points), [fault] * len(block.points)
        values: list[Value | None] = []
        faults: list[Fault | None] = []
        all_fine = True
        parts = halves(block, self._template)
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
            self._cuts.update(_place(part.points[0]) for part in parts[1:])
            self._requests.clear()
        return values, faults

    def _signal(self, point: PointSpec) -> SignalId:
        return signal_id(self.machine, point.name)

    def _remember(self, points: Sequence[PointSpec], fault: Fault, now: Now) -> None:
        for point in points:
            refusal = self._refusals.setdefault(
                _place(point), _Refusal(fault, Backoff(*RETRY_REFUSED))
            )
            refusal.fault = fault
            refusal.retry.failed(now().mono)
        self._requests.clear()

    def _requests_for(self, due: tuple[SignalId, ...], mono: float) -> _Requests:
        requests = self._requests.get(due)
        if requests is None or mono >= requests.until:
            requests = self._requests[due] = self._planned(due, mono)
        return requests

    def _planned(self, due: tuple[SignalId, ...], mono: float) -> _Requests:
        learned = Learned(frozenset(self._refusals), frozenset(self._cuts))
        blocks = []
        refused: list[tuple[SignalId, Fault]] = []
        until = float("inf")
        for block in plan([self._points[signal] for signal in due], self._template, learned):
            refusal = self._refusals.get(_place(block.points[0]))
            if refusal is None or refusal.retry.ready(mono):
                blocks.append((block, Layout(block.first, block.count, block.points)))
            else:
                until = min(until, refusal.retry.next_try or until)
                refused += [(self._signal(point), refusal.fault) for point in block.points]
        asked = [self._signal(point) for block, _ in blocks for point in block.points]
        return _Requests(
            tuple(blocks),
            (*asked, *(signal for signal, _ in refused)),
            tuple(fault for _, fault in refused),
            until,
        )


def _place(point: PointSpec) -> Place:
    return point.table, point.address


def _fault(failure: SourceError) -> Fault:
    if isinstance(failure, Desync):
        return Fault(Reason.DESYNC)
    timed_out = isinstance(failure, Unreachable) and failure.timed_out
    return Fault(Reason.TIMEOUT) if timed_out else NO_CONNECTION
