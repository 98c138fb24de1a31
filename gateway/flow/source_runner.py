"""The runner of one source: polls on a monotonic schedule, judges, numbers and publishes.

It waits for its source alone: publishing never blocks, and no sink, page or other line can delay
it. A failed poll is published too, with its reason.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from gateway.core.batches import Batch, Judged
from gateway.core.ports import LineCounts, Source
from gateway.core.signals import WHY, Fault, Reason, Signal, SignalId
from gateway.core.text import Text
from gateway.flow.line_log import LineLog
from gateway.flow.moment import Now, SystemTime
from gateway.flow.numbering import Numbering
from gateway.flow.quality import Judge
from gateway.flow.schedule import Schedule

SILENT = frozenset({Reason.NO_CONNECTION, Reason.TIMEOUT, Reason.DESYNC})
"""The reasons that mean: the device said nothing that can be used."""


class Line(Source, Protocol):
    """A source that knows its place and when it tries a silent machine again."""

    @property
    def endpoint(self) -> object:
        """Where it is, for people."""

    @property
    def signals(self) -> Sequence[SignalId]:
        """Every signal that it can be asked for."""

    def batches(self, due: Sequence[SignalId]) -> AsyncIterator[Batch]:
        """As ``read``, each batch as soon as its machine has been asked."""

    @property
    def machines(self) -> Sequence[str]:
        """The machines on it."""

    @property
    def counts(self) -> LineCounts:
        """What has happened on it since the start."""

    @property
    def patience(self) -> float:
        """Seconds that one machine may take where all its answers come at the last moment."""

    def next_try(self, machine: str) -> float | None:
        """When (monotonic) a silent machine is asked again; None: with the next poll."""

    def follow(self, before: object) -> None:
        """Go on, before the first poll, with a line on which others stood until now."""


@dataclass(frozen=True, slots=True)
class MachineHealth:
    """How one machine on a line answers.

    ``connected``: it said something in its last poll. ``silent`` of its ``asked`` signals have no
    answer, because of ``fault``. ``last_ok`` is when it last said anything; ``next_try`` when a
    silent one is asked again (None: with the next poll). ``refused`` signals are refused by the
    device itself, because of ``refusal``.
    """

    machine: str
    endpoint: str
    connected: bool
    asked: int
    silent: int
    fault: Fault | None
    last_ok: datetime | None
    next_try: datetime | None
    refused: int = 0
    refusal: Fault | None = None


@dataclass(slots=True)
class _Seen:
    signals: int
    silent: dict[SignalId, Fault] = field(default_factory=dict)
    refused: dict[SignalId, Fault] = field(default_factory=dict)
    heard: bool = False
    last_ok: datetime | None = None
    lost_mono: float = 0.0


class SourceRunner:
    """Owns the schedule of one source; ``polls``, ``late`` and ``skipped`` count.

    Of ``signals`` it polls those that its source offers: a site's signals may simply be handed on.
    """

    def __init__(
        self,
        source: Line,
        signals: Iterable[Signal],
        publish: Callable[[Judged], None],
        numbering: Numbering,
        *,
        now: Now | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.source = source
        offered = frozenset(source.signals)
        self.signals = tuple(signal for signal in signals if signal.id in offered)
        self.polls = 0
        self.late = 0
        self.skipped = 0
        self.between_polls = asyncio.Event()
        """Set while it waits for the next poll: nobody is being asked anything."""
        self._publish = publish
        self._numbering = numbering
        self._now = now or SystemTime()
        self._sleep = sleep
        self._judge = Judge(self.signals)
        self._log = LineLog(logging.getLogger(__name__))
        self._seen: dict[str, _Seen] = {}
        self._awaited = self._now().mono
        for signal in self.signals:
            machine = signal.id.partition("/")[0]
            self._seen.setdefault(machine, _Seen(0)).signals += 1

    def follow(self, before: SourceRunner) -> None:
        """Go on where another one has stopped, whose source had the same line in another shape.

        Counts go on; of the machines that are as they were it is known how they answered.
        """
        self.polls, self.late, self.skipped = before.polls, before.late, before.skipped
        for machine, seen in before._seen.items():
            if _of(machine, self.signals) == _of(machine, before.signals) and machine in self._seen:
                self._seen[machine] = seen
        self.source.follow(before.source)

    async def run(self) -> None:
        """Poll until cancelled; closes the source on the way out."""
        schedule = Schedule(self.signals, self._now().mono)
        try:
            while True:
                mono, next_ = self._now().mono, schedule.next
                self._awaited = max(next_, mono)
                if next_ > mono:
                    self.between_polls.set()
                    await self._sleep(next_ - mono)
                    self.between_polls.clear()
                    mono = self._now().mono
                due = schedule.take(mono)
                self.skipped += due.skipped
                self.late += due.late
                if due.signals:
                    await self.poll(due.signals)
                    _heed_cancellation()
        finally:
            await self.source.close()

    async def poll(self, due: tuple[SignalId, ...]) -> None:
        """Read once and publish whatever came of it."""
        async for batch in self.source.batches(due):
            self._publish(self._judge.judge(batch, self._numbering.take(len(batch.signals))))
            self._note(batch)
            self._awaited = self._now().mono
        self.polls += 1

    def overdue(self) -> float:
        """Seconds since this line should have gone on, beyond what its deadlines allow."""
        return max(0.0, self._now().mono - self._awaited - self.source.patience)

    def told(self) -> Text:
        """How often this line was asked since the start, and what became of it."""
        place, counts = str(self.source.endpoint), self.source.counts
        return Text(
            f"{place}: {self.polls} Abfragen, {self.late} verspätet, {self.skipped} ausgelassen; "
            f"{counts.silences} Fragen ohne Antwort, {counts.desyncs} fremde Antworten, "
            f"{counts.refusals} Ablehnungen, {counts.connects}-mal verbunden",
            f"{place}: {self.polls} polls, {self.late} late, {self.skipped} left out; "
            f"{counts.silences} questions without an answer, {counts.desyncs} answers to another "
            f"question, {counts.refusals} refusals, connected {counts.connects} times",
        )

    def health(self) -> tuple[MachineHealth, ...]:
        """How each machine on this line answers at present."""
        now = self._now()
        return tuple(
            MachineHealth(
                machine,
                str(self.source.endpoint),
                seen.heard,
                seen.signals,
                len(seen.silent),
                _first(seen.silent),
                seen.last_ok,
                None
                if not seen.silent or (at := self.source.next_try(machine)) is None
                else now.at + timedelta(seconds=at - now.mono),
                len(seen.refused),
                _first(seen.refused),
            )
            for machine, seen in self._seen.items()
        )

    def _note(self, batch: Batch) -> None:
        """Keep the health view; one log line per change of state, never per poll."""
        seen = self._seen[batch.machine]
        if batch.faults is None:
            seen.heard, seen.last_ok = True, batch.at
            if not seen.silent and not seen.refused:
                return
        silent, refused = _gist(seen.silent), len(seen.refused)
        self._take_faults(seen, batch)
        self._tell_silence(seen, batch, silent)
        if len(seen.refused) != refused:
            self._log.line(batch.machine, self._refusals(batch.machine, seen))

    def _take_faults(self, seen: _Seen, batch: Batch) -> None:
        seen.heard = batch.faults is None
        faults = batch.faults or (None,) * len(batch.signals)
        for signal, fault in zip(batch.signals, faults, strict=True):
            seen.silent.pop(signal, None)
            if fault is not None and fault.reason in SILENT:
                seen.silent[signal] = fault
                continue
            seen.refused.pop(signal, None)
            if fault is not None and fault.reason is Reason.REFUSED:
                seen.refused[signal] = fault
            seen.heard, seen.last_ok = True, batch.at

    def _tell_silence(self, seen: _Seen, batch: Batch, before: object) -> None:
        now = _gist(seen.silent)
        if now is not None and now != before:
            if before is None:
                seen.lost_mono = batch.mono
            self._log.line(batch.machine, self._lost(batch.machine, seen))
        elif before is not None and now is None:
            away = f"{batch.mono - seen.lost_mono:.1f}"
            again = Text(
                f"{batch.machine} antwortet wieder nach {_comma(away)} s",
                f"{batch.machine} answers again after {away} s",
            )
            self._log.line(batch.machine, again)

    def _lost(self, machine: str, seen: _Seen) -> Text:
        count, place = len(seen.silent), self.source.endpoint
        extent, wait = Text("verloren", "lost"), Text("", "")
        if seen.heard:
            extent = Text(f"zum Teil verloren ({count} Signale)", f"partly lost ({count} signals)")
        if (at := self.source.next_try(machine)) is not None:
            rest = f"{max(0.0, at - self._now().mono):.1f}"
            wait = Text(f", nächster Versuch in {_comma(rest)} s", f", next try in {rest} s")
        why = _in_words(_first(seen.silent))
        return Text(
            f"{machine} {extent.de}: {why.de} bei {place}{wait.de}",
            f"{machine} {extent.en}: {why.en} at {place}{wait.en}",
        )

    def _refusals(self, machine: str, seen: _Seen) -> Text:
        place, count = self.source.endpoint, len(seen.refused)
        if not seen.refused:
            return Text(
                f"{machine}: nichts wird mehr abgelehnt bei {place}",
                f"{machine}: nothing is refused any more at {place}",
            )
        why = _in_words(_first(seen.refused))
        if count == seen.signals:
            return Text(
                f"{machine}: alle {count} Signale {why.de} bei {place}",
                f"{machine}: all {count} signals {why.en} at {place}",
            )
        points = [signal.partition("/")[2] for signal in seen.refused]
        named = ", ".join(points[:NAMED]) + (", ..." if count > NAMED else "")
        return Text(
            f"{machine}: {count} von {seen.signals} Signalen {why.de} bei {place}: {named}",
            f"{machine}: {count} of {seen.signals} signals {why.en} at {place}: {named}",
        )


NAMED = 5
"""Refused points that a log line names."""


def _of(machine: str, signals: Iterable[Signal]) -> set[SignalId]:
    return {signal.id for signal in signals if signal.id.startswith(f"{machine}/")}


def _first(faults: Mapping[SignalId, Fault]) -> Fault | None:
    return next(iter(faults.values()), None)


def _gist(faults: Mapping[SignalId, Fault]) -> object:
    """What a change of is worth a line: the reason, with what was found. None: no fault."""
    fault = _first(faults)
    return None if fault is None else (fault, fault.detail)


def _in_words(fault: Fault | None) -> Text:
    if fault is None:
        return Text("Grund unbekannt", "cause unknown")
    why, code = WHY[fault.reason], "" if fault.code is None else str(fault.code)
    found = fault.detail or Text("", "")
    return Text(
        why.de + _bracketed(code, found.de),
        why.en + _bracketed(code, found.en),
    )


def _bracketed(*words: str) -> str:
    said = ", ".join(filter(None, words))
    return f" ({said})" if said else ""


def _comma(number: str) -> str:
    return number.replace(".", ",")


def _heed_cancellation() -> None:
    """Before Python 3.12 ``asyncio.wait_for``, which drivers use, loses one that comes with an
    answer: the runner would poll on until the process ends.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
