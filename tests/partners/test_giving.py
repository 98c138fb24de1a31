"""What was taken back can be given again: at once, as a new entry in both logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError
from gateway.network.order import Level
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    RESERVE,
    Firm,
    eventually,
    logs_agree,
    opened,
    until,
    working,
)

FIRMS = [LEAD, MILL, FURNACE]


def level(firm: Firm, giver: str, taker: str) -> str:
    """The level of an agreement as a firm shows it."""
    for entry in firm.agreements("GA-17"):
        if (entry["from"], entry["to"]) == (giver, taker):
            return str(entry["level"])
    return "none"


async def test_one_word_gives_the_same_level_again_and_both_logs_hold_it(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url) as firms:
        lead, furnace = firms[LEAD], firms[FURNACE]
        await opened(firms)
        await until(lambda: "AP3" in furnace.jobs())
        await furnace.book(500)
        await until(lambda: lead.knows("AP3", good=500))
        await furnace.exchange.withdraw("GA-17", LEAD, "L1")
        await until(lambda: lead.knows("AP3", level="L1") and "good" not in lead.package("AP3"))

        assert await furnace.exchange.give("GA-17", LEAD) == "L3"
        assert level(furnace, FURNACE, LEAD) == "L3"
        await until(lambda: lead.knows("AP3", good=500, level="L3", withdrawn=None))
        for log in (furnace.sent("GA-17"), lead.received("GA-17")):
            kinds = [e["kind"] for e in reversed(log) if e["kind"] in ("withdrawal", "given")]
            assert kinds == ["withdrawal", "given"]
        for firm in (furnace, lead):
            assert any(entry["what"] == "given again" for entry in firm.exchange.audited())
        await eventually(lambda: logs_agree(furnace, lead))

        await furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await until(lambda: "lamp" not in lead.package("AP3"))
        assert level(lead, FURNACE, LEAD) == "L0"


async def test_no_more_is_given_than_was_agreed_on_and_nothing_twice(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, [*FIRMS, RESERVE], broker.url) as firms:
        furnace = firms[FURNACE]
        await opened(firms)
        for recipient in (LEAD, RESERVE, "nobody"):
            with pytest.raises(ExchangeError):
                await furnace.exchange.give("GA-17", recipient)
        assert level(furnace, FURNACE, LEAD) == "L3"
        assert not any(entry["kind"] == "given" for entry in furnace.sent())


async def test_a_partner_takes_no_more_than_its_own_copy_of_the_agreement(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await opened(firms)
        await until(lambda: lead.knows("AP1", level="L2"))
        await mill.exchange.withdraw("GA-17", LEAD, "L0")
        await until(lambda: lead.knows("AP1", level="L0"))
        context, *_ = mill.exchange._parts()
        state = context.state
        every = tuple(
            type(entry)(entry.giver, entry.taker, Level.L3)
            for entry in context.side.consortium.agreements
        )
        object.__setattr__(context.side.consortium, "agreements", every)
        order = state.versions["GA-17"][1]
        object.__setattr__(order, "agreements", every)
        assert await mill.exchange.give("GA-17", LEAD) == "L3"
        await until(lambda: lead.knows("AP1", level="L2"))
        assert level(lead, MILL, LEAD) == "L2"


async def test_what_was_given_again_is_given_after_a_restart_and_reaches_who_was_away(
    broker: RunningBroker, tmp_path: Path
) -> None:
    async with working(tmp_path, FIRMS, broker.url) as firms:
        lead, furnace = firms[LEAD], firms[FURNACE]
        await opened(firms)
        await until(lambda: lead.knows("AP3", level="L3", lamp="grey"))
        await lead.kill()
        await furnace.exchange.withdraw("GA-17", LEAD, "L0")
        await furnace.exchange.give("GA-17", LEAD)
        await furnace.kill()
        await furnace.start()
        await until(lambda: "AP3" in furnace.jobs())
        await furnace.book(500)
        await lead.start()
        await until(lambda: lead.knows("AP3", level="L3", good=500))
        assert level(lead, FURNACE, LEAD) == level(furnace, FURNACE, LEAD) == "L3"
        kinds = [entry["kind"] for entry in lead.received("GA-17")]
        assert {"withdrawal", "given"} <= set(kinds)
