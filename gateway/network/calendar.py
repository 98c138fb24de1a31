"""When a machine's people work: shifts and what interrupts them, as one table of working time.

A shift belongs to the day on which it begins: one across midnight is worked to its end although
the next day is free, and does not begin on a free day. A moment belongs to a shift if the clock on
the wall shows a time within it; so a shift over the night in which clocks are put back is an hour
longer, and of an hour that is skipped nothing is worked. Pure: free days and the zone are given.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate

from gateway.config import Window

NONE, MINUTE, DAY = timedelta(), timedelta(minutes=1), timedelta(days=1)
Span = tuple[timedelta, timedelta]
"""From when, to when."""


class NeverOpen(ValueError):
    """Nobody ever works by this calendar, so nothing would ever be done."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """A machine's shifts, the days on which none begins, and when it is maintained instead."""

    zone: tzinfo
    shifts: tuple[Window, ...]
    free: frozenset[date] = frozenset()
    maintenance: tuple[Window, ...] = ()


@dataclass(frozen=True, eq=False)
class WorkingTime:
    """Working time and the time on the clock, each from the other in O(log n).

    ``opens`` and ``closes`` are moments after some zero. Before the first and after the last of
    them work goes on round the clock: so far ahead nothing is known of shifts.
    """

    opens: Sequence[timedelta]
    closes: Sequence[timedelta]
    _worked: Sequence[timedelta] = field(init=False)
    """How much is worked in the table before each opening, and in all."""

    def __post_init__(self) -> None:
        spans = (end - begin for begin, end in zip(self.opens, self.closes, strict=True))
        object.__setattr__(self, "_worked", tuple(accumulate(spans, initial=NONE)))

    def between(self, begin: timedelta, end: timedelta) -> timedelta:
        """How much is worked from one moment to a later one."""
        return self._until(end) - self._until(begin)

    def later(self, begin: timedelta, work: timedelta) -> timedelta:
        """The first moment at which so much work is done, from ``begin`` on; no work is done at
        once.
        """
        if work <= NONE:
            return begin
        done = self._until(begin) + work
        place = bisect_left(self._worked, done) - 1
        if place < 0:
            return self.opens[0] + done
        last = min(place, len(self.opens) - 1)
        start = self.opens[last] if place == last else self.closes[last]
        return start + (done - self._worked[place])

    def _until(self, at: timedelta) -> timedelta:
        """How much is worked from the first opening to a moment; before that it is negative."""
        place = bisect_right(self.opens, at) - 1
        if place < 0:
            return at - self.opens[0]
        span = min(at, self.closes[place]) - self.opens[place]
        beyond = max(NONE, at - self.closes[-1])
        return self._worked[place] + span + beyond


def working_time(calendar: Calendar, zero: datetime, first: date, last: date) -> WorkingTime:
    """The working time of all shifts that begin from ``first`` to ``last``, after ``zero``.

    Raises NeverOpen where there is none.
    """
    days = [first + number * DAY for number in range((last - first).days + 1)]
    worked = [day for day in days if day not in calendar.free]
    shifts = _spans(calendar.zone, calendar.shifts, worked, zero)
    stops = _spans(calendar.zone, calendar.maintenance, [first - DAY, *days, last + DAY], zero)
    found = list(_without(_joined(shifts), _joined(stops)))
    if not found:
        raise NeverOpen("nobody ever works by this calendar")
    return WorkingTime([begin for begin, _ in found], [end for _, end in found])


def _spans(
    zone: tzinfo, windows: Iterable[Window], days: Iterable[date], zero: datetime
) -> Iterator[Span]:
    for day in days:
        for window in windows:
            if window.begins_on(day):
                for begin, end in _moments(zone, day, window):
                    yield begin - zero, end - zero


def _moments(zone: tzinfo, day: date, window: Window) -> Iterator[tuple[datetime, datetime]]:
    """When the clock on the wall is within a window that begins on ``day``: twice where it is
    put back within.
    """
    midnight = datetime.combine(day, time(), UTC)
    begin, end = midnight + window.begins, midnight + window.ends
    before, after = _offset(zone, begin - DAY), _offset(zone, end + DAY)
    if before == after:
        yield begin - before, end - after
        return
    change = _change(zone, begin - DAY, end + DAY)
    for earliest, latest in (
        (begin - before, min(end - before, change)),
        (max(begin - after, change), end - after),
    ):
        if earliest < latest:
            yield earliest, latest


def _offset(zone: tzinfo, at: datetime) -> timedelta:
    return at.astimezone(zone).utcoffset() or NONE


def _change(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The minute in which the clock on the wall is changed."""
    offset = _offset(zone, before)
    while after - before > MINUTE:
        middle = before + (after - before) // MINUTE // 2 * MINUTE
        before, after = (middle, after) if _offset(zone, middle) == offset else (before, middle)
    return after


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same time without overlaps; what follows at once is one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _without(spans: Iterable[Span], stops: Sequence[Span]) -> Iterator[Span]:
    """What is left of ``spans`` without ``stops``; both stand in turn, without overlaps."""
    ends = [end for _, end in stops]
    for begin, end in spans:
        free = begin
        for index in range(bisect_right(ends, begin), len(stops)):
            stop, on = stops[index]
            if stop >= end:
                break
            if stop > free:
                yield free, stop
            free = on
        if free < end:
            yield free, end
