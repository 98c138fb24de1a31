"""Lost ways, dead firms, empty brokers: everything converges by itself, nothing is doubled."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import JournalError, NotConnected
from gateway.core.work import Job
from gateway.jobs.job.states import OVER
from gateway.network.order import Level
from gateway.partners.messages import Kind
from gateway.partners.outgoing import Outgoing
from tests.disks import fill_up, small_disk
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import (
    FURNACE,
    LEAD,
    MILL,
    Clock,
    Firm,
    logs_agree,
    opened,
    until,
    working,
)

THREE = (LEAD, MILL, FURNACE)
HEALED = 10.0
"""Seconds within which all views converge after a reconnect (promise F31)."""


async def test_a_pulled_uplink_ages_and_heals(any_broker: RunningBroker, tmp_path: Path) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD, MILL), any_broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        mill.exchange.uplink(False)
        await until(lambda: not mill.exchange.connected)
        clock.to("1 07:00")
        await mill.book(240)
        await until(lambda: mill.package("AP1")["good"] == 240)  # its own work goes on
        seen = lead.package("AP1")
        assert seen["stale"] is True
        assert seen["lamp"] == "hatched"
        assert seen["status"] == "no_news"
        assert seen["age_s"] >= 30 * 60
        low, high = seen["band_s"]
        assert high - seen["forecast_s"] > seen["forecast_s"] - low  # widened by the age
        assert seen["progress"] == 0.0
        mill.exchange.uplink(True)
        begun = time.monotonic()
        await until(lambda: lead.knows("AP1", progress=0.1, stale=False), HEALED)
        assert time.monotonic() - begun < HEALED
        assert lead.package("AP1")["lamp"] != "hatched"


async def test_while_away_one_report_waits_not_a_queue(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD, MILL), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        await until(lambda: not [e for e in mill.sent() if e["state"] == "pending"])
        await lead.kill()
        before = len(mill.sent())
        for hour in range(7, 12):
            clock.to(f"1 {hour:02}:00")
            await mill.book(100)
            await mill.exchange.tick()
        assert len(mill.sent()) == before + 1
        await lead.start()
        await until(lambda: lead.knows("AP1", progress=0.2), HEALED)


async def test_a_broker_that_has_forgotten_everything_loses_nothing(
    any_broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, THREE, any_broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill, furnace = (firms[name] for name in THREE)
        await until(lambda: furnace.knows("AP1", good=0))
        await any_broker.kill()
        clock.to("1 08:40")
        await mill.book(600)
        await until(lambda: not mill.exchange.connected)
        await any_broker.start()
        await until(lambda: furnace.knows("AP1", good=600), HEALED)
        await until(lambda: lead.knows("AP1", progress=0.25), HEALED)


@pytest.mark.parametrize("victim", THREE)
async def test_a_killed_firm_goes_on_where_it_was(
    broker: RunningBroker, tmp_path: Path, victim: str
) -> None:
    clock = Clock()
    async with working(tmp_path, THREE, broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill, furnace = (firms[name] for name in THREE)
        await until(lambda: furnace.knows("AP1", good=0))
        await firms[victim].kill()
        clock.to("1 08:40")
        if victim != MILL:
            await mill.book(600)
        await firms[victim].start()
        if victim == MILL:
            await mill.book(600)
        await until(lambda: furnace.knows("AP1", good=600), HEALED)
        await until(lambda: lead.knows("AP1", progress=0.25), HEALED)
        clock.to("1 09:45")
        await until(lambda: furnace.jobs()["AP3"].inbound == 600, HEALED)
        for one in firms.values():
            for other in firms:
                if other != one.id:
                    assert await logs_agree(one, firms[other])


@pytest.mark.parametrize("where", ["keep_order", "close_order"])
async def test_a_disk_that_is_full_in_the_middle_of_an_order_loses_nothing_of_it(
    tmp_path: Path,
    where: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Writing fails between two commits: afterwards the order is there, and the older over."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, MILL), transport=storm.of) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: "AP1" in mill.jobs())
        with monkeypatch.context() as full:
            full.setattr(mill.exchange._context.ledger, where, _no_space)
            lead.clock.to("1 07:00")
            await lead.exchange.open_order("GA-18", at_s=6 * 3600)
            await until(lambda: "nothing can be kept now" in caplog.text)
            assert mill.exchange.connected
        await until(lambda: mill.exchange.order("GA-18"), HEALED)
        await until(lambda: mill.jobs()["AP1"].order == "GA-18", HEALED)
        await until(lambda: _job_of(mill, "GA-17").state in OVER, HEALED)


async def test_a_full_disk_keeps_link_and_state_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    storm = Storm(1, loss=0.0)
    with small_disk(tmp_path / MILL, megabytes=4) as disk:
        async with working(tmp_path, (LEAD, MILL), transport=storm.of) as firms:
            await opened(firms)
            lead, mill = firms[LEAD], firms[MILL]
            await until(lambda: lead.knows("AP1", progress=0.0))
            inside = mill.exchange._inside
            fill_up(disk / "ballast")
            lead.clock.to("1 07:00")
            await lead.exchange.open_order("GA-18", at_s=6 * 3600)
            await until(lambda: "cannot store" in mill.exchange.health().en)
            assert mill.exchange.connected
            (disk / "ballast").unlink()
            await until(lambda: mill.exchange.order("GA-18"), HEALED)
            await until(lambda: "cannot" not in mill.exchange.health().en, HEALED)
            assert mill.exchange._inside is inside
            assert await logs_agree(lead, mill)
    assert "nothing can be kept now" in caplog.text
    assert "Traceback" not in caplog.text


async def test_what_could_not_be_kept_is_not_on_its_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its number in the chain is free for the next message: the partner gets one of that number."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, MILL), transport=storm.of) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        context, outbox, _, _ = mill.exchange._parts()
        state = context.state
        await until(lambda: not state.pending)
        before = state.out_heads.copy(), state.told.copy(), state.sent_count
        fields = {"lamp": "green"}
        word = Outgoing(
            ("GA-17", LEAD, Kind.REPORT, "AP1"), 1, timedelta(hours=6), fields, Level.L1
        )
        with monkeypatch.context() as full:
            full.setattr(context.ledger, "send", _no_space)
            with pytest.raises(JournalError):
                await outbox.take([word], 0.0)
        assert (state.out_heads, state.told, state.sent_count) == before
        assert not state.pending


async def test_an_order_in_lapse_that_was_left_alone_for_a_year_stops_nobody(
    tmp_path: Path,
) -> None:
    """By its own clock it is older than any time that can be told."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, MILL), transport=storm.of) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        for firm in firms.values():
            await firm.kill()
        lead.clock.now += timedelta(days=365)
        for firm in firms.values():
            await firm.start()
        await mill.exchange.withdraw("GA-17", LEAD, "L1")
        await until(lambda: lead.knows("AP1", level="L1"))
        await lead.exchange.open_order("GA-18", at_s=6 * 3600)
        await until(lambda: mill.exchange.order("GA-18"))
        await until(lambda: lead.package("AP1", "GA-18").get("progress") == 0.0)


