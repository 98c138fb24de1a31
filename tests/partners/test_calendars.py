"""A firm with a calendar in a real order: its own date is exact, its partners' is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.config import CalendarEntry, Machine, SiteConfig, Window
from gateway.network.order import JointOrder
from gateway.partners.hours import hours_of
from tests.drivers.brokers import RunningBroker
from tests.network.large import LEAD as LARGE_LEAD
from tests.network.large import large
from tests.partners.firms import LEAD, MILL, START, Clock, opened, s, until, working

HOUR = timedelta(hours=1)
EARLY = CalendarEntry(shifts=(Window.parse("mon-fri 06:00-14:00"),))


async def test_the_lead_firm_gets_half_days_and_the_firm_itself_sees_its_shifts(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """Opened on a Friday at 9:00 in Berlin: five hours fit, the other 5:40 on Monday from 6:00."""
    clock = Clock()
    async with working(
        tmp_path, [LEAD, MILL], broker.url, clock=clock, lapse=1, calendars={MILL: EARLY}
    ) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: lead.knows("AP1", forecast_s=s("4 12:00")))
        own = mill.package("AP1")
        assert (own["forecast_s"], own["told_s"]) == (s("4 08:40"), s("4 12:00"))
        assert (own["own_delay_s"], own.get("reason")) == (0, None)
        seen = lead.package("AP1")
        assert seen["band_s"] == [s("4 00:00"), s("5 00:00")]
        assert "told_s" not in seen
        clock.now = START + 4 * HOUR
        await mill.book(1100)  # quicker than planned, so it will be done somewhat earlier
        await until(lambda: lead.knows("AP1", progress=0.45))
        assert mill.package("AP1")["forecast_s"] != own["forecast_s"]
        assert lead.package("AP1")["forecast_s"] == s("4 12:00")
        sent = [entry for entry in mill.sent(limit=100) if entry["kind"] == "report"]
        dates = {entry["fields"]["forecast_s"] for entry in sent if "forecast_s" in entry["fields"]}
        assert dates == {s("4 12:00")}
        text = json.dumps(mill.sent(limit=100), default=str)
        for private in ("shift", 'calendar"', "hours", str(own["forecast_s"])):
            assert private not in text


async def test_another_calendar_counts_at_once(broker: RunningBroker, tmp_path: Path) -> None:
    async with working(
        tmp_path, [LEAD, MILL], broker.url, clock=Clock(), lapse=1, calendars={MILL: EARLY}
    ) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: lead.knows("AP1", forecast_s=s("4 12:00")))
        longer = CalendarEntry(shifts=(Window.parse("mon-sat 06:00-14:00"),))
        mill.exchange.equip(mill.site.model_copy(update={"calendar": longer}))
        await until(lambda: lead.knows("AP1", forecast_s=s("2 12:00")))
        mill.exchange.equip(mill.site.model_copy(update={"calendar": None}))
        await until(lambda: lead.knows("AP1", forecast_s=s("1 16:40")))
        assert "told_s" not in mill.package("AP1")


def a_site(calendar: CalendarEntry | None, **machine: object) -> SiteConfig:
    from gateway.config import Network, Work  # noqa: PLC0415

    network = Network.model_construct(work=(Work(package="AP1", machine="m-1"),))
    machines = (Machine.model_construct(name="m-1", **machine),)
    return SiteConfig.model_construct(
        firm=LARGE_LEAD, machines=machines, network=network, calendar=calendar
    )


def an_order(lapse: int = 1) -> JointOrder:
    """It begins on a Monday at 7:00 in Berlin, which is 6:00 in its own time."""
    return replace(large(1, 1, lapse=lapse), began=datetime(2026, 1, 5, 6, tzinfo=UTC))


def test_where_nothing_is_said_and_in_time_lapse_work_goes_on_round_the_clock() -> None:
    assert hours_of(a_site(None), an_order()) == {}
    assert hours_of(a_site(EARLY), an_order(lapse=144)) == {}


def test_holidays_and_closures_are_free_and_the_clock_on_the_wall_counts() -> None:
    calendar = CalendarEntry.model_validate(
        {"shifts": ("mon-fri 06:00-14:00",), "holidays": "BW", "closed": ("2026-01-08",)},
        strict=False,
    )
    (hours,) = hours_of(a_site(calendar), an_order()).values()
    six = 6 * HOUR  # 7:00 on the wall
    assert hours.between(six, six + 24 * HOUR) == 7 * HOUR, "the next day is Epiphany"
    assert hours.between(six, six + 5 * 24 * HOUR) == (7 + 8 + 8) * HOUR


def test_a_machine_has_its_maintenance_and_may_have_shifts_of_its_own() -> None:
    weekly = (Window.parse("mon 08:00-10:00"), Window.parse("2026-01-06 00:00-24:00"))
    (hours,) = hours_of(a_site(None, maintenance=weekly), an_order()).values()
    assert hours.between(6 * HOUR, 30 * HOUR) == 15 * HOUR, "round the clock but for these"
    always = (Window.parse("mon-sun 00:00-24:00"),)
    (hours,) = hours_of(a_site(EARLY, shifts=always), an_order()).values()
    assert hours.between(6 * HOUR, 30 * HOUR) == 24 * HOUR


def test_time_zones_are_known_where_the_system_has_none() -> None:
    code = (
        "from gateway.config import CalendarEntry as C; C.model_validate({'zone': 'Europe/Berlin'})"
    )
    without = {**os.environ, "PYTHONTZPATH": ""}
    subprocess.run([sys.executable, "-c", code], env=without, check=True, timeout=60)
