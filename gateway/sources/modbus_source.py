"""Everything that stands on one Modbus endpoint, read over one connection."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta

from gateway.config import Endpoint
from gateway.core.batches import Batch
from gateway.core.errors import SourceError, Unreachable
from gateway.core.ports import Words
from gateway.core.signals import SignalId
from gateway.flow.backoff import Backoff
from gateway.flow.moment import Moment, Now, SystemTime
from gateway.sources.modbus import ModbusLink
from gateway.sources.unit import NO_CONNECTION, Answer, Unit


class ModbusSource:
    """One physical endpoint with its units, each belonging to a machine.

    ``read`` never raises for what a line or a device does: that stands in the faults. It opens
    the line again by itself, and skips a unit that fell silent until its next try, so that a
    silent unit costs the others one short deadline per try.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        units: Iterable[Unit],
        *,
        pause: timedelta = timedelta(0),
        now: Now | None = None,
    ) -> None:
        self.endpoint = endpoint
        self.units = tuple(units)
        self._now = now or SystemTime()
        self._link = ModbusLink(endpoint, pause)
        self._backoff = Backoff()
        self._unit_of = {signal: unit for unit in self.units for signal in unit.signals}
        self._shares: dict[tuple[SignalId, ...], list[tuple[Unit, tuple[SignalId, ...]]]] = {}

    @property
    def connected(self) -> bool:
        """Whether the line is open."""
        return self._link.connected

    @property
    def signals(self) -> tuple[SignalId, ...]:
        """Every signal that can be asked for."""
        return tuple(self._unit_of)

    @property
    def machines(self) -> tuple[str, ...]:
        """The machines on this line."""
        return tuple(dict.fromkeys(unit.machine for unit in self.units))

    async def connect(self) -> None:
        """Open the line. Raises Unreachable."""
        try:
            await self._link.open()
        except Unreachable:
            self._backoff.failed(self._now().mono)
            raise

    async def read(self, due: Sequence[SignalId]) -> tuple[Batch, ...]:
        """One batch per machine that has due signals, one entry per signal asked."""
        answers: dict[str, list[Answer]] = {}
        shares = self._shares_of(tuple(due))
        # who is in doubt is asked last, so that its silence delays nobody else's values
        for unit, signals in sorted(shares, key=lambda share: share[0].backoff.next_try or 0.0):
            answers.setdefault(unit.machine, []).append(await self._ask(unit, signals))
        now = self._now()
        return tuple(_batch(machine, answers[machine], now) for machine in answers)

    def words(self, signal: SignalId) -> Words | None:
        """The raw words of the last answer for ``signal``."""
        unit = self._unit_of.get(signal)
        return None if unit is None else unit.words(signal)

    def next_try(self, machine: str) -> float | None:
        """When (monotonic) a silent machine is asked again; None: it is not being skipped."""
        backoffs = [unit.backoff for unit in self.units if unit.machine == machine]
        waits = [backoff.next_try for backoff in (*backoffs, self._backoff)]
        return max((wait for wait in waits if wait is not None), default=None)

    async def close(self) -> None:
        """Close the line; safe twice and before ``connect``."""
        self._link.close()

    async def _ask(self, unit: Unit, signals: tuple[SignalId, ...]) -> Answer:
        mono = self._now().mono
        if not unit.backoff.ready(mono):
            return unit.silent(signals)
        if not self._link.connected and not await self._reopened(mono):
            unit.fault = NO_CONNECTION
            return unit.silent(signals)
        answer = await unit.read(self._link, signals, self._now)
        if answer.failure is None:
            unit.backoff.succeeded()
            self._backoff.succeeded()
        else:
            self._failed(unit, answer.failure)
        return answer

    def _failed(self, unit: Unit, failure: SourceError) -> None:
        line_broke = (
            isinstance(failure, Unreachable) and not failure.timed_out and not self._link.connected
        )
        backoff = self._backoff if line_broke else unit.backoff
        backoff.failed(self._now().mono)

    async def _reopened(self, mono: float) -> bool:
        if not self._backoff.ready(mono):
            return False
        try:
            await self.connect()
        except Unreachable:
            return False
        return True

    def _shares_of(self, due: tuple[SignalId, ...]) -> list[tuple[Unit, tuple[SignalId, ...]]]:
        shares = self._shares.get(due)
        if shares is None:
            by_unit: dict[int, tuple[Unit, list[SignalId]]] = {}
            for signal in due:
                unit = self._unit_of[signal]
                by_unit.setdefault(id(unit), (unit, []))[1].append(signal)
            shares = [(unit, tuple(signals)) for unit, signals in by_unit.values()]
            self._shares[due] = shares
        return shares


def _batch(machine: str, answers: Sequence[Answer], now: Moment) -> Batch:
    """What the devices of one machine said. Stamped with the last answer, not with a silence."""
    heard = [answer.moment for answer in answers if answer.moment is not None]
    moment = max(heard, key=lambda at: at.mono) if heard else now
    if len(answers) == 1:
        only = answers[0]
        return Batch(
            machine, moment.at, moment.mono, moment.clock, only.signals, only.values, only.faults
        )
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
