"""The works council's page says where measured values go, and says it from what is set up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from gateway.core.outlets import Reach, reach
from tests.api.running import (
    API,
    TOKEN,
    RunningGateway,
    a_workshop,
    at_work,
    demo_client,
    free_port,
)
from tests.peers import need


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1:1883", Reach.COMPUTER),
        ("mqtt://[::1]:1883", Reach.COMPUTER),
        ("http://localhost:8086/x", Reach.COMPUTER),
        ("192.168.10.2:4840", Reach.NETWORK),
        ("[fe80::1]:4840", Reach.NETWORK),
        ("0.0.0.0:4840", Reach.NETWORK),
        ("mqtts://broker.local", Reach.NETWORK),
        ("mqtts://broker:8883", Reach.NETWORK),
        ("https://8.8.8.8", Reach.OUTSIDE),
        ("mqtts://broker.example.com:8883", Reach.UNKNOWN),
        ("", Reach.UNKNOWN),
    ],
)
def test_how_far_an_address_reaches_is_told_from_itself(address: str, expected: Reach) -> None:
    assert reach(address) is expected


SINKS = {
    "computer": "sinks:\n  - {type: mqtt, broker: 'mqtt://127.0.0.1:%d'}\n",
    "network": "sinks:\n  - {type: mqtt, broker: 'mqtt://broker.invalid.lan:%d'}\n",
    "outside": "sinks:\n"
    "  - {type: influx, url: 'http://archive.invalid:%d', org: o, bucket: b, token: '${KEY}'}\n",
}
SENTENCES = {
    "none": "Messwerte bleiben auf diesem Rechner.",
    "computer": "Messwerte bleiben auf diesem Rechner; dort bekommen sie: MQTT (",
    "network": "Messwerte gehen im Netz des Betriebs an: MQTT (mqtt://broker.invalid.lan:",
    "outside": "außerhalb des Betriebs liegt oder liegen kann: InfluxDB (http://archive.invalid:",
}


@contextmanager
def council(gateway: RunningGateway) -> Iterator[Page]:
    head = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "works_council"}
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=flags)
        context = browser.new_context(locale="de-DE", extra_http_headers=head)
        page = context.new_page()
        page.goto(f"{gateway.base}/#/council")
        yield page
        browser.close()


@pytest.mark.parametrize("where", SENTENCES)
def test_the_sentence_follows_from_what_is_set_up(tmp_path: Path, where: str) -> None:
    sinks = SINKS.get(where, "")
    more = sinks % free_port() if sinks else ""
    gateway = a_workshop(tmp_path, demo=True, more=more)
    with at_work(gateway):
        with demo_client(gateway.base, "works_council") as asked:
            stored = asked.get(f"{API}/stored").json()
        assert [entry["reach"] for entry in stored["outlets"]] == (
            ["computer"] if where == "none" else ["computer", where.replace("outside", "unknown")]
        )
        assert stored["curves_seen_by"] == ["foreman", "owner", "visitor"]
        with council(gateway) as page:
            expect(page.locator("main .values")).to_contain_text(SENTENCES[where])
            expect(page.locator("main")).to_contain_text("An Partner geht nichts.")
            rows = page.get_by_role("region", name="Wohin Messwerte gehen").locator("tbody tr")
            expect(rows).to_have_count(len(stored["outlets"]))
            expect(page.locator("main")).to_contain_text("sehen die Kurven: Meister, Leitung")
