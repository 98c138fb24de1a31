"""What is known of an order is worked out when something has changed, and not before."""

from __future__ import annotations

from pathlib import Path

from tests.drivers.brokers import RunningBroker
from tests.partners.firms import FURNACE, LEAD, MILL, Clock, opened, until, working


async def test_while_nothing_changes_nothing_is_made_anew(tmp_path: Path) -> None:
    async with working(tmp_path, [LEAD]) as firms:
        lead = firms[LEAD]
        await opened(firms)
        await until(lambda: "AP5" in lead.jobs())
        await lead.exchange.tick()
        shown = lead.exchange.order("GA-17")
        for _ in range(3):
            await lead.exchange.tick()
            assert lead.exchange.order("GA-17") is shown

        await lead.book(5)
        await lead.exchange.tick()
        assert lead.exchange.order("GA-17") is not shown
        assert lead.package("AP5")["good"] == 5


async def test_with_each_minute_of_its_time_it_is_looked_at_anew(tmp_path: Path) -> None:
    clock = Clock()
    async with working(tmp_path, [LEAD], clock=clock) as firms:
        lead = firms[LEAD]
        await opened(firms)
        clock.to("1 08:00")
        await lead.exchange.tick()
        shown = lead.exchange.order("GA-17")
        clock.to("1 08:00")
        await lead.exchange.tick()
        assert lead.exchange.order("GA-17") is shown
        clock.to("1 08:01")
        await lead.exchange.tick()
        assert lead.exchange.order("GA-17") is not shown


async def test_a_lot_on_its_way_arrives_although_nothing_else_happens(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, [LEAD, MILL, FURNACE], broker.url, clock=clock) as firms:
        await opened(firms)
        await until(lambda: "AP1" in firms[MILL].jobs() and "AP3" in firms[FURNACE].jobs())
        clock.to("1 08:40")
        await firms[MILL].book(600)
        await until(lambda: firms[FURNACE].knows("AP1", good=600))
        clock.to("1 09:39")
        await firms[FURNACE].exchange.tick()
        assert not firms[FURNACE].jobs()["AP3"].inbound
        clock.to("1 09:40")
        await firms[FURNACE].exchange.tick()
        assert firms[FURNACE].jobs()["AP3"].inbound == 600
