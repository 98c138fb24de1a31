"""Public holidays by Land."""

from __future__ import annotations

from datetime import date
from typing import get_args

from gateway.config import Land
from gateway.drivers.holidays import public_holidays


def in_2026(land: str) -> frozenset[date]:
    return public_holidays(land, date(2026, 1, 1), date(2026, 12, 31))


def test_holidays_are_those_of_the_land() -> None:
    children, reformation, corpus_christi = date(2026, 9, 20), date(2026, 10, 31), date(2026, 6, 4)
    assert {children, reformation} <= in_2026("TH")
    assert corpus_christi not in in_2026("TH")
    assert corpus_christi in in_2026("NW")
    assert not {children, reformation} & in_2026("NW")


def test_every_land_of_a_file_has_its_holidays_in_every_year_asked_for_and_no_other() -> None:
    for land in get_args(Land):
        found = public_holidays(land, date(2026, 10, 1), date(2028, 10, 2))
        assert {
            date(2026, 10, 3),
            date(2026, 12, 25),
            date(2027, 3, 26),
            date(2028, 4, 17),
        } <= found
        assert date(2028, 10, 3) not in found
