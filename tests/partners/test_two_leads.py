"""A firm works for two lead firms: each of their orders goes on, whatever becomes of the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from gateway.core.errors import ExchangeError
from gateway.partners.lifecycle import take_order
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
    s,
    until,
    working,
)

FIRMS = (LEAD, MILL, FURNACE)
ON_THE_WAY = timedelta(hours=2)
"""By then a lot has arrived: transport takes one."""


def led_by_the_mill(folder: Path) -> Path:
    """An order of the mill's own: what it mills, the furnace firm hardens for it alone."""
    content = yaml.safe_load((CONFIGS / "demo" / "order.yaml").read_text("utf-8"))
    del content["prepared"]
    content |= {
        "lead": MILL,
        "lapse": 1,
        "agreements": [{"from": "all", "to": "all", "level": "L3"}],
    }
    content["packages"] = [e for e in content["packages"] if e["id"] in ("AP1", "AP3")]
    path = folder / "of-the-mill.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


async def the_mill_leads_now(firms: Mapping[str, Firm], folder: Path) -> None:
    """The consortium agrees that the mill leads from now on: every gateway starts again with it."""
    for firm in firms.values():
        await firm.kill()
    path = folder / "consortium.yaml"
    content = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump(content | {"lead": MILL}, allow_unicode=True), "utf-8")
    mill = firms[MILL]
    assert mill.site.network is not None
    network = mill.site.network.model_copy(update={"order": led_by_the_mill(folder)})
    mill.site = mill.site.model_copy(update={"network": network})
    for firm in firms.values():
        await firm.start()


def good(firm: Firm, package: str, order: str) -> int | None:
    """What a firm knows to be made of a package of one order."""
    if firm.exchange.order(order) is None:
        return None
    return firm.package(package, order).get("good")


async def both_open(firms: Mapping[str, Firm], folder: Path) -> None:
    """GA-17 of the one lead firm and, after the change, MR-1 of the other; each is a day's work."""
    await opened(firms)
    await until(lambda: "GA-17-AP3" in jobs(firms[FURNACE]))
    await the_mill_leads_now(firms, folder)
    await firms[MILL].exchange.open_order("MR-1", at_s=s("1 06:00"))
    await until(lambda: {"GA-17-AP3", "MR-1-AP3"} <= jobs(firms[FURNACE]))


def jobs(firm: Firm) -> set[str]:
    found = firm.tracker.jobs(firm.journal.state)
    return {job.id for job in found if job.state.value not in ("aborted", "ended")}


def inbound(firm: Firm) -> dict[str, int | None]:
    return {job.id: job.inbound for job in firm.tracker.jobs(firm.journal.state)}


