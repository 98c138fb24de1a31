"""The page »Maschine anschließen« in a real browser: from the cable to a template."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from ipaddress import IPv4Interface
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway.config import read_model
from gateway.machines.template import Template
from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway
from tests.api.test_assistant import simulated, switch
from tests.api.test_pages_at_work import QUIET, TOO_WIDE
from tests.peers import need

SLOW = 150_000
"""Milliseconds within which an unknown device has been asked for all that could tell its type."""
PICTURES = os.environ.get("PICTURES")
"""A folder for pictures of the walk, for the documentation; without it none are taken."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=list(QUIET))
        yield browser
        browser.close()


def owner_at(earnest: RunningGateway, chromium: Browser, locale: str, width: int) -> Page:
    context = chromium.new_context(
        locale=locale,
        viewport={"width": width, "height": 900},
        base_url=earnest.base,
        accept_downloads=True,
    )
    body = {"role": "owner", "password": PASSWORDS["owner"]}
    assert context.request.post(f"{API}/login", data=body).ok
    assert context.request.post(f"{API}/assistant/end").ok
    page = context.new_page()
    page.goto("/#/assistant")
    return page


def picture(
    page: Page, name: str, *, other: tuple[str, str] | None = ("English", "Deutsch")
) -> None:
    """The walk's picture in both languages; nothing is wider than the page in either."""
    _picture(page, name, "de" if other else "one")
    if other:
        page.get_by_role("button", name=other[0], exact=True).click()
        _picture(page, name, "en")
        page.get_by_role("button", name=other[1], exact=True).click()


def _picture(page: Page, name: str, language: str) -> None:
    assert page.evaluate(TOO_WIDE) == []
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{language}.png", full_page=True)


def test_from_the_cable_to_a_template(
    earnest: RunningGateway, chromium: Browser, tmp_path: Path
) -> None:
    page = owner_at(earnest, chromium, "de-DE", 1280)
    link = (Path(PICTURES).parent if PICTURES else tmp_path) / "rs485"
    with simulated(link, "--unknown", "--seed", "5", "--unit", "7") as machine:
        switch(machine, "off")
        expect(page.get_by_role("heading", level=1)).to_have_text("Maschine anschließen")
        page.get_by_label("Am seriellen Anschluss").check()
        page.get_by_label("Pfad des Anschlusses").fill(str(link))
        page.get_by_label("Baudrate").select_option("115200")
        page.get_by_label("Gerätenummern").fill("7")
        begin = page.get_by_role("button", name="Suchen", exact=True)
        expect(begin).to_be_disabled()
        page.get_by_label("Ich darf hier fragen").check()
        picture(page, "assistant-scan")
        begin.click()
        expect(page.locator("main h2[role=status]")).to_have_text("Es wird gesucht")
        expect(page.locator("main h2[role=status]")).to_have_text(
            "Die Suche ist fertig", timeout=SLOW
        )
        expect(page.get_by_text("keine Vorlage passt")).to_be_visible()
        expect(page.get_by_text("Eingangsregister: bei 1024")).to_be_visible()
        picture(page, "assistant-found")
        page.get_by_role("button", name="Hineinschauen").click()
        expect(page.get_by_label("Ab Adresse")).to_have_value("1024")
        page.get_by_label("Ich darf hier fragen").check()
        page.get_by_role("button", name="Lesen").click()
        switched = page.get_by_role("button", name="Die Maschine ist geschaltet")
        expect(page.get_by_role("row", name="1026")).to_contain_text("Netzspannung", timeout=30_000)
        switch(machine, "on")
        switched.click()
        expect(page.get_by_text("Dabei haben sich")).to_be_visible(timeout=30_000)
        top = page.locator("tbody tr.changed").filter(
            has=page.get_by_role("rowheader", name="1030")
        )
        expect(top).to_contain_text("0 →")
        picture(page, "assistant-look")
        page.get_by_role("button", name="Markieren 1030").click()
        page.get_by_label("Was ist es?").select_option("power")
        picture(page, "assistant-mark", other=None)
        page.get_by_role("dialog").get_by_role("button", name="Markieren").click()
        page.get_by_label("Name der Datei").fill("old-press")
        page.get_by_role("button", name="Vorlage erstellen").click()
        page.get_by_text("Lieber von Hand").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Herunterladen").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        expect(page.get_by_text("template: old-press.yaml")).to_be_visible()
        picture(page, "assistant-template")
        for width in (390, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark")
            picture(page, f"assistant-wide-{width}")
    assert file.name == "old-press.yaml"
    (point,) = read_model(file, Template, {}).points
    assert (point.name, point.role, point.address, point.unit) == ("power", "power", 1030, "W")
    page.get_by_role("button", name="Zurück").click()
    expect(page.get_by_role("button", name="Lesen")).to_be_visible()
    page.get_by_role("button", name="Zurück").click()
    expect(page.get_by_text("Die Suche ist fertig")).to_be_visible()
    page.context.close()


def test_a_known_meter_with_the_keyboard_alone_on_a_phone(
    earnest: RunningGateway, chromium: Browser, tmp_path: Path
) -> None:
    page = owner_at(earnest, chromium, "en-GB", 390)
    link = (Path(PICTURES).parent if PICTURES else tmp_path) / "rs485"

    def to(label: str) -> None:
        """Press the tab key until what is called so has the focus."""
        wanted = page.get_by_label(label).or_(page.get_by_role("button", name=label, exact=True))
        expect(wanted.first).to_be_visible()
        for _ in range(60):
            if wanted.first.evaluate("place => place === document.activeElement"):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"the tab key does not lead to {label}")

    with simulated(link, "--template", "sdm630", "--unit", "2"):
        to("In the network")
        page.keyboard.press("ArrowDown")
        to("Path of the port")
        page.keyboard.type(str(link))
        to("Baud rate")
        page.keyboard.type("115200")
        to("Units")
        page.keyboard.press("Control+A")
        page.keyboard.type("2")
        to("I may ask here")
        page.keyboard.press("Space")
        picture(page, "phone-scan", other=None)
        to("Scan")
        page.keyboard.press("Enter")
        expect(page.get_by_text("The scan is done")).to_be_visible(timeout=SLOW)
        expect(page.get_by_text("likely: Energy meter, SDM630")).to_be_visible()
        expect(page.get_by_label("Lines for the file of the firm")).to_contain_text("sdm630")
        picture(page, "phone-found", other=None)
        to("Back")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="Where is the device?")).to_be_visible()
    page.context.close()


