"""What lines, sinks, journal and loop count, in the words that monitoring asks for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.core.figures import Figure, FigureKind
from gateway.core.ports import LineCounts
from gateway.core.signals import Fault, Reason
from gateway.flow.figures import LoopLag, house, journal, lines, parts, sinks
from gateway.flow.numbering import Numbering
from gateway.flow.sink_health import SinkHealth
from gateway.flow.source_runner import SourceRunner
from gateway.journal import JournalHealth
from tests.flow.test_source_runner import Time, Told, signal

COUNTER, GAUGE = FigureKind.COUNTER, FigureKind.GAUGE


def test_the_house_says_its_version_and_since_when_it_runs() -> None:
    assert list(house("1.2", datetime(1970, 1, 2, tzinfo=UTC))) == [
        Figure("build_info", GAUGE, "Always 1; the version.", 1, {"version": "1.2"}),
        Figure(
            "start_time_seconds", GAUGE, "When the gateway was started, seconds since 1970.", 86_400
        ),
    ]


def test_each_part_is_told_in_its_state() -> None:
    means = "Always 1; how a part does: ok, waiting, failed, absent."
    assert list(parts([("journal", "ok"), ("mqtt", "failed")])) == [
        Figure("part_state", GAUGE, means, 1, {"part": "journal", "state": "ok"}),
        Figure("part_state", GAUGE, means, 1, {"part": "mqtt", "state": "failed"}),
    ]


@pytest.mark.parametrize(("trouble", "up"), [(None, 1), ("no room", 0)])
def test_the_journal_tells_what_waits_and_what_was_lost(trouble: str | None, up: int) -> None:
    assert list(journal(JournalHealth(trouble, None, 7, 4096, 3, ()), 2.5)) == [
        Figure("journal_up", GAUGE, "1 while the journal can store.", up),
        Figure("journal_queued", GAUGE, "Batches that wait to be stored.", 7),
        Figure(
            "journal_dropped",
            COUNTER,
            "Batches lost since nothing could be stored for too long.",
            3,
        ),
        Figure(
            "journal_overdue_seconds",
            GAUGE,
            "Seconds since what waits should have been taken.",
            2.5,
        ),
    ]


async def test_a_line_tells_its_polls_and_who_answers() -> None:
    time = Time()
    told = Told(time)
    told.counts = LineCounts(connects=4, silences=5, desyncs=6, refusals=7)
    told.silent["b"] = Fault(Reason.TIMEOUT)
    runner = SourceRunner(
        told, [signal("a/x"), signal("a/y"), signal("b/x")], [].append, Numbering(1), now=time
    )
    await runner.poll(("a/x", "a/y", "b/x"))
    await runner.poll(("a/x",))
    runner.late, runner.skipped = 3, 8
    line, at_a, at_b = (
        {"line": "192.0.2.1:502"} | more for more in ({}, {"machine": "a"}, {"machine": "b"})
    )
    assert list(lines([runner])) == [
        Figure("polls", COUNTER, "Polls of a line.", 2, line),
        Figure("polls_late", COUNTER, "Polls that began late.", 3, line),
        Figure(
            "polls_skipped",
            COUNTER,
            "Polls left out since the one before took too long.",
            8,
            line,
        ),
        Figure("line_connects", COUNTER, "Connections made.", 4, line),
        Figure("line_silences", COUNTER, "Questions without an answer in time.", 5, line),
        Figure("line_desyncs", COUNTER, "Answers that belonged to another question.", 6, line),
        Figure("line_refusals", COUNTER, "Answers in which a device said no.", 7, line),
        Figure("signals_silent", GAUGE, "Signals of a machine without a usable answer.", 0, at_a),
        Figure("signals_silent", GAUGE, "Signals of a machine without a usable answer.", 1, at_b),
        Figure("machine_up", GAUGE, "1 while a machine answers.", 1, at_a),
        Figure("machine_up", GAUGE, "1 while a machine answers.", 0, at_b),
    ]


def test_a_sink_tells_what_it_has_delivered_and_what_not() -> None:
    health = SinkHealth(
        "influx", True, None, None, None, 11, 12, parked=13, refusing=True, connects=14, missed=15
    )
    label = {"sink": "influx"}
    assert list(sinks([health])) == [
        Figure("sink_up", GAUGE, "1 while a sink is connected.", 1, label),
        Figure("sink_connects", COUNTER, "Times that a sink was connected.", 14, label),
        Figure("sink_delivered", COUNTER, "Batches that a sink has delivered.", 11, label),
        Figure("sink_refused", COUNTER, "Batches that a peer has refused for good.", 12, label),
        Figure("sink_missed", COUNTER, "Batches that a live sink has not sent.", 15, label),
        Figure("sink_parked", GAUGE, "Refused batches that lie aside now.", 13, label),
        Figure("sink_refusing", GAUGE, "1 while a peer takes nothing at all.", 1, label),
    ]


def test_the_figures_of_one_name_stand_together() -> None:
    healths = [SinkHealth(name, True, None, None, None, 0, 0) for name in ("influx", "mqtt")]
    names = [figure.name for figure in sinks(healths)]
    assert names == [name for name in dict.fromkeys(names) for _ in healths]


def test_the_loop_tells_how_late_it_was_at_last_and_at_worst() -> None:
    lag = LoopLag()
    assert (lag.latest, lag.worst) == (0, 0)
    lag.latest, lag.worst = 0.25, 1.5
    assert list(lag.figures()) == [
        Figure("loop_lag_seconds", GAUGE, "How late the loop was at last.", 0.25),
        Figure(
            "loop_lag_worst_seconds",
            GAUGE,
            "The latest that the loop has been since the start.",
            1.5,
        ),
    ]
