"""Lots of a package go to another firm: what each part keeps, and what cannot be divided."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.network.agreement import in_force, proposed
from gateway.network.order import JointOrder, Level, Need, Opening, Prepared
from gateway.network.split import shares, split

HOUR = timedelta(hours=1)
AT = 16 * HOUR
RESERVE = Prepared("reserve", "AP3", 18 * HOUR, 5 * HOUR, (4,))


def given(order: JointOrder, *lots: int, package: str = "AP3") -> JointOrder:
    return split(order, package, lots, RESERVE, accepted=AT)


def test_what_stays_is_the_old_package_without_the_lots_that_go(fair: JointOrder) -> None:
    whole = fair.package("AP3")
    rest = given(fair, 2).package("AP3")
    assert (rest.quantity, rest.numbers, rest.firm) == (1800, (1, 3, 4), "haerterei-glutofen")
    assert rest.needs == (Need("AP1", 1, lots=(1, 3, 4)),)
    assert rest.baseline is not None
    assert whole.baseline is not None
    left = whole.baseline.departures
    assert rest.baseline.departures == (left[0], left[2], left[3])
    assert (rest.lot_time, rest.part_of) == (whole.lot_time, None)


def test_what_goes_is_a_package_of_the_reserve_with_nothing_promised_yet(fair: JointOrder) -> None:
    begun = replace(fair.package("AP3"), opening=Opening(good=600), piece_time=None)
    part = given(fair.with_package(begun), 2).package("AP3-R")
    assert (part.firm, part.quantity, part.numbers, part.part_of) == ("reserve", 600, (2,), "AP3")
    assert part.needs == (Need("AP1", 1, lots=(2,), via="AP3", accepted=AT),)
    assert (part.lot_time, part.piece_time) == (5 * HOUR, None)
    assert part.earliest_start == 18 * HOUR
    assert part.baseline is part.opening is None
    assert part.title == fair.package("AP3").title


def test_a_part_stands_behind_its_package_and_the_order_is_a_version_further(
    fair: JointOrder,
) -> None:
    once = given(fair, 4)
    twice = given(once, 2)
    assert [entry.id for entry in twice.packages] == [
        "AP1", "AP2", "AP3", "AP3-R2", "AP3-R", "AP4", "AP5",
    ]  # fmt: skip
    assert [order.version for order in (fair, once, twice)] == [1, 2, 3]
    assert twice.package("AP3").numbers == (1, 3)
    assert twice.package("AP3").needs == (Need("AP1", 1, lots=(1, 3)),)
    again = given(given(fair, 3, 4), 4, package="AP3-R").package("AP3-R-R")
    assert again.part_of == "AP3", "its lots are still those of the first package"
    assert again.needs == (Need("AP1", 1, lots=(4,), via="AP3-R", accepted=AT),)


@pytest.mark.parametrize("lots", [(), (1, 2, 3, 4), (4, 4), (0,), (5,), (3, 5)])
def test_lots_that_are_none_or_all_cannot_be_given_away(
    fair: JointOrder, lots: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match=r"^AP3: lots \[.*\] cannot be given away$"):
        given(fair, *lots)


def test_a_lot_that_both_parts_need_cannot_be_divided(fair: JointOrder) -> None:
    """Two blades go into a piece: the first lot of the mill is for the first two charges."""
    mill = replace(fair.package("AP1"), quantity=2400, lot=1200)
    order = fair.with_package(mill)
    with pytest.raises(ValueError, match="lot 1 of AP1 holds pieces for both parts of AP3"):
        given(order, 2)
    both = given(order, 1, 2)
    assert both.package("AP3").needs[0].lots == (2,)
    assert both.package("AP3-R").needs[0].lots == (1,)


def test_several_lots_of_the_source_follow_one_lot(fair: JointOrder) -> None:
    order = fair.with_package(replace(fair.package("AP1"), lot=200))
    parts = given(order, 1)
    assert parts.package("AP3-R").needs[0].lots == (1, 2, 3)
    assert parts.package("AP3").needs[0].lots == tuple(range(4, 13))


@pytest.mark.parametrize(
    ("weight", "kept", "moved", "found"),
    [(38, 1800, 600, (29, 9)), (1, 1, 1, (1, 0)), (10, 1, 3, (3, 7)), (7, 3, 0, (7, 0))],
)
def test_a_half_stays(weight: int, kept: int, moved: int, found: tuple[int, int]) -> None:
    assert shares(weight, kept, moved) == found


def test_nothing_is_agreed_with_oneself_or_with_who_has_no_part(fair: JointOrder) -> None:
    furnace, lead, reserve = "haerterei-glutofen", "montage-holzland", "haertetechnik-vogtei"
    assert in_force(fair, furnace, lead)
    assert not in_force(fair, furnace, furnace)
    assert not in_force(fair, furnace, reserve)
    assert not in_force(fair, reserve, furnace)
    assert proposed(fair, furnace, lead) is Level.L3
    assert proposed(fair, reserve, lead) is Level.L0