async def test_a_firm_that_has_lost_its_file_and_begun_anew_gets_everything_again(
    broker: RunningBroker, tmp_path: Path
) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD, MILL), broker.url, clock=clock) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        await mill.kill()
        for file in mill.site.state.glob("exchange.db*"):
            file.unlink()
        await mill.start()
        await mill.exchange.begin_anew(MILL)
        clock.to("1 06:20")
        await until(lambda: mill.exchange.order("GA-17"), HEALED)
        await mill.book(240)
        await until(lambda: lead.knows("AP1", level="L0"), HEALED)
        await until(lambda: "lamp" in mill.order(), HEALED)
        await until(lambda: not [e for e in mill.sent() if e["state"] == "pending"])
        assert await logs_agree(lead, mill)


async def test_a_partner_that_keeps_asking_does_not_make_the_ledger_grow(tmp_path: Path) -> None:
    """Each time it says that it has nothing of the chain in use."""
    storm = Storm(1, loss=0.0)
    async with working(tmp_path, (LEAD, MILL), transport=storm.of) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        context, outbox, _, _ = lead.exchange._parts()
        begun: list[int] = []
        for number in range(5):
            await until(lambda: context.state.out_heads.get(("GA-17", MILL)))
            head = context.state.out_heads["GA-17", MILL]
            asked = context.reply(
                MILL, Kind.BEHIND, "GA-17", {"chain": head.chain, "have": -1}, "x"
            )
            await outbox.missing(MILL, asked, float(number))
            await lead.exchange.tick()
            begun.append(len({e["hash"] for e in lead.sent() if e["kind"] == "order"}))
        assert begun == [2] * 5
        assert mill.exchange.order("GA-17") is not None


