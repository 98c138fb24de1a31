"""Which message fits the end of its chain, and what a sender may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.config import read_model
from gateway.core.errors import ExchangeError
from gateway.network.files import OrderFile
from gateway.network.knowledge import Agreed
from gateway.network.order import Level
from gateway.partners.checks import (
    Fit,
    NotYetError,
    check_order,
    check_report,
    fit,
    read_ready,
    read_withdrawal,
)
from gateway.partners.messages import Cancelled, Kind, Message, header, read
from gateway.partners.state import ExchangeState, Head
from tests.partners.firms import CONFIGS, FURNACE, LEAD, MILL, START

CHAIN, OTHER = "a" * 16, "b" * 16
H = {number: f"{number:064x}" for number in range(1, 10)}
ORDER = read_model(Path(CONFIGS / "demo" / "order.yaml"), OrderFile, env={}).order()


def a_message(sequence: int, prev: str, **changed: object) -> Message:
    there: dict[str, object] = {
        "header": header(MILL, FURNACE, Kind.REPORT, datetime.now(UTC)),
        "kind": Kind.REPORT,
        "order": "GA-17",
        "version": 1,
        "package": "AP1",
        "chain": CHAIN,
        "sequence": sequence,
        "prev": prev,
        "level": Level.L1,
        "fields": {"lamp": "green"},
    }
    return Message.model_validate(there | changed)


def a_book(head: Head | None = None) -> ExchangeState:
    state = ExchangeState(versions={"GA-17": {1: ORDER}})
    state.agreements["GA-17", MILL, FURNACE] = Agreed(Level.L1)
    if head is not None:
        state.in_heads["GA-17", MILL] = head
    return state


def cancelled(*numbers: int, first_prev: str) -> tuple[Cancelled, ...]:
    prev, made = first_prev, []
    for number in numbers:
        made.append(Cancelled(sequence=number, hash=H[number], prev=prev))
        prev = H[number]
    return tuple(made)


@pytest.mark.parametrize(
    ("head", "sequence", "prev", "where"),
    [
        (None, 1, "", Fit.NEXT),
        (None, 2, H[1], Fit.BEHIND),
        (Head(CHAIN, 1, H[1]), 2, H[1], Fit.NEXT),
        (Head(CHAIN, 1, H[1]), 3, H[2], Fit.BEHIND),
        (Head(CHAIN, 3, H[3]), 3, H[2], Fit.KNOWN),
        (Head(CHAIN, 3, H[3]), 1, "", Fit.KNOWN),
        (Head(OTHER, 5, H[5]), 1, "", Fit.NEXT),  # its sender has begun a new chain
    ],
)
def test_a_message_fits_the_end_of_its_chain(
    head: Head | None, sequence: int, prev: str, where: Fit
) -> None:
    assert fit(a_book(head), MILL, a_message(sequence, prev), replaced=False) is where


@pytest.mark.parametrize(
    ("head", "sequence", "prev"),
    [
        (Head(CHAIN, 1, H[1]), 2, H[5]),  # names another one before it
        (None, 1, H[1]),  # a first message that continues something
    ],
)
def test_a_message_that_does_not_continue_its_chain_is_refused(
    head: Head | None, sequence: int, prev: str
) -> None:
    with pytest.raises(ExchangeError, match="does not continue"):
        fit(a_book(head), MILL, a_message(sequence, prev), replaced=False)


def test_a_message_of_a_replaced_chain_is_refused() -> None:
    state = a_book(Head(OTHER, 2, H[2]))
    with pytest.raises(ExchangeError, match="replaced"):
        fit(state, MILL, a_message(9, H[8]), replaced=True)


def test_cancelled_messages_fill_the_gap_only_if_they_are_linked() -> None:
    state = a_book(Head(CHAIN, 1, H[1]))
    linked = cancelled(2, 3, first_prev=H[1])
    assert fit(state, MILL, a_message(4, H[3], cancels=linked), replaced=False) is Fit.NEXT
    assert fit(state, MILL, a_message(5, H[4], cancels=linked), replaced=False) is Fit.BEHIND
    torn = cancelled(2, 3, first_prev=H[7])
    assert fit(state, MILL, a_message(4, H[3], cancels=torn), replaced=False) is Fit.BEHIND
    with pytest.raises(ExchangeError, match="does not continue"):
        fit(state, MILL, a_message(4, H[8], cancels=linked), replaced=False)


def test_cancelled_messages_that_had_arrived_do_not_disturb() -> None:
    state = a_book(Head(CHAIN, 3, H[3]))
    message = a_message(4, H[3], cancels=cancelled(2, 3, first_prev=H[1]))
    assert fit(state, MILL, message, replaced=False) is Fit.NEXT


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"level": Level.L3, "fields": {}}, "where L1 is agreed"),
        ({"level": Level.L0, "fields": {}}, "where L1 is agreed"),
        ({"level": None, "fields": {}}, "where L1 is agreed"),
        ({"package": "AP3"}, "package of another firm"),
        ({"package": None}, "package of another firm"),
        ({"kind": Kind.SUMMARY, "package": None}, "not from the lead firm"),
        ({"fields": {"good": 5}}, "lacks"),
        ({"fields": {"lamp": "violet"}}, "no sound value"),
    ],
)
def test_a_report_says_only_what_its_sender_may_say(changed: dict[str, object], why: str) -> None:
    with pytest.raises(ExchangeError, match=why):
        check_report(a_book(), FURNACE, MILL, a_message(1, "", **changed))


def test_a_report_on_an_unknown_version_waits() -> None:
    with pytest.raises(NotYetError):
        check_report(a_book(), FURNACE, MILL, a_message(1, "", version=2))


def test_an_order_comes_from_the_lead_firm_under_its_own_name() -> None:
    from dataclasses import replace  # noqa: PLC0415

    opened = replace(ORDER, began=START, at=timedelta(hours=6))
    message = a_message(1, "", kind=Kind.ORDER, level=None, package=None)
    check_order(opened, message, LEAD, may_lead=True, simulated=True)
    for order, sender, simulated in (
        (opened, MILL, True),
        (replace(opened, lead=MILL), LEAD, True),
        (replace(opened, id="GA-18"), LEAD, True),
        (replace(opened, version=2), LEAD, True),
        (ORDER, LEAD, True),  # never opened
        (opened, LEAD, False),  # time lapse at real machines
    ):
        with pytest.raises(ExchangeError):
            check_order(order, message, sender, may_lead=sender == LEAD, simulated=simulated)
    check_order(replace(opened, lapse=1), message, LEAD, may_lead=True, simulated=False)


def test_a_withdrawal_never_gives_more_than_there_was() -> None:
    fields = {"level": "L2", "withdrawnAt": "2026-11-20T08:00:00.250Z"}
    message = a_message(1, "", kind=Kind.WITHDRAWAL, level=None, fields=fields)
    assert read_withdrawal(message, Level.L1).level is Level.L1
    left = read_withdrawal(message, Level.L3)
    assert left == Agreed(Level.L2, START + timedelta(milliseconds=250))


@pytest.mark.parametrize(
    "changed", [{"level": "L9"}, {"withdrawnAt": "2026-11-20T08:00:00"}, {"withdrawnAt": 5}]
)
def test_a_withdrawal_says_what_is_left_and_since_when(changed: dict[str, object]) -> None:
    fields = {"level": "L2", "withdrawnAt": "2026-11-20T08:00:00.250Z"} | changed
    with pytest.raises(ExchangeError):
        read_withdrawal(a_message(1, "", kind=Kind.WITHDRAWAL, fields=fields), Level.L3)


@pytest.mark.parametrize(
    "fields", [{}, {"earliest_start_s": -1, "lot_time_s": 5}, {"earliest_start_s": True}]
)
def test_a_readiness_without_sound_times_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ExchangeError):
        read_ready({"package": "AP3"} | fields, MILL, ORDER)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "gossip"},
        {"schema": 3},
        {"schema": "2"},
        {"schema": True},
        {"sequence": 0},
        {"sequence": -1},
        {"chain": None},
        {"chain": "../x"},
        {"prev": "short"},
        {"kind": "ack"},
        {"order_s": 1e300},
        {"order_s": -1e300},
    ],
)
def test_a_malformed_message_is_refused(changed: dict[str, object]) -> None:
    content = a_message(1, "").content() | changed
    with pytest.raises(ExchangeError):
        read(content, MILL, FURNACE)


@pytest.mark.parametrize(
    "sent", ["9999-12-31T23:59:59Z", "2026-11-20T08:00:00", "0001-01-01T00:00:00Z"]
)
def test_a_time_that_cannot_be_reckoned_with_is_refused(sent: str) -> None:
    content = a_message(1, "").content()
    content["header"]["sentDateTime"] = sent
    with pytest.raises(ExchangeError):
        read(content, MILL, FURNACE)


def test_a_message_for_or_from_another_firm_is_refused() -> None:
    content = a_message(1, "").content()
    assert read(content, MILL, FURNACE).sequence == 1
    for sender, receiver in ((LEAD, FURNACE), (MILL, LEAD)):
        with pytest.raises(ExchangeError, match="another firm"):
            read(content, sender, receiver)
