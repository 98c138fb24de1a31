"""What is too long to be shown inside another message comes back by itself, and shows as much."""

from __future__ import annotations

import shutil
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from gateway.partners.crypto import sealed
from tests.partners.firms import LEAD, MILL, Clock, Firm, opened, until, working
from tests.partners.test_healing import Storm
from tests.partners.test_many_lots import an_order

LOTS = 10_000


@dataclass
class Scene:
    """The mill has an order of ten thousand lots, of which the lead firm's folder knows nothing."""

    storm: Storm
    lead: Firm
    mill: Firm

    def order(self) -> str:
        """The signed text of the order as the mill has it: nothing else went to it."""
        sent = self.mill.exchange._ledger.log("received", None, 10)
        assert [entry.kind.value for entry in sent] == ["order"]
        assert sent[0].text is not None
        return sent[0].text


@asynccontextmanager
async def forgotten(folder: Path) -> AsyncIterator[Scene]:
    storm, clock, order = Storm(1, loss=0.0), Clock(), an_order(folder)
    content = yaml.safe_load(order.read_text("utf-8"))
    content["agreements"] = [{"from": "all", "to": "all", "level": "L0"}]
    order.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    firms_here = (LEAD, MILL)
    async with working(folder, firms_here, transport=storm.of, clock=clock, order=order) as firms:
        lead, mill = firms[LEAD], firms[MILL]
        await lead.kill()
        shutil.copytree(lead.site.state, folder / "before")
        await lead.start()
        await opened(firms)
        await until(lambda: mill.jobs()["AP1"].planned == LOTS)
        await until(lambda: not lead.exchange._context.state.pending)
        await lead.kill()
        shutil.rmtree(lead.site.state)
        shutil.copytree(folder / "before", lead.site.state)
        yield Scene(storm, lead, mill)


async def test_an_order_of_ten_thousand_lots_shows_that_a_whole_folder_is_older(
    tmp_path: Path,
) -> None:
    async with forgotten(tmp_path) as it:
        assert len(it.order()) > 50_000
        await it.lead.start()
        await until(lambda: it.lead.exchange.shut)
        assert "exchange.db knows nothing" in it.lead.exchange.health().en
        assert MILL in it.lead.exchange.health().en
        await it.lead.kill()
        await it.mill.kill()
        await it.lead.start()
        assert it.lead.exchange.shut, "it has been written down"

        await it.lead.exchange.begin_anew(LEAD)
        await it.mill.start()
        await until(lambda: MILL in it.lead.exchange._context.answered)
        assert not it.lead.exchange.shut, "what was before is known by its numbers"
        assert "Nothing goes" not in it.lead.exchange.health().en


@pytest.mark.parametrize("when", ["before it has answered", "after it has answered"])
async def test_a_message_that_comes_back_shuts_only_whom_it_can_prove_something_to(
    tmp_path: Path, when: str
) -> None:
    async with forgotten(tmp_path) as it:
        text = it.order()
        await it.mill.kill()
        await it.lead.start()
        context = it.lead.exchange._context
        inbox = it.lead.exchange._parts()[2]
        own = context.side.consortium.member(LEAD)
        assert own is not None
        other = "haerterei-glutofen"
        await inbox.handle(other, sealed(text, own), time.monotonic())
        assert not it.lead.exchange.shut, "it was not for that firm"
        assert it.lead.exchange.audited()[0]["what"] == "refused"
        if when == "after it has answered":  # what we send since then it may well have
            context.answered.add(MILL)
            await inbox.handle(MILL, sealed(text, own), time.monotonic())
            return
        with pytest.raises(Exception, match="older copy"):
            await inbox.handle(MILL, sealed(text, own), time.monotonic())
