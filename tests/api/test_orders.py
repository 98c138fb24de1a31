"""A joint order through the API of its lead firm, with real partners over a real broker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gateway.api.routes.orders import CUSTOMER_SEES
from gateway.cli.rooms import variants
from gateway.config import load
from tests.api.running import API, TOKEN, RunningGateway, free_port
from tests.api.test_documents import Document
from tests.drivers.brokers import embedded, running
from tests.partners.firms import CONFIGS, LEAD, MILL, PRESS, RESERVE, Firm, a_site, with_keys

LEAD_FILE = CONFIGS / "demo" / "firms" / f"{LEAD}.yaml"


class Now:
    """The present, as the partners' clock."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@dataclass
class Network:
    """The lead firm's gateway, and the other firms' exchanges."""

    lead: RunningGateway
    mill: Firm
    reserve: Firm
    document: Document

    def as_role(self, role: str) -> httpx.AsyncClient:
        headers = {"authorization": f"Bearer {TOKEN}", "x-werkverbund-role": role}
        return httpx.AsyncClient(base_url=self.lead.base + API, headers=headers, timeout=20)

    async def ask(
        self, method: str, path: str, status: int, *, body: Any = None, role: str = "owner"
    ) -> Any:
        """An answer of the expected kind, as documented."""
        async with self.as_role(role) as web:
            answer = await web.request(method, path, json=body)
        assert answer.status_code == status, (path, answer.text)
        self.document.check(method, f"{API}{path}", answer)
        return answer.json()

    async def order(self, role: str = "owner") -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET", "/orders/GA-17", 200, role=role)
        return found


async def until(what: Callable[[], Awaitable[Any]], seconds: float = 20) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := await what()):
            await asyncio.sleep(0.05)
    return found


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    names = (LEAD, MILL, RESERVE)
    consortium = with_keys(tmp_path, names)
    async with running(embedded()) as broker:
        env = {
            "STATE_DIR": str(tmp_path / LEAD),
            "WEB_PORT": str(free_port()),
            "OPCUA_PORT": str(free_port()),
            "BROKER_PORT": str(broker.port),
            "EXCHANGE_PORT": str(broker.port),
            "MODBUS_BENCH_1": str(free_port()),  # nobody answers there: not this test's matter
            "CONSORTIUM": str(consortium),
            "DEMO_TOKEN": TOKEN,
        }
        lead = RunningGateway(load(LEAD_FILE, variants(), env), None)
        clock: Any = Now()
        partners = [
            Firm(name, a_site(name, tmp_path, broker.url, consortium), clock)
            for name in (MILL, RESERVE)
        ]
        await asyncio.to_thread(lead.start)
        try:
            for firm in partners:
                await firm.start()
            async with httpx.AsyncClient(base_url=lead.base) as web:
                document = Document((await web.get(f"{API}/openapi.json")).json())
            yield Network(lead, partners[0], partners[1], document)
        finally:
            for firm in partners:
                await firm.kill()
            await asyncio.to_thread(lead.stop)


async def opened(network: Network) -> None:
    body = {"id": "GA-17", "at_s": 21600}
    assert await network.ask("POST", "/orders", 201, body=body) == {"id": "GA-17"}

    async def everywhere() -> bool:
        return all(f.exchange.order("GA-17") for f in (network.mill, network.reserve))

    await until(everywhere)


@pytest.mark.parametrize(
    "opening",
    [
        {"good": 0, "departures_s": ["Infinity"]},
        {"good": 0, "departures_s": [1e15]},
        {"good": 0, "run_began_s": "NaN"},
        {"good": 10**16},
    ],
)
async def test_an_opening_that_nothing_can_be_reckoned_with_is_refused(
    network: Network, opening: dict[str, Any]
) -> None:
    body = {"id": "GA-17", "at_s": 21600, "opening": {"AP5": opening}}
    await network.ask("POST", "/orders", 422, body=body)
    assert await network.ask("GET", "/orders", 200) == []


