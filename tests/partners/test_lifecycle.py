"""What is let go of an order that has been over for long, and what must stay for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.core.work import Job, JobState, Substate
from gateway.network.knowledge import Agreed
from gateway.network.order import Level
from gateway.network.own_jobs import Counting, Shop
from gateway.partners.checks import Fit, fit
from gateway.partners.messages import GENESIS, Kind
from gateway.partners.state import KEPT_FOR, KEPT_LAPSED, ExchangeState, LogEntry
from gateway.partners.store.ledger import Ledger
from tests.partners.firms import FURNACE, LEAD, MILL, START, Clock, opened, s, working
from tests.partners.test_checks import CHAIN, ORDER, OTHER, H, a_message

SECRET = "itemInProduction"
NEWER = START + timedelta(minutes=10)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """The furnace firm's: of GA-17 a replaced chain and the one in use, each way, and GA-18."""
    made = Ledger(tmp_path, FURNACE)
    made.open()
    for name in ("GA-17", "GA-18"):
        order = replace(ORDER, id=name, began=START, at=ORDER.start)
        made.keep_order(order, {(MILL, FURNACE): Agreed(Level.L2)}, START)
    for chain, sequence in ((OTHER, 1), (OTHER, 2), (CHAIN, 1), (CHAIN, 2), (CHAIN, 3)):
        made.receive(a_row("GA-17", chain, sequence, "kept"), [])
        made.send([a_row("GA-17", chain[::-1].upper(), sequence, "pending")])
    made.receive(a_row("GA-18", "c" * 16, 1, "kept"), [])
    made.close_order("GA-17", NEWER)
    yield made
    made.close()


def a_row(order: str, chain: str, sequence: int, state: str) -> LogEntry:
    return LogEntry(
        order, MILL, chain, sequence, Kind.REPORT, "AP1", 1, Level.L2, START, 21_600.0,
        {"productionStatus": SECRET}, f"signed {SECRET}", H[sequence],
        GENESIS if sequence == 1 else H[sequence - 1], 900,
        state,  # type: ignore[arg-type]
    )  # fmt: skip


def reopened(ledger: Ledger) -> ExchangeState:
    ledger.close()
    return ledger.open()


def test_messages_go_and_what_was_agreed_stays(ledger: Ledger) -> None:
    before = reopened(ledger)
    ledger.forget("GA-17")
    after = reopened(ledger)
    assert set(after.versions) == {"GA-18"}
    assert (after.closed, after.agreements) == (before.closed, before.agreements)
    for log in ("sent", "received"):
        left = ledger.log(log, "GA-17", 100)
        assert sorted(entry.sequence for entry in left) == [2, 3], "the last of each chain"
        assert all(not entry.fields and entry.text is None for entry in left)
    assert ledger.log("received", "GA-18", 9)[0].fields == {"productionStatus": SECRET}


def test_counts_and_the_ends_of_chains_are_the_same_after_a_restart(ledger: Ledger) -> None:
    before = reopened(ledger)
    assert (before.sent_count, before.received_count) == (5, 6)
    ledger.forget("GA-17")
    after = reopened(ledger)
    assert (after.sent_count, after.received_count) == (5, 6)
    assert after.in_heads == before.in_heads
    assert after.out_heads == before.out_heads


def test_nothing_that_was_let_go_can_be_played_back(ledger: Ledger) -> None:
    ledger.forget("GA-17")
    state = reopened(ledger)
    for sequence in (1, 2, 3):
        prev = GENESIS if sequence == 1 else H[sequence - 1]
        message = a_message(sequence, prev, chain=CHAIN)
        assert fit(state, MILL, message, replaced=False) is Fit.KNOWN
    assert ledger.knows_chain("GA-17", MILL, OTHER), "and so it is refused"
    assert not ledger.knows_chain("GA-17", MILL, "d" * 16)
    assert ledger.known(MILL, CHAIN, 1) is None, "and so it is refused"


def test_memory_lets_go_of_the_same(ledger: Ledger) -> None:
    state = reopened(ledger)
    state.forget("GA-17")
    ledger.forget("GA-17")
    assert replace(state, told={}) == replace(reopened(ledger), told={}, cancelled=state.cancelled)


