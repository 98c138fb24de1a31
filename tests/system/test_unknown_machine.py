"""From the cable to the sheet: an unknown machine is found, understood, added, and counts a run."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway.core.text import Language
from tests.api.running import API, client, until
from tests.api.test_pages_at_work import QUIET, TOO_WIDE
from tests.peers import need
from tests.system.walked import PASSWORD, Watch, Workshop, typed, unknown_machine, words_of

SLOW = 150_000
PICTURES = os.environ.get("PICTURES")
"""A folder in a new one (the walk works beside it) for the pictures; without it none are taken.

``FAULTS=full PICTURES=/tmp/dev/pictures pytest tests/system/test_unknown_machine.py`` takes all.
"""
BOTH: tuple[Language, Language] = ("de", "en")
"""Each walk in both takes six minutes: the suite walks once in each, in full both are walked."""
WATTS = {"off_below": 60, "standby_below": 300, "run_above": 1200, "run_below": 900}
EVIDENCE = {"type": "power-runs", **WATTS, "min_run": "3s", "min_pause": "1s"}


@dataclass(frozen=True)
class Said:
    """What stands on the pages."""

    serial: str
    path: str
    baud: str
    units: str
    may: str
    scan: str
    scanned: str
    look: str
    read: str
    switched: str
    mark: str
    what: str
    file: str
    make: str
    add: str
    title: str
    evidence: str
    learn: str
    begin: str
    next: str
    evaluate: str
    runs: str
    show: str
    fits: str
    write: str
    taken: str
    first: str
    sheet: str
    sheet_of: str


SAID: dict[Language, Said] = {
    "de": Said(
        "Am seriellen Anschluss", "Pfad des Anschlusses", "Baudrate", "Gerätenummern",
        "Ich darf hier fragen", "Suchen", "Die Suche ist fertig", "Hineinschauen", "Lesen",
        "Die Maschine ist geschaltet", "Markieren", "Was ist es?",
        "Name der Datei", "Vorlage erstellen", "Als Maschine hinzufügen", "Name der Maschine",
        "Woran erkennt man",
        "Weiter: Schwellen lernen", "Aufnahme beginnen", "Fertig, weiter", "Fertig, auswerten",
        "3 Läufe erkannt", "Datei zeigen und prüfen", "Diese Datei wird geschrieben",
        "Schreiben und aufnehmen", "ist aufgenommen", "Der erste Lauf ist gezählt",
        "Maschinenblatt", "Zu erwartender Fehler",
    ),
    "en": Said(
        "At the serial port", "Path of the port", "Baud rate", "Units",
        "I may ask here", "Scan", "The scan is done", "Look inside", "Read",
        "The machine is switched", "Mark", "What is it?",
        "Name of the file", "Make the template", "Add as a machine", "Name of the machine",
        "What shows that it works",
        "Next: learn the thresholds", "Begin recording", "Done, go on", "Done, evaluate",
        "3 runs found", "Show and check the file", "This file will be written",
        "Write and take in", "is taken in", "The first run is counted", "Machine sheet",
        "Expected error",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=need("chromium"), args=list(QUIET))
        yield browser
        browser.close()


def looks(count: int) -> re.Pattern[str]:
    """A curve of so many looks."""
    return re.compile(rf"(L[^L]*){{{count}}}")


def picture(page: Page, name: str, language: Language) -> int:
    """Keep what is seen; nothing is wider than the page. The words on it."""
    assert page.evaluate(TOO_WIDE) == []
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{language}.png", full_page=True)
    return words_of(page.inner_text("main"))


@pytest.mark.seeds(1, 2)
def test_in_the_browser(tmp_path: Path, chromium: Browser, seed: int) -> None:
    language = BOTH[seed]
    said, watch, read = SAID[language], Watch(f"walk in the browser, {language}"), 0
    beside = Path(PICTURES).parent if PICTURES else tmp_path
    folder, link = beside / f"firm-{language}", beside / "rs485"
    folder.mkdir()
    shop = Workshop(folder, language)
    shop.begin()
    with unknown_machine(link) as machine, shop.running():
        machine.switch("off")
        shop.set_up()
        context = chromium.new_context(
            locale={"de": "de-DE", "en": "en-GB"}[language],
            viewport={"width": 1366, "height": 768},
            base_url=shop.base,
        )
        login = {"role": "owner", "password": PASSWORD}
        assert context.request.post(f"{API}/login", data=login).ok
        page = context.new_page()
        page.goto("/#/assistant")
        watch.tell("init, start, log in")
        page.get_by_label(said.serial).check()
        page.get_by_label(said.path).fill(str(link))
        page.get_by_label(said.baud).select_option("115200")
        page.get_by_label(said.units).fill("7")
        page.get_by_label(said.may).check()
        read += picture(page, "walk-scan", language)
        page.get_by_role("button", name=said.scan, exact=True).click()
        expect(page.locator("main h2[role=status]")).to_have_text(said.scanned, timeout=SLOW)
        read += picture(page, "walk-found", language)
        watch.tell("scan")
        page.get_by_role("button", name=said.look).click()
        page.get_by_label(said.may).check()
        page.get_by_role("button", name=said.read, exact=True).click()
        there = page.get_by_role("rowheader", name="1026", exact=True)
        expect(there).to_be_visible(timeout=30_000)
        machine.switch("on")
        page.get_by_role("button", name=said.switched).click()
        expect(page.locator("tbody tr.changed").first).to_be_visible(timeout=30_000)
        read += picture(page, "walk-look", language)
        watch.tell("look")
        page.get_by_role("button", name=f"{said.mark} 1030").click()
        page.get_by_label(said.what).select_option("power")
        page.get_by_role("dialog").get_by_role("button", name=said.mark).click()
        page.get_by_label(said.file).fill("old-press")
        page.get_by_role("button", name=said.make).click()
        watch.tell("template")
        machine.switch("off")
        page.get_by_role("button", name=said.learn).click()
        page.get_by_label(said.may).check()
        read += picture(page, "walk-learn-start", language)
        page.get_by_role("button", name=said.begin).click()
        expect(page.locator("path.line")).to_have_attribute("d", looks(40), timeout=40_000)
        page.get_by_role("button", name=said.next).click()
        machine.switch("standby")
        expect(page.locator("path.line")).to_have_attribute("d", looks(100), timeout=40_000)
        page.get_by_role("button", name=said.next).click()
        before = machine.runs()
        machine.switch("on")
        until(lambda: machine.runs() >= before + 3, 90)
        machine.switch("standby")
        curve = page.locator("path.line")
        seen = (curve.get_attribute("d") or "").count("L")
        expect(curve).to_have_attribute("d", looks(seen + 28), timeout=40_000)  # as long as a pause
        read += picture(page, "walk-learn", language)
        page.get_by_role("button", name=said.evaluate).click()
        expect(page.get_by_text(said.runs).first).to_be_visible(timeout=30_000)
        read += picture(page, "walk-learnt", language)
        watch.tell("learn (three runs of 18 s)")
        page.get_by_role("button", name=said.add).click()
        page.get_by_label(said.title).fill("Exzenterpresse")
        expect(page.get_by_label(said.evidence)).to_have_value("power-runs")
        page.get_by_role("button", name=said.show).click()
        expect(page.get_by_role("region", name=said.fits)).to_contain_text("type: power-runs")
        read += picture(page, "walk-add", language)
        page.get_by_role("button", name=said.write).click()
        expect(page.get_by_role("heading", name=said.taken)).to_be_visible(timeout=20_000)
        watch.tell("add")
        machine.switch("on")
        expect(page.locator("strong", has_text=said.first)).to_be_visible(timeout=90_000)
        read += picture(page, "walk-counted", language)
        watch.tell("first counted run (the machine's own run takes 18 s)")
        page.get_by_role("link", name=said.sheet).click()
        expect(page.get_by_text(said.sheet_of).first).to_be_visible()
        expect(page.get_by_text(str(link))).to_be_visible()
        read += picture(page, "walk-sheet", language)
        printed = page.pdf(format="A4", prefer_css_page_size=True)
        assert len(re.findall(rb"/Type\s*/Page[^s]", printed)) == 1, "one page of A4"
        watch.end(read)
        _seen_on_every_screen(page, language)
        context.close()


def _seen_on_every_screen(page: Page, language: Language) -> None:
    """The machine's page with its management, the sheet, on a phone, in the dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width, height in ((1366, 768), (390, 844)):
            page.set_viewport_size({"width": width, "height": height})
            for place in ("sheet/exzenterpresse", "machine/exzenterpresse", "assistant"):
                page.goto(f"/#/{place}")
                expect(page.get_by_role("heading", level=1)).to_be_visible()
                picture(page, f"seen-{place.partition('/')[0]}-{width}-{scheme}", language)


