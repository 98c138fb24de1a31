"""Points that no register holds: sum, difference or product of points of the same device. Pure.

The parts are read in the same cycle, in one request wherever one can hold them. What is derived is
as good as the worst of its parts: where one of them has no value there is none, and where one is
doubtful it is doubtful, too. So it is where the parts come from several requests: something may
have changed between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import Field

from gateway.config import Bilingual, Period, Strict
from gateway.core.signals import LARGEST_EXACT, Fault, Kind, Reason, Value
from gateway.machines.point import Point, PointName

UNDECODABLE = Fault(Reason.UNDECODABLE)
DOUBTFUL = Fault(Reason.OUT_OF_RANGE)
APART = Fault(Reason.APART)


class Operation(StrEnum):
    """What is made of the parts."""

    SUM = "sum"
    DIFFERENCE = "difference"
    PRODUCT = "product"


Parts = tuple[PointName, ...] | None


class Derived(Strict):
    """A point that is computed of others of the same device: exactly one of the three is given.

    ``difference`` is the first part minus all others.
    """

    name: PointName = Field(description="Kurzname, eindeutig / short name, unique, e.g. power")
    means: Bilingual = Field(description="Was gemessen wird / what is measured")
    sum: Parts = Field(default=None, min_length=2, description="Summe der Punkte / sum of points")
    difference: Parts = Field(
        default=None,
        min_length=2,
        description="Erster Punkt minus die anderen / first minus others",
    )
    product: Parts = Field(
        default=None, min_length=2, description="Produkt der Punkte / product of points"
    )
    unit: str = Field(default="1", description="Einheit nach UCUM / UCUM unit, e.g. V, W, Cel")
    kind: Kind = Field(default=Kind.GAUGE, description="Messwert oder Zähler / gauge or counter")
    low: float | None = Field(
        default=None, description="Kleinster möglicher Wert / lowest possible value"
    )
    high: float | None = Field(
        default=None, description="Größter möglicher Wert / highest possible value"
    )
    role: str | None = Field(
        default=None, description="Bedeutung für die Aufträge / meaning to the jobs, e.g. power"
    )
    every: Period | None = Field(
        default=None, description="Langsamerer Abfragetakt / slower polling period, e.g. 1s"
    )

    @property
    def operations(self) -> Mapping[Operation, tuple[str, ...]]:
        """What the file gives: one of the three where it is sound."""
        given = {
            Operation.SUM: self.sum,
            Operation.DIFFERENCE: self.difference,
            Operation.PRODUCT: self.product,
        }
        return {operation: parts for operation, parts in given.items() if parts is not None}

    @property
    def operation(self) -> Operation:
        """What is made of the parts."""
        return next(iter(self.operations))

    @property
    def parts(self) -> tuple[str, ...]:
        """The points that it is made of."""
        return next(iter(self.operations.values()))


@dataclass(frozen=True, slots=True)
class Found:
    """A value with what is wrong with it."""

    value: Value | None
    fault: Fault | None = None


def derive(
    derived: Derived, parts: Sequence[Point], found: Sequence[Found], *, together: bool = True
) -> Found:
    """The value of a derived point from what was found of its ``parts``, ``together`` or not."""
    lost = next((one for one in found if one.value is None), None)
    if lost is not None:
        return Found(None, lost.fault or UNDECODABLE)
    numbers = [one.value for one in found if isinstance(one.value, int | float)]
    value = _computed(derived.operation, numbers)
    if not math.isfinite(value):
        return Found(None, UNDECODABLE)
    if isinstance(value, int) and abs(value) > LARGEST_EXACT:
        return Found(float(value), DOUBTFUL)
    return Found(value, next(_doubts(parts, found), None if together else APART))


def _computed(operation: Operation, numbers: Sequence[int | float]) -> int | float:
    first, *others = numbers
    value: int | float
    if operation is Operation.PRODUCT:
        value = math.prod(numbers)
    else:
        value = sum(numbers) if operation is Operation.SUM else first - sum(others)
    return value if isinstance(value, int) else float(f"{value:.15g}")  # 0.1 + 0.2 is 0.3


def _doubts(parts: Sequence[Point], found: Sequence[Found]) -> Iterator[Fault]:
    for part, one in zip(parts, found, strict=True):
        if one.fault is not None:
            yield one.fault
        low, high, value = part.low, part.high, one.value
        if isinstance(value, int | float) and (
            (low is not None and value < low) or (high is not None and value > high)
        ):
            yield DOUBTFUL
