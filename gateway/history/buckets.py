"""Merging values into the buckets of a chart, so that the extremes stay. Pure."""

from __future__ import annotations

from bisect import bisect_left

from gateway.core.clock import from_ms
from gateway.core.ports import Point
from gateway.core.signals import Quality
from gateway.history.chunks import Points, Summary, summary


class Buckets:
    """``count`` buckets of equal width over ``[start, end)``, in milliseconds.

    What is added later wins over what was added earlier where the time is the same.
    """

    def __init__(self, start: int, end: int, count: int) -> None:
        self._start = start
        self._end = end
        self._count = count
        self._found: dict[int, Summary] = {}

    def _bucket(self, at: int) -> int:
        return (at - self._start) * self._count // (self._end - self._start)

    def _until(self, bucket: int) -> int:
        """The first moment of the bucket after ``bucket``."""
        return self._start - ((bucket + 1) * (self._start - self._end) // self._count)

    def takes_whole(self, first: int, final: int) -> bool:
        """Whether a stretch lies within one bucket, so that its summary is enough."""
        return (
            self._start <= first
            and final < self._end
            and self._bucket(first) == self._bucket(final)
        )

    def add_summary(self, found: Summary) -> None:
        """Add a stretch that lies within one bucket."""
        bucket = self._bucket(found.first)
        before = self._found.get(bucket)
        self._found[bucket] = found if before is None else _merged(before, found)

    def add_points(self, points: Points) -> None:
        """Add those of the points that lie inside."""
        times = points.times
        place = bisect_left(times, self._start)
        stop = bisect_left(times, self._end)
        while place < stop:
            until = self._until(self._bucket(times[place]))
            end = bisect_left(times, until, place, stop)
            self.add_summary(summary(points, place, end))
            place = end

    def points(self) -> list[Point]:
        """The buckets that hold something, in time order."""
        return [
            Point(
                from_ms(found.final if found.last_at is None else found.last_at),
                found.low,
                found.high,
                found.last,
                Quality(found.worst),
            )
            for _, found in sorted(self._found.items())
        ]


def _merged(older: Summary, newer: Summary) -> Summary:
    lows = [low for low in (older.low, newer.low) if low is not None]
    highs = [high for high in (older.high, newer.high) if high is not None]
    last, last_at = newer.last, newer.last_at
    if last_at is None or (older.last_at is not None and older.last_at > last_at):
        last, last_at = older.last, older.last_at
    return Summary(
        min(older.first, newer.first),
        max(older.final, newer.final),
        older.count + newer.count,
        max(older.worst, newer.worst),
        min(lows, default=None),
        max(highs, default=None),
        last,
        last_at,
    )
