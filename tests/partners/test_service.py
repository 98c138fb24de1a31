"""Firms exchange what was agreed, over real brokers."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from gateway.core.errors import ExchangeError
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    RESERVE,
    Clock,
    Firm,
    a_site,
    opened,
    s,
    until,
    with_keys,
    working,
)
from tests.partners.test_healing import Storm

THREE = (LEAD, MILL, FURNACE)


async def test_an_order_opens_jobs_at_every_firm_and_reports_come_back(
    any_broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, THREE, any_broker.url) as firms:
        await opened(firms)
        lead, mill, furnace = (firms[name] for name in THREE)
        await until(lambda: lead.knows("AP3", good=0))
        assert mill.jobs()["AP1"].planned == 2400
        assert furnace.jobs()["AP3"].inbound == 0
        assert lead.order()["forecast_s"] == s("2 05:55")
        assert lead.order()["slack_s"] == 65 * 60
        assert lead.order()["late"] is False
        assert lead.order()["plan_end_s"] == s("2 05:55")


async def test_each_firm_sees_what_its_agreement_says_and_nothing_else(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, THREE, broker.url) as firms:
        await opened(firms)
        lead, mill, furnace = (firms[name] for name in THREE)
        await until(lambda: furnace.knows("AP1", good=0))
        assert mill.package("AP3")["level"] == "L1"
        await until(lambda: mill.knows("AP3", lamp="grey", age_s=0))
        seen = mill.package("AP3")
        hidden = {"status", "progress", "forecast_s", "reason", "good", "lots"}
        assert not hidden & set(seen)
        assert set(seen["not_agreed"]) == hidden
        assert not {"slack_s", "critical", "machine_title"} & set(seen)
        assert lead.package("AP1")["not_agreed"] == ["good", "lots"]
        assert "good" not in lead.package("AP1")
        order = mill.order()
        assert order["level"] == "L1"
        assert not {"progress", "forecast_s", "complete", "slack_s", "late"} & set(order)
        assert order["you"] == {"firm": MILL, "role": "member", "packages": ["AP1"]}


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ((FURNACE,), "connected in part"),
        ((FURNACE, MILL), "connected to nobody"),
        ((LEAD,), "this"),
    ],
)
async def test_a_consortium_without_keys_is_not_connected(
    tmp_path: Path, without: tuple[str, ...], said: str
) -> None:
    """Nothing can be sealed for a firm without a key: a way to the broker does not help."""
    storm = Storm(1, loss=0.0)
    folder = tmp_path / "firms"
    consortium = with_keys(folder, (LEAD, MILL, FURNACE))
    content = yaml.safe_load(consortium.read_text("utf-8"))
    content["firms"] = [e for e in content["firms"] if e["id"] in (LEAD, MILL, FURNACE)]
    for entry in content["firms"]:
        if entry["id"] in without:
            del entry["sign"], entry["seal"]
    consortium.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    site = a_site(LEAD, folder, "mqtt://127.0.0.1:1", consortium)
    lead = await Firm(LEAD, site, Clock(), lambda: storm.of(LEAD)).start()
    try:
        await until(lambda: lead.exchange.connected)
        assert said in lead.exchange.health().en
        assert all(firm in lead.exchange.health().de for firm in without if firm != LEAD)
        assert not lead.exchange.well
    finally:
        await lead.kill()


async def test_a_changed_file_of_the_consortium_is_said_not_to_hold_yet(tmp_path: Path) -> None:
    async with working(tmp_path, (MILL,)) as firms:
        mill, file = firms[MILL], tmp_path / "consortium.yaml"
        assert file.name not in mill.exchange.health().de
        file.write_text(f"{file.read_text('utf-8')}# another line\n", "utf-8")
        assert f"{file.name}; das gilt ab dem nächsten Start" in mill.exchange.health().de
        await mill.kill()
        await mill.start()
        assert file.name not in mill.exchange.health().de


async def test_a_lot_travels_and_the_next_firm_starts_with_it(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, THREE, broker.url, clock=clock) as firms:
        await opened(firms)
        mill, furnace = firms[MILL], firms[FURNACE]
        clock.to("1 08:40")
        await mill.book(600)
        await until(lambda: furnace.knows("AP1", good=600))
        assert furnace.package("AP1")["lots"][0]["departed_s"] == s("1 08:40")
        assert not furnace.jobs()["AP3"].inbound
        clock.to("1 09:40")
        await until(lambda: furnace.jobs()["AP3"].inbound == 600)
        assert furnace.package("AP1")["lots"][0]["arrived_s"] == s("1 09:40")


async def test_a_slower_furnace_makes_the_order_late_and_the_reserve_holds_it_again(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (*THREE, RESERVE), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill, furnace, reserve = (firms[n] for n in (*THREE, RESERVE))
        for time, good in (("1 08:40", 600), ("1 11:20", 600), ("1 14:00", 600)):
            clock.to(time)
            await mill.book(good)
        await until(lambda: furnace.knows("AP1", good=1800))
        clock.to("1 14:10")
        await furnace.book(600)
        await until(lambda: lead.knows("AP3", good=600))
        assert lead.order()["forecast_s"] == s("2 05:55")
        clock.to("1 14:20")
        await furnace.slower(315)
        await until(lambda: lead.order()["forecast_s"] == s("2 08:10"))
        assert lead.order()["late"] is True
        assert lead.order()["slack_s"] == -70 * 60
        await until(lambda: lead.order()["warned"])
        assert 16.5 < lead.order()["warned"]["hours_before_due"] < 22
        told = lead.package("AP3")
        assert (told["reason"], told["lamp"]) == ("internalProblems", "red")
        assert told["forecast_s"] == s("2 05:55")
        assert "own_delay_s" not in told
        own = furnace.package("AP3")
        assert (own["own_delay_s"], own["inbound_delay_s"]) == (135 * 60, 0)
        bench = lead.package("AP5")
        assert (bench["own_delay_s"], bench["inbound_delay_s"]) == (0, 135 * 60)
        await until(lambda: mill.knows("AP3", lamp="red"))

        assert reserve.order()["packages"] == []
        assert reserve.order()["you"]["role"] == "reserve"
        prepared = lead.order()["prepared"]
        assert (prepared["firm"], prepared["lots"]) == (RESERVE, [4])
        assert prepared["earliest_start_s"] == s("1 18:00")
        assert prepared["forecast_with_s"] == s("2 02:55")
        clock.to("1 14:24")
        offer = await lead.exchange.offer("GA-17", "AP3", [4], RESERVE)
        await until(lambda: reserve.order()["offers"])
        assert lead.order()["offers"][0]["forecast_with_s"] == s("2 02:55")
        assert "forecast_with_s" not in reserve.order()["offers"][0]
        await reserve.exchange.answer("GA-17", offer, accept=True)
        await until(lambda: lead.order()["version"] == 2)
        await until(lambda: lead.order()["forecast_s"] == s("2 02:55"))
        assert lead.order()["slack_s"] == (4 * 60 + 5) * 60
        assert lead.package("AP3")["planned"] == 1800
        assert lead.package("AP3")["weight"] == 29
        assert lead.package("AP3-R")["weight"] == 9
        await until(lambda: furnace.jobs()["AP3"].planned == 1800)
        await until(lambda: reserve.jobs().get("AP3-R") is not None)
        await until(lambda: lead.knows("AP3", forecast_s=s("2 00:40"), lamp="green"))
        await until(lambda: lead.knows("AP3-R", forecast_s=s("1 22:30")))
        assert lead.order()["forecast_s"] == s("2 02:55")
        clock.to("1 16:40")
        await mill.book(600)
        await until(lambda: reserve.knows("AP1", good=2400))
        clock.to("1 17:40")
        await until(lambda: reserve.jobs()["AP3-R"].inbound == 600)
        assert furnace.jobs()["AP3"].inbound == 1800
        assert lead.order()["offers"][0]["state"] == "accepted"


async def test_accepted_after_the_lot_has_left_it_is_sent_on_with_another_hour(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (*THREE, RESERVE), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill, reserve = firms[LEAD], firms[MILL], firms[RESERVE]
        clock.to("1 16:40")
        await mill.book(2400)
        await until(lambda: lead.order().get("prepared"))
        clock.to("1 16:50")
        offer = await lead.exchange.offer("GA-17", "AP3", [4], RESERVE)
        await until(lambda: reserve.order()["offers"])
        await reserve.exchange.answer("GA-17", offer, accept=True)
        await until(lambda: reserve.knows("AP1", good=2400))
        clock.to("1 17:50")
        await until(lambda: firms[FURNACE].jobs()["AP3"].inbound == 1800)
        assert not reserve.jobs()["AP3-R"].inbound
        clock.to("1 18:40")
        await until(lambda: reserve.jobs()["AP3-R"].inbound == 600)


async def test_an_offer_accepted_when_its_lot_has_left_the_furnace_has_expired(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD, FURNACE, RESERVE), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, furnace, reserve = firms[LEAD], firms[FURNACE], firms[RESERVE]
        await until(lambda: lead.order().get("prepared"))
        offer = await lead.exchange.offer("GA-17", "AP3", [1], RESERVE)
        await until(lambda: reserve.order()["offers"])
        clock.to("1 14:10")
        await furnace.book(600)
        await until(lambda: lead.knows("AP3", good=600))
        await reserve.exchange.answer("GA-17", offer, accept=True)
        await until(lambda: lead.order()["offers"][0]["state"] == "expired")
        await until(lambda: reserve.order()["offers"][0]["state"] == "expired")
        assert lead.order()["version"] == 1
        assert furnace.jobs()["AP3"].planned == 2400


async def test_a_new_order_closes_the_jobs_of_the_older_one(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, THREE, broker.url, clock=(clock := Clock())) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(mill.jobs)
        clock.to("1 06:10")
        opening = {"AP1": {"good": 1500, "scrap": 3, "runs": 125, "departures_s": [s("1 08:40")]}}
        await lead.exchange.open_order("GA-17-2", at_s=s("1 12:40"), opening=opening)
        await until(lambda: mill.exchange.order("GA-17-2"))
        await until(lambda: mill.jobs()["AP1"].order == "GA-17-2")
        job = mill.jobs()["AP1"]
        assert (job.good, job.scrap, len(job.departures)) == (1500, 3, 1)
        old = next(j for j in mill.tracker.jobs(mill.journal.state) if j.order == "GA-17")
        assert old.state.value in ("ended", "aborted")
        assert [order.id for order in mill.exchange.orders()] == ["GA-17-2", "GA-17"]
        await until(lambda: lead.package("AP1", "GA-17-2").get("progress") == 0.6)
        assert lead.order("GA-17-2")["opening"] is True


async def test_an_order_in_time_lapse_is_refused_where_machines_are_real(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, THREE, broker.url, real=[FURNACE]) as firms:
        await firms[LEAD].exchange.open_order("GA-17", at_s=s("1 06:00"))
        await until(lambda: firms[MILL].exchange.order("GA-17"))
        await until(firms[FURNACE].exchange.audited)
        assert "time lapse" in firms[FURNACE].exchange.audited()[0]["detail"]
        assert firms[FURNACE].exchange.order("GA-17") is None
        assert firms[FURNACE].received() == []


async def test_only_the_lead_firm_opens_and_offers(broker: RunningBroker, tmp_path: Path) -> None:
    async with working(tmp_path, THREE, broker.url) as firms:
        await opened(firms)
        for attempt in (
            firms[MILL].exchange.open_order("X-1", at_s=0),
            firms[MILL].exchange.offer("GA-17", "AP3", [4], RESERVE),
            firms[LEAD].exchange.offer("GA-17", "AP3", [4], RESERVE),  # it has no keys yet
            firms[LEAD].exchange.open_order("GA-17", at_s=0),  # exists already
            firms[MILL].exchange.answer("GA-17", "none", accept=True),
            firms[MILL].exchange.withdraw("GA-17", "nobody", "L0"),
        ):
            with pytest.raises(ExchangeError):
                await attempt


async def test_the_order_can_be_opened_with_the_reserve_accepted(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, (LEAD, RESERVE), broker.url) as firms:
        await opened(firms, at_s=s("1 16:30"), accepted_reserve=True)
        lead, reserve = firms[LEAD], firms[RESERVE]
        await until(lambda: "AP3-R" in reserve.jobs())
        assert reserve.jobs()["AP3-R"].planned == 600
        assert lead.package("AP3")["planned"] == 1800
        assert "prepared" not in lead.order()


async def test_no_order_moves_a_firm_to_show_more_than_its_own_file_says(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """The furnace's copy of the consortium's file says L1 where the lead firm proposes L3."""
    async with working(tmp_path, (LEAD, FURNACE), broker.url) as firms:
        lead, furnace = firms[LEAD], firms[FURNACE]
        await furnace.kill()
        network = furnace.site.network
        assert network is not None
        content = yaml.safe_load(network.consortium.read_text("utf-8"))
        content["agreements"] = [{"from": "all", "to": "all", "level": "L1"}]
        own = tmp_path / "own.yaml"
        own.write_text(yaml.safe_dump(content), "utf-8")
        changed = network.model_copy(update={"consortium": own})
        furnace.site = furnace.site.model_copy(update={"network": changed})
        await furnace.start()
        await opened(firms)
        # Not even its own suppliers show it a date: its lamp says that it does not know.
        await until(lambda: lead.knows("AP3", lamp="hatched", stale=False, age_s=0))
        reports = [e for e in furnace.sent() if e["kind"] == "report"]
        assert {e["to"] for e in reports} >= {LEAD}
        assert all(set(e["fields"]) == {"lamp"} for e in reports)
        given = [e for e in furnace.agreements("GA-17") if e["own"]]
        assert {e["level"] for e in given} == {"L1"}