async def test_an_order_is_opened_offered_narrowed_and_compared(network: Network) -> None:
    assert await network.ask("GET", "/orders", 200) == []
    await network.ask("GET", "/orders/GA-17", 404)
    for wrong in ({"id": "../x", "at_s": 0}, {"id": "GA-17", "at_s": "x"}, {"id": "A", "at_s": -1}):
        await network.ask("POST", "/orders", 422, body=wrong)
    await opened(network)
    again = await network.ask("POST", "/orders", 409, body={"id": "GA-17", "at_s": 0})
    assert set(again["detail"]) == {"de", "en"}
    assert (await network.order())["you"] == {"firm": LEAD, "role": "lead", "packages": ["AP5"]}
    await network.mill.book(700)
    await until(lambda: _heard_of(network))
    await _offered_and_accepted(network)
    await _withdrawn(network)
    await _logged(network)


async def _heard_of(network: Network) -> bool:
    return bool(_package(await network.order(), "AP1").get("progress"))


async def _offered_and_accepted(network: Network) -> None:
    async def prepared() -> Any:
        return (await network.order()).get("prepared")

    await until(prepared)
    body = {"package": "AP3", "lots": [4], "to": RESERVE}
    offer = (await network.ask("POST", "/orders/GA-17/offers", 201, body=body))["id"]
    await network.ask("POST", f"/orders/GA-17/offers/{offer}/accept", 409)  # made to another
    await network.ask("POST", f"/orders/GA-17/offers/{offer}/decline", 409)

    async def arrived() -> Any:
        return network.reserve.order()["offers"]

    await until(arrived)
    await network.reserve.exchange.answer("GA-17", offer, accept=True)

    async def moved() -> bool:
        order = await network.order()
        return [entry["state"] for entry in order["offers"]] == ["accepted"] and any(
            entry["firm"] == RESERVE for entry in order["packages"]
        )

    await until(moved)


async def _withdrawn(network: Network) -> None:
    path = f"/orders/GA-17/agreements/{MILL}/withdraw"
    assert await network.ask("POST", path, 200, body={"level": "L0"}) == {
        "firm": MILL,
        "level": "L0",
    }
    nobody = "/orders/GA-17/agreements/nobody/withdraw"
    await network.ask("POST", nobody, 409, body={"level": "L0"})
    await network.ask("POST", path, 422, body={})  # how much is withdrawn, somebody has to say
    agreements = await network.ask("GET", "/orders/GA-17/agreements", 200, role="works_council")
    given = next(entry for entry in agreements if entry["to"] == MILL)
    assert (given["level"], given["fields"], given["own"]) == ("L0", [], True)
    assert given["withdrawn"]

    async def told() -> bool:
        order = network.mill.order()
        network.document.holds({"$ref": "#/components/schemas/OrderShape"}, order)
        return order["level"] == "L0" and "forecast_s" not in order

    await until(told)
    await _given_again(network, given["most"])
    await network.mill.exchange.withdraw("GA-17", LEAD, "L1")

    async def gone() -> bool:
        blades = _package(await network.order(), "AP1")
        return "forecast_s" not in blades and "forecast_s" in blades["not_agreed"]

    await until(gone)
    for role in ("owner", "customer"):
        order = await network.order(role)
        assert "progress" not in order, "of one package it is not known any more"
        assert "progress" in order["not_agreed"], role


async def _given_again(network: Network, most: str) -> None:
    path = f"/orders/GA-17/agreements/{MILL}/give"
    assert await network.ask("POST", path, 200) == {"firm": MILL, "level": most}
    await network.ask("POST", path, 409)  # there is no more to give

    async def told() -> bool:
        return network.mill.order()["level"] == most

    await until(told)


