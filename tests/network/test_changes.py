"""What holds of any network while lots are given away, firms are late, and reports come anyhow."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.network.knowledge import Agreed, Heard, Knowledge
from gateway.network.order import JointOrder, Level, Prepared
from gateway.network.order_state import progress
from gateway.network.plan import Known, plan, promised
from gateway.network.report import Lamp, ProductionStatus
from gateway.network.split import split
from tests.network.random_orders import drawn
from tests.network.reports import date_report, quantity_report

sizes = st.integers(1, 120) | st.integers(1, 6)
seeds = st.integers(0, 2**32)
MINUTE = timedelta(minutes=1)


def changes(order: JointOrder, seed: int, most: int = 12) -> Iterator[JointOrder]:
    """The order, and after each hand-over of some lots of a package its next version."""
    yield order
    chance = Random(seed)
    for _ in range(most):
        package = chance.choice(order.packages)
        lots = package.lot_numbers[chance.randint(0, len(package.sizes)) :]
        reserve = Prepared("reserve", package.id, 60 * MINUTE, 50 * MINUTE)
        accepted = chance.randint(0, 9000) * MINUTE
        try:
            order = split(order, package.id, tuple(lots), reserve, accepted=accepted)
        except ValueError:
            continue  # the lots do not divide there
        yield order


def late(order: JointOrder, seed: int) -> dict[str, Known]:
    """Some packages run late, each lot by some more than the one before it."""
    chance, known = Random(seed), dict[str, Known]()
    for name, entry in plan(order).packages.items():
        if chance.random() < 0.3:
            more = [end + chance.randint(0, 90) * MINUTE for end in entry.ends]
            known[name] = Known(expected=tuple(max(more[: i + 1]) for i in range(len(more))))
    return known


@given(sizes, seeds)
@settings(max_examples=40)
def test_in_which_order_packages_stand_changes_nothing(packages: int, seed: int) -> None:
    *_, order = changes(drawn(packages, seed), seed)
    known = late(order, seed)
    turned = list(order.packages)
    Random(seed + 1).shuffle(turned)
    assert plan(replace(order, packages=tuple(turned)), known) == plan(order, known)


@given(sizes, seeds, st.integers(0, 100))
@settings(max_examples=40)
def test_a_package_that_slips_within_its_slack_moves_no_end(
    packages: int, seed: int, percent: int
) -> None:
    *_, order = changes(drawn(packages, seed), seed)
    known = late(order, seed)
    before = plan(order, known)
    chosen = Random(seed).choice(order.packages).id
    entry = before.packages[chosen]
    assert entry.slack is not None
    ends = tuple(end + entry.slack * percent / 100 for end in entry.ends)
    after = plan(order, {**known, chosen: Known(expected=ends)})
    assert after.end == before.end


@given(sizes, seeds)
@settings(max_examples=40)
def test_a_package_that_slips_by_more_than_its_slack_moves_the_end(
    packages: int, seed: int
) -> None:
    order = drawn(packages, seed)
    before = plan(order)
    chosen = Random(seed).choice(order.packages).id
    entry = before.packages[chosen]
    assert entry.slack is not None
    ends = tuple(end + entry.slack + MINUTE for end in entry.ends)
    after = plan(order, {chosen: Known(expected=ends)})
    assert after.end == before.end + MINUTE


def heard(order: JointOrder, good: dict[str, int], seed: int) -> dict[str, Heard]:
    """A report on each package, some in steps of five percent and some in pieces."""
    chance, found = Random(seed), dict[str, Heard]()
    for package in order.packages:
        made = min(good[package.part_of or package.id], package.quantity)
        status = ProductionStatus.IN_PRODUCTION
        share = 100 * made // package.quantity // 5 * 5
        date = date_report(Lamp.GREEN, status, share, 60 * MINUTE, MINUTE, None)
        level = chance.choice((Level.L2, Level.L3))
        report = date if level is Level.L2 else quantity_report(date, made, ())
        found[package.id] = Heard(level, report, MINUTE, package)
    return found


@given(st.integers(1, 40), seeds, st.lists(st.integers(0, 120), min_size=2, max_size=6))
@settings(max_examples=40)
def test_progress_never_falls_while_pieces_are_made(
    packages: int, seed: int, steps: list[int]
) -> None:
    *_, order = changes(promised(drawn(packages, seed)), seed)
    chance, good = Random(seed), {package.id: 0 for package in order.packages}
    last = 0.0
    for step in steps:
        for name in good:
            good[name] += chance.randint(0, step)
        words = list(heard(order, good, seed).items())
        chance.shuffle(words)  # whoever is heard of first
        agreed = {firm: Agreed(Level.L3) for firm in order.firms()}
        found = progress(Knowledge(order, "nobody", {}, dict(words), agreed=agreed), {})
        assert found is not None
        assert last <= found <= 1.0
        last = found


@given(sizes, seeds)
@settings(max_examples=40)
def test_a_hand_over_changes_neither_what_an_order_weighs_nor_how_much_it_makes(
    packages: int, seed: int
) -> None:
    first, *later = changes(drawn(packages, seed), seed)
    for order in later:
        assert sum(p.weight for p in order.packages) == sum(p.weight for p in first.packages)
        for package in first.packages:
            parts = [p for p in order.packages if package.id in (p.id, p.part_of)]
            assert sum(p.quantity for p in parts) == package.quantity
            numbers = sorted(number for p in parts for number in p.lot_numbers)
            assert numbers == list(package.lot_numbers)
