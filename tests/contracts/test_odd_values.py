"""Texts, enumerations and whole numbers of 64 bits: what becomes of them on every way out.

No way out loses a digit silently: it carries the number whole, or says that it is uncertain.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from asyncua import Client, ua

from gateway.api import views
from gateway.config import Endpoint
from gateway.core.signals import Kind, Quality, SignalId, Wide
from gateway.core.text import Text
from gateway.history import Series
from gateway.journal.encoding import Shape, decode, encode
from gateway.sinks.influx import Lines
from gateway.sinks.mqtt import MqttConfig, MqttSink
from gateway.sinks.opcua import OpcUaConfig
from gateway.sinks.opcua.server import OpcUaSink
from tests.drivers.brokers import mosquitto, running
from tests.sinks.small_firm import AT, batch, firm, free_port, signal
from tests.sinks.test_mqtt import Reader

MOST = 2**64 - 1
DEEPEST = -(2**63) + 1
MODE = ((0, Text("steht", "idle")), (7, Text("gestört", "fault")))

SIGNALS = (
    replace(signal("mill-1", "total", "W.h", Kind.COUNTER), wide=Wide.UNSIGNED),
    replace(signal("mill-1", "balance", "W.h", Kind.GAUGE), wide=Wide.SIGNED),
    replace(signal("mill-1", "flags", "1", Kind.STATE), wide=Wide.UNSIGNED),
    replace(signal("mill-1", "mode", "1", Kind.STATE), words=MODE),
    signal("mill-1", "serial", "1", Kind.TEXT),
)
VALUES = {
    "total": MOST,
    "balance": DEEPEST,
    "flags": 2**63 + 1,
    "mode": 7,
    "serial": 'Nr. "4711" \\ Süd',
}


async def test_mqtt_carries_every_digit_and_the_words(tmp_path: Path) -> None:
    async with running(mosquitto(tmp_path)) as broker:
        config = MqttConfig(type="mqtt", broker=broker.url, protocol=broker.speaks)
        sink = config.build(firm(tmp_path), SIGNALS, tmp_path)
        assert isinstance(sink, MqttSink)
        async with Reader(broker) as reader:
            await sink.connect()
            birth = await reader.hear("main/mill-1/birth")
            await sink.write([batch("mill-1", VALUES)])
            said = await reader.hear("main/mill-1/readings")
        await sink.close()
    assert {name: point["v"] for name, point in said["points"].items()} == VALUES
    assert birth["points"]["mode"]["words"] == {
        "0": {"de": "steht", "en": "idle"},
        "7": {"de": "gestört", "en": "fault"},
    }
    assert "words" not in birth["points"]["total"]


async def test_opcua_carries_every_digit_in_types_of_64_bits(tmp_path: Path) -> None:
    config = OpcUaConfig(type="opcua", listen=Endpoint("127.0.0.1", free_port()), open=True)
    sink = OpcUaSink(config, firm(tmp_path), SIGNALS, tmp_path)
    await sink.connect()
    try:
        await sink.write([batch("mill-1", VALUES)])
        async with Client(sink.endpoint, timeout=5) as client:
            nodes = {
                name: client.get_node(sink.node(SignalId(f"mill-1/{name}"))) for name in VALUES
            }
            found = {name: await node.read_data_value() for name, node in nodes.items()}
            meanings = await (await nodes["mode"].get_child("0:EnumValues")).read_value()
    finally:
        await sink.close()
    assert {name: one.Value.Value for name, one in found.items()} == VALUES
    assert {one.StatusCode.name for one in found.values()} == {"Good"}
    assert [found[name].Value.VariantType for name in VALUES] == [
        ua.VariantType.UInt64,
        ua.VariantType.Int64,
        ua.VariantType.UInt64,
        ua.VariantType.Int64,
        ua.VariantType.String,
    ]
    assert [(one.Value, one.DisplayName.Text, one.Description.Text) for one in meanings] == [
        (0, "steht", "idle"),
        (7, "gestört", "fault"),
    ]


def test_influx_says_which_numbers_it_cannot_hold() -> None:
    lines = list(Lines("f", SIGNALS).of(batch("mill-1", VALUES)))
    fields = ",".join(line.split(" ", 1)[1].rsplit(" ", 1)[0] for line in lines)
    assert "total=1.8446744073709552e+19,total_q=1i" in fields
    assert "balance=-9.223372036854776e+18,balance_q=1i" in fields
    assert "mode=7.0,mode_q=0i" in fields
    assert 'serial="Nr. \\"4711\\" \\\\ Süd",serial_q=0i' in fields


def test_influx_does_not_doubt_what_a_float_holds() -> None:
    (line, *_) = Lines("f", SIGNALS).of(batch("mill-1", {"total": 2**62}))
    assert "total=4.611686018427388e+18,total_q=0i" in line


@pytest.mark.parametrize(
    ("name", "value", "last", "quality"),
    [
        ("total", MOST, float(MOST), Quality.UNCERTAIN),
        ("total", 2**53 + 1, float(2**53), Quality.UNCERTAIN),
        ("total", 2**53, float(2**53), Quality.GOOD),
        ("total", 2**62, float(2**62), Quality.GOOD),
        ("mode", 7, 7.0, Quality.GOOD),
        ("serial", "Süd", "Süd", Quality.GOOD),
    ],
)
def test_the_history_doubts_what_it_had_to_round(tmp_path: Path, name, value, last, quality):
    series = Series(tmp_path)
    series.open()
    try:
        series.append([batch("mill-1", {name: value})])
        (point,) = series.history(
            SignalId(f"mill-1/{name}"), AT - timedelta(1), AT + timedelta(1), 1
        )
    finally:
        series.close()
    assert (point.last, point.quality) == (last, quality)


def test_the_journal_keeps_every_digit() -> None:
    judged = batch("mill-1", VALUES)
    shape = Shape("mill-1", judged.batch.signals)
    (again,) = decode(encode([judged], {shape: 1}), {1: shape})
    assert again.batch.values == tuple(VALUES.values())


def test_pages_get_as_text_what_a_browser_would_round() -> None:
    shown = [views.shown(value) for value in (MOST, 2**53, 2**53 + 1, 7, 1.5, True, "Süd", None)]
    assert shown == [str(MOST), 2**53, str(2**53 + 1), 7, 1.5, True, "Süd", None]
    assert orjson.loads(orjson.dumps(shown)) == shown


def test_a_word_belongs_to_its_number_alone() -> None:
    mode = SIGNALS[3]
    assert mode.word(7) == Text("gestört", "fault")
    assert mode.word(3) is None
    assert mode.word(None) is None
