"""What each firm gets of the joint order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from gateway.core.errors import ExchangeError
from gateway.network.agreement import in_force, proposed
from gateway.network.document import as_document, cut, from_document
from gateway.network.order import JointOrder, Level, Opening
from gateway.network.plan import promised
from gateway.network.split import split

MILL, PRESS, FURNACE = "zerspanung-rennweg", "spritzguss-ilmtal", "haerterei-glutofen"
LEAD, RESERVE = "montage-holzland", "haertetechnik-vogtei"


def opened(order: JointOrder) -> JointOrder:
    return replace(order, began=datetime(2026, 1, 5, tzinfo=UTC), at=timedelta(hours=6))


def test_an_order_is_read_as_it_was_written(fair: JointOrder) -> None:
    whole = opened(fair)
    assert from_document(orjson.loads(orjson.dumps(as_document(whole)))) == whole


def test_nobody_but_the_lead_learns_how_long_a_lot_takes_elsewhere(fair: JointOrder) -> None:
    seen = cut(fair, FURNACE)
    assert seen.package("AP3").lot_time == timedelta(hours=4, minutes=30)
    for name in ("AP1", "AP2", "AP4", "AP5"):
        entry = seen.package(name)
        assert entry.lot_time is entry.piece_time is None
    assert cut(fair, LEAD) == fair


def test_only_lots_that_come_here_say_when_they_were_to_leave(fair: JointOrder) -> None:
    seen = cut(fair, FURNACE)
    mill = seen.package("AP1").baseline
    assert mill is not None
    assert mill.departures == fair.package("AP1").baseline.departures  # type: ignore[union-attr]
    assert mill.keeps == mill.due == mill.end
    assert seen.package("AP2").baseline is None
    assert seen.package("AP5").baseline is None


def test_agreements_and_openings_of_others_are_not_told(fair: JointOrder) -> None:
    full = fair.with_package(replace(fair.package("AP1"), opening=Opening(good=77)))
    seen = cut(full, PRESS)
    assert {PRESS} <= {name for a in seen.agreements for name in (a.giver, a.taker)}
    assert all(PRESS in (a.giver, a.taker) for a in seen.agreements)
    assert seen.package("AP1").opening is None
    assert cut(full, MILL).package("AP1").opening == Opening(good=77)


def test_a_reserve_that_has_no_part_learns_nothing_of_the_packages(fair: JointOrder) -> None:
    seen = cut(fair, RESERVE)
    assert seen.packages == ()
    assert seen.agreements == ()
    assert seen.planned_end is None
    assert proposed(fair, RESERVE, LEAD) is Level.L0
    assert not in_force(fair, MILL, RESERVE)


def test_with_a_part_the_reserve_sees_what_the_first_furnace_sees(fair: JointOrder) -> None:
    assert fair.prepared is not None
    order = promised(split(fair, "AP3", (4,), fair.prepared, accepted=timedelta(hours=16)))
    assert proposed(order, MILL, RESERVE) is Level.L3
    assert proposed(order, RESERVE, LEAD) is Level.L3
    assert proposed(order, LEAD, RESERVE) is Level.L1
    seen = cut(order, RESERVE)
    assert seen.package("AP1").baseline is not None
    assert seen.package("AP3-R").needs[0].lots == (4,)


@pytest.mark.parametrize("document", [None, {}, {"id": "X"}, [], "text", {"id": float("nan")}])
def test_what_is_no_order_is_refused(document: object) -> None:
    with pytest.raises(ExchangeError):
        from_document(document)


@pytest.mark.parametrize(
    "changed",
    [
        {"lapse": 0},
        {"lapse": 3601},
        {"quantity": 0},
        {"interval": 0},
        {"step": 0},
        {"transport": -1},
        {"threshold": -1},
        {"stale": -1},
        {"due": 10**12},
        {"due": 36_500 * 86_400 + 1},
        {"start": -36_500 * 86_400 - 1},
        {"began": "2026-01-05T00:00:00"},  # in which time zone?
        {"began": "1899-12-31T23:00:00Z"},
        {"began": "2200-01-01T00:00:00Z"},
        {"began": "9999-12-31T23:00:00Z"},
        {"began": "2999-01-01T00:00:00Z", "lapse": 3600},  # a thousand years, 3600 times as many
    ],
)
def test_an_order_that_nothing_can_be_reckoned_with_is_refused(
    fair: JointOrder, changed: dict[str, object]
) -> None:
    with pytest.raises(ExchangeError, match="sound"):
        from_document(as_document(opened(fair)) | changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"lot": 0},
        {"quantity": 10**9, "lot": 1},  # its lots would use up our memory
        {"quantity": 10**16, "lot": 10**16, "baseline": None},
        {"quantity": 2400, "lot": 1, "lot_time": 50 * 365 * 86_400, "baseline": None},
        {"quantity": 0},
        {"quantity": 10_001, "lot": 1, "baseline": None},
        {"quantity": 10**9 + 1, "lot": 10**9, "baseline": None},
        {"lot_time": None, "piece_time": 0},
        {"weight": -1},
        {"weight": 10**9 + 1},
        {"weight": 10**16},
        {"numbers": [1, 2]},
        {"lot_time": 0},
        {"id": "AP1"},
        {"needs": [{"package": "AP3", "per": 1}]},  # waits for itself
        {"needs": [{"package": "AP9", "per": 1}]},
        {"needs": [{"package": "AP1", "per": 0}]},
        {"numbers": [1, 2, 3, 4, 5]},
        {"opening": {"good": -5}},
        {"opening": {"scrap": -1}},
        {"opening": {"runs": -1}},
        {"opening": {"runs": 10**9 + 1}},
        {"opening": {"good": 10**16}},
        {"opening": {"departures": [0, 1, 2, 3, 4]}},
    ],
)
def test_a_package_that_nothing_can_be_reckoned_with_is_refused(
    fair: JointOrder, changed: dict[str, object]
) -> None:
    document = as_document(opened(fair))
    (furnace,) = [entry for entry in document["packages"] if entry["id"] == "AP3"]
    furnace.update(changed)
    with pytest.raises(ExchangeError, match="sound"):
        from_document(document)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"due": 10**12}, "times"),
        ({"step": 0}, "interval and step"),
        ({"stale": -1}, "durations"),
        ({"lapse": 0}, "lapse and quantity"),
        ({"began": "2999-01-01T00:00:00Z"}, "began"),
        ({"packages.id": "AP1"}, "two packages of one name"),
        ({"packages.needs": [{"package": "AP9", "per": 1}]}, "needs"),
        ({"packages.lot_time": 10**9}, "work"),
        ({"packages.lot": 0}, "quantities"),
        ({"packages.weight": -1}, "weight"),
        ({"packages.lot": 1, "packages.quantity": 10_001}, "lots"),
        ({"packages.numbers": [1]}, "numbers of lots"),
        ({"packages.lot_time": 0}, "times of work"),
        ({"packages.lot": 100}, "promised departures"),
        ({"packages.opening": {"scrap": -1}}, "counts of an opening"),
        ({"packages.opening": {"departures": [0] * 5}}, "departures of an opening"),
        ({"packages.needs": [{"package": "AP3", "per": 1}]},
         "these packages wait for each other: AP3, AP5"),
    ],
)  # fmt: skip
def test_an_order_that_is_refused_says_to_its_reader_what_is_not_sound(
    fair: JointOrder, changed: dict[str, object], why: str
) -> None:
    document = as_document(opened(fair))
    (furnace,) = [entry for entry in document["packages"] if entry["id"] == "AP3"]
    for key, value in changed.items():
        place, _, name = key.rpartition(".")
        (furnace if place else document)[name] = value
    with pytest.raises(ExchangeError, match=r"^the message holds no sound joint order$") as caught:
        from_document(document)
    assert str(caught.value.__cause__) == why


@pytest.mark.parametrize(
    "changed",
    [
        {"lapse": 1},
        {"lapse": 3600},
        {"quantity": 1},
        {"interval": 0.5, "step": 0.5},
        {"transport": 0, "threshold": 0, "stale": 0},
        {"due": 36_500 * 86_400, "start": -36_500 * 86_400},
        {"began": "1900-01-01T00:00:00+00:00"},
        {"began": "2199-12-31T00:00:00+00:00"},
        {"began": None},
    ],
)
def test_an_order_at_the_edge_of_what_can_be_reckoned_with_is_taken(
    fair: JointOrder, changed: dict[str, object]
) -> None:
    document = as_document(opened(fair)) | changed
    assert as_document(from_document(document)) == document


@pytest.mark.parametrize(
    "changed",
    [
        {"quantity": 10_000, "lot": 1, "baseline": None},
        {"quantity": 10**9, "lot": 10**9, "baseline": None},
        {"weight": 0},
        {"weight": 10**9},
        {"numbers": [9, 7, 5, 3]},
        {"lot_time": None, "piece_time": 0.5},
        {"opening": None},
        {"opening": {"good": 10**9, "scrap": 0, "runs": 0, "departures": [1, 2, 3, 4]}},
    ],
)
def test_a_package_at_the_edge_of_what_can_be_reckoned_with_is_taken(
    fair: JointOrder, changed: dict[str, object]
) -> None:
    document = as_document(opened(fair))
    (furnace,) = [entry for entry in document["packages"] if entry["id"] == "AP3"]
    furnace.update(changed)
    order = from_document(document)
    assert from_document(as_document(order)) == order
    read = order.package("AP3")
    assert (read.quantity, read.weight) == (furnace["quantity"], furnace["weight"])


def test_all_the_work_of_an_order_fits_into_a_hundred_years(fair: JointOrder) -> None:
    """Each package of itself may, and all together do not."""
    century = 36_500 * 86_400
    document = as_document(opened(fair))
    for entry in document["packages"]:
        entry.update(lot_time=century // 5 // len(fair.package(entry["id"]).lots()))
        entry.update(piece_time=None)
    assert from_document(document).lead == LEAD
    document["packages"][0]["lot_time"] *= 2
    with pytest.raises(ExchangeError, match="sound"):
        from_document(document)


def test_a_reserve_that_was_prepared_is_told_to_nobody_but_the_lead(fair: JointOrder) -> None:
    assert fair.prepared is not None
    for firm in (FURNACE, MILL, RESERVE):
        assert cut(fair, firm).prepared is None
    assert cut(fair, LEAD).prepared == fair.prepared


def test_only_firms_with_a_part_and_the_prepared_reserve_hear_of_an_order(
    fair: JointOrder,
) -> None:
    assert set(fair.told()) == {*fair.firms(), RESERVE} - {LEAD}
    assert set(replace(fair, prepared=None).told()) == set(fair.firms()) - {LEAD}


def test_after_the_split_what_was_promised_stays(fair: JointOrder) -> None:
    assert fair.prepared is not None
    order = promised(split(fair, "AP3", (4,), fair.prepared, accepted=timedelta(hours=16)))
    furnace, reserve = order.package("AP3").baseline, order.package("AP3-R").baseline
    bench = order.package("AP5").baseline
    assert furnace is not None
    assert reserve is not None
    assert bench is not None
    assert furnace.departures == fair.package("AP3").baseline.departures[:3]  # type: ignore[union-attr]
    assert furnace.keeps == timedelta(days=1, hours=3, minutes=40)
    assert furnace.due == timedelta(days=1, hours=4, minutes=45)
    assert reserve.end == timedelta(hours=22, minutes=30)
    assert bench.end == order.planned_end == timedelta(days=1, hours=5, minutes=55)


def test_the_planned_end_tells_a_member_nothing_new(fair: JointOrder) -> None:
    """It follows from the two limits of any package of its own."""
    for package in fair.packages:
        seen = cut(fair, package.firm)
        limits = seen.package(package.id).baseline
        assert limits is not None
        assert seen.planned_end == seen.due - (limits.due - limits.keeps)
    assert cut(fair, RESERVE).planned_end is None
