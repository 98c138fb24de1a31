"""An order that is opened in its middle: nobody is told what only a firm's first word can say."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.drivers.brokers import RunningBroker
from tests.partners.firms import FURNACE, LASER, LEAD, MILL, PRESS, Clock, Firm, s, until, working

OPENING: Mapping[str, Mapping[str, Any]] = {
    "AP1": {"good": 2250, "departures_s": [s(f"1 {h}") for h in ("08:40", "11:20", "14:00")]},
    "AP2": {"good": 2400, "departures_s": [s(f"1 {h}:20") for h in ("07", "08", "10", "11")]},
    "AP3": {"good": 600, "runs": 1, "departures_s": [s("1 14:10")], "run_began_s": s("1 14:40")},
    "AP4": {"good": 400, "departures_s": [s(f"1 {h}:00") for h in ("08", "10", "12", "14")]},
}
"""At 16:30 the furnace's second charge runs half an hour later than planned."""
PLANNED = s("2 05:55")
FIRMS = (LEAD, MILL, PRESS, FURNACE, LASER)


async def opened_late(firms: Mapping[str, Firm], clock: Clock) -> None:
    clock.to("1 16:30")
    await firms[LEAD].exchange.open_order("GA-17", at_s=s("1 16:30"), opening=OPENING)


async def test_from_the_first_look_on_the_forecast_is_the_one_that_holds(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, clock=(clock := Clock())) as firms:
        lead, seen = firms[LEAD], list[tuple[Any, ...]]()

        async def look() -> None:
            while True:
                if lead.exchange.order("GA-17") is not None:
                    order = lead.order()
                    own = next(entry for entry in order["packages"] if entry["id"] == "AP5")
                    seen.append((order.get("forecast_s"), own.get("forecast_s")))
                await asyncio.sleep(0.005)

        looking = asyncio.create_task(look(), name="looks")
        await opened_late(firms, clock)
        await until(lambda: all(knows_the_end(firm) for firm in firms.values()))
        looking.cancel()
        whole, own = ({each[n] for each in seen} - {None} for n in (0, 1))
        assert whole == own == {lead.order()["forecast_s"]}
        assert whole.isdisjoint(range(PLANNED - 900, PLANNED + 900)), "it is not the plan's"

        for firm in firms.values():
            told: dict[tuple[Any, ...], set[Any]] = {}
            for message in firm.sent("GA-17"):
                if message["kind"] in ("report", "summary") and "forecast_s" in message["fields"]:
                    about = (message["kind"], message["to"], message["package"])
                    told.setdefault(about, set()).add(message["fields"]["forecast_s"])
            assert all(len(ends) == 1 for ends in told.values()), (firm.id, told)
            assert not any(None in ends for ends in told.values()), (firm.id, told)


def knows_the_end(firm: Firm) -> bool:
    """Whether a firm has its job, and the lead firm's word on the whole."""
    if firm.exchange.order("GA-17") is None or not firm.jobs():
        return False
    order = firm.order("GA-17")
    return "forecast_s" in order if firm.id == LEAD else order.get("lamp", "hatched") != "hatched"


async def test_while_one_firm_is_away_nothing_that_rests_on_it_is_told(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, clock=(clock := Clock())) as firms:
        lead, press, furnace = firms[LEAD], firms[PRESS], firms[FURNACE]
        await furnace.kill()
        await opened_late(firms, clock)
        await until(lambda: all("progress" in lead.package(p) for p in ("AP1", "AP2", "AP4")))
        await until(press.jobs)
        await lead.exchange.tick()
        assert not {"forecast_s", "late", "progress"} & set(lead.order())
        sent = lead.sent("GA-17")
        assert {message["kind"] for message in sent} == {"order"}

        clock.to("1 17:01")  # half an hour without a word: now that it is away is told
        await until(lambda: press.order().get("lamp") == "hatched")
        assert "forecast_s" not in press.order()
        assert lead.package("AP3")["status"] == "no_news"

        await furnace.start()
        await until(lambda: lead.order().get("forecast_s") is not None)
        assert lead.order()["forecast_s"] > PLANNED + 900
        await until(lambda: press.order().get("lamp") not in (None, "hatched"))