@pytest.mark.seeds(1, 2)
def test_in_a_terminal(tmp_path: Path, seed: int) -> None:
    language = BOTH[-1 - seed]
    watch, shop = Watch(f"walk in a terminal, {language}"), Workshop(tmp_path, language)
    link = tmp_path / "rs485"
    serial = ("--serial", link, "--baud", 115200)
    shop.begin()
    told = ""
    with unknown_machine(link) as machine, shop.running():
        shop.set_up()
        watch.tell("init, start")
        machine.switch("off")
        yes = "j\n" if language == "de" else "y\n"
        told += typed(language, "scan", *serial, "--units", "7", answers=yes)
        assert "1024" in told
        watch.tell("scan")
        stretch = ("--unit", 7, "--table", "input", "--first", 1024, "--count", 24)
        machine.switch("on")
        template = tmp_path / "old-press.yaml"
        mark = ("--mark", "power=1029 int32 ABCD W", "--save", template)
        told += typed(language, "look", *serial, *stretch, *mark)
        watch.tell("look and template")
        machine.switch("standby")
        evidence = tmp_path / "evidence.yaml"
        evidence.write_text(json.dumps({"evidence": EVIDENCE}))
        told += typed(
            language, "machine", "add", shop.file, "press-1", "--title", "Exzenterpresse",
            "--template", template, *serial, "--unit", 7, "--every", "250ms",
            "--evidence", evidence, answers=yes,
        )  # fmt: skip
        assert {"de": "neu: press-1", "en": "new: press-1"}[language] in told
        watch.tell("add")
        machine.switch("on")
        with client(shop.base) as web:
            login = {"role": "owner", "password": PASSWORD}
            assert web.post(f"{API}/login", json=login).status_code == 200
            until(lambda: web.get(f"{API}/machines/press-1/runs").json(), 90)
        watch.tell("first counted run (the machine's own run takes 18 s)")
        sheet = typed(language, "machine", "sheet", shop.file, "press-1")
        assert SAID[language].sheet_of in sheet
        assert str(link) in sheet
        watch.end(words_of(told + sheet))
