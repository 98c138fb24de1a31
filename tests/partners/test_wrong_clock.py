"""A firm whose clock is wrong: known after one round trip, counted by what its machine does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.jobs.evidence.counters import CountersConfig
from gateway.partners.clocks import ahead, measured
from tests.drivers.brokers import RunningBroker
from tests.jobs.one_machine import Line
from tests.partners.firms import LEAD, MILL, Firm, opened, s, until, working

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("answered", "off"),
    [(-1, 0), (0, 0), (4, 0), (8, 0), (9, 0), (-3, -7), (11, 7), (-604, -608), (86400, 86396)],
)
def test_an_answer_is_written_between_its_question_and_its_arrival(answered: int, off: int) -> None:
    """Eight seconds there and back; clocks may be two seconds apart."""
    found = ahead(NOON, NOON + answered * SECOND, NOON + 8 * SECOND, 2 * SECOND)
    assert found == off * SECOND


async def work(firm: Firm, parts: int) -> None:
    """The firm's machine makes parts, as its own clock and its counter tell."""
    line = Line(CountersConfig(type="counters", idle_after=timedelta(minutes=5)))
    began = firm.clock()
    line.at = lambda real: began + real * SECOND  # type: ignore[method-assign]
    for made in range(parts + 1):
        roles = {"good-count": 500 + made, "reject-count": 0, "running": True, "fault": False}
        firm.journal.offer(line.batch(made / 4, roles))


@pytest.mark.parametrize("off", [timedelta(minutes=-10), timedelta(days=1)])
async def test_what_its_machine_makes_is_counted_and_told_in_the_orders_time(
    broker: RunningBroker, tmp_path: Path, off: timedelta
) -> None:
    async with working(tmp_path, [LEAD, MILL], broker.url, wrong={MILL: off}) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: "AP1" in mill.jobs())
        await until(lambda: "Uhr" in lead.exchange.health().de)
        await until(lambda: "clock" in mill.exchange.health().en)
        side = "hinterher" if off < timedelta() else "voraus"
        assert side in lead.exchange.health().de

        await work(mill, 24)
        await until(lambda: mill.jobs()["AP1"].good == 24)
        assert lead.package("AP1")["clock_off_s"] == pytest.approx(off.total_seconds(), abs=5)
        assert "clock_off_s" in mill.package("AP1"), "its own forecasts rest on it"
        assert "clock_off_s" not in lead.package("AP5")
        late = s("1 23:00")
        assert s("1 06:00") <= lead.package("AP1")["forecast_s"] <= late
        assert s("1 06:00") <= mill.package("AP1")["forecast_s"] <= late


async def test_firms_whose_clocks_agree_say_nothing_of_them(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, [LEAD, MILL], broker.url, wrong={}) as firms:
        await opened(firms)
        await until(lambda: all(entry["acked"] for entry in firms[MILL].sent()))
        await until(lambda: firms[LEAD].knows("AP1", lamp="grey"))
        for firm in firms.values():
            assert "clock" not in firm.exchange.health().en
            assert "clock_off_s" not in firm.package("AP1")


async def test_after_a_restart_its_order_begins_where_it_did(
    broker: RunningBroker, tmp_path: Path
) -> None:
    off = timedelta(days=1)
    async with working(tmp_path, [LEAD, MILL], broker.url, wrong={MILL: off}) as firms:
        mill = firms[MILL]
        await opened(firms)
        await until(lambda: "clock" in mill.exchange.health().en)
        await until(lambda: mill.package("AP1").get("clock_off_s"))
        began = mill.order()["clock"]["began"]
        await mill.kill()
        await mill.start()
        assert mill.order()["clock"]["began"] == began
        assert mill.package("AP1")["forecast_s"] <= s("1 23:00")


@pytest.mark.parametrize("year", [1900, 2199])
async def test_no_answer_moves_an_order_where_it_could_not_be_read_again(
    broker: RunningBroker, tmp_path: Path, year: int
) -> None:
    async with working(tmp_path, [LEAD, MILL], broker.url, wrong={}) as firms:
        mill = firms[MILL]
        await opened(firms)
        context, *_ = mill.exchange._parts()
        now = mill.clock()
        await measured(context, "GA-17", LEAD, now, now.replace(year=year, day=1))
        await mill.kill()
        await mill.start()
        assert mill.exchange.order("GA-17") is not None
