"""What is taken back is gone at the partner, and both logs say so."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ExchangeError
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    Clock,
    Firm,
    eventually,
    logs_agree,
    opened,
    until,
    working,
)

PAIR = (LEAD, FURNACE)


def stored(firm: Firm) -> str:
    """Everything in a firm's exchange file, as text."""
    with sqlite3.connect(firm.site.state / "exchange.db") as db:
        return "\n".join(db.iterdump())


def given(firm: Firm, taker: str) -> dict[str, Any]:
    """What ``firm`` gives ``taker`` of the order."""
    agreements = firm.agreements("GA-17")
    return next(entry for entry in agreements if entry["own"] and entry["to"] == taker)


async def told_of_a_charge(lead: Firm, furnace: Firm, clock: Clock) -> None:
    """The furnace firm has made 607 pieces by 14:10, and the lead firm has been told."""
    clock.to("1 14:10")
    await furnace.book(607)
    await until(lambda: lead.knows("AP3", good=607))


async def test_withdrawn_quantities_vanish_at_the_partner_and_both_logs_agree(
    any_broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, PAIR, any_broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await told_of_a_charge(lead, furnace, clock)
        assert '"good":607' in stored(lead)

        await furnace.exchange.withdraw("GA-17", LEAD, "L2")
        await until(lambda: lead.knows("AP3", level="L2"))
        seen = lead.package("AP3")
        assert seen["not_agreed"] == ["good", "lots"]
        assert not {"good", "lots"} & set(seen)
        assert seen["progress"] == 0.25
        assert seen["withdrawn"] == given(furnace, LEAD)["withdrawn"]
        await eventually(lambda: logs_agree(lead, furnace))

        assert '"good":607' not in stored(lead)
        for file in lead.site.state.glob("exchange.db*"):  # nor in freed pages or the log
            assert b'"good":607' not in file.read_bytes(), file.name
        reports = [e for e in lead.received() if e["kind"] == "report"]
        assert not [e for e in reports if {"good", "departedLots"} & set(e["fields"])]
        assert {e["state"] for e in reports} == {"withdrawn", "kept"}
        assert '"good":607' in stored(furnace)  # what the firm itself has sent, it keeps

        assert given(furnace, LEAD)["level"] == "L2"
        clock.to("1 15:00")
        await furnace.book(100)
        await until(lambda: lead.package("AP3")["age_s"] == 0)
        assert "good" not in lead.package("AP3")


async def test_down_to_nothing_leaves_only_the_name_of_the_package(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, PAIR, broker.url) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        assert lead.order()["forecast_s"]
        assert lead.order()["prepared"]["forecast_with_s"]
        await furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await until(lambda: lead.knows("AP3", level="L0"))
        seen = lead.package("AP3")
        assert not {"lamp", "status", "progress", "forecast_s", "good", "lots", "age_s"} & set(seen)
        assert seen["withdrawn"] is not None
        order = lead.order()
        assert "forecast_s" not in order, "a plan is not a forecast"
        assert order["not_agreed"] == ["progress", "forecast_s"]
        assert order["lamp"] == "hatched"
        assert "forecast_with_s" not in order["prepared"], "nor is it known with the reserve"
        assert "forecast_s" not in lead.package("AP5"), "its own package waits for the furnace's"


async def test_what_is_taken_back_in_two_steps_is_gone_after_both(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """First the quantities, then the date: neither is left in the log or comes back with it."""
    clock = Clock()
    async with working(tmp_path, PAIR, broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await told_of_a_charge(lead, furnace, clock)
        for level in ("L2", "L1"):
            await furnace.exchange.withdraw("GA-17", LEAD, level)
            await until(lambda level=level: lead.knows("AP3", level=level))
        reports = [e for e in lead.received() if e["kind"] == "report"]
        assert {(e["level"], *e["fields"]) for e in reports} == {("L1", "lamp")}
        assert "productionStatus" not in stored(lead)
        await furnace.kill()  # it must not tell anew what the lamp is
        await lead.kill()
        await lead.start()
        assert not {"progress", "forecast_s", "status"} & set(lead.package("AP3"))


async def test_what_was_withdrawn_stays_withdrawn_after_a_restart(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, PAIR, broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await told_of_a_charge(lead, furnace, clock)
        await furnace.exchange.withdraw("GA-17", LEAD, "L1")
        await until(lambda: lead.knows("AP3", level="L1"))
        for firm in (lead, furnace):
            await firm.kill()
            await firm.start()
        await until(lambda: lead.exchange.connected and furnace.exchange.connected)
        assert lead.package("AP3")["level"] == "L1"
        assert "good" not in lead.package("AP3")
        clock.to("1 15:00")
        await until(lambda: lead.package("AP3")["age_s"] == 0)
        assert set(furnace.sent(limit=1)[0]["fields"]) == {"lamp"}
        await eventually(lambda: logs_agree(lead, furnace))


async def test_a_report_on_its_way_is_taken_back_and_never_delivered(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """The partner is away while a report waits; then the agreement is narrowed."""
    clock = Clock()
    async with working(tmp_path, PAIR, broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        await until(lambda: not _pending(furnace))
        await lead.kill()
        await furnace.book(611)  # before the clock moves: else the hour's report may be the first
        clock.to("1 14:10")
        await until(lambda: _pending(furnace))
        waiting = _pending(furnace)
        assert waiting[0]["fields"]["good"] == 611
        await furnace.exchange.withdraw("GA-17", LEAD, "L2")
        await lead.start()
        await until(lambda: lead.exchange.order("GA-17") and lead.knows("AP3", level="L2"))
        await eventually(lambda: logs_agree(lead, furnace))
        assert '"good":611' not in stored(lead)
        log = {e["sequence"]: e["state"] for e in furnace.sent() if e["to"] == LEAD}
        theirs = {e["sequence"]: e["state"] for e in lead.received()}
        assert log[waiting[0]["sequence"]] == theirs[waiting[0]["sequence"]] == "cancelled"
        hashes = {e["sequence"]: e["hash"] for e in furnace.sent() if e["to"] == LEAD}
        assert {e["sequence"]: e["hash"] for e in lead.received()}.items() <= hashes.items()


async def test_a_withdrawal_is_heard_of_although_its_order_is_over(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """The partner is away when quantities are withdrawn, and the next order begins meanwhile."""
    clock = Clock()
    async with working(tmp_path, (LEAD, MILL, FURNACE), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill, furnace = (firms[name] for name in (LEAD, MILL, FURNACE))
        clock.to("1 08:40")
        await mill.book(607)
        await until(lambda: furnace.knows("AP1", good=607))
        await until(lambda: not _pending(mill))
        await furnace.kill()
        await mill.exchange.withdraw("GA-17", FURNACE, "L1")
        await until(lambda: [e for e in _pending(mill) if e["kind"] == "withdrawal"])
        await lead.exchange.open_order("GA-17-2", at_s=6 * 3600)
        await until(lambda: mill.exchange.order("GA-17-2"))
        await furnace.start()
        await until(lambda: furnace.knows("AP1", level="L1"))
        assert "good" not in furnace.package("AP1")
        assert '"good":607' not in stored(furnace)
        assert furnace.package("AP1")["withdrawn"] == given(mill, FURNACE)["withdrawn"]


async def test_of_an_order_that_is_over_a_firm_may_still_take_back(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD, FURNACE), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await told_of_a_charge(lead, furnace, clock)
        await lead.exchange.open_order("GA-17-2", at_s=6 * 3600)
        await until(lambda: furnace.exchange.order("GA-17-2"))
        await furnace.exchange.withdraw("GA-17", LEAD, "L1")
        await until(lambda: lead.knows("AP3", level="L1"))
        assert "good" not in lead.package("AP3")
        assert '"good":607' not in stored(lead)


async def test_an_agreement_is_never_widened_by_a_withdrawal(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, (LEAD, MILL), broker.url) as firms:
        await opened(firms)
        for level in ("L2", "L3"):
            with pytest.raises(ExchangeError, match="would not narrow"):
                await firms[MILL].exchange.withdraw("GA-17", LEAD, level)


async def test_a_withdrawal_from_the_lead_hides_the_order_from_a_member(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, (LEAD, MILL), broker.url) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: "lamp" in mill.order())
        await lead.exchange.withdraw("GA-17", MILL, "L0")
        await until(lambda: mill.order()["level"] == "L0")
        assert "lamp" not in mill.order()
        assert mill.order()["withdrawn"] is not None
        assert "lamp" not in mill.package("AP5")


async def test_a_comparison_shows_a_changed_log(broker: RunningBroker, tmp_path: Path) -> None:
    """Somebody edits a stored hash behind the gateway's back."""
    async with working(tmp_path, PAIR, broker.url) as firms:
        await opened(firms)
        lead, furnace = firms[LEAD], firms[FURNACE]
        await until(lambda: lead.knows("AP3", good=0))
        await eventually(lambda: logs_agree(lead, furnace))
        whole = await furnace.compare(LEAD)
        assert whole is not None
        assert whole["mine"] == whole["theirs"]
        assert whole["count"] >= 3
        await lead.kill()
        with sqlite3.connect(lead.site.state / "exchange.db") as db:
            db.execute("UPDATE received SET hash = ?", ("0" * 64,))
        await lead.start()
        await until(lambda: lead.exchange.connected)
        different = await furnace.compare(LEAD)
        assert different is not None
        assert different["equal"] is False
        assert different["theirs"] == "0" * 64


async def test_a_comparison_without_an_answer_says_so(
    broker: RunningBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.partners.compare.PATIENCE", 0.3)
    async with working(tmp_path, PAIR, broker.url) as firms:
        await opened(firms)
        await firms[LEAD].kill()
        asked = await firms[FURNACE].compare(LEAD)
        assert asked is not None
        assert asked["equal"] is False
        assert asked["theirs"] is None
        for nobody in (MILL, "stranger", FURNACE):
            assert await firms[FURNACE].compare(nobody) is None


def _pending(firm: Firm) -> list[dict[str, Any]]:
    return [entry for entry in firm.sent() if entry["state"] == "pending"]