def test_a_refusal_says_what_to_do(earnest: RunningGateway, chromium: Browser) -> None:
    page = owner_at(earnest, chromium, "en-GB", 1280)
    polled = earnest.site.machines[0].devices[0].connect
    page.get_by_label("Addresses").fill("127.0.0.1")
    page.get_by_label("Port", exact=True).fill(str(polled.port))  # type: ignore[attr-defined]
    page.get_by_label("I may ask here").check()
    page.get_by_role("button", name="Scan", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Take the machine out")
    page.context.close()


def test_an_own_network_is_asked_for_by_name(
    earnest: RunningGateway, chromium: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = [IPv4Interface("192.168.1.20/24"), IPv4Interface("10.4.0.7/8")]
    monkeypatch.setattr("gateway.assistant.network.interfaces", lambda: own)
    for locale, width in (("de-DE", 1280), ("en-GB", 375)):
        page = owner_at(earnest, chromium, locale, width)
        own_network = re.compile("eigenes Netz durchsuchen|Search an own network")
        page.get_by_label(own_network).check()
        networks = page.get_by_label(re.compile("^(Netz|Network)"))
        expect(networks.locator("option")).to_have_text(
            [
                re.compile(r"10\.4\.0\.0/22, 1022 (Adressen|addresses)"),
                re.compile(r"192\.168\.1\.0/24, 254 (Adressen|addresses), .*11 (Sekunden|seconds)"),
            ]
        )
        networks.select_option("192.168.1.0/24")
        expect(page.get_by_role("button", name=re.compile("^(Suchen|Scan)$"))).to_be_disabled()
        assert page.evaluate(TOO_WIDE) == []
        if PICTURES:
            page.screenshot(path=f"{PICTURES}/own-network-{width}.png", full_page=True)
        page.close()
