"""The nine scenes of the show in a real browser, in German and English, by the keyframes.

The pictures are kept in the folder that WERKVERBUND_PICTURES names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    FrameLocator,
    Page,
    Request,
    Response,
    expect,
)

from tests.system.conftest import Demos
from tests.system.factory import FAIR, Factory, eventually
from tests.system.test_show_order import HELD, LATE, WITHIN, burnt, foresees

KEYFRAMES = {1: 0, 2: 0, 3: 0, 4: 0, 5: 1, 6: 2, 7: 3, 8: 3, 9: 4}
LANGUAGES = ("de", "en")
FRAMES = {1: 0, 2: 1, 3: 2, 4: 1, 5: 2, 6: 2, 7: 1, 8: 2, 9: 0}
"""How many firms' own pages stand in the first view of a scene."""
PATIENCE = 30_000
"""Milliseconds until a page shows what it must."""
LEAD, RESERVE, PRESS, LASER = (
    "montage-holzland",
    "haertetechnik-vogtei",
    "spritzguss-ilmtal",
    "laser-saalebogen",
)


@dataclass
class Show:
    """The stage in two browsers, and everything that was wrong in either."""

    factory: Factory
    pages: dict[str, Page]
    pictures: Path
    complaints: list[str] = field(default_factory=list)

    def watch(self, language: str, page: Page) -> None:
        """Keep an eye on a page and on the firms' pages in it."""
        own = urlsplit(self.factory.stage).netloc

        def console(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.complaints.append(f"{language}: console: {message.text}")

        def asked(request: Request) -> None:
            address = urlsplit(request.url)
            if address.scheme in {"http", "https", "ws", "wss"} and address.netloc != own:
                self.complaints.append(f"{language}: asked {request.url}")

        def answered(response: Response) -> None:
            if response.status >= 400:
                self.complaints.append(f"{language}: {response.status} {response.url}")

        page.on("console", console)
        page.on("response", answered)
        page.on("request", asked)
        page.on("pageerror", lambda error: self.complaints.append(f"{language}: {error}"))

    def at(self, scene: int) -> None:
        """Both pages in a scene, the order where the scene needs it."""
        wanted = KEYFRAMES[scene]
        if self.factory.state()["keyframe"] != wanted:
            self.factory.restart(wanted)
        for page in self.pages.values():
            page.goto(f"{self.factory.stage}/#/scene/{scene}")
            current = page.locator("nav [aria-current=step] b")
            expect(current).to_have_text(str(scene), timeout=PATIENCE)
            settled(page, FRAMES[scene])
            expect(page.locator("main .jump")).to_have_count(0, timeout=PATIENCE)

    def firm(self, firm: str, language: str = "de") -> FrameLocator:
        """A firm's own page in the present scene."""
        return self.pages[language].frame_locator(f'iframe[src^="firm/{firm}/"]')

    def picture(self, name: str) -> None:
        """Keep both pages as they are now."""
        for language, page in self.pages.items():
            settled(page, None)
            page.screenshot(path=self.pictures / f"{name}-{language}.png")


def settled(page: Page, frames: int | None) -> None:
    """Wait until nothing on the page is still being loaded."""
    inner = page.locator("iframe")
    if frames is not None:
        expect(inner).to_have_count(frames, timeout=PATIENCE)
    expect(page.locator("main h1, main .ask").first).to_be_visible(timeout=PATIENCE)
    for index in range(inner.count()):
        firm = page.frame_locator("iframe").nth(index)
        expect(firm.locator("main h1, main h2").first).to_be_visible(timeout=PATIENCE)
        expect(firm.locator(".loading")).to_have_count(0, timeout=PATIENCE)


@pytest.fixture(scope="module")
def show(demos: Demos, chromium: Browser, pictures: Path) -> Iterator[Show]:
    """The stage, open in a German and in an English browser for all nine scenes."""
    factory = demos.of(FAIR)
    contexts = {}
    for language in LANGUAGES:
        context = chromium.new_context(viewport={"width": 1920, "height": 1080})
        context.add_init_script(f"localStorage.setItem('werkverbund.lang', '{language}')")
        contexts[language] = context
    opened = Show(factory, {lang: made.new_page() for lang, made in contexts.items()}, pictures)
    for language, page in opened.pages.items():
        opened.watch(language, page)
    yield opened
    for context in contexts.values():
        context.close()


@pytest.fixture(autouse=True)
def calm(show: Show) -> Iterator[None]:
    """No scene may leave an error on the console, or ask another host."""
    show.complaints.clear()
    yield
    assert show.complaints == []


def test_scene_1_five_firms_one_order(show: Show) -> None:
    show.at(1)
    for page in show.pages.values():
        expect(page.locator(".ask")).to_contain_text("400")
        expect(page.locator("main ol > li")).to_have_count(5)
    show.picture("scene-1")


def test_scene_2_the_machine_of_1987(show: Show) -> None:
    show.at(2)
    mill = show.factory.get("zerspanung-rennweg", "machines/mill-1")
    for language in LANGUAGES:
        own = show.firm("zerspanung-rennweg", language)
        expect(own.locator("h1")).to_contain_text(mill["title"][language])
        expect(own.locator(".because")).to_contain_text("W")
        expect(own.locator("svg, canvas").first).to_be_visible()
    show.picture("scene-2")
    for language, page in show.pages.items():
        page.locator(".tabs button").nth(1).click()
        expect(show.firm("retrofit", language).locator(".because")).to_contain_text("W")
    show.picture("scene-2-retrofit")


def test_scene_3_one_number_followed_back(show: Show) -> None:
    show.at(3)
    for language in LANGUAGES:
        own = show.firm("zerspanung-rennweg", language)
        words = own.locator(".words b")
        expect(words).to_have_count(2, timeout=PATIENCE)
        expect(words.first).to_have_text(re.compile(r"^0x[0-9A-F]{4}$"))
        expect(own.locator("body")).to_contain_text("mill-1.power")
        expect(own.locator("body")).to_contain_text("mill-1/readings")
    show.picture("scene-3")


def test_scene_4_lots_travel(show: Show) -> None:
    show.at(4)
    names = [package["firm_name"] for package in show.factory.order()["packages"]]
    for language in LANGUAGES:
        board = show.firm(LEAD, language).locator("main")
        for name in names:
            expect(board).to_contain_text(name)
    show.picture("scene-4")


def test_scene_5_the_element_burns_out(show: Show) -> None:
    show.factory.restart(KEYFRAMES[5])
    show.at(5)
    show.pages["de"].get_by_role("button", name="Heizelement durchbrennen").first.click()
    when = re.compile(r"Zeigt sich in etwa \d+ s|Heizelement ist durchgebrannt")
    expect(show.pages["de"].get_by_role("button", name=when).first).to_be_visible()
    show.picture("scene-5-armed")
    eventually(lambda: burnt(show.factory), within=60, what="the element fails", every=0.1)
    foresees(show.factory, LATE)
    for language, reason in zip(LANGUAGES, ("internes Problem", "internal problem"), strict=True):
        told = show.firm(LEAD, language).locator("main")
        expect(told).to_contain_text(reason, timeout=PATIENCE)
    show.picture("scene-5")
    for language, day in zip(LANGUAGES, ("Tag 2, 08:", "Day 2, 08:"), strict=True):
        show.pages[language].locator(".tabs button").nth(1).click()
        settled(show.pages[language], 1)
        board = show.firm(LEAD, language).locator("main")
        expect(board).to_contain_text(day, timeout=PATIENCE)
    show.picture("scene-5-board")


def test_scene_6_the_reserve_takes_a_charge_with_one_click(show: Show) -> None:
    show.factory.restart(KEYFRAMES[6])
    show.at(6)
    offer = show.firm(LEAD).get_by_role("button", name=re.compile("anbieten"))
    expect(offer).to_be_visible(timeout=PATIENCE)
    show.picture("scene-6-late")
    offer.click()
    accept = show.firm(RESERVE).get_by_role("button", name="Annehmen")
    expect(accept).to_be_visible(timeout=PATIENCE)
    show.picture("scene-6-offer")
    accept.click()
    order = foresees(show.factory, HELD)
    assert abs(order["forecast_s"] - HELD) <= WITHIN
    for language, day in zip(LANGUAGES, ("Tag 2, 02:5", "Day 2, 02:5"), strict=True):
        expect(show.firm(LEAD, language).locator("main")).to_contain_text(day, timeout=PATIENCE)
    show.picture("scene-6")
    for page in show.pages.values():
        page.locator(".tabs button").nth(1).click()
        settled(page, 1)
    show.picture("scene-6-board")


def test_scene_7_works_council_and_a_pulled_uplink(show: Show) -> None:
    show.at(7)
    eventually(lambda: show.factory.package("AP4")["good"], what="the laser firm has reported")
    show.picture("scene-7")
    for page in show.pages.values():
        page.locator(".tabs button").nth(1).click()
        settled(page, 2)
    pull = show.pages["de"].get_by_role("button", name="Netz ziehen")
    pull.first.click()
    work = show.factory.package("AP4")
    assert (work["good"], work["stale"]) == (400, False), "it has finished, and reports on"
    try:
        eventually(
            lambda: show.factory.package("AP4")["lamp"] == "hatched",
            within=60,
            what="the laser firm is silent",
        )
        for language, word in zip(LANGUAGES, ("keine Meldung", "no news"), strict=True):
            board = show.firm(LEAD, language).locator("main")
            expect(board).to_contain_text(word, timeout=PATIENCE)
        show.picture("scene-7-silent")
    finally:
        show.factory.play("uplink", {"firm": LASER, "connected": True})
    eventually(
        lambda: show.factory.package("AP4")["lamp"] == "done", within=60, what="its word is back"
    )


def test_scene_8_a_firm_withdraws_its_quantities(show: Show) -> None:
    show.factory.restart(KEYFRAMES[8])
    show.at(8)
    own = show.firm(PRESS)
    own.get_by_role("button", name="Zurückziehen").first.click()
    own.get_by_role("button", name="Jetzt zurückziehen").click()
    eventually(
        lambda: show.factory.package("AP2")["level"] == "L2", what="the lead firm sees no quantity"
    )
    for language, word in zip(LANGUAGES, ("zurückgezogen am", "withdrawn on"), strict=True):
        for firm in (PRESS, LEAD):
            page = show.firm(firm, language).locator("main")
            expect(page).to_contain_text(re.compile(word, re.IGNORECASE), timeout=PATIENCE)
    show.picture("scene-8")


def test_a_jump_covers_the_pages_until_the_new_order_runs(show: Show) -> None:
    show.at(8)
    page = show.pages["de"]
    cover = page.locator("main .jump")
    runs = show.factory.state()["run"]
    page.get_by_role("button", name="Tag 1, 16:30").dblclick()
    expect(cover).to_contain_text("Zeitsprung auf Tag 1, 16:30")
    show.picture("jump")
    expect(cover).to_have_count(0, timeout=PATIENCE)
    seen = show.factory.order().get("progress", 1.0)
    assert seen > 0.1, "the board that is uncovered shows no half of the picture"
    assert show.factory.state()["run"] == runs + 1, "a double click is one jump"
    show.picture("jump-over")


def test_scene_9_the_balance(show: Show) -> None:
    show.at(9)
    for page in show.pages.values():
        expect(page.locator(".balance dd")).to_have_count(4, timeout=PATIENCE)
        expect(page.locator(".balance .key dd")).to_contain_text("0")
        expect(page.locator(".balance")).to_contain_text("400")
    show.picture("scene-9")


def test_a_firm_lays_its_log_beside_a_partner_s_on_its_page(show: Show) -> None:
    """Through the stage, as whoever presents."""
    for language, word in zip(LANGUAGES, ("stimmen überein", "agree"), strict=True):
        page = show.pages[language].context.new_page()
        show.watch(language, page)
        page.goto(f"{show.factory.ready['firms'][LEAD]['pages']}#/agreements")
        asking = page.locator("form:has(#compare)")
        asking.get_by_role("button").click()
        expect(asking.locator(".result")).to_contain_text(word, timeout=PATIENCE)
        page.close()


def test_a_page_may_be_framed_by_its_own_origin_only(show: Show) -> None:
    web = show.factory.web
    for address in (f"{show.factory.stage}/", show.factory.ready["firms"][LEAD]["pages"]):
        policy = web.get(address).headers["content-security-policy"]
        assert "default-src 'self'" in policy or "default-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert "unsafe-inline" not in policy.split("style-src")[0]
        assert "unsafe-eval" not in policy
