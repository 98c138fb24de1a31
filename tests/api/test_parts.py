"""How parts that are missing or ready are told, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway import sinks
from gateway.api import parts
from gateway.core.signals import Fault, Reason
from gateway.core.text import Text
from gateway.flow.sink_health import SinkHealth
from gateway.flow.source_runner import MachineHealth
from gateway.sinks.mqtt import MqttConfig
from gateway.sinks.opcua import OpcUaConfig

CONNECTED = Text("verbunden", "connected")


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
        ("10 s: its process gave no sign of life", "sein Prozess gab kein Lebenszeichen"),
        ("512 MB: its process needed more memory", "sein Prozess brauchte mehr Speicher"),
        ("SIGKILL: its process was ended", "sein Prozess wurde beendet"),
    ],
)
def test_why_a_sink_is_missing_is_told_in_german_too(cause: str, german: str) -> None:
    [part] = parts.sinks([(sink("mqtt", cause), CONNECTED)])
    place = cause.rpartition(": ")[0]
    assert part.text.de.startswith(f"nicht erreichbar ({place}: {german}).")


def test_a_cause_without_a_translation_is_told_as_it_is() -> None:
    refused = sink("mqtt", "mqtt://127.0.0.1:1883: not authorized")
    [part] = parts.sinks([(refused, CONNECTED)])
    assert "(mqtt://127.0.0.1:1883: not authorized)" in part.text.de


def test_a_server_is_ready_also_without_anybody_connected() -> None:
    healths = [(sink("opcua"), OpcUaConfig.well), (sink("mqtt"), MqttConfig.well)]
    assert [part.text.de for part in parts.sinks(healths)] == ["bereit", "verbunden"]


NO_ADDRESS = Fault(Reason.REFUSED, 2, Text("keine Adresse", "no such address"))
WRONG_UNIT = Fault(Reason.DESYNC, detail=Text("Gerät 0 für 1", "unit 0 answers for unit 1"))


def machine(*, silent: int = 0, fault: Fault | None = None, refused: int = 0) -> MachineHealth:
    heard, at = silent == 0, datetime(2026, 3, 1, tzinfo=UTC)
    place, refusal = "192.0.2.1:502", NO_ADDRESS if refused else None
    return MachineHealth("mill-1", place, heard, 4, silent, fault, at, None, refused, refusal)


@pytest.mark.parametrize(
    ("health", "state", "english"),
    [
        (
            machine(silent=4, fault=WRONG_UNIT),
            "failed",
            (
                "no answer from 192.0.2.1:502 (4 of 4 signals, the answer does not fit: "
                "unit 0 answers for unit 1). It is tried again and again."
            ),
        ),
        (
            machine(refused=1),
            "ok",
            "answers, 192.0.2.1:502; 1 of 4 signals refused by the device (2): no such address",
        ),
        (
            machine(refused=4),
            "failed",
            (
                "all 4 signals refused by the device (2): no such address, 192.0.2.1:502. "
                "It is tried again and again."
            ),
        ),
        (machine(), "ok", "answers, 192.0.2.1:502"),
    ],
)
def test_health_says_what_was_found(health: MachineHealth, state: str, english: str) -> None:
    [part] = parts.sources([health])
    assert (part.state, part.text.en) == (state, english)
    assert part.text.de != part.text.en


def test_what_could_be_there_is_told_by_its_own_file() -> None:
    """A new sink is told of as missing without a line anywhere else; the console is no loss."""
    missing = [part.name for part in parts.missing({"mqtt"}, consortium=True)]
    offered = [kind for kind, config in sinks.variants().items() if config.optional]
    assert missing == [kind for kind in offered if kind != "mqtt"]
    assert "console" not in missing
    assert {"influx", "opcua"} <= set(missing)