async def test_both_orders_go_on_through_a_restart_in_the_middle(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        lead, mill, furnace = (firms[name] for name in FIRMS)
        await both_open(firms, tmp_path)
        assert not firms[LEAD].exchange._context.state.closed

        # Both lead firms hear of what is made for them, and of nothing else.
        await mill.book(600, "GA-17")
        await until(lambda: good(furnace, "AP1", "GA-17") == 600)
        await mill.book(1200, "MR-1")
        await until(lambda: good(furnace, "AP1", "MR-1") == 1200)
        assert good(furnace, "AP1", "GA-17") == 600
        clock.now += ON_THE_WAY
        await until(lambda: inbound(furnace) == {"GA-17-AP3": 600, "MR-1-AP3": 1200})

        await furnace.kill()
        await mill.book(600, "GA-17")
        await mill.book(600, "MR-1")
        await furnace.start()
        await until(lambda: good(furnace, "AP1", "GA-17") == 1200)
        await until(lambda: good(furnace, "AP1", "MR-1") == 1800)
        await furnace.book(600, "GA-17")
        await until(lambda: good(lead, "AP3", "GA-17") == 600)
        await furnace.book(2400, "MR-1")  # the mill is shown no more than the lamp
        await until(lambda: mill.package("AP3", "MR-1")["lamp"] == "done")
        assert lead.package("AP3", "GA-17")["lamp"] != "done"
        assert lead.exchange.order("MR-1") is None, "it has no part in that order"
        assert await logs_agree(mill, furnace)
        refused = [
            e for f in firms.values() for e in f.exchange.audited() if e["what"] == "refused"
        ]
        assert not refused


async def test_a_new_order_of_one_lead_firm_ends_only_its_own(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        mill, furnace = firms[MILL], firms[FURNACE]
        await both_open(firms, tmp_path)
        clock.now += ON_THE_WAY
        await mill.exchange.open_order("MR-2", at_s=s("1 06:00"), ends="MR-1")
        await until(lambda: jobs(furnace) == {"GA-17-AP3", "MR-2-AP3"})
        assert set(furnace.exchange._context.state.closed) == {"MR-1"}
        await mill.book(600, "GA-17")
        await until(lambda: good(furnace, "AP1", "GA-17") == 600)


async def test_who_led_before_leads_its_order_to_the_end_and_opens_no_other(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, lapse=1) as firms:
        lead, furnace = firms[LEAD], firms[FURNACE]
        await both_open(firms, tmp_path)
        context = lead.exchange._context
        order = context.state.order("GA-17")
        assert order is not None
        changed = replace(order, version=2, threshold=order.threshold / 2)
        await take_order(context, changed)
        await until(lambda: furnace.order("GA-17")["version"] == 2)
        with pytest.raises(ExchangeError, match="Only the lead firm opens orders"):
            await lead.exchange.open_order("GA-18", at_s=s("1 06:00"), ends="GA-17")


async def with_its_ledger_lost(firm: Firm) -> None:
    """The ledger's file is gone; a person has decided to begin anew."""
    await firm.kill()
    (firm.site.state / "exchange.db").unlink()
    await firm.start()
    await until(lambda: firm.exchange.shut)
    await firm.exchange.begin_anew(firm.id)


async def test_a_member_that_lost_its_ledger_takes_the_order_of_who_led_before(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """The lead has changed since: that it had worked for the old one, its own signature shows."""
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        lead, mill, furnace = (firms[name] for name in FIRMS)
        await both_open(firms, tmp_path)
        await until(lambda: lead.knows("AP3", good=0))
        await with_its_ledger_lost(furnace)
        clock.now += ON_THE_WAY  # whoever reports now finds that its chain is not known
        await until(lambda: all(map(furnace.exchange.order, ("GA-17", "MR-1"))))
        assert (furnace.order("GA-17")["lead"], furnace.order("MR-1")["lead"]) == (LEAD, MILL)
        await mill.book(600, "GA-17")
        await until(lambda: good(furnace, "AP1", "GA-17") == 600)
        assert {e["level"] for e in furnace.agreements("GA-17") if e["own"]} == {"L0"}


@pytest.mark.parametrize("began", [ON_THE_WAY / 2, 2 * ON_THE_WAY])
async def test_who_led_before_brings_no_order_that_was_never_worked_on(
    broker: RunningBroker, tmp_path: Path, began: timedelta
) -> None:
    """Neither one that is said to be old nor one that begins after the ledger was begun anew."""
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        lead, furnace = firms[LEAD], firms[FURNACE]
        await both_open(firms, tmp_path)
        await until(lambda: lead.knows("AP3", good=0))
        clock.now += ON_THE_WAY
        await with_its_ledger_lost(furnace)
        clock.now += ON_THE_WAY  # whoever reports now finds that its chain is not known
        await until(lambda: furnace.exchange.order("GA-17"))
        context = lead.exchange._context
        order = context.state.order("GA-17")
        assert order is not None
        assert order.began is not None
        await take_order(context, replace(order, id="GA-19", began=order.began + began))
        await until(lambda: [e for e in furnace.exchange.audited() if e["what"] == "refused"])
        assert furnace.exchange.order("GA-19") is None
        assert "not from the lead firm" in furnace.exchange.audited()[0]["detail"]
