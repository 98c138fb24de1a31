"""The owner's page has files read again, and shows machines that come and go, in both languages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.api.running import TOKEN, free_port
from tests.peers import need
from tests.system.conftest import QUIET
from tests.system.reloaded import Firm, machine_text, simulated

SAID = {
    "de-DE": {
        "health": "Zustand",
        "overview": "Übersicht",
        "button": "Dateien neu lesen",
        "same": "An den Maschinen ist nichts anders",
        "new": "neu: drill-2",
        "title": "Bohrmaschine drill-2",
        "gone": "entfernt: drill-2",
        "refused": "Nichts ist übernommen, alles läuft weiter wie vorher",
        "cure": "Meinten Sie every?",
        "later": "Erst nach einem Neustart gilt: name",
    },
    "en-GB": {
        "health": "Health",
        "overview": "Overview",
        "button": "Read files again",
        "same": "Nothing about the machines is different",
        "new": "new: drill-2",
        "title": "Drill drill-2",
        "gone": "removed: drill-2",
        "refused": "Nothing is taken over, everything goes on as before",
        "cure": "Did you mean every?",
        "later": "After a restart only: name",
    },
}


@pytest.fixture
def firm(tmp_path: Path) -> Iterator[Firm]:
    ports = {name: free_port() for name in ("drill-1", "drill-2")}
    with simulated(tmp_path, ports), Firm(tmp_path, ports).running() as running:
        yield running


@asynccontextmanager
async def page_of(firm: Firm, role: str, locale: str) -> AsyncIterator[Page]:
    headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": role}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=need("chromium"), args=list(QUIET)
        )
        context = await browser.new_context(
            base_url=f"http://127.0.0.1:{firm.web}",
            locale=locale,
            extra_http_headers=headers,
            viewport={"width": 1280, "height": 1000},
        )
        yield await context.new_page()
        await browser.close()


async def to(page: Page, name: str) -> None:
    await page.get_by_role("navigation").get_by_role("link", name=name).click()


@pytest.mark.parametrize("locale", SAID)
async def test_an_owner_reads_files_again_and_sees_what_came_of_it(
    firm: Firm, locale: str, pictures: Path
) -> None:
    await firm.serves()
    await firm.works("drill-1")
    said = SAID[locale]
    async with page_of(firm, "owner", locale) as page:
        await page.goto("/")
        await to(page, said["health"])
        button = page.get_by_role("button", name=said["button"])
        await button.click()
        await expect(page.get_by_text(said["same"])).to_be_visible()

        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        await button.click()
        await expect(page.get_by_text(said["new"], exact=True)).to_be_visible()
        await to(page, said["overview"])
        await expect(page.get_by_text(said["title"]).first).to_be_visible()
        await page.screenshot(path=pictures / f"reload-overview-{locale}.png")

        mistaken = machine_text("drill-2", firm.ports["drill-2"]) + "evry: 1s\n"
        firm.machine("drill-2", mistaken)
        await to(page, said["health"])
        await button.click()
        await expect(page.get_by_text(said["refused"]).first).to_be_visible()
        await expect(page.get_by_text(said["cure"])).to_be_visible()
        await page.screenshot(path=pictures / f"reload-refused-{locale}.png")

        firm.gone("drill-2")
        firm.write(name="Anders")
        await button.click()
        await expect(page.get_by_text(said["gone"], exact=True)).to_be_visible()
        await expect(page.get_by_text(said["later"], exact=True)).to_be_visible()
        await to(page, said["overview"])
        await expect(page.get_by_text(said["title"])).to_have_count(0)


async def test_a_machine_appears_and_goes_while_somebody_looks_on(firm: Firm) -> None:
    await firm.serves()
    async with page_of(firm, "foreman", "de-DE") as page:
        await page.goto("/")
        await expect(page.get_by_text("Bohrmaschine drill-1").first).to_be_visible()
        firm.machine("drill-2", machine_text("drill-2", firm.ports["drill-2"]))
        firm.hang_up()
        await expect(page.get_by_text("Bohrmaschine drill-2").first).to_be_visible(timeout=20_000)
        firm.gone("drill-2")
        firm.hang_up()
        await expect(page.get_by_text("Bohrmaschine drill-2")).to_have_count(0, timeout=20_000)
        await to(page, "Zustand")
        await expect(page.get_by_text("Dateien", exact=True)).to_be_visible()
        await expect(page.get_by_role("button", name="Dateien neu lesen")).to_have_count(0)
