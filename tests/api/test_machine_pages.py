"""The owner's pages change, exchange and remove a machine; everybody sees what happened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway
from tests.api.test_machines import drill, files
from tests.api.test_pages_at_work import QUIET
from tests.peers import need

PICTURES = os.environ.get("PICTURES")
TOO_WIDE = """() => ["main", "main form", "main pre", "main article"]
    .filter((what) => [...document.querySelectorAll(what)]
        .some((place) => place.scrollWidth > place.clientWidth))"""
"""What holds more than it shows from side to side."""


@pytest.fixture
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=list(QUIET))
        yield browser
        browser.close()


def page_of(firm: RunningGateway, chromium: Browser, role: str, path: str) -> Page:
    context = chromium.new_context(
        locale="de-DE", viewport={"width": 1366, "height": 768}, base_url=firm.base
    )
    body = {"role": role, "password": PASSWORDS[role]}
    assert context.request.post(f"{API}/login", data=body).ok
    page = context.new_page()
    page.goto(f"/#/{path}")
    return page


def seen(page: Page, name: str) -> None:
    """Nothing is wider than the page: in both languages, on a phone too, light and dark."""
    for width, height, scheme in ((390, 844, "dark"), (1366, 768, "light")):
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for other, language in (("English", "de"), ("Deutsch", "en")):
            assert page.evaluate(TOO_WIDE) == [], (name, width, language)
            if PICTURES:
                path = Path(PICTURES) / f"{name}-{width}-{scheme}-{language}.png"
                page.screenshot(path=path, full_page=True)
            page.get_by_role("button", name=other, exact=True).click()


def test_a_machine_is_changed_exchanged_removed_and_brought_back(
    firm: RunningGateway,
    firm_owner: httpx.Client,
    chromium: Browser,
) -> None:
    assert firm_owner.post(f"{API}/machines", json=drill(firm)).json()["written"]
    page = page_of(firm, chromium, "owner", "machine/drill-2")
    page.get_by_role("button", name="Ändern …").click()
    page.get_by_label("Name auf Deutsch").fill("Bohrwerk")
    page.get_by_label("Lauf beginnt über").fill("420")
    page.get_by_role("button", name="Unterschied zeigen").click()
    shown = page.get_by_role("region", name="Was sich in der Datei ändert")
    expect(shown).to_contain_text("+  run_above: 420")
    expect(shown).not_to_contain_text("host")
    seen(page, "edit")
    page.get_by_role("button", name="So schreiben").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bohrwerk")
    page.get_by_role("button", name="Gerät tauschen …").click()
    page.get_by_label("Was ist es jetzt?").fill("SDM630, Nr. 4711")
    page.get_by_label("Anschluss, Gerätenummer oder Typ").check()
    page.get_by_label("Gerätetyp").select_option("sdm630")
    seen(page, "exchange")
    page.get_by_label("Anschluss, Gerätenummer oder Typ").uncheck()
    page.get_by_role("button", name="Prüfen").click()
    page.get_by_role("button", name="Das Gerät ist getauscht").click()
    expect(page.get_by_label("Was ist es jetzt?")).to_be_hidden()
    page.goto("/#/log")
    expect(page.get_by_text("SDM630, Nr. 4711").first).to_be_visible()
    page.goto("/#/machine/drill-2")
    page.get_by_role("button", name="Entfernen …").click()
    sure = page.get_by_role("dialog").get_by_role("button", name="Entfernen")
    expect(sure).to_be_disabled()
    page.get_by_label("Zur Sicherheit der Kurzname").fill("drill-2")
    sure.click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert files(firm) == []
    page.goto("/#/assistant")
    page.get_by_role("button", name="Zurückholen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Bohrwerk")
    assert files(firm) == ["drill-2.yaml"]
    page.context.close()


def test_a_machine_of_the_firm_s_file_says_where_it_stands(
    firm: RunningGateway,
    firm_owner: httpx.Client,
    chromium: Browser,
) -> None:
    assert firm_owner.get(f"{API}/session").json()["role"] == "owner"
    page = page_of(firm, chromium, "owner", "machine/drill-1")
    page.get_by_role("button", name="Ändern …").click()
    expect(page.get_by_role("alert")).to_contain_text("workshop.yaml")
    expect(page.get_by_role("alert")).to_contain_text("von Hand")
    page.context.close()


def test_who_does_not_own_the_gateway_sees_the_sheet_and_no_button(
    earnest: RunningGateway, chromium: Browser
) -> None:
    page = page_of(earnest, chromium, "foreman", "machine/drill-1")
    expect(page.get_by_role("link", name="Maschinenblatt")).to_be_visible()
    expect(page.get_by_role("button", name="Ändern …")).to_be_hidden()
    page.get_by_role("link", name="Maschinenblatt").click()
    expect(page.get_by_text("Zu erwartender Fehler")).to_be_visible()
    seen(page, "sheet")
    page.context.close()
