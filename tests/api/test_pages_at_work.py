"""The pages of a gateway in a real browser: every page of every role, and what people do there."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.api.conftest import PASSWORDS
from tests.api.running import API, RunningGateway, client
from tests.peers import need

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
PAGES = {
    "owner": 9,
    "foreman": 7,
    "works_council": 4,
    "customer": 2,
}
"""How many pages stand in each role's row of pages."""
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll("main [role=region]")]
    .filter((place) => place.scrollWidth > place.clientWidth)
    .map((place) => place.ariaLabel ?? place.tagName)"""
"""The page and its regions that can be moved sideways, because they hold more than they show."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # Not longer than a module: asynchronous tests cannot run beside it.
    path = need("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(locale="de-DE")
    yield context.new_page()
    context.close()


def sign_in(page: Page, role: str, password: str) -> None:
    page.locator(f"input[name=role][value={role}]").check()
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("role", PAGES)
def test_every_page_of_a_role_works_for_it(
    earnest: RunningGateway, chromium: Browser, role: str, language: str
) -> None:
    context = chromium.new_context(locale="de-DE", base_url=earnest.base)
    body = {"role": role, "password": PASSWORDS[role]}
    assert context.request.post(f"{API}/login", data=body).ok
    page = context.new_page()
    wrong: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda asked: hosts.add(urlsplit(asked.url).netloc))
    page.goto("/")
    rows = page.get_by_role("navigation").get_by_role("link")
    expect(rows).to_have_count(PAGES[role])
    titles = set()
    for index in range(PAGES[role]):
        rows.nth(index).click()
        expect(rows.nth(index)).to_have_attribute("aria-current", "page")
        expect(page.locator("main h1")).to_have_count(1)
        page.wait_for_load_state("load")
        titles.add(page.title())
    assert len(titles) == PAGES[role]
    context.close()
    assert wrong == []
    assert hosts == {urlsplit(earnest.base).netloc}


def test_from_the_set_up_to_a_foreman_at_work(fresh: RunningGateway, page: Page) -> None:
    page.goto(fresh.base)
    page.get_by_label("Einrichtungscode").fill(fresh.setup_code)
    page.get_by_label("Neues Passwort für die Leitung").fill(PASSWORDS["owner"])
    page.get_by_label("Passwort wiederholen").fill(PASSWORDS["owner"])
    page.get_by_role("button", name="Einrichten").click()

    page.get_by_role("link", name="Zugänge").click()
    page.get_by_role("button", name="Passwort vergeben … : Meister").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Neues Passwort").fill("kurz")
    dialog.get_by_label("Passwort wiederholen").fill("kurz")
    dialog.get_by_role("button", name="Speichern").click()
    expect(dialog.get_by_role("alert")).to_contain_text("mindestens 12 Zeichen")
    dialog.get_by_label("Neues Passwort").fill("abababababab")
    dialog.get_by_label("Passwort wiederholen").fill("abababababab")
    dialog.get_by_role("button", name="Speichern").click()
    expect(dialog.get_by_role("alert")).to_contain_text("mindestens 3 verschiedene Zeichen")
    dialog.get_by_label("Neues Passwort").fill(PASSWORDS["foreman"])
    dialog.get_by_label("Passwort wiederholen").fill(PASSWORDS["foreman"])
    dialog.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("button", name="Passwort ändern … : Meister")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("eingerichtet")

    page.get_by_role("button", name="Abmelden").click()
    sign_in(page, "foreman", PASSWORDS["foreman"])
    page.get_by_role("link", name="Kurve und Signale").click()
    escape = partial(page.keyboard.press, "Escape")
    actions = page.get_by_role("group", name="Auftrag B-1 führen")
    actions.get_by_role("button", name="Menge eintragen").click()
    expect(dialog.get_by_role("button", name="Eintragen")).to_be_disabled()
    dialog.get_by_label("Gutmenge").fill("7")
    dialog.get_by_role("button", name="Eintragen").click()
    expect(dialog).to_have_count(0)
    expect(page.locator("dt", has_text="eingetragen")).to_be_visible()
    actions.get_by_role("button", name="Anhalten").click()
    dialog.get_by_role("button", name="Jetzt anhalten").click()
    expect(page.get_by_text("angehalten", exact=True)).to_be_visible()
    actions.get_by_role("button", name="Fortsetzen").click()
    expect(actions.get_by_role("button", name="Fortsetzen")).to_have_count(0)
    end = actions.get_by_role("button", name="Beenden")
    for leave in (dialog.get_by_role("button", name="Abbrechen").click, escape):
        end.click()
        leave()
        expect(dialog).to_have_count(0)
        expect(end).to_be_focused()
    end.click()
    dialog.get_by_role("button", name="Jetzt beenden").click()
    expect(page.get_by_role("group", name="Auftrag B-2 führen")).to_be_visible()
    page.get_by_role("link", name="Ereignisse").click()
    expect(page.get_by_role("table")).to_contain_text("7 gut, eingetragen")

    with client(fresh.base) as web:
        body = {"role": "foreman", "password": PASSWORDS["foreman"]}
        web.post(f"{API}/login", json=body)
        job = web.get(f"{API}/jobs/B-1").json()
    assert job["origins"]["entered"] == 7
    assert job["ended"] is not None


