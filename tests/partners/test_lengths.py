"""How long messages are on the wire: all alike, whatever they say, and never too long."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.core.work import JobState, Substate
from gateway.network.disclosure import as_fields, disclose, unread
from gateway.network.order import Consortium, Level, Member
from gateway.network.report import DepartedLot, Lamp, PackageState
from gateway.partners.crypto import opened, sealed, signed, too_long
from gateway.partners.identity import Identity, identity
from gateway.partners.messages import Cancelled, Kind, Message, header
from tests.drivers.brokers import RunningBroker
from tests.partners.firms import FURNACE, LEAD, MILL, PRESS, START, Clock, until, working
from tests.partners.firms import opened as agreed
from tests.partners.test_leaks import listening, settled

STEP = 16_384 * 4 // 3
"""What one step of the signed text comes to on the wire, at least."""
H = "f" * 64


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Identity]:
    folder: Path = tmp_path_factory.mktemp("keys")
    return {firm: identity(folder / firm) for firm in (MILL, LEAD)}


def member(firm: str, keys: dict[str, Identity]) -> Member:
    return Member(firm, firm, keys[firm].sign_public, keys[firm].seal_public)


def a_report(level: Level, lots: int) -> dict[str, Any]:
    """A report as it travels, with numbers as large as they get."""
    left = tuple(
        DepartedLot(10_000 + number, 10**9, timedelta(days=36_500)) for number in range(lots)
    )
    forecast = timedelta(days=36_500)
    state = PackageState(
        JobState.RUNNING, Substate.NONE, 10**9, 10**9, forecast, Lamp.YELLOW, None, left
    )
    report = disclose(state, level, timedelta(minutes=5))
    assert report is not None
    return as_fields(unread(report, {}))


def a_letter(kind: Kind, fields: dict[str, Any], **place: Any) -> dict[str, Any]:
    head = header(MILL, LEAD, kind, at=START)
    return Message(header=head, kind=kind, order="GA-17", fields=fields, **place).content()


def on_the_wire(content: dict[str, Any], keys: dict[str, Identity]) -> int:
    return len(sealed(signed(content, MILL, keys[MILL]), member(LEAD, keys)))


def test_reports_of_every_level_and_number_of_lots_and_answers_have_one_length(
    keys: dict[str, Identity],
) -> None:
    place = {"chain": "a" * 16, "sequence": 10**9, "prev": H, "package": "AP1"}
    lengths = {
        on_the_wire(a_letter(Kind.REPORT, a_report(level, lots), level=level, **place), keys)
        for level, lots in [
            (Level.L1, 0), (Level.L2, 0), (Level.L3, 0), (Level.L3, 4), (Level.L3, 10_000),
        ]
    }  # fmt: skip
    taken_back = tuple(Cancelled(sequence=10**9 + n, hash=H, prev=H) for n in range(20))
    report = a_letter(
        Kind.REPORT, a_report(Level.L3, 10_000), level=Level.L3, cancels=taken_back, **place
    )
    lengths.add(on_the_wire(report, keys))
    answer = {"chain": "a" * 16, "sequence": 7, "hash": H}
    for kind in (Kind.ACK, Kind.BEHIND, Kind.COMPARE, Kind.HEADS):
        lengths.add(on_the_wire(a_letter(kind, answer), keys))
    assert len(lengths) == 1


def test_orders_are_as_long_as_a_whole_number_of_steps(keys: dict[str, Identity]) -> None:
    place = {"chain": "a" * 16, "sequence": 1}
    lengths = sorted(
        on_the_wire(a_letter(Kind.ORDER, {"text": "x" * size}, **place), keys)
        for size in (0, 5_000, 10_000, 13_000, 20_000, 200_000)
    )
    assert len(set(lengths)) == 3
    assert all(length % STEP < 600 for length in lengths)


@pytest.mark.parametrize("size", [70_000, 200_000, 280_000])
def test_what_may_be_sealed_is_read(keys: dict[str, Identity], size: int) -> None:
    """The library has limits of its own, of which ours is the only one that counts."""
    content = a_letter(Kind.ORDER, {"text": "x" * size}, chain="a" * 16, sequence=1)
    assert not too_long(content, MILL)
    wire = sealed(signed(content, MILL, keys[MILL]), member(LEAD, keys))
    consortium = Consortium(Text("V", "C"), LEAD, (member(MILL, keys), member(LEAD, keys)))
    assert opened(wire, LEAD, keys[LEAD], consortium).content == content


@pytest.mark.parametrize("size", [295_000, 1_000_000])
def test_what_is_too_long_to_be_read_is_not_sealed(keys: dict[str, Identity], size: int) -> None:
    content = a_letter(Kind.ORDER, {"text": "x" * size}, chain="a" * 16, sequence=1)
    assert too_long(content, MILL)
    with pytest.raises(ExchangeError, match="too long"):
        sealed(signed(content, MILL, keys[MILL]), member(LEAD, keys))


async def test_the_broker_learns_from_no_length_who_sees_more(
    any_broker: RunningBroker, tmp_path: Path
) -> None:
    """The furnace sees the mill's lots, the moulder its lamp: their messages look alike."""
    clock, firms_here = Clock(), (LEAD, MILL, FURNACE, PRESS)
    async with (
        listening(any_broker.url, "wv/x1/#") as (_, heard),
        working(tmp_path, firms_here, any_broker.url, clock=clock) as firms,
    ):
        await agreed(firms)
        for lots, hour in enumerate(("1 08:40", "1 11:20", "1 14:00", "1 16:40"), start=1):
            clock.to(hour)
            await firms[MILL].book(600)
            good = 600 * lots
            await until(lambda good=good: firms[FURNACE].knows("AP1", good=good))
        await settled(heard, *firms.values())
        said = {
            (entry["to"], entry["level"])
            for entry in firms[MILL].sent()
            if entry["kind"] == "report"
        }
        assert (FURNACE, "L3") in said
        assert (PRESS, "L1") in said
        lengths = {len(message.payload) // 1000 for message in heard}
        assert lengths == {22}, "16 kB, signed and sealed"
