"""In earnest no order ends unfinished because somebody opens another one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError
from gateway.jobs.commands import Inbound
from gateway.partners.lifecycle import close_older
from gateway.partners.outbox import Outbox
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LASER,
    LEAD,
    MILL,
    PRESS,
    START,
    Clock,
    Firm,
    opened,
    s,
    until,
    working,
)

HOUR = timedelta(hours=1)
FIRMS = [LEAD, MILL]
MAKERS = [MILL, PRESS, FURNACE, LASER]


def states(firm: Firm) -> dict[str | None, str]:
    """The states of a firm's jobs, by order."""
    return {job.order: job.state.value for job in firm.tracker.jobs(firm.journal.state)}


async def test_a_second_order_is_refused_until_a_person_names_the_first(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: "GA-17" in states(mill))
        clock.now += HOUR
        for named in (None, "GA-16"):
            with pytest.raises(ExchangeError, match="GA-17") as refused:
                await lead.exchange.open_order("GA-18", at_s=s("1 06:00"), ends=named)
            assert "GA-17" in refused.value.why.de
        assert lead.exchange.order("GA-18") is None
        assert "aborted" not in states(mill).values()

        await lead.exchange.open_order("GA-18", at_s=s("1 06:00"), ends="GA-17")
        await until(lambda: "GA-18" in states(mill))
        await until(lambda: states(mill)["GA-17"] == "aborted")
        for firm in (lead, mill):
            await until(
                lambda firm=firm: any(
                    entry["what"] == "order ended unfinished" and "GA-17" in entry["detail"]
                    for entry in firm.exchange.audited()
                )
            )


async def test_an_order_that_is_done_needs_no_word(broker: RunningBroker, tmp_path: Path) -> None:
    """Alone at the bench; what the others made is agreed to be seen no more than by the lamp."""
    async with working(
        tmp_path, [LEAD, *MAKERS], broker.url, lapse=1, clock=(clock := Clock())
    ) as firms:
        lead = firms[LEAD]
        await opened(firms)
        for firm in firms.values():
            await until(lambda firm=firm: "GA-17" in states(firm))
            job = next(iter(firm.jobs().values()))
            await firm.journal.apply(Inbound(job.id, job.planned, firm.clock()))
            await firm.book(job.planned)
        await until(lambda: "ended_s" in lead.order())
        clock.now += HOUR
        await lead.exchange.open_order("GA-18", at_s=s("1 06:00"))
        for firm in firms.values():
            await until(lambda firm=firm: "GA-18" in states(firm))
            assert states(firm)["GA-17"] == "ended"


async def test_a_partner_refuses_an_order_that_would_abort_its_work_without_saying_so(
    broker: RunningBroker, tmp_path: Path
) -> None:
    """The lead firm's gateway is an older one, or somebody has its keys."""
    async with working(tmp_path, FIRMS, broker.url, lapse=1, clock=(clock := Clock())) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: "GA-17" in states(mill))
        clock.now += HOUR
        context, _, _, actions = lead.exchange._parts()
        actions._before = lambda _: None  # type: ignore[method-assign]
        await lead.exchange.open_order("GA-18", at_s=s("1 06:00"), ends="GA-17")
        assert context.state.order("GA-18") is not None
        await until(
            lambda: any("GA-17 is not done" in entry["detail"] for entry in mill.exchange.audited())
        )
        assert states(mill) == {"GA-17": "released"}


async def test_the_orders_of_another_lead_firm_go_on(tmp_path: Path) -> None:
    async with working(tmp_path, [LEAD], lapse=1) as firms:
        lead = firms[LEAD]
        await lead.exchange.open_order("GA-17", at_s=s("1 06:00"))
        context, outbox, *_ = lead.exchange._parts()
        mine = context.state.order("GA-17")
        assert mine is not None
        assert isinstance(outbox, Outbox)
        later = replace(mine, id="MR-1", lead=MILL, began=START + HOUR)
        context.state.versions["MR-1"] = {1: later}
        await close_older(context, outbox)
        assert context.state.closed == {}


async def test_in_time_lapse_each_order_ends_the_one_before(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url, clock=(clock := Clock())) as firms:
        await opened(firms)
        await until(lambda: "GA-17" in states(firms[MILL]))
        clock.to("1 06:10")
        await firms[LEAD].exchange.open_order("GA-17-2", at_s=s("1 06:00"))
        await until(lambda: "GA-17-2" in states(firms[MILL]))
        await until(lambda: states(firms[MILL])["GA-17"] == "aborted")
