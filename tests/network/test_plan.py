"""The plan of the demo's order: every figure falls out of the order's own data."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import read_model
from gateway.network.files import OrderFile
from gateway.network.order import JointOrder
from gateway.network.plan import Known, plan
from gateway.network.split import shares, split

CONFIGS = Path(__file__).parents[2] / "configs"
FAIR = read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order()


def at(text: str) -> timedelta:
    """``1 06:00`` as order time."""
    day, clock = text.split()
    hour, minute = clock.split(":")
    return timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


def charges(order: JointOrder, package: str, known: dict[str, Known]) -> list[timedelta]:
    return [lot.end for lot in plan(order, known).packages[package].lots]


BURNT = (at("1 14:10"), at("1 19:25"), at("2 00:40"), at("2 05:55"))
"""Charges at the furnace with an element gone in charge 2: 315 minutes from there."""


def reserve_accepted(order: JointOrder, when: str) -> JointOrder:
    assert order.prepared is not None
    return split(order, "AP3", order.prepared.lots, order.prepared, accepted=at(when))


def test_the_plan_ends_on_day_two_at_5_55_with_65_minutes_slack(fair: JointOrder) -> None:
    made = plan(fair)
    assert made.end == at("2 05:55")
    assert made.slack == timedelta(hours=1, minutes=5)


def test_the_furnace_is_charged_back_to_back(fair: JointOrder) -> None:
    lots = plan(fair).packages["AP3"].lots
    assert [lot.start for lot in lots] + [lots[-1].end] == [
        at("1 09:40"), at("1 14:10"), at("1 18:40"), at("1 23:10"), at("2 03:40"),
    ]  # fmt: skip


def test_lots_of_the_mill_leave_at_their_times(fair: JointOrder) -> None:
    assert charges(fair, "AP1", {}) == [at("1 08:40"), at("1 11:20"), at("1 14:00"), at("1 16:40")]


def test_the_plan_is_promised_in_the_order_with_both_limits(fair: JointOrder) -> None:
    furnace = fair.package("AP3").baseline
    assert furnace is not None
    assert furnace.end == furnace.keeps == at("2 03:40")
    assert furnace.due == at("2 04:45")
    mill = fair.package("AP1").baseline
    assert mill is not None
    assert mill.keeps == at("1 22:10")


def test_the_furnace_and_the_last_bench_lot_are_critical(fair: JointOrder) -> None:
    packages = plan(fair).packages
    assert {name for name, entry in packages.items() if entry.critical} == {"AP1", "AP3", "AP5"}
    assert packages["AP2"].slack == timedelta(hours=16, minutes=20)


def test_a_burnt_element_in_charge_two_makes_the_order_late(fair: JointOrder) -> None:
    known = {"AP3": Known(departed=BURNT[:1], expected=BURNT[1:])}
    made = plan(fair, known)
    assert made.end == at("2 08:10")
    assert made.slack == -timedelta(hours=1, minutes=10)
    assert {n for n, entry in made.packages.items() if entry.critical} >= {"AP3", "AP5"}


@pytest.mark.parametrize(
    ("accepted", "start", "end"),
    [
        ("1 16:30", "1 18:00", "2 02:55"),  # straight from the mill
        ("1 16:45", "1 18:40", "2 02:55"),  # sent on from the first furnace firm
        ("1 20:00", "1 21:00", "2 04:10"),  # sent on late: it packs last
    ],
)
def test_the_reserve_holds_the_forecast_again(
    fair: JointOrder, accepted: str, start: str, end: str
) -> None:
    order = reserve_accepted(fair, accepted)
    known = {"AP3": Known(departed=BURNT[:1], expected=BURNT[1:3])}
    made = plan(order, known)
    (charge,) = made.packages["AP3-R"].lots
    assert charge.number == 4
    assert charge.start == at(start)
    assert charge.end == at(start) + timedelta(hours=4, minutes=30)
    assert made.end == at(end)


def test_with_the_reserve_four_hours_five_are_left(fair: JointOrder) -> None:
    known = {"AP3": Known(departed=BURNT[:1], expected=BURNT[1:3])}
    slack = plan(reserve_accepted(fair, "1 16:30"), known).slack
    assert slack == timedelta(hours=4, minutes=5)


def test_the_split_shares_quantity_and_weight(fair: JointOrder) -> None:
    order = reserve_accepted(fair, "1 16:30")
    first, second = order.package("AP3"), order.package("AP3-R")
    assert (first.quantity, second.quantity) == (1800, 600)
    assert (first.weight, second.weight) == (29, 9)
    assert sum(entry.weight for entry in order.packages) == 100
    assert order.version == fair.version + 1


@given(st.integers(1, 200), st.integers(1, 5000), st.integers(1, 5000))
def test_shares_weigh_what_the_whole_weighed(weight: int, kept: int, moved: int) -> None:
    stays, goes = shares(weight, kept, moved)
    assert stays + goes == weight
    assert min(stays, goes) >= 0


def test_lots_that_do_not_exist_cannot_be_given_away(fair: JointOrder) -> None:
    assert fair.prepared is not None
    with pytest.raises(ValueError, match="cannot be given away"):
        split(fair, "AP3", (7,), fair.prepared, accepted=at("1 16:30"))


@given(st.permutations(range(5)))
@settings(max_examples=30)
def test_the_order_of_the_firms_changes_nothing(turn: list[int]) -> None:
    order = replace(FAIR, packages=tuple(FAIR.packages[index] for index in turn))
    assert plan(order).packages == plan(FAIR).packages


@st.composite
def delays(draw: st.DrawFn) -> dict[str, Known]:
    """Some packages run late, each lot by up to two hours more than the one before it."""
    known: dict[str, Known] = {}
    for name, package in plan(FAIR).packages.items():
        late, expected = timedelta(), []
        for lot in package.lots:
            late += timedelta(minutes=draw(st.integers(0, 120)))
            expected.append(lot.end + late)
        if draw(st.booleans()):
            known[name] = Known(expected=tuple(expected))
    return known


@given(delays(), st.sampled_from(["AP1", "AP2", "AP3", "AP4"]), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_a_shift_below_the_slack_moves_nothing(
    known: dict[str, Known], package: str, percent: int
) -> None:
    before = plan(FAIR, known)
    slack = before.packages[package].slack
    assert slack is not None
    shifted = tuple(lot.end + slack * percent / 100 for lot in before.packages[package].lots)
    assert plan(FAIR, {**known, package: Known(expected=shifted)}).end == before.end


def test_the_mini_order_is_over_within_a_minute() -> None:
    order = read_model(CONFIGS / "mini" / "order.yaml", OrderFile, env={}).order()
    assert (plan(order).end - order.start) / order.lapse < timedelta(seconds=50)
