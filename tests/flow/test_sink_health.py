"""What is said of a sink: one line per change, in the right word."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.errors import NotConnected, Rejected
from gateway.flow.sink_health import SinkHealth, SinkWatch

START = datetime(2026, 8, 3, 6, 0, tzinfo=UTC)


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def on(self, seconds: float) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def test_only_what_was_there_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch, refused = SinkWatch("mqtt"), NotConnected("connection refused")
    watch.lost(refused, 1.0)
    watch.lost(refused, 2.0)
    watch.connected()
    watch.lost(refused, 1.0)
    assert [record.getMessage() for record in caplog.records] == [
        "mqtt cannot be reached: connection refused, next try in 1 s",
        "mqtt connected again",
        "mqtt lost: connection refused, next try in 1 s",
    ]


def test_health_says_since_when_why_and_when_it_is_tried_again() -> None:
    clock = Clock()
    watch = SinkWatch("influx", clock)
    assert watch.health == SinkHealth("influx", False, None, None, None, 0, 0)
    watch.lost(NotConnected("connection refused"), 2.5)
    never = watch.health
    assert (never.connected, never.since, never.cause) == (False, START, "connection refused")
    assert never.next_try == START + timedelta(seconds=2.5)
    connected = clock.on(3)
    watch.connected()
    assert watch.health == SinkHealth("influx", True, connected, None, None, 0, 0, connects=1)
    away = clock.on(60)
    watch.lost(NotConnected("timed out"), 1.0)
    clock.on(1)
    watch.lost(NotConnected("no route"), 2.0)
    watch.missed = 4
    lost = watch.health
    assert (lost.connects, lost.missed) == (1, 4)
    assert (lost.connected, lost.since, lost.cause) == (False, away, "no route"), (
        "since it was lost"
    )
    assert lost.next_try == away + timedelta(seconds=3)


def test_what_is_taken_and_what_is_refused_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    watch = SinkWatch("influx", Clock())
    watch.took(3)
    watch.took(4)
    watch.refuses(Rejected("field type conflict", [0]), 2)
    watch.refuses(Rejected("bad line", [0]), 3)
    watch.parked, watch.waits_for_clock = 5, True
    health = watch.health
    assert (health.delivered, health.refused, health.parked) == (7, 5, 5)
    assert (health.refusal, health.refusing, health.waits_for_clock) == ("bad line", False, True)
    assert [record.getMessage() for record in caplog.records] == [
        "influx refuses values, 2 batches so far: field type conflict",
        "influx refuses values, 5 batches so far: bad line",
    ]


def test_a_peer_that_takes_nothing_is_named_once_and_again_when_it_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock = Clock()
    watch = SinkWatch("influx", clock)
    watch.refuses_everything(Rejected("no such bucket", [0]), 10.0)
    clock.on(10)
    watch.refuses_everything(Rejected("bucket is gone", [0]), 20.0)
    refusing = watch.health
    assert (refusing.refusing, refusing.refusal) == (True, "bucket is gone")
    assert refusing.next_try == START + timedelta(seconds=30)
    assert refusing.refused == 0, "they are tried again"
    watch.took(1)
    assert (watch.health.refusing, watch.health.next_try) == (False, None)
    watch.took(1)
    assert [record.getMessage() for record in caplog.records] == [
        "influx takes nothing, what follows waits: no such bucket",
        "influx takes batches again",
    ]


def test_a_first_connection_is_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    SinkWatch("mqtt").connected()
    assert [(r.levelname, r.getMessage()) for r in caplog.records] == [("INFO", "mqtt connected")]


def test_one_sink_that_refuses_does_not_silence_its_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    watch = SinkWatch("influx")
    for _ in range(50):
        watch.refuses(Rejected("bad line", [0]), 1)
    watch.refuses_everything(Rejected("bad line", [0]), 1.0)
    watch.lost(NotConnected("timed out"), 1.0)
    assert "influx takes nothing" in caplog.text
    assert "influx cannot be reached" in caplog.text