async def _logged(network: Network) -> None:
    sent = await network.ask("GET", "/sent?order=GA-17", 200)
    assert {"order", "offer", "withdrawal", "given"} <= {entry["kind"] for entry in sent}
    assert await network.ask("GET", "/received", 200, role="works_council")
    assert len(await network.ask("GET", "/sent?limit=1", 200)) == 1
    compared = await network.ask("POST", "/sent/compare", 200, body={"firm": MILL})
    assert compared["equal"] is True
    for nobody in ("nobody", LEAD, PRESS):
        await network.ask("POST", "/sent/compare", 404, body={"firm": nobody})
    await network.ask("POST", "/sent/compare", 404, body={"firm": MILL, "order": "GA-1"})
    for method, body, status in (("GET", None, 405), ("POST", {"order": "GA-17"}, 422)):
        async with network.as_role("owner") as web:
            answer = await web.request(method, "/sent/compare", json=body)
        assert answer.status_code == status
    audit = await network.ask("GET", "/audit?limit=500", 200)
    assert f"POST {API}/orders/{{order}}/agreements/{{firm}}/withdraw" in {
        entry.get("what") for entry in audit if entry["event"] == "changed"
    }
    assert ("exchange", "narrowed", MILL) in {
        (entry["source"], entry["event"], entry.get("firm")) for entry in audit
    }
    assert [entry["at"] for entry in audit] == sorted(entry["at"] for entry in audit)


def _package(order: dict[str, Any], package: str) -> dict[str, Any]:
    return next(entry for entry in order["packages"] if entry["id"] == package)


async def test_a_customer_sees_the_order_and_no_firm(network: Network) -> None:
    await opened(network)
    whole, seen = await network.order(), await network.order("customer")
    assert set(seen) <= set(CUSTOMER_SEES)
    assert {"id", "quantity", "due_s", "progress", "forecast_s", "late"} <= set(seen)
    assert seen["item"] == whole["item"]
    listed = await network.ask("GET", "/orders", 200, role="customer")
    told = await _first_order(network, "customer")
    for content in (*listed, told["order"]):
        assert set(content) <= set(CUSTOMER_SEES)
        assert MILL not in str(content)
    assert MILL in str(await _first_order(network, "owner"))
    for path in ("/sent", "/received", "/orders/GA-17/agreements"):
        await network.ask("GET", path, 403, role="customer")
    for role in ("customer", "visitor"):
        await network.ask("POST", "/sent/compare", 403, body={"firm": MILL}, role=role)


async def test_a_partner_is_asked_for_its_log_once_at_a_time(network: Network) -> None:
    await opened(network)
    await network.mill.kill()  # so it does not answer, and the question stays open

    async def ask(firm: str) -> httpx.Response:
        async with network.as_role("foreman") as web:
            answer = await web.post("/sent/compare", json={"firm": firm})
        network.document.check("POST", f"{API}/sent/compare", answer)
        return answer

    *twice, other = await asyncio.gather(ask(MILL), ask(MILL), ask(RESERVE))
    silent, refused = sorted(twice, key=lambda answer: answer.status_code)
    assert (silent.status_code, refused.status_code) == (200, 409)
    assert silent.json()["theirs"] is None
    assert set(refused.json()["detail"]) == {"de", "en"}
    assert other.json()["theirs"], "another partner is asked meanwhile"
    assert (await ask(MILL)).status_code == 200, "and it may be asked again"


async def _first_order(network: Network, role: str) -> Any:
    """The first event that tells of an order, as documented."""
    async with network.as_role(role) as web, web.stream("GET", "/events") as answer:
        event = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "order":
                content = orjson.loads(line.removeprefix("data: "))
                network.document.holds({"$ref": "#/components/schemas/OrderEvent"}, content)
                return content
    raise AssertionError("the stream ended")


async def test_what_is_kept_names_its_step_in_order_time(network: Network) -> None:
    stored = await network.ask("GET", "/stored", 200, role="works_council")
    assert {entry["step_s"] for entry in stored["signals"]} == {6.25}
    await opened(network)

    async def has_its_job() -> Any:
        return await network.ask("GET", "/jobs", 200)

    await until(has_its_job)
    stored = await network.ask("GET", "/stored", 200, role="works_council")
    assert {entry["step_s"] for entry in stored["signals"]} == {900}
