"""Everything that stands on one line, read over one connection."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Sequence

from gateway.core.batches import Batch
from gateway.core.errors import Unreachable
from gateway.core.findings import Why
from gateway.core.ports import LineCounts, Words
from gateway.core.signals import SignalId
from gateway.core.text import Text
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Now, SystemTime
from gateway.machines.template import PointSpec
from gateway.sources.asking import Line
from gateway.sources.device import NO_CONNECTION, SHARED_LINE, Answer, Unit, fault_of
from gateway.sources.line.base import Tap
from gateway.sources.line.connection import Connection
from gateway.sources.line_time import LineTime

_Shares = tuple[list[tuple[Unit, tuple[SignalId, ...]]], Counter[str]]
"""Some signals by the unit that has them, and how many units each machine has among these."""


class ModbusSource:
    """One line with its units, each belonging to a machine.

    ``read`` never raises for what a line or a device does: that stands in the faults. It opens
    the line again by itself, and skips a unit that fell silent until its next try: on a shared
    line each try of it costs all the others.
    """

    def __init__(
        self,
        units: Iterable[Unit],
        *,
        now: Now | None = None,
        tap: Tap | None = None,
    ) -> None:
        self.units = tuple(units)
        self.endpoint = self.units[0].connect.key
        self._now = now or SystemTime()
        self._line = Line(self.units, self._now, tap)
        self.time = LineTime(self._now().mono)
        """How long its polls have taken."""
        self._each_poll = any(unit.connect.reconnect == "each-poll" for unit in self.units)
        if self._line.shared:
            for unit in self.units:
                unit.backoff = Backoff(steps=SHARED_LINE)
        self._unit_of = {signal: unit for unit in self.units for signal in unit.signals}
        self._fault = NO_CONNECTION
        self._given_up = False  # for the rest of this poll
        self._shares: dict[tuple[SignalId, ...], _Shares] = {}

    @property
    def _link(self) -> Connection:
        return self._line.link

    @property
    def connected(self) -> bool:
        """Whether the line is open."""
        return self._link.connected

    @property
    def counts(self) -> LineCounts:
        """What has happened on the line since the start."""
        return self._line.counts

    @property
    def signals(self) -> tuple[SignalId, ...]:
        """Every signal that can be asked for."""
        return tuple(self._unit_of)

    def wait_for_nobody(self) -> None:
        """Ask in the next poll also who has been silent."""
        for backoff in (self._line.backoff, *(unit.backoff for unit in self.units)):
            backoff.succeeded()

    def proposed_registers(self, signal: SignalId) -> int | None:
        """What the template of its device should say as ``max_registers``; None: nothing."""
        return self._unit_of[signal].lengths.proposed

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines on this line."""
        return tuple(dict.fromkeys(unit.machine for unit in self.units))

    def follow(self, before: object) -> None:
        """Go on with a line on which other units stood before."""
        if isinstance(before, ModbusSource):
            self._line.follow(before._line)  # noqa: SLF001 - of its own kind

    async def connect(self) -> None:
        """Open the line. Raises Unreachable."""
        await self._line.stand()

    async def read(self, due: Sequence[SignalId]) -> tuple[Batch, ...]:
        """One batch per machine that has due signals, one entry per signal asked."""
        return tuple([batch async for batch in self.batches(due)])

    async def batches(self, due: Sequence[SignalId]) -> AsyncIterator[Batch]:
        """As ``read``, each batch as soon as its machine has been asked."""
        answers: dict[str, list[Answer]] = {}
        shares, missing = self._shares_of(tuple(due))
        self._given_up = False
        began, whole = self._now().mono, len(due) == len(self._unit_of)
        # who is in doubt is asked last, so that its silence delays nobody else's values
        for unit, signals in sorted(shares, key=lambda share: share[0].failed_at):
            answer = await self._ask(unit, signals)
            whole = whole and answer.failure is None and answer.moment is not None
            heard = answers.setdefault(unit.machine, [])
            heard.append(answer)
            if len(heard) == missing[unit.machine]:
                yield _batch(unit.machine, heard, self._now)
        self.time.polled(began, self._now().mono + self._link.rest, whole=whole)
        if self._each_poll:
            self._link.close()

    @property
    def share(self) -> float:
        """The part of the last half to whole minute in which the line was needed, 0 to 1."""
        return self.time.share(self._now().mono)

    def words(self, signal: SignalId) -> Words | None:
        """The raw words of the last answer for ``signal``."""
        unit = self._unit_of.get(signal)
        return None if unit is None else unit.words(signal)

    def asked(self, signal: SignalId) -> tuple[int, int, Text] | None:
        """Function and address of ``signal``, and as it is written; None for what is derived."""
        return self._unit_of[signal].asked(signal)

    def place(self, signal: SignalId) -> tuple[int, PointSpec | None]:
        """The unit that is asked for ``signal``, and the point; None for what is derived."""
        unit = self._unit_of[signal]
        return unit.connect.unit, unit.point(signal)

    @property
    def patience(self) -> float:
        """Seconds that one machine may take where all its answers come at the last moment."""
        taken: dict[str, float] = defaultdict(float)
        for unit in self.units:
            taken[unit.machine] += unit.patience
        return max(taken.values())

    def next_try(self, machine: str) -> float | None:
        """When (monotonic) a silent machine is asked again; None: with the next poll."""
        backoffs = [unit.backoff for unit in self.units if unit.machine == machine]
        waits = [backoff.next_try or 0.0 for backoff in (*backoffs, self._line.backoff)]
        latest = max(waits)
        return latest if latest > self._now().mono else None

    async def close(self) -> None:
        """Close the line; safe twice and before ``connect``."""
        self._link.close()

    async def _ask(self, unit: Unit, signals: tuple[SignalId, ...]) -> Answer:
        mono = self._now().mono
        if not unit.backoff.ready(mono) and not (self._line.woken and not self._line.shared):
            return unit.silent(signals)
        if self._given_up or not self._line.backoff.ready(mono):
            unit.fault = self._fault
            return unit.silent(signals)
        try:
            await self._line.stand()
        except Unreachable as failure:
            self._given_up = True
            self._fault = unit.fault = fault_of(failure)
            return unit.silent(signals)
        answer = await unit.read(self._line, signals, self._now)
        if answer.failure is None:
            unit.backoff.succeeded()
            unit.failed_at = 0.0
        elif answer.failure.found.why is not Why.WAITING:
            self._failed(unit)
        return answer

    def _failed(self, unit: Unit) -> None:
        unit.failed_at = mono = self._now().mono
        self._fault = unit.fault
        if self._line.silent:
            self._given_up = True
            self._line.backoff.failed(mono)  # not this unit's: nobody answers
        elif not unit.lengths.narrowing:
            unit.backoff.failed(mono)

    def _shares_of(self, due: tuple[SignalId, ...]) -> _Shares:
        shares = self._shares.get(due)
        if shares is None:
            by_unit: dict[int, tuple[Unit, list[SignalId]]] = {}
            for signal in due:
                unit = self._unit_of[signal]
                by_unit.setdefault(id(unit), (unit, []))[1].append(signal)
            units = [(unit, tuple(signals)) for unit, signals in by_unit.values()]
            shares = units, Counter(unit.machine for unit, _ in units)
            self._shares[due] = shares
        return shares


def _batch(machine: str, answers: Sequence[Answer], now: Now) -> Batch:
    """What the devices of one machine said. Stamped with the last answer, not with a silence."""
    if len(answers) == 1:
        only = answers[0]
        moment = only.moment or now()
        return Batch(
            machine, moment.at, moment.mono, moment.clock, only.signals, only.values, only.faults
        )
    heard = [answer.moment for answer in answers if answer.moment is not None]
    moment = max(heard, key=lambda at: at.mono) if heard else now()
    sound = all(answer.faults is None for answer in answers)
    return Batch(
        machine,
        moment.at,
        moment.mono,
        moment.clock,
        tuple(signal for answer in answers for signal in answer.signals),
        tuple(value for answer in answers for value in answer.values),
        None
        if sound
        else tuple(
            fault for answer in answers for fault in answer.faults or (None,) * len(answer.signals)
        ),
    )
