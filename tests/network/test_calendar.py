"""Working time by a calendar, against every single minute of a clock on the wall."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import Window
from gateway.network.calendar import Calendar, NeverOpen, WorkingTime, working_time

BERLIN = ZoneInfo("Europe/Berlin")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
"""The Sundays on which clocks in Germany are put forward (2:00) and back (3:00)."""
WORKDAYS = frozenset(range(5))
EARLY = Window(6 * HOUR, 14 * HOUR, WORKDAYS)
NIGHT = Window(22 * HOUR, 30 * HOUR, frozenset({6, 0, 1, 2, 3}))
"""Sunday to Thursday from 22:00 to 6:00."""


def at(text: str) -> timedelta:
    """A time on the wall in Berlin, after the zero of these tests."""
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN) - ZERO


ZERO = datetime(2026, 1, 1, tzinfo=UTC)


def table(calendar: Calendar, first: date, last: date) -> WorkingTime:
    return working_time(calendar, ZERO, first, last)


def works(calendar: Calendar, moment: datetime, first: date, last: date) -> bool:
    """The oracle: what the clock on the wall shows at this moment."""
    wall = moment.astimezone(calendar.zone).replace(tzinfo=None)

    def within(window: Window, *, free: bool) -> bool:
        for day in (wall.date(), wall.date() - DAY):
            since = wall - datetime.combine(day, datetime.min.time())
            if not window.begins <= since < window.ends or not window.begins_on(day):
                continue
            if not free or (first <= day <= last and day not in calendar.free):
                return True
        return False

    stopped = any(within(window, free=False) for window in calendar.maintenance)
    return not stopped and any(within(window, free=True) for window in calendar.shifts)


@st.composite
def windows(draw: st.DrawFn, first: date) -> Window:
    begins = draw(st.integers(0, 96)) * 15 * MINUTE % DAY
    length = draw(st.integers(1, 96)) * 15 * MINUTE
    days = draw(st.frozensets(st.integers(0, 6)))
    on = first + draw(st.integers(0, 9)) * DAY if draw(st.integers(0, 3)) == 0 else None
    return Window(begins, begins + length, days, on)


@st.composite
def calendars(draw: st.DrawFn) -> tuple[Calendar, date, date]:
    """Some days with any shifts, many of them around a night in which clocks are changed."""
    middle = draw(st.sampled_from([SPRING, AUTUMN, date(2026, 7, 1), date(2027, 1, 1)]))
    first = middle - draw(st.integers(0, 4)) * DAY
    last = first + draw(st.integers(0, 4)) * DAY
    zone = ZoneInfo(draw(st.sampled_from(["Europe/Berlin", "UTC", "Australia/Lord_Howe"])))
    free = draw(st.frozensets(st.integers(0, 6).map(lambda n: first + n * DAY), max_size=2))
    shifts = tuple(draw(st.lists(windows(first), min_size=1, max_size=3)))
    stops = tuple(draw(st.lists(windows(first), max_size=2)))
    return Calendar(zone, shifts, free, stops), first, last


@given(calendars(), st.data())
@settings(max_examples=30)
def test_working_time_is_what_every_minute_says(
    drawn: tuple[Calendar, date, date], data: st.DataObject
) -> None:
    calendar, first, last = drawn
    begin = datetime.combine(first - 2 * DAY, datetime.min.time(), UTC)
    count = (last - first + 5 * DAY) // MINUTE
    moments = [begin + number * MINUTE for number in range(count)]
    worked = [works(calendar, moment, first, last) for moment in moments]
    if not any(worked):
        with pytest.raises(NeverOpen):
            table(calendar, first, last)
        return
    made = table(calendar, first, last)
    opens = [m - ZERO for m, now, before in zip(moments, worked, [False, *worked], strict=False)
             if now and not before]  # fmt: skip
    closes = [m - ZERO for m, now, before in zip(moments, worked, [False, *worked], strict=False)
              if before and not now]  # fmt: skip
    assert (list(made.opens), list(made.closes)) == (opens, closes)
    inside = range(worked.index(True), count - worked[::-1].index(True))
    start = data.draw(st.sampled_from(inside))
    stop = data.draw(st.integers(start, inside[-1]))
    spent = sum(worked[start:stop]) * MINUTE
    assert made.between(moments[start] - ZERO, moments[stop] - ZERO) == spent
    if spent:
        last = next(m for m in range(start, count) if sum(worked[start : m + 1]) * MINUTE == spent)
        assert made.later(moments[start] - ZERO, spent) == moments[last + 1] - ZERO


moments = st.integers(-20_000, 400_000).map(lambda m: m * 7 * timedelta(seconds=1) + 60 * DAY)
works_long = st.integers(0, 3_000_000).map(lambda s: timedelta(seconds=s))


@given(calendars(), moments, works_long, works_long)
@settings(max_examples=150)
def test_there_and_back_is_nothing_more_work_is_never_earlier_and_parts_make_the_whole(
    drawn: tuple[Calendar, date, date], begin: timedelta, work: timedelta, more: timedelta
) -> None:
    try:
        made = table(*drawn)
    except NeverOpen:
        return
    end = made.later(begin, work)
    assert made.between(begin, end) == work
    assert end >= begin + work
    assert made.later(end, more) == made.later(begin, work + more)
    assert made.later(begin, work + more) >= end
    assert made.later(begin + more, work) >= end
    assert made.between(begin, begin + more) <= more


def test_a_night_shift_is_an_hour_shorter_in_spring_and_an_hour_longer_in_autumn() -> None:
    calendar = Calendar(BERLIN, (replace(NIGHT, days=frozenset({5})),))
    spring = table(calendar, SPRING - DAY, SPRING)
    assert spring.between(at("2026-03-28T22:00"), at("2026-03-29T06:00")) == 7 * HOUR
    assert spring.later(at("2026-03-28T22:00"), 5 * HOUR) == at("2026-03-29T04:00")
    autumn = table(calendar, AUTUMN - DAY, AUTUMN)
    assert autumn.between(at("2026-10-24T22:00"), at("2026-10-25T06:00")) == 9 * HOUR
    assert autumn.later(at("2026-10-24T22:00"), 5 * HOUR) == at("2026-10-25T02:00") + HOUR


def test_a_shift_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    free = frozenset({date(2026, 12, 25)})
    made = table(Calendar(BERLIN, (NIGHT,), free), date(2026, 12, 20), date(2026, 12, 31))
    assert made.between(at("2026-12-25T00:00"), at("2026-12-25T22:00")) == 6 * HOUR
    friday = frozenset({4})
    late = Calendar(BERLIN, (replace(NIGHT, days=friday),), free)
    made = table(late, date(2026, 12, 18), date(2027, 1, 9))
    assert made.later(at("2026-12-25T12:00"), MINUTE) == at("2027-01-01T22:01")


def test_work_that_does_not_fit_before_the_weekend_is_done_on_monday() -> None:
    made = table(Calendar(BERLIN, (EARLY,)), date(2026, 11, 30), date(2026, 12, 31))
    assert made.later(at("2026-12-04T13:30"), HOUR) == at("2026-12-07T06:30")
    assert made.later(at("2026-12-04T13:30"), HOUR / 2) == at("2026-12-04T14:00")
    assert made.later(at("2026-12-05T13:30"), MINUTE) == at("2026-12-07T06:01")


def test_maintenance_on_a_day_or_every_week_is_no_working_time() -> None:
    stops = (
        Window(13 * HOUR, 15 * HOUR, frozenset({4})),
        Window(8 * HOUR, 9 * HOUR, on=date(2026, 12, 2)),
    )
    calendar = Calendar(BERLIN, (EARLY,), frozenset(), stops)
    made = table(calendar, date(2026, 11, 23), date(2026, 12, 31))
    assert made.between(at("2026-11-30T00:00"), at("2026-12-07T00:00")) == 38 * HOUR
    assert made.later(at("2026-12-02T07:30"), HOUR) == at("2026-12-02T09:30")


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(BERLIN, ()),
        Calendar(BERLIN, (replace(EARLY, days=frozenset()),)),
        Calendar(BERLIN, (EARLY,), frozenset(SPRING + n * DAY for n in range(30))),
        Calendar(BERLIN, (EARLY,), frozenset(), (Window(0 * HOUR, DAY, frozenset(range(7))),)),
    ],
    ids=["no shift", "on no day", "closed every day", "always maintained"],
)
def test_a_calendar_by_which_nobody_ever_works_is_refused(calendar: Calendar) -> None:
    with pytest.raises(NeverOpen, match="nobody ever works"):
        table(calendar, SPRING, SPRING + 20 * DAY)


def test_before_and_beyond_what_is_known_work_goes_on_round_the_clock() -> None:
    made = table(Calendar(BERLIN, (EARLY,)), date(2026, 11, 30), date(2026, 12, 4))
    end = at("2026-12-04T14:00")
    assert made.later(end, 90 * DAY) == end + 90 * DAY
    first = at("2026-11-30T06:00")
    assert made.between(first - DAY, first) == DAY
    assert made.later(first - DAY, DAY + HOUR) == first + HOUR
