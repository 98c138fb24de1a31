"""A package's lots, who takes part in an order, and in which turn its packages are made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.core.text import Text
from gateway.network.order import (
    Agreement,
    Consortium,
    JointOrder,
    Level,
    Lot,
    Member,
    Need,
    WorkPackage,
)

WORD = Text("Teil", "part")


def package(name: str = "AP1", *needs: str, quantity: int = 25, lot: int = 10) -> WorkPackage:
    asked = tuple(Need(source, 1) for source in needs)
    return WorkPackage(name, WORD, WORD, f"firm-{name}", quantity, lot, 10, asked)


def order(*packages: WorkPackage) -> JointOrder:
    hour = timedelta(hours=1)
    return JointOrder(
        id="J-1", version=1, item=WORD, quantity=25, unit=WORD, lead="lead", start=hour,
        due=9 * hour, transport=hour, threshold=hour, interval=hour, stale=hour, step=hour,
        lapse=2, packages=packages, agreements=(Agreement("firm-AP1", "lead", Level.L2),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("quantity", "lots"),
    [(1, [1]), (9, [9]), (10, [10]), (11, [10, 1]), (25, [10, 10, 5]), (30, [10, 10, 10])],
)
def test_only_the_last_lot_is_smaller(quantity: int, lots: list[int]) -> None:
    made = package(quantity=quantity)
    assert list(made.sizes) == lots
    assert made.lots() == tuple(Lot(n, size) for n, size in enumerate(lots, 1))


def test_lots_keep_their_numbers_when_others_are_given_away() -> None:
    left = replace(package(quantity=15), numbers=(2, 3))
    assert left.lots() == (Lot(2, 10), Lot(3, 5))


def test_two_packages_have_the_same_lots_when_sizes_and_numbers_are_the_same() -> None:
    made = package()
    assert made.same_lots(replace(made, weight=99, firm="another"))
    assert made.same_lots(replace(made, numbers=(1, 2, 3)))
    assert not made.same_lots(replace(made, numbers=(1, 2, 4)))
    assert not made.same_lots(replace(made, quantity=26))
    assert not made.same_lots(replace(made, quantity=24))
    assert not made.same_lots(replace(made, lot=11))


def test_a_time_per_lot_holds_for_a_lot_of_any_size() -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    charge, milled = replace(package(), lot_time=hour), replace(package(), piece_time=minute)
    assert [charge.time_for(pieces) for pieces in (1, 10)] == [hour, hour]
    assert [milled.time_for(pieces) for pieces in (1, 10)] == [minute, 10 * minute]
    assert (charge.per_piece, milled.per_piece) == (6 * minute, minute)
    assert (package().time_for(5), package().per_piece) == (None, None)


def test_packages_come_after_those_they_need() -> None:
    whole = order(package("AP3", "AP1", "AP2"), package("AP2", "AP1"), package("AP1"))
    assert [entry.id for entry in whole.in_turn()] == ["AP1", "AP2", "AP3"]
    assert whole.in_circle() == ()


def test_who_waits_in_a_circle_is_named_and_who_only_waits_for_one_is_not() -> None:
    whole = order(package("AP1", "AP2"), package("AP2", "AP1"), package("AP3", "AP2"))
    assert whole.in_circle() == ("AP1", "AP2")
    with pytest.raises(ValueError, match="wait for each other: AP1, AP2, AP3"):
        list(whole.in_turn())


def test_what_took_lots_over_delivers_for_the_package_it_took_them_from() -> None:
    taken = replace(package("AP1-R"), part_of="AP1")
    whole = order(package("AP1"), taken, package("AP2", "AP1"), package("AP3", "AP2"))
    assert [entry.id for entry in whole.sources(Need("AP1", 1))] == ["AP1", "AP1-R"]
    assert [entry.id for entry in whole.consumers(taken)] == ["AP2"]
    assert [entry.id for entry in whole.consumers(whole.package("AP1"))] == ["AP2"]
    assert whole.consumers(whole.package("AP3")) == ()


def test_an_order_is_asked_for_what_it_does_not_have() -> None:
    whole = order(package("AP1"), package("AP2"))
    with pytest.raises(KeyError, match="AP9"):
        whole.package("AP9")
    with pytest.raises(ValueError, match="order J-1 has not been opened"):
        _ = whole.clock
    with pytest.raises(ValueError, match="has not been opened"):
        _ = replace(whole, began=datetime(2026, 1, 5, tzinfo=UTC)).clock
    with pytest.raises(ValueError, match="has not been opened"):
        _ = replace(whole, at=timedelta()).clock
    assert whole.firms() == ("lead", "firm-AP1", "firm-AP2")
    assert [entry.id for entry in whole.of("firm-AP2")] == ["AP2"]
    assert whole.level("firm-AP1", "lead") is Level.L2
    assert whole.level("lead", "firm-AP1") is Level.L0
    assert whole.level("firm-AP2", "lead") is Level.L0


def test_an_orders_time_is_told_for_a_hundred_years_before_and_behind() -> None:
    began = datetime(2026, 1, 5, tzinfo=UTC)
    whole = replace(order(package()), began=began, at=timedelta())
    edge = timedelta(days=36_500) / 2  # it runs twice as fast
    second = timedelta(seconds=1)
    assert whole.tellable(began + edge)
    assert not whole.tellable(began + edge + second)
    assert whole.tellable(began - edge)
    assert not whole.tellable(began - edge - second)


def test_a_consortium_knows_its_members_and_no_stranger() -> None:
    agreed = (Agreement("a", "b", Level.L1),)
    members = (Member("a", "A"), Member("b", "B"), Member("c", "C"))
    consortium = Consortium(WORD, "a", members, agreed)
    assert consortium.member("b") == Member("b", "B")
    assert consortium.member("z") is None
    assert [entry.id for entry in consortium.others("b")] == ["a", "c"]
    assert (consortium.level("a", "b"), consortium.level("b", "a")) == (Level.L1, Level.L0)
