"""An order of ten thousand lots: it is opened, its lots leave, and everybody comes to know them."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.core.errors import ExchangeError
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    CONFIGS,
    FURNACE,
    LEAD,
    MILL,
    Clock,
    Firm,
    logs_agree,
    opened,
    until,
    working,
)

LOTS = 10_000


def an_order(folder: Path) -> Path:
    """The demo's order with ten thousand blades, each a lot of its own, hardened in hundreds."""
    content = yaml.safe_load((CONFIGS / "demo" / "order.yaml").read_text("utf-8"))
    content |= {
        "quantity": LOTS,
        "due": "day 30 06:00",
        "agreements": [{"from": "all", "to": "all", "level": "L3"}],
    }
    del content["prepared"]
    content["packages"] = [e for e in content["packages"] if e["id"] in ("AP1", "AP3", "AP5")]
    for entry, lot in zip(content["packages"], (1, 100, 1000), strict=True):
        entry |= {"quantity": LOTS, "lot": lot}
        entry["needs"] = [
            need | {"per": 1}
            for need in entry.get("needs", [])
            if need["package"] in ("AP1", "AP3")
        ]
    path = folder / "lots.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def lots_known(firm: Firm, package: str = "AP1") -> int:
    """How many lots of a partner's package a firm knows to have left."""
    heard = firm.exchange._context.state.heard.get(("GA-17", package))
    report = None if heard is None else heard.report
    return 0 if report is None else len(report.lots)


async def test_an_order_of_ten_thousand_lots_works_from_end_to_end(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    order = an_order(tmp_path)
    firms_here = (LEAD, MILL, FURNACE)
    async with working(tmp_path, firms_here, broker.url, clock=clock, order=order) as firms:
        await opened(firms)
        mill, furnace = firms[MILL], firms[FURNACE]
        await until(lambda: lots_known(furnace) == 0 and mill.jobs()["AP1"].planned == LOTS)
        clock.to("2 20:00")
        await mill.book(LOTS)
        await until(lambda: lots_known(furnace) == LOTS, 120)
        clock.to("2 21:30")
        await until(lambda: furnace.jobs()["AP3"].inbound == LOTS, 60)
        reports = [e["fields"] for e in mill.sent(limit=500) if e["to"] == FURNACE]
        most = max(len(fields.get("departedLots", ())) for fields in reports)
        assert most == 100
        assert len({e["bytes"] for e in mill.sent(limit=500) if e["kind"] == "report"}) <= 2

        await furnace.kill()  # and loses its file: all is told anew
        for file in furnace.site.state.glob("exchange.db*"):
            file.unlink()
        await furnace.start()
        await furnace.exchange.begin_anew(FURNACE)
        clock.to("2 23:30")  # the next word of each partner shows what is lacking here
        await until(lambda: lots_known(furnace) == LOTS, 120)
        assert await logs_agree(mill, furnace)
        refused = [
            e for f in firms.values() for e in f.exchange.audited() if e["what"] == "refused"
        ]
        assert not refused


async def test_an_order_that_could_not_travel_is_not_opened(tmp_path: Path) -> None:
    """Five packages of ten thousand lots each, all of which reach one firm."""
    content = yaml.safe_load((CONFIGS / "demo" / "order.yaml").read_text("utf-8"))
    for entry in content["packages"]:
        entry |= {"quantity": LOTS, "lot": 1}
        if entry["id"] == "AP4":
            entry["needs"] = [{"package": name, "per": 1} for name in ("AP1", "AP2", "AP3")]
        elif entry["id"] == "AP5":
            entry["needs"] = [{"package": "AP4", "per": 1}]
    content["quantity"] = LOTS
    path = tmp_path / "lots.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    async with working(tmp_path, (LEAD,), order=path) as firms:
        with pytest.raises(ExchangeError, match="50000 lots the order is too long"):
            await firms[LEAD].exchange.open_order("GA-17", at_s=6 * 3600)
        assert firms[LEAD].exchange.order("GA-17") is None
