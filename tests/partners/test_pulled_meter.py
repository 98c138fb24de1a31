"""A machine that its own firm does not see, as its partners see it."""

from __future__ import annotations

from pathlib import Path

from tests.drivers.brokers import RunningBroker
from tests.partners.firms import LEAD, MILL, Clock, opened, s, until, working


async def test_a_partner_sees_that_the_measuring_is_interrupted_and_no_other_forecast(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """No meter answers in this test: the mill tells the lead firm its date (L2)."""
    clock = Clock()
    async with working(tmp_path, [LEAD, MILL], broker.url, clock=clock) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: "AP1" in mill.jobs())
        await until(lambda: lead.knows("AP1", forecast_s=s("1 16:40"), lamp="grey"))
        clock.to("1 07:30")
        await until(
            lambda: lead.knows(
                "AP1",
                unmeasured=True,
                reason="noInformationAvailable",
                forecast_s=s("1 16:40"),
                lamp="hatched",
                stale=False,
            )
        )
        assert mill.knows("AP1", unmeasured=True, forecast_s=s("1 16:40"), own_delay_s=0)
        assert "late" not in lead.order(), "nobody says that the order is in time"

        await mill.book(340)  # somebody has counted by hand
        await until(lambda: lead.knows("AP1", forecast_s=s("1 16:40"), lamp="green"))
        assert "unmeasured" not in lead.package("AP1")
