"""Public holidays of the German Länder. The only place that speaks to the library for them."""

from __future__ import annotations

from datetime import date
from functools import cache


@cache
def public_holidays(land: str, first: date, last: date) -> frozenset[date]:
    """The public holidays of a Land (ISO 3166-2 without ``DE-``) from ``first`` to ``last``."""
    from holidays import country_holidays  # noqa: PLC0415 - knows 250 countries: large

    years = range(first.year, last.year + 1)
    return frozenset(day for day in country_holidays("DE", subdiv=land, years=years)
                     if first <= day <= last)  # fmt: skip
