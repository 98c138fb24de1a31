"""One value, held: register words, API, OPC UA, MQTT, history and page, all the same."""

from __future__ import annotations

import json
import re
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from asyncua.sync import Client
from asyncua.ua import DataValue
from playwright.sync_api import Page, expect
from pymodbus.client import ModbusTcpClient

from tests.peers import need
from tests.system.conftest import Demos
from tests.system.factory import MINI, Factory, Json, eventually
from tests.system.wire import Heard, tapped

FIRM = "zerspanung-rennweg"
MACHINE = "mill-1"
SIGNAL = "mill-1/power"
ADDRESS = 52
"""Total system power of an SDM630 in its description."""


@dataclass(frozen=True)
class Held:
    """The moment that is kept: ``value`` is what the meter must say, ``since`` (UTC) is when."""

    factory: Factory
    value: float
    since: datetime

    @property
    def words(self) -> list[int]:
        return list(struct.unpack(">HH", struct.pack(">f", self.value)))

    @property
    def port(self) -> int:
        return self.factory.ready["firms"][FIRM]["modbus"][0]["port"]

    def trace(self) -> Json:
        return self.factory.get(FIRM, f"machines/{MACHINE}/trace", signal=SIGNAL)

    def place(self, sink: str) -> dict[str, str]:
        """Where a sink has the value."""
        [facts] = [one["facts"] for one in self.trace()["places"] if one["sink"] == sink]
        return {fact["name"]: fact["value"] for fact in facts}


@pytest.fixture(scope="module")
def held(demos: Demos) -> Iterator[Held]:
    """The plant stands still in the middle of a cut, and every gateway has seen it."""
    factory = demos.of(MINI)
    factory.restart()

    def cutting() -> bool:
        return factory.simulated(MACHINE)["phase"] == "cutting"

    eventually(cutting, what="the mill cuts", every=0.05)
    factory.control("hold", {})
    since = datetime.now(UTC)
    value = factory.simulated(MACHINE)["values"]["power"]
    (exact,) = struct.unpack(">f", struct.pack(">f", value))
    kept = Held(factory, exact, since)

    def seen() -> bool:
        return datetime.fromisoformat(kept.trace()["register"]["at"]) > since

    eventually(seen, what="the gateway has read the value that is held")
    yield kept
    factory.control("release", {})


def test_the_value_is_that_of_a_cut(held: Held) -> None:
    assert 2200 < held.value < 2600
    assert held.value != round(held.value), "a value that looks like no other"


def test_mbpoll_reads_the_words(held: Held) -> None:
    said = subprocess.run(
        [
            need("mbpoll"), "-m", "tcp", "-p", str(held.port), "-a", "1", "-t", "3:hex", "-0",
            "-r", str(ADDRESS), "-c", "2", "-1", "127.0.0.1",
        ],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )  # fmt: skip
    words = re.findall(r"^\[\d+\]:\s+0x([0-9A-F]{4})", said.stdout, re.MULTILINE)
    assert [int(word, 16) for word in words] == held.words


def test_a_modbus_client_reads_the_words(held: Held) -> None:
    with ModbusTcpClient("127.0.0.1", port=held.port) as client:
        answer = client.read_input_registers(ADDRESS, count=2, device_id=1)
    assert answer.registers == held.words


def test_the_api_tells_the_words_and_the_value(held: Held) -> None:
    trace = held.trace()
    register = trace["register"]
    assert (register["function"], register["address"]) == (4, ADDRESS)
    assert register["words"] == held.words
    reading = held.factory.values(FIRM)["power"]
    for told in (trace["signal"], reading):
        assert told["value"] == held.value
        assert (told["quality"], told["reason"], told["unit"]) == ("good", "ok", "W")


def test_opcua_tells_the_value(held: Held) -> None:
    place = held.place("opcua")
    assert place["endpoint"] == held.factory.ready["firms"][FIRM]["opcua"]
    with Client(place["endpoint"]) as client:
        node = client.get_node(place["node"])

        def told_since() -> DataValue | None:
            told = node.read_data_value()
            at = told.SourceTimestamp
            return told if at is not None and at.replace(tzinfo=UTC) > held.since else None

        told = eventually(told_since, what="OPC UA tells the value that is held")
    assert told.Value is not None
    assert told.Value.Value == held.value
    assert told.StatusCode is not None
    assert told.StatusCode.is_good()


def test_mqtt_tells_the_value(held: Held) -> None:
    place = held.place("mqtt")
    assert place["broker"] == held.factory.ready["firms"][FIRM]["broker"]

    def has_power(message: Heard) -> bool:
        return b'"power":' in message.payload

    with tapped(place["broker"], place["topic"]) as wire:
        message = wire.fresh(has_power)
    told = json.loads(message.payload)
    assert told["schema"] == 1
    assert told["points"]["power"] == {"v": held.value, "q": 0, "r": "ok"}
    assert datetime.fromtimestamp(told["at"] / 1000, UTC) > held.since


def test_the_history_keeps_the_value(held: Held) -> None:
    def stored() -> list[list[float]] | None:
        told = held.factory.get(
            FIRM,
            "history",
            signal=SIGNAL,
            start=(held.since + timedelta(seconds=0.2)).isoformat(),
            end=datetime.now(UTC).isoformat(),
            points=5000,
        )
        assert told["unit"] == "W"
        return told["points"] or None

    points = eventually(stored, what="the history has the value")
    for at, low, high, last, quality in points:
        assert (low, high, last, quality) == (held.value,) * 3 + (0,), at


def test_the_page_shows_the_value_and_its_words(held: Held, page: Page) -> None:
    pages = held.factory.ready["firms"][FIRM]["pages"]
    page.goto(f"{pages}#/machine/{MACHINE}")
    row = page.locator("tr", has=page.locator("code", has_text=re.compile(r"^power$")))
    shown = f"{round(held.value):,}".replace(",", ".")
    expect(row.locator("td.value")).to_have_text(shown)
    expect(row).to_contain_text("W")
    page.goto(f"{pages}#/trace/{MACHINE}?signal={SIGNAL}")
    for word in held.words:
        expect(page.get_by_text(f"0x{word:04X}").first).to_be_visible()
    exact = f"{held.value:,.6f}".rstrip("0").translate(str.maketrans(",.", ".,"))
    expect(page.get_by_text(exact).first).to_be_visible()


def test_nothing_moves_while_it_is_held(held: Held) -> None:
    before = held.trace()["register"]["at"]

    def read_again() -> Json | None:
        trace = held.trace()
        return trace if trace["register"]["at"] > before else None

    again = eventually(read_again, what="the gateway reads it once more")
    assert again["register"]["words"] == held.words
    state = held.factory.control("state")
    assert (state["held"], state["running"]) == (True, False)
