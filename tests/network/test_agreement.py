"""When a report goes out, and how an agreement is narrowed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gateway.core.errors import ExchangeError
from gateway.network.agreement import LastTold, Occasion, narrowed, occasion
from gateway.network.order import JointOrder, Level

NOON = timedelta(hours=12)
FULL: dict[str, Any] = {
    "lamp": "green",
    "productionStatus": "itemInProduction",
    "progress": 25,
    "forecast_s": 99_600,
    "precisionOfForecast": {"value": 5, "timeUnit": "minute"},
    "reasonsForDelay": [],
    "good": 600,
    "departedLots": [],
    "lotsBefore": 1,
    "lotsDeparted": 1,
}
LOT = {"number": 1, "quantity": 600, "departed_s": 51_000}


def test_the_first_report_goes_at_once(fair: JointOrder) -> None:
    assert occasion(fair, None, FULL, NOON) is Occasion.FIRST


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"lamp": "red"}, Occasion.LAMP),
        ({"productionStatus": "itemCompleted"}, Occasion.STATUS),
        ({"departedLots": [LOT]}, Occasion.LOT),
        ({"lotsDeparted": 0}, Occasion.LOT),
        ({"forecast_s": 99_600 + 8_100}, Occasion.SHIFT),
        ({"forecast_s": 99_600 - 8_100}, Occasion.SHIFT),
        ({"forecast_s": 99_600 + 7_200}, None),
        ({"forecast_s": None}, Occasion.SHIFT),
        ({"good": 700, "progress": 30}, None),
        ({"reasonsForDelay": ["internalProblems"]}, None),
    ],
)
def test_between_two_intervals_only_what_was_agreed_as_urgent_goes(
    fair: JointOrder, changed: dict[str, Any], why: Occasion | None
) -> None:
    before = LastTold(FULL, NOON)
    assert occasion(fair, before, FULL | changed, NOON + timedelta(minutes=1)) is why


def test_a_date_that_is_known_now_goes_at_once(fair: JointOrder) -> None:
    unknown = LastTold(FULL | {"forecast_s": None}, NOON)
    assert occasion(fair, unknown, FULL, NOON) is Occasion.SHIFT
    assert occasion(fair, unknown, unknown.fields, NOON) is None


def test_every_interval_a_report_goes_changed_or_not(fair: JointOrder) -> None:
    before = LastTold(FULL, NOON + timedelta(minutes=2))
    assert occasion(fair, before, FULL, NOON + timedelta(minutes=14)) is None
    due = NOON + timedelta(minutes=15)
    assert occasion(fair, before, FULL, due) is Occasion.INTERVAL
    assert occasion(fair, before, FULL, due, done=True) is None
    assert occasion(fair, before, FULL | {"lamp": "red"}, due, done=True) is Occasion.LAMP


def test_the_moment_of_a_lamp_report_tells_nothing_of_lots_or_dates(fair: JointOrder) -> None:
    before = LastTold({"lamp": "green"}, NOON)
    assert occasion(fair, before, {"lamp": "green"}, NOON + timedelta(minutes=1)) is None


def test_an_agreement_can_only_be_narrowed_by_a_withdrawal() -> None:
    assert narrowed(Level.L3, Level.L2) is Level.L2
    for wanted in (Level.L3, Level.L2):
        with pytest.raises(ExchangeError):
            narrowed(Level.L2, wanted)
