"""A report: what a firm knows of its package, and what of it a partner gets. Pure.

Words after Catena-X. Which fields there are, and from which level on, stands in ``fields``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, cast

from gateway.core.work import JobState, Substate
from gateway.network.order import Level


class Lamp(StrEnum):
    """The least that a partner may see."""

    GREY = "grey"  # not started
    GREEN = "green"
    YELLOW = "yellow"  # slack used up, or stopped by its own cause
    RED = "red"  # the forecast is past the due time
    DONE = "done"
    HATCHED = "hatched"  # nothing is known: silence and withdrawal are never green


class ProductionStatus(StrEnum):
    """productionStatus of Catena-X."""

    RECEIVED = "itemReceived"
    PLANNED = "itemPlanned"
    IN_PRODUCTION = "itemInProduction"
    COMPLETED = "itemCompleted"
    UNDEFINED = "statusUndefined"


class DelayReason(StrEnum):
    """reasonsForDelay of Catena-X.

    ``NONE_GIVEN`` beside a forecast: its firm does not see its own machine now, the last forecast
    stands. Without one: it does not know itself when its input comes.
    """

    SUPPLY = "supplyProblems"
    INTERNAL = "internalProblems"
    OTHER = "otherCircumstances"
    NONE_GIVEN = "noInformationAvailable"


def worst(*lamps: Lamp) -> Lamp:
    """The lamp that counts of several: late before not known, and that before in time."""
    found = [lamp for lamp in (Lamp.RED, Lamp.YELLOW, Lamp.HATCHED) if lamp in lamps]
    return found[0] if found else lamps[0]


STATUS = {
    JobState.PLANNED: ProductionStatus.RECEIVED,
    JobState.RELEASED: ProductionStatus.PLANNED,
    JobState.RUNNING: ProductionStatus.IN_PRODUCTION,
    JobState.INTERRUPTED: ProductionStatus.IN_PRODUCTION,
    JobState.ENDED: ProductionStatus.COMPLETED,
    JobState.ABORTED: ProductionStatus.UNDEFINED,
}
"""A partner is not told whether work is interrupted, only that the item is in production."""

SEEN_AS = {
    ProductionStatus.RECEIVED: JobState.PLANNED,
    ProductionStatus.PLANNED: JobState.RELEASED,
    ProductionStatus.IN_PRODUCTION: JobState.RUNNING,
    ProductionStatus.COMPLETED: JobState.ENDED,
    ProductionStatus.UNDEFINED: JobState.ABORTED,
}


@dataclass(frozen=True, slots=True)
class DepartedLot:
    """A lot that has left its firm."""

    number: int
    quantity: int
    departed: timedelta


@dataclass(frozen=True, slots=True)
class Coarse:
    """A date that rests on a calendar leaves in steps of ``step``: never earlier than ``planned``
    (None: nothing was), and rounded up, so that it does not tell when a shift ends.
    """

    step: timedelta
    planned: timedelta | None


@dataclass(frozen=True, slots=True)
class PackageState:
    """A package as its own firm knows it; the fields after ``lots`` are for nobody else.

    ``forecast`` is None where it rests on a date that a supplier does not tell, or not yet. Where
    it rests on a calendar, ``coarse`` says how it is told instead.
    """

    state: JobState
    substate: Substate
    good: int
    planned: int
    forecast: timedelta | None
    lamp: Lamp
    reason: DelayReason | None
    lots: tuple[DepartedLot, ...]
    scrap: int = 0
    per_piece: timedelta = timedelta()
    own_delay: timedelta = timedelta()
    inbound_delay: timedelta = timedelta()
    machine: str = ""
    because: str = ""
    unmeasured: bool = False
    coarse: Coarse | None = None

    @property
    def share(self) -> float:
        """Progress, from 0 to 1: scrap never counts, and more than planned is not more."""
        return min(1.0, self.good / self.planned)


@dataclass(frozen=True, slots=True)
class OrderState:
    """A whole order as its lead firm knows it.

    ``share`` (progress, from 0 to 1), ``good`` (complete sets) and ``forecast`` are None where
    they rest on something that was not agreed, or not heard yet.
    """

    state: JobState
    share: float | None
    good: int | None
    forecast: timedelta | None
    lamp: Lamp
    reason: DelayReason | None
    coarse: Coarse | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """What a partner gets: of each field of ``level`` its value, by its key, and nothing else.

    A value is None where its firm does not know it either. As it travels, ``lots`` are those that
    its reader does not know yet (perhaps not all of them): they come to the ``before`` that it has
    acknowledged, and ``departed`` have left in all.
    """

    level: Level
    told: Mapping[str, Any]

    @property
    def lamp(self) -> Lamp:
        """The lamp, which every level has."""
        return cast("Lamp", self.told["lamp"])

    @property
    def status(self) -> ProductionStatus:
        """How far it is (L2)."""
        return cast("ProductionStatus", self.told["productionStatus"])

    @property
    def progress(self) -> int | None:
        """In percent (L2)."""
        return cast("int | None", self.told.get("progress"))

    @property
    def forecast(self) -> timedelta | None:
        """When it is expected to end, in whole steps of ``precision`` (L2)."""
        return cast("timedelta | None", self.told.get("forecast_s"))

    @property
    def precision(self) -> timedelta:
        """The agreed step of dates (L2)."""
        return cast("timedelta", self.told["precisionOfForecast"])

    @property
    def reason(self) -> DelayReason | None:
        """Why it is late, as a class (L2)."""
        return cast("DelayReason | None", self.told.get("reasonsForDelay"))

    @property
    def unmeasured(self) -> bool:
        """Whether the forecast is the last one that was measured: its machine is not seen now."""
        return self.reason is DelayReason.NONE_GIVEN and self.forecast is not None

    @property
    def good(self) -> int | None:
        """Good pieces, of an order complete sets (L3)."""
        return cast("int | None", self.told.get("good"))

    @property
    def lots(self) -> tuple[DepartedLot, ...]:
        """Lots that have left (L3)."""
        return cast("tuple[DepartedLot, ...]", self.told.get("departedLots", ()))

    @property
    def before(self) -> int:
        """So many lots its reader knows already (L3)."""
        return cast("int", self.told.get("lotsBefore", 0))

    @property
    def departed(self) -> int:
        """So many lots have left in all (L3)."""
        return cast("int", self.told.get("lotsDeparted", 0))
