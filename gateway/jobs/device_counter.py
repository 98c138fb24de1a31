"""A device's own counter: what its readings say was counted since the reading before.

The rule, in order:

1. The first reading is the baseline; it counts nothing.
2. A reading that is not below the last one counts the difference.
3. A reading that is below, or that leaps ahead by more than ``LEAP``, must be confirmed by a second
   reading that continues it; a single odd reading counts nothing.
4. Confirmed ahead by up to ``MOST`` it went on while nobody looked.
5. Confirmed below, and it takes at most ``MOST`` counts (and a quarter of its range) over the top
   to get there: it has rolled over.
6. Confirmed below, at half or less and at most ``MOST``: it was reset and counts what it shows,
   for a device that lost its power starts at 0.
7. Anything else: it was set by hand, or exchanged; that is only a new baseline.

The rule never takes back what was counted.
"""

from __future__ import annotations

from dataclasses import dataclass

LEAP = 100
MOST = 1_000_000
"""So many cycles may pass while nobody looks; a machine that stamps needs days for them."""


@dataclass(frozen=True, slots=True)
class Counter:
    """The last believed reading, and one that still wants confirmation."""

    last: int | None = None
    odd: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a reading brought: how many more, and whether the counter ``jumped``."""

    more: int = 0
    jumped: bool = False
    rollover: bool = False
    before: int = 0


NOTHING = Change()
NEW = Counter()


def read(counter: Counter, value: int, top: int) -> tuple[Counter, Change]:
    """Take a reading of a counter whose highest value is ``top``."""
    last = counter.last
    if last is None:
        return Counter(value), NOTHING
    if last <= value <= last + LEAP:
        if value == last and counter.odd is None:
            return counter, NOTHING
        return Counter(value), Change(value - last)
    odd = counter.odd
    if odd is None or not odd <= value <= odd + LEAP:
        return Counter(last, value), NOTHING
    return Counter(value), _confirmed(last, value, top + 1)


def _confirmed(last: int, value: int, size: int) -> Change:
    """Two readings agree that the counter leapt from ``last`` to ``value``."""
    if last < value <= last + MOST:
        return Change(value - last)
    over = size - last + value
    if value < last and over <= min(MOST, size // 4):
        return Change(over, True, True, last)
    return Change(value if value <= min(MOST, last // 2) else 0, True, False, last)
