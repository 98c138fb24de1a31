"""A gateway whose ledger is lost: its pages say so, and an owner begins anew by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import async_playwright, expect

from tests.api.running import TOKEN, RunningGateway
from tests.api.test_orders import (
    Network,
    network,  # noqa: F401 - a fixture
    opened,
    until,
)
from tests.api.test_pages_at_work import QUIET
from tests.partners.firms import LEAD, MILL
from tests.peers import need


async def _exchange(there: Network) -> Any:
    health = await there.ask("GET", "/health", 200)
    return next(part for part in health["parts"] if part["name"] == "exchange")


@pytest.fixture
async def robbed(network: Network) -> AsyncIterator[Network]:  # noqa: F811
    """The lead firm's gateway has opened an order, and started again without its ledger."""
    await opened(network)
    await until(lambda: _works(network))
    await asyncio.to_thread(network.lead.stop)
    (network.lead.site.state / "exchange.db").write_bytes(b"")
    network.lead = RunningGateway(network.lead.site, None)
    await asyncio.to_thread(network.lead.start)
    yield network
    await asyncio.to_thread(network.lead.stop)


async def test_an_owner_begins_anew_by_name_and_the_security_log_says_so(robbed: Network) -> None:
    await until(lambda: _failed(robbed))
    part = await _exchange(robbed)
    assert part["remedy"] == "begin_anew"
    assert "exchange.db fehlt" in part["text"]["de"]
    assert "von selbst" not in part["text"]["de"]
    assert await robbed.ask("GET", "/orders", 200) == []
    refused = await robbed.ask("POST", "/orders", 409, body={"id": "GA-18", "at_s": 21600})
    assert refused["detail"] == part["text"]
    await robbed.ask("GET", "/sent", 503)
    await robbed.ask("GET", "/audit", 200)

    await robbed.ask("POST", "/exchange/anew", 403, body={"firm": LEAD}, role="foreman")
    wrong = await robbed.ask("POST", "/exchange/anew", 409, body={"firm": MILL})
    assert LEAD in wrong["detail"]["de"]
    assert await robbed.ask("POST", "/exchange/anew", 200, body={"firm": LEAD}) == {"id": LEAD}
    assert (await _exchange(robbed))["remedy"] is None
    entries = await robbed.ask("GET", "/audit", 200)
    begun = next(e for e in entries if e["source"] == "exchange")
    assert begun["event"] == "begun anew"
    assert begun["told"]["en"] == begun["detail"] != begun["told"]["de"]
    changed = [e for e in entries if e["event"] == "changed" and "exchange/anew" in e["what"]]
    assert [e["role"] for e in changed] == ["owner"]

    again = await robbed.ask("POST", "/exchange/anew", 409, body={"firm": LEAD})
    assert "geschlossen" in again["detail"]["de"]
    await robbed.ask("POST", "/orders", 201, body={"id": "GA-18", "at_s": 21600})

    async def has_it() -> bool:
        return robbed.mill.exchange.order("GA-18") is not None

    await until(has_it)


async def _failed(there: Network) -> bool:
    return bool((await _exchange(there))["state"] == "failed")


async def _works(there: Network) -> bool:
    """Connected, at least with the one firm whose keys are there."""
    text = (await _exchange(there))["text"]["en"]
    return text.startswith("connected") and "not answered" not in text


async def test_what_was_put_aside_is_named_in_health_and_erased_by_name(robbed: Network) -> None:
    state = robbed.lead.site.state
    (state / "exchange.db").write_bytes(b"quantities that were withdrawn " * 1000)
    await until(lambda: _failed(robbed))
    await robbed.ask("POST", "/exchange/anew", 200, body={"firm": LEAD})
    await until(lambda: _aside(robbed))
    part = await _aside(robbed)
    (kept,) = state.glob("exchange-*.broken.db")
    assert kept.name in part["text"]["de"]
    assert "gelöscht" in part["text"]["de"]
    assert (part["state"], part["remedy"]) == ("ok", "erase_aside")

    body = {"firm": MILL}
    refused = await robbed.ask("POST", "/exchange/aside/erase", 409, body=body)
    assert LEAD in refused["detail"]["de"]
    await robbed.ask("POST", "/exchange/aside/erase", 403, body={"firm": LEAD}, role="foreman")
    assert kept.exists()
    await robbed.ask("POST", "/exchange/aside/erase", 200, body={"firm": LEAD})
    assert not kept.exists()
    assert await _aside(robbed) is None
    entries = await robbed.ask("GET", "/audit", 200)
    (erased,) = (e for e in entries if e["event"] == "erased what was put aside")
    assert erased["source"] == "exchange"
    nothing = await robbed.ask("POST", "/exchange/aside/erase", 409, body={"firm": LEAD})
    assert nothing["detail"]["de"] == "Beiseite liegt nichts."


async def _aside(there: Network) -> Any:
    health = await there.ask("GET", "/health", 200)
    return next((part for part in health["parts"] if part["name"] == "aside"), None)


async def test_the_pages_say_it_and_an_owner_begins_anew_there(robbed: Network) -> None:
    path = need("chromium")
    headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": "owner"}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        context = await browser.new_context(
            base_url=robbed.lead.base, locale="de-DE", extra_http_headers=headers
        )
        page = await context.new_page()
        await page.goto("/")
        shut = page.get_by_text("Der Verbund ist geschlossen")
        await expect(shut).to_be_visible()
        await expect(page.get_by_text("Die Datei exchange.db fehlt")).to_be_visible()
        await page.get_by_role("navigation").get_by_role("link", name="Zustand").click()
        await page.get_by_role("button", name="Neu beginnen …").click()
        now = page.get_by_role("button", name="Neu beginnen", exact=True)
        name = page.get_by_label("Zur Bestätigung")
        await name.fill(MILL)
        await expect(now).to_be_disabled()
        await name.fill(LEAD)
        await now.click()
        await expect(page.get_by_text("Die Datei exchange.db fehlt")).to_have_count(0)
        aside = page.get_by_text("Beiseite liegt, was vor einem Neubeginn")
        await expect(aside).to_be_visible()
        await page.get_by_role("button", name="Löschen …").click()
        await page.get_by_label("Zur Bestätigung").fill(LEAD)
        await page.get_by_role("button", name="Löschen", exact=True).click()
        await expect(aside).to_have_count(0)
        await browser.close()
    await until(lambda: _works(robbed))
