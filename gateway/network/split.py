"""Lots of a package go to another firm: the package becomes two."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import timedelta
from itertools import count

from gateway.network.order import Baseline, JointOrder, Lot, Need, Prepared, WorkPackage


def shares(weight: int, kept: int, moved: int) -> tuple[int, int]:
    """A weight divided by quantity: the part that stays is rounded half up, the other is the rest.

    38 for 1,800 and 600 pieces is 29 and 9: together they weigh what the package weighed.
    """
    whole = kept + moved
    stays = (2 * weight * kept + whole) // (2 * whole)
    return stays, weight - stays


def split(
    order: JointOrder,
    package: str,
    lots: tuple[int, ...],
    reserve: Prepared,
    *,
    accepted: timedelta,
) -> JointOrder:
    """The next version of an order in which ``reserve`` takes ``lots`` of ``package``.

    Input lots that leave their firm after ``accepted`` go straight to the reserve firm; those
    that left before are sent on by the firm of ``package``. Raises ValueError where it cannot be.
    """
    whole = order.package(package)
    given = frozenset(lots)
    kept = [lot for lot in whole.lots() if lot.number not in given]
    moved = [lot for lot in whole.lots() if lot.number in given]
    if len(moved) != len(lots) or not kept or not moved:
        raise ValueError(f"{package}: lots {list(lots)} cannot be given away")
    stays, goes = shares(
        whole.weight, sum(e.quantity for e in kept), sum(e.quantity for e in moved)
    )
    stay = frozenset(lot.number for lot in kept)
    rest = replace(
        whole,
        quantity=_pieces(kept),
        numbers=tuple(lot.number for lot in kept),
        weight=stays,
        needs=tuple(_divided(order, whole, need, stay) for need in whole.needs),
        baseline=_baseline_of(whole, stay),
    )
    part = replace(
        whole,
        id=_name(order, package),
        firm=reserve.firm,
        quantity=_pieces(moved),
        numbers=tuple(lot.number for lot in moved),
        weight=goes,
        needs=tuple(
            replace(
                _divided(order, whole, need, given),
                via=package,
                accepted=accepted,
            )
            for need in whole.needs
        ),
        lot_time=reserve.lot_time,
        piece_time=None,
        earliest_start=reserve.earliest_start,
        part_of=whole.part_of or package,
        baseline=None,
        opening=None,
    )
    packages: list[WorkPackage] = []
    for entry in order.packages:
        packages.extend((rest, part) if entry.id == package else (entry,))
    return replace(order, version=order.version + 1, packages=tuple(packages))


def _pieces(lots: list[Lot]) -> int:
    return sum(lot.quantity for lot in lots)


def _name(order: JointOrder, package: str) -> str:
    taken = {entry.id for entry in order.packages}
    names = (f"{package}-R{number if number > 1 else ''}" for number in count(1))
    return next(name for name in names if name not in taken)


def _divided(order: JointOrder, package: WorkPackage, need: Need, lots: frozenset[int]) -> Need:
    """The need of a part of ``package``: the lots of the source that hold its pieces."""
    wanted: list[int] = []
    spans = sorted((*span, number) for number, span in _spans(package, need.per).items())
    begins, ends = [begin for begin, _, _ in spans], [end for _, end, _ in spans]
    only = None if need.lots is None else frozenset(need.lots)
    for number, (first, last) in _spans(order.package(need.package), 1).items():
        if only is not None and number not in only:
            continue
        owners = spans[bisect_right(ends, first) : bisect_left(begins, last)]
        mine = [owner for *_, owner in owners if owner in lots]
        if len(mine) == len(owners):
            wanted.append(number)
        elif mine:
            raise ValueError(
                f"lot {number} of {need.package} holds pieces for both parts of {package.id}"
            )
    return replace(need, lots=tuple(wanted))


def _spans(package: WorkPackage, per: int) -> dict[int, tuple[int, int]]:
    """Which pieces (from, to) of the whole quantity each lot stands for, by its number."""
    return {
        lot.number: (
            (lot.number - 1) * package.lot * per,
            ((lot.number - 1) * package.lot + lot.quantity) * per,
        )
        for lot in package.lots()
    }


def _baseline_of(package: WorkPackage, numbers: frozenset[int]) -> Baseline | None:
    """What was promised for the lots that stay; both limits are computed anew."""
    if package.baseline is None:
        return None
    promised = zip(package.lots(), package.baseline.departures, strict=True)
    left = tuple(departure for lot, departure in promised if lot.number in numbers)
    return replace(package.baseline, departures=left)
