"""Learning in a real browser: the guided recording, the dragged thresholds, what comes of it."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect

from gateway.jobs.evidence.recording import read
from tests.api.running import RunningGateway
from tests.api.test_assistant import simulated
from tests.api.test_assistant_pages import PICTURES, chromium, owner_at
from tests.api.test_pages_at_work import TOO_WIDE
from tests.cli.test_learn import RECORDING

__all__ = ["chromium"]
SIXTY_LOOKS = re.compile(r"(L[^L]*){60}")
SCREENS = ((1366, 768), (390, 844))


def picture(page: Page, name: str) -> None:
    """Nothing is wider than the page in either language, on either screen; pictures if wanted."""
    for language in ("English", "Deutsch"):
        in_language(page, language)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            assert page.evaluate(TOO_WIDE) == []
            for scheme in ("light", "dark") if PICTURES else ():
                page.emulate_media(color_scheme=scheme)
                file = f"{PICTURES}/{name}-{language[:2].lower()}-{width}-{scheme}.png"
                page.screenshot(path=file, full_page=True)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1280, "height": 900})


def in_language(page: Page, language: str) -> None:
    """Switch, where it is another: there is a button for the other language only."""
    other = page.get_by_role("button", name=language, exact=True)
    if other.count():
        other.click()


def dragged(page: Page, line: Locator, pixels: float) -> None:
    """Take a line by its grip with the mouse, and let it go somewhere else."""
    grip = line.locator("rect")
    box = grip.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + pixels / 2)
    page.mouse.move(x, y + pixels)
    page.mouse.up()


def touched(page: Page, line: Locator, pixels: float) -> None:
    """The same with a finger."""
    box = line.locator("rect").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)
    for kind, at in (("touchStart", 0.0), ("touchMove", pixels / 2), ("touchMove", pixels)):
        points = [{"x": x, "y": y + at}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_device_is_recorded_and_its_thresholds_are_dragged(
    earnest: RunningGateway, chromium: Browser, tmp_path: Path
) -> None:
    page = owner_at(earnest, chromium, "de-DE", 1280)
    link = (Path(PICTURES).parent if PICTURES else tmp_path) / "rs485"
    with simulated(link, "--template", "sdm630", "--unit", "2"):
        page.get_by_label("Am seriellen Anschluss").check()
        page.get_by_label("Pfad des Anschlusses").fill(str(link))
        page.get_by_label("Baudrate").select_option("115200")
        page.get_by_label("Gerätenummern").fill("2")
        page.get_by_label("Ich darf hier fragen").check()
        page.get_by_role("button", name="Suchen", exact=True).click()
        page.get_by_role("button", name="Weiter: Schwellen lernen").click(timeout=120_000)
        expect(page.get_by_label("Läufe aus der Leistung")).to_be_checked()
        expect(page.get_by_label("Teile aus einem Zähler")).to_be_disabled()
        picture(page, "learn-start")
        page.get_by_label("Ich darf hier fragen").check()
        page.get_by_role("button", name="Aufnahme beginnen").click()
        expect(page.locator("h2[role=status]")).to_have_text("Maschine aus")
        expect(page.get_by_text("Schritt 1 von 3")).to_be_visible()
        page.get_by_role("button", name="Überspringen").click()
        expect(page.locator("h2[role=status]")).to_have_text("In Bereitschaft")
        page.get_by_role("button", name="Zurück: Schritt davor").click()
        expect(page.locator("h2[role=status]")).to_have_text("Maschine aus")
        expect(page.locator(".value")).to_contain_text("W", timeout=20_000)
        expect(page.locator("path.line")).to_have_attribute("d", SIXTY_LOOKS, timeout=30_000)
        picture(page, "learn-steps")
        page.get_by_role("button", name="Abbrechen").click()
        expect(page.get_by_role("button", name="Aufnahme beginnen")).to_be_visible()
    page.get_by_label("Gespeicherte Aufnahme laden").set_input_files(RECORDING)
    expect(page.get_by_text("3 Läufe erkannt").first).to_be_visible(timeout=20_000)
    begins = page.get_by_role("slider", name="Lauf beginnt darüber")
    expect(begins).to_have_attribute("aria-valuetext", "420 W")
    expect(page.locator("rect.run")).to_have_count(3)
    picture(page, "learn-result")
    in_language(page, "English")
    dragged(page, page.get_by_role("slider", name="A run begins above"), -110)
    expect(page.get_by_text("0 runs found").first).to_be_visible()
    expect(page.locator(".doubt").first).to_contain_text("Recognised: 0 instead of 3 runs")
    expect(page.locator("rect.run")).to_have_count(0)
    picture(page, "learn-dragged")
    in_language(page, "English")
    touched(page, page.get_by_role("slider", name="A run begins above"), 110)
    expect(page.get_by_text("3 runs found").first).to_be_visible()
    dragged(page, page.get_by_role("slider", name="A run begins above"), -110)
    expect(page.get_by_text("0 runs found").first).to_be_visible()
    page.get_by_role("slider", name="A run begins above").focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("3 runs found").first).to_be_visible()
    page.get_by_label("Shortest run").fill("1min")
    page.get_by_label("Shortest run").press("Tab")
    expect(page.get_by_text("0 runs found").first).to_be_visible()
    page.get_by_label("Shortest run").fill("soon")
    page.get_by_label("Shortest run").press("Tab")
    expect(page.get_by_role("alert")).to_contain_text("min_run")
    page.get_by_label("Shortest run").fill("9s")
    page.get_by_label("Shortest run").press("Tab")
    expect(page.get_by_text("3 runs found").first).to_be_visible()
    page.get_by_text("Lines for the machine", exact=True).click()
    expect(page.get_by_role("region", name="Lines for the machine")).to_contain_text("min_run: 9s")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the recording").click()
    file = tmp_path / "recording.csv"
    download.value.save_as(file)
    kept = read(file.read_text("utf-8"), "power").samples("power")
    assert kept == read(RECORDING.read_text("utf-8"), "power").samples("power")
    page.context.close()


def test_a_running_machine_is_learnt_again_from_its_page(
    earnest: RunningGateway, chromium: Browser
) -> None:
    page = owner_at(earnest, chromium, "en-GB", 390)
    page.goto("/#/machine/drill-1")
    page.get_by_role("link", name="Learn thresholds again").click()
    expect(page.get_by_text("its line is not asked once more")).to_be_visible()
    page.get_by_role("button", name="Begin recording").click()
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("h2[role=status]")).to_have_text("Standing by")
    page.get_by_role("button", name="Skip").click()
    expect(page.locator("h2[role=status]")).to_have_text("Exactly three runs")
    page.reload()
    expect(page.locator("h2[role=status]")).to_have_text("Exactly three runs")
    expect(page.locator("path.line")).to_have_attribute("d", SIXTY_LOOKS, timeout=20_000)
    page.get_by_role("button", name="Done, evaluate").click()
    expect(page.get_by_text("runs found").first).to_be_visible(timeout=20_000)
    expect(page.get_by_text("stands in the file of the firm")).to_be_visible()
    page.get_by_role("button", name="Record again").click()
    expect(page.get_by_role("button", name="Begin recording")).to_be_visible()
    page.context.close()
