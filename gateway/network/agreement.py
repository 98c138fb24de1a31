"""Rules of an agreement: when a report goes out, and how an agreement is narrowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from gateway.core.errors import ExchangeError
from gateway.core.text import Text
from gateway.network.fields import AT_ONCE, Occasion
from gateway.network.order import Consortium, JointOrder, Level

NEVER: Sequence[Text] = (
    Text("Maschinenzustände und -zeiten", "machine states and times"),
    Text("Zykluszeiten und Geschwindigkeiten", "cycle times and speeds"),
    Text("Ausschuss und seine Gründe", "scrap and its reasons"),
    Text("Energie", "energy"),
    Text("Preise", "prices"),
    Text("Kunden", "customers"),
    Text("freie Kapazität und Auslastung", "free capacity and utilisation"),
    Text("Namen und Schichten", "names and shifts"),
    Text("freier Text", "free text"),
)
"""What leaves a firm at no level."""


@dataclass(frozen=True, slots=True)
class AgreementView:
    """What ``giver`` lets ``taker`` see in an order now; ``most``: before it took anything back."""

    giver: str
    taker: str
    level: Level
    most: Level
    interval: timedelta
    threshold: timedelta
    withdrawn: datetime | None
    own: bool


@dataclass(frozen=True, slots=True)
class LastTold:
    """The last report to a partner: its fields, and the order time at which it was made."""

    fields: Mapping[str, Any]
    at: timedelta


def occasion(
    order: JointOrder,
    before: LastTold | None,
    fields: Mapping[str, Any],
    now: timedelta,
    *,
    done: bool = False,
) -> Occasion | None:
    """Why ``fields`` go out now, or None; of an order that is ``done`` only changes are told.

    Only the disclosed fields decide, so that not even the moment of a report tells more than the
    agreement does: a lot that leaves sends no lamp report.
    """
    if before is None:
        return Occasion.FIRST
    old = before.fields
    for key, why in AT_ONCE.items():
        if old.get(key) != fields.get(key):
            return why
    if fields.get("departedLots"):  # that the reader has not acknowledged
        return Occasion.LOT
    if _shifted(old.get("forecast_s"), fields.get("forecast_s"), order.threshold):
        return Occasion.SHIFT
    due = not done and now // order.interval > before.at // order.interval
    return Occasion.INTERVAL if due else None


def _shifted(before: float | None, now: float | None, threshold: timedelta) -> bool:
    """Whether a date has moved by more than the threshold, or is known now, or no more."""
    if before is None or now is None:
        return before is not now
    return timedelta(seconds=abs(now - before)) > threshold


def narrowed(present: Level, wanted: Level) -> Level:
    """The level after a withdrawal; an agreement is never widened this way."""
    if wanted >= present:
        raise ExchangeError(
            Text(
                f"Die Vereinbarung steht auf {present}; {wanted} wäre nicht weniger.",
                f"The agreement is at {present}; {wanted} would not narrow it.",
            )
        )
    return wanted


def in_force(order: JointOrder, giver: str, taker: str) -> bool:
    """Whether an agreement of this pair has anything to be about: both have a part in the order."""
    firms = order.firms()
    return giver != taker and giver in firms and taker in firms


def proposed(order: JointOrder, giver: str, taker: str) -> Level:
    """The level the invitation proposed, nothing for a firm that has no part in the order."""
    return order.level(giver, taker) if in_force(order, giver, taker) else Level.L0


def agreed_on(consortium: Consortium, order: JointOrder, giver: str, taker: str) -> Level:
    """What an agreement begins with, and the most that it ever gives."""
    return min(proposed(order, giver, taker), consortium.level(giver, taker))
