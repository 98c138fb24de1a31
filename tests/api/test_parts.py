"""How parts that are missing or ready are told, in both languages."""

from __future__ import annotations

import pytest

from gateway.api import parts
from gateway.flow.sink_health import SinkHealth


def sink(name: str, cause: str | None = None) -> SinkHealth:
    return SinkHealth(name, cause is None, None, cause, None, 0, 0)


@pytest.mark.parametrize(
    ("cause", "german"),
    [
        ("mqtt://127.0.0.1:1883: nobody listens there", "dort nimmt niemand Verbindungen an"),
        (
            "http://influx:8086: [Errno 111] Connection refused",
            "dort nimmt niemand Verbindungen an",
        ),
        ("mqtt://broker:1883: the name is unknown", "diesen Namen kennt das Netz nicht"),
    ],
)
def test_why_a_sink_is_missing_is_told_in_german_too(cause: str, german: str) -> None:
    [part] = parts.sinks([sink("mqtt", cause)])
    place = cause.rpartition(": ")[0]
    assert part.text.de.startswith(f"nicht erreichbar ({place}: {german}).")


def test_a_cause_without_a_translation_is_told_as_it_is() -> None:
    [part] = parts.sinks([sink("mqtt", "mqtt://127.0.0.1:1883: not authorized")])
    assert "(mqtt://127.0.0.1:1883: not authorized)" in part.text.de


def test_a_server_is_ready_also_without_anybody_connected() -> None:
    told = [part.text.de for part in parts.sinks([sink("opcua"), sink("mqtt")])]
    assert told == ["bereit", "verbunden"]
