"""Everything that a view of an order is made of, taken at one moment and never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.core.text import Text
from gateway.network.knowledge import Knowledge, Own
from gateway.network.order import Level, Prepared
from gateway.network.plan import Plan
from gateway.network.report import Lamp, OrderState, PackageState, Report


@dataclass(frozen=True, slots=True)
class Offered:
    """Lots of a package that a firm was asked to take; ``state``: open, accepted, declined,
    expired.
    """

    id: str
    package: str
    lots: tuple[int, ...]
    to: str
    by: str
    state: str
    earliest_start: timedelta | None = None
    forecast_with: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Warned:
    """When the forecast first passed the due time."""

    at: timedelta
    before_due: timedelta


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a view of an order is made of; ``plan`` and ``whole`` at the lead firm.

    ``closed`` is when the order was over: nothing in it grows older after that. ``made`` holds
    what leaves of it, once that was made, by package (None: the whole) and level.
    """

    knowledge: Knowledge
    own: Mapping[str, Own]
    names: Mapping[str, str]
    titles: Mapping[str, Text]
    role: str
    simulated: bool
    plan: Plan | None = None
    whole: OrderState | None = None
    offers: Sequence[Offered] = ()
    prepared: Prepared | None = None
    forecast_with: timedelta | None = None
    warned: Warned | None = None
    closed: datetime | None = None
    clocks: Mapping[str, timedelta] = field(default_factory=dict)
    """Firms whose clock is not ours, and how far it is ahead."""
    made: dict[tuple[str | None, Level], Report | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @property
    def ended(self) -> timedelta | None:
        """The order time at which it was over, as far as we know; None before: its clocks run."""
        ends = [] if self.closed is None else [self.knowledge.order.clock.order(self.closed)]
        known = self.knowledge
        if self.whole is not None and self.whole.lamp is Lamp.DONE:
            ends += [] if self.whole.forecast is None else [self.whole.forecast]
        elif known.summary is not None and known.summary.lamp is Lamp.DONE:
            ends.append(known.summary.end or known.summary.at)
        elif known.done:  # the lead firm tells us nothing, every package is done all the same
            told = [heard.end or heard.at for heard in known.heard.values()]
            ends.append(max([*told, *(own.forecast.end for own in self.own.values())]))
        return min(ends, default=None)

    def tells(self, now: timedelta) -> tuple[dict[str, PackageState], OrderState | None]:
        """What may be told of own packages and of the whole at order time ``now``.

        What rests on a firm's first word waits until that has come, or its time is over.
        """
        known = self.knowledge
        own = {name: e.state for name, e in self.own.items() if e.waits is None or now > e.waits}
        waits = known.waits(known.order.packages)
        return own, self.whole if waits is None or now > waits else None

    def at(self, real: datetime) -> timedelta:
        """The order time that it shows: now, or when the order was over."""
        now, ended = self.knowledge.order.clock.order(real), self.ended
        return now if ended is None else min(now, ended)