@pytest.mark.parametrize(
    ("lapse", "closed", "age", "expired"),
    [
        (1, 20, timedelta(days=89), 0),
        (1, 20, KEPT_FOR + timedelta(hours=1), 20),
        (144, KEPT_LAPSED, timedelta(), 0),
        (144, KEPT_LAPSED + 3, timedelta(), 3),
    ],
)
def test_how_long_an_order_that_is_over_is_kept(
    lapse: int, closed: int, age: timedelta, expired: int
) -> None:
    state = ExchangeState()
    for number in range(closed):
        state.versions[f"GA-{number}"] = {1: replace(ORDER, id=f"GA-{number}", lapse=lapse)}
        state.closed[f"GA-{number}"] = START + timedelta(seconds=number)
    state.versions["GA-now"] = {1: replace(ORDER, id="GA-now", lapse=lapse)}
    assert state.expired(START + age) == [f"GA-{number}" for number in range(expired)]


def test_an_order_is_kept_while_a_message_about_it_is_on_its_way() -> None:
    state = ExchangeState(versions={"GA-17": {1: ORDER}}, closed={"GA-17": START})
    late = START + KEPT_FOR * 2
    assert state.expired(late) == ["GA-17"]
    waiting = a_row("GA-17", CHAIN, 1, "pending")
    state.pending[waiting.key] = waiting
    assert state.expired(late) == []


def test_of_each_kind_of_event_about_a_firm_a_thousand_are_kept(ledger: Ledger) -> None:
    ledger.audit(START, MILL, "withdrawn", "GA-17: L1")
    for number in range(1003):
        ledger.audit(START, MILL, "refused", f"number {number}")
    kept = ledger.audited(9999)
    assert [e["detail"] for e in kept if e["what"] == "refused"][::999] == [
        "number 1002",
        "number 3",
    ]
    assert [e["what"] for e in kept if e["what"] != "refused"] == ["withdrawn"]


def test_when_a_job_changed_is_remembered_of_the_last_thousand() -> None:
    counting, order = Counting(), replace(ORDER, began=START, at=ORDER.start)
    for number in range(2500):
        counting.work(replace(order, id=f"GA-{number}"), Shop((a_job(number),)), START)
    assert len(counting._seen) == 1000


def a_job(number: int) -> Job:
    none, text = timedelta(), Text("", "")
    return Job(
        f"GA-{number}-AP1", "m-1", f"GA-{number}", "AP1", text, 9, 9, JobState.RUNNING,
        Substate.NONE, text, 1, 0, {}, 1, 0, 1, none, none, None, None, None, None, 1, True,
    )  # fmt: skip


async def test_the_name_of_an_order_that_was_let_go_is_not_given_again(tmp_path: Path) -> None:
    clock = Clock()
    async with working(tmp_path, (LEAD,), clock=clock) as firms:
        lead = firms[LEAD]
        await opened(firms)
        clock.to("1 07:00")
        await lead.exchange.open_order("GA-18", at_s=s("1 06:00"))
        await lead.kill()
        ledger = Ledger(lead.site.state, LEAD)
        ledger.open()
        ledger.forget("GA-17")
        ledger.close()
        await lead.start()
        assert lead.exchange.order("GA-17") is None
        assert lead.agreements("GA-17") == []
        with pytest.raises(ExchangeError, match="exists already"):
            await lead.exchange.open_order("GA-17", at_s=s("1 06:00"))


async def test_the_snapshot_of_an_order_that_is_over_is_not_taken_anew(tmp_path: Path) -> None:
    """So that pages build it again only when something has been withdrawn."""
    clock = Clock()
    async with working(tmp_path, (LEAD,), clock=clock) as firms:
        lead = firms[LEAD].exchange
        await opened(firms)
        clock.to("1 07:00")
        await lead.open_order("GA-18", at_s=s("1 06:00"))
        await lead.tick()
        running, over = lead._snapshots.all
        clock.to("1 09:00")
        await lead.tick()
        moved, same = lead._snapshots.all
        assert same is over
        assert moved is not running
        assert lead.newest() == (moved, moved.at(clock()))


def test_security_events_are_bounded_and_no_kind_pushes_out_another(ledger: Ledger) -> None:
    for number in range(3):
        ledger.audit(START, MILL, "narrowed", f"{number}")
    for number in range(1200):
        ledger.audit(START, "?", "refused", f"{number}")
    for limit in (5, 5000):
        kept = ledger.audited(limit)
        assert [e["detail"] for e in kept if e["what"] == "narrowed"] == ["2", "1", "0"]
        assert kept[0]["detail"] == "1199"
    refused = [e["detail"] for e in ledger.audited(5000) if e["what"] == "refused"]
    assert refused == [f"{number}" for number in reversed(range(200, 1200))]
