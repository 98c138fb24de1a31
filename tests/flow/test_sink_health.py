"""What is said of a sink: one line per change, in the right word."""

from __future__ import annotations

import logging

import pytest

from gateway.core.errors import NotConnected
from gateway.flow.sink_health import SinkWatch


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
