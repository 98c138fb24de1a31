"""What lines, sinks and the event loop count, as figures for monitoring."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import attrgetter

from gateway.core.figures import Figure, FigureKind
from gateway.flow.sink_health import SinkHealth
from gateway.flow.source_runner import SourceRunner
from gateway.journal import JournalHealth

LOOK_EVERY = 0.5
"""Seconds between two looks at how late the event loop is."""

_COUNTER, _GAUGE = FigureKind.COUNTER, FigureKind.GAUGE


def house(version: str, started: datetime) -> Iterator[Figure]:
    """Which program this is, and since when it runs."""
    yield Figure("build_info", _GAUGE, "Always 1; the version.", 1, {"version": version})
    means = "When the gateway was started, seconds since 1970."
    yield Figure("start_time_seconds", _GAUGE, means, started.timestamp())


def parts(states: Iterable[tuple[str, str]]) -> Iterator[Figure]:
    """Each part of the page Zustand in the state that it is in."""
    means = "Always 1; how a part does: ok, waiting, failed, absent."
    for name, state in states:
        yield Figure("part_state", _GAUGE, means, 1, {"part": name, "state": state})


def journal(health: JournalHealth, overdue: float) -> Iterator[Figure]:
    """What waits to be stored, and what was lost."""
    means = "1 while the journal can store."
    yield Figure("journal_up", _GAUGE, means, health.trouble is None)
    means = "Batches that wait to be stored."
    yield Figure("journal_queued", _GAUGE, means, health.queued_batches)
    means = "Batches lost since nothing could be stored for too long."
    yield Figure("journal_dropped", _COUNTER, means, health.dropped)
    means = "Seconds since what waits should have been taken."
    yield Figure("journal_overdue_seconds", _GAUGE, means, overdue)


def lines(runners: Iterable[SourceRunner]) -> Iterator[Figure]:
    """Each line's polls and what became of them, and who answers."""
    found = [(runner, {"line": str(runner.source.endpoint)}) for runner in runners]
    for name, means, field in (
        ("polls", "Polls of a line.", "polls"),
        ("polls_late", "Polls that began late.", "late"),
        ("polls_skipped", "Polls left out since the one before took too long.", "skipped"),
        ("line_connects", "Connections made.", "source.counts.connects"),
        ("line_silences", "Questions without an answer in time.", "source.counts.silences"),
        ("line_desyncs", "Answers that belonged to another question.", "source.counts.desyncs"),
        ("line_refusals", "Answers in which a device said no.", "source.counts.refusals"),
    ):
        for runner, label in found:
            yield Figure(name, _COUNTER, means, attrgetter(field)(runner), label)
    healths = [health for runner, _ in found for health in runner.health()]
    for health in healths:
        label = {"line": health.endpoint, "machine": health.machine}
        means = "Signals of a machine without a usable answer."
        yield Figure("signals_silent", _GAUGE, means, health.silent, label)
    for health in healths:
        label = {"line": health.endpoint, "machine": health.machine}
        yield Figure("machine_up", _GAUGE, "1 while a machine answers.", health.connected, label)


def sinks(healths: Iterable[SinkHealth]) -> Iterator[Figure]:
    """What each sink has delivered and what it has not."""
    found = tuple(healths)
    for name, kind, means, field in (
        ("sink_up", _GAUGE, "1 while a sink is connected.", "connected"),
        ("sink_connects", _COUNTER, "Times that a sink was connected.", "connects"),
        ("sink_delivered", _COUNTER, "Batches that a sink has delivered.", "delivered"),
        ("sink_refused", _COUNTER, "Batches that a peer has refused for good.", "refused"),
        ("sink_missed", _COUNTER, "Batches that a live sink has not sent.", "missed"),
        ("sink_parked", _GAUGE, "Refused batches that lie aside now.", "parked"),
        ("sink_refusing", _GAUGE, "1 while a peer takes nothing at all.", "refusing"),
    ):
        for health in found:
            yield Figure(name, kind, means, float(attrgetter(field)(health)), {"sink": health.name})


class LoopLag:
    """How late the event loop comes to what was due, by the wall: the latest and the worst."""

    def __init__(self) -> None:
        self.latest = 0.0
        self.worst = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        while True:
            due = time.monotonic() + LOOK_EVERY
            await asyncio.sleep(LOOK_EVERY)
            self.latest = max(0.0, time.monotonic() - due)
            self.worst = max(self.worst, self.latest)

    def figures(self) -> Iterator[Figure]:
        """Both, in seconds."""
        yield Figure("loop_lag_seconds", _GAUGE, "How late the loop was at last.", self.latest)
        means = "The latest that the loop has been since the start."
        yield Figure("loop_lag_worst_seconds", _GAUGE, means, self.worst)