async def test_what_a_partner_lacked_before_its_last_answer_begins_nothing_anew(
    tmp_path: Path,
) -> None:
    storm, clock = Storm(1, loss=0.0), Clock()
    async with working(tmp_path, (LEAD, MILL), transport=storm.of, clock=clock) as firms:
        await opened(firms)
        lead, mill = firms[LEAD], firms[MILL]
        await until(lambda: lead.knows("AP1", progress=0.0))
        context, outbox, _, _ = mill.exchange._parts()
        head = context.state.out_heads["GA-17", LEAD]
        late = context.reply(LEAD, Kind.BEHIND, "GA-17", {"chain": head.chain, "have": -1}, "x")
        clock.to("1 07:00")
        await mill.book(240)
        await until(lambda: not context.state.pending and lead.knows("AP1", progress=0.1))
        await outbox.missing(LEAD, late, 0.0)
        assert context.state.out_heads["GA-17", LEAD].chain == head.chain
        again = context.reply(LEAD, Kind.BEHIND, "GA-17", {"chain": head.chain, "have": -1}, "x")
        await outbox.missing(LEAD, again, 0.0)
        assert ("GA-17", LEAD) not in context.state.out_heads


def _no_space(*_: object) -> None:
    raise JournalError("no space left on the disk")


def _job_of(firm: Firm, order: str) -> Job:
    return next(job for job in firm.tracker.jobs(firm.journal.state) if job.order == order)


class Storm:
    """A way between firms that loses, doubles and reorders; for tests of convergence only."""

    def __init__(self, seed: int, loss: float = 0.25) -> None:
        self.dice = random.Random(seed)
        self.loss = loss
        self.boxes: dict[str, asyncio.Queue[tuple[str, bytes]]] = {}
        self.old: list[tuple[str, str, bytes]] = []

    def of(self, firm: str) -> Way:
        self.boxes.setdefault(firm, asyncio.Queue())
        return Way(self, firm)

    def carry(self, sender: str, recipient: str, wire: bytes) -> None:
        self.old.append((sender, recipient, wire))
        if self.dice.random() < self.loss:
            return
        self._deliver(sender, recipient, wire)
        while self.dice.random() < self.loss:
            self._deliver(*self.dice.choice(self.old))  # an old one again, to whom it was for

    def _deliver(self, sender: str, recipient: str, wire: bytes) -> None:
        box = self.boxes.get(recipient)
        if box is None:
            return
        box.put_nowait((sender, wire))
        if box.qsize() > 1 and self.dice.random() < self.loss:
            waiting = [box.get_nowait() for _ in range(box.qsize())]
            self.dice.shuffle(waiting)
            for each in waiting:
                box.put_nowait(each)


class Way:
    """One firm's end of the storm."""

    def __init__(self, storm: Storm, firm: str) -> None:
        self.storm, self.firm, self.open = storm, firm, False

    heard = True

    def trouble(self) -> None:
        """All is well."""

    async def connect(self) -> None:
        self.open = True

    async def send(self, recipient: str, wire: bytes) -> None:
        if not self.open:
            raise NotConnected("closed")
        self.storm.carry(self.firm, recipient, wire)

    async def messages(self) -> AsyncIterator[tuple[str, bytes]]:
        while self.open:
            yield await self.storm.boxes[self.firm].get()

    async def close(self) -> None:
        self.open = False


@pytest.mark.seeds(3, 30)
async def test_lost_doubled_and_reordered_messages_change_nothing(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.partners.outbox.RETRY", (0.1, 0.2, 0.3))
    clock, storm = Clock(), Storm(seed)
    async with working(tmp_path, THREE, transport=storm.of, clock=clock) as firms:
        await firms[LEAD].exchange.open_order("GA-17", at_s=6 * 3600)
        lead, mill, furnace = (firms[name] for name in THREE)
        await until(lambda: all(f.exchange.order("GA-17") for f in firms.values()), 30)
        for time_, good in (("1 08:40", 600), ("1 11:20", 600)):
            clock.to(time_)
            await mill.book(good)
            await until(lambda: furnace.knows("AP1", good=mill.jobs()["AP1"].good), 30)
        clock.to("1 14:10")
        await furnace.book(600)
        await furnace.exchange.withdraw("GA-17", MILL, "L0")
        storm.loss = 0.1
        await until(lambda: lead.knows("AP3", good=600), 30)
        await until(lambda: mill.knows("AP3", level="L0"), 30)
        assert furnace.jobs()["AP3"].inbound == 1200
        for firm in firms.values():
            assert _gapless(firm)
            assert not [e for e in firm.exchange.audited() if e["what"] == "refused"], seed


def _gapless(firm: Firm) -> bool:
    """Every chain in the log is 1, 2, 3, ..., each naming the one before it."""
    with sqlite3.connect(firm.site.state / "exchange.db") as db:
        rows: list[Any] = db.execute(
            "SELECT partner, chain, sequence, hash, prev FROM received"
            " ORDER BY partner, chain, sequence"
        ).fetchall()
    last: dict[tuple[str, str], tuple[int, str]] = {}
    for partner, chain, sequence, hashed, prev in rows:
        before = last.get((partner, chain), (0, ""))
        if (sequence, prev) != (before[0] + 1, before[1]):
            return False
        last[partner, chain] = (sequence, hashed)
    return True