def test_when_a_session_ends_nothing_of_it_stays_on_the_screen(
    fresh: RunningGateway, page: Page
) -> None:
    with client(fresh.base) as owner:
        owner.post(f"{API}/setup", json={"code": fresh.setup_code, "password": PASSWORDS["owner"]})
        body = {"role": "foreman", "password": PASSWORDS["foreman"]}
        owner.post(f"{API}/passwords", json=body)
        page.goto(fresh.base)
        sign_in(page, "foreman", PASSWORDS["foreman"])
        expect(page.get_by_text("Ständerbohrmaschine")).to_be_visible()
        owner.post(f"{API}/passwords/foreman/remove")
    expect(page.get_by_role("button", name="Anmelden")).to_be_visible(timeout=20_000)
    expect(page.get_by_text("Ständerbohrmaschine")).to_have_count(0)
    sign_in(page, "owner", PASSWORDS["owner"])
    expect(page.get_by_text("Ständerbohrmaschine")).to_be_visible()


@pytest.mark.parametrize(
    ("language", "wrong", "wait"),
    [
        ("de", "Rolle oder Passwort stimmt nicht", "Zu viele Versuche"),
        ("en", "The role or the password is not right", "Too many tries"),
    ],
)
def test_a_page_says_in_its_language_why_it_does_not_let_in(
    fresh: RunningGateway, chromium: Browser, language: str, wrong: str, wait: str
) -> None:
    with client(fresh.base) as owner:
        owner.post(f"{API}/setup", json={"code": fresh.setup_code, "password": PASSWORDS["owner"]})
    context = chromium.new_context(locale=language)
    page = context.new_page()
    page.goto(fresh.base)
    page.locator("input[name=role][value=owner]").check()
    alert = page.get_by_role("alert")
    for said in (*[wrong] * 5, wait):
        page.locator("input[type=password]").fill("not-this-one-7")
        with page.expect_response(f"**{API}/login"):
            page.locator("form button").last.click()
        expect(alert).to_contain_text(said)
    context.close()


def test_on_a_phone_no_page_and_no_table_scrolls_sideways(
    earnest: RunningGateway, chromium: Browser
) -> None:
    phone = chromium.new_context(
        locale="de-DE", viewport={"width": 390, "height": 844}, base_url=earnest.base
    )
    body = {"role": "owner", "password": PASSWORDS["owner"]}
    assert phone.request.post(f"{API}/login", data=body).ok
    page = phone.new_page()
    for place in (
        "",
        "machine/drill-1",
        "trace/drill-1",
        "order",
        "council",
        "log",
        "accounts",
        "assistant",
    ):
        page.goto(f"/#/{place}")
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator("main .loading")).to_have_count(0)
        assert page.evaluate(TOO_WIDE) == [], place
    phone.close()


def test_an_address_that_nobody_encoded_right_is_not_found(
    earnest: RunningGateway, page: Page
) -> None:
    page.goto(f"{earnest.base}/#/%zz")
    sign_in(page, "owner", PASSWORDS["owner"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("gibt es nicht")


@pytest.mark.parametrize(
    ("speaks", "chosen", "shown"),
    [
        ("de-AT", None, "de"),
        ("en-GB", None, "en"),
        ("fr-FR", None, "de"),
        ("en-GB", "de", "de"),
        ("de-DE", "en", "en"),
    ],
)
def test_the_language_of_the_browser_decides_until_a_person_chooses(
    fresh: RunningGateway, chromium: Browser, speaks: str, chosen: str | None, shown: str
) -> None:
    context = chromium.new_context(locale=speaks)
    if chosen is not None:
        context.add_init_script(f"localStorage.setItem('werkverbund.lang', '{chosen}')")
    page = context.new_page()
    page.goto(fresh.base)
    expect(page.locator("html")).to_have_attribute("lang", shown)
    context.close()
