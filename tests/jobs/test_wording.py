"""Numbers and durations in sentences."""

from __future__ import annotations

import pytest

from gateway.core.text import Text
from gateway.jobs.wording import amperes, degrees, number, pieces, power, span


@pytest.mark.parametrize(
    ("seconds", "de"),
    [
        (0.61, "0,6 s"),
        (9.96, "10 s"),
        (35, "35 s"),
        (60, "1 min"),
        (130, "2 min 10 s"),
        (600, "10 min"),
        (630, "10 min"),
        (18_900, "5 h 15 min"),
        (16_200, "4 h 30 min"),
        (7_200, "2 h"),
        (100_000, "1 Tg. 3 h"),
        (-5, "weniger als 1 s"),
        (0.04, "weniger als 1 s"),
    ],
)
def test_span(seconds: float, de: str) -> None:
    assert span(seconds).de == de


def test_german_and_english_numbers() -> None:
    assert number(2400) == Text("2.400", "2,400")
    assert power(2437) == Text("2,44 kW", "2.44 kW")
    assert power(430.4) == Text("430 W", "430 W")
    assert degrees(21.04) == Text("21,0 °C", "21.0 °C")
    assert degrees(857.0).de == "857 °C"
    assert amperes(0.12).de == "0,1 A"
    assert pieces(1) == Text("1 Stück", "1 piece")
    assert pieces(2400) == Text("2.400 Stück", "2,400 pieces")


def test_days_are_told_in_both_languages() -> None:
    assert span(100_000) == Text("1 Tg. 3 h", "1 d 3 h")
