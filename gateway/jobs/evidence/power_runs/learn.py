"""Learns the thresholds of a power curve from a guided recording of about five minutes.

The recording shows a machine that is off, then stands by, then makes three runs. The run
threshold lies in the widest empty band of power above which exactly three stretches remain; where
no band shows three, in the one that comes nearest, and the number of runs found says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor
from statistics import median

from gateway.core.text import Text
from gateway.jobs.evidence.lesson import NotLearnable, between, rounded
from gateway.jobs.evidence.recording import Sample

RUNS = 3
FEWEST = 60
"""A recording needs at least this many samples."""
FINENESS = 64
"""So many levels are tried from the lowest power to the highest."""
STRAY = 0.01
"""This share of the samples above a level may stray into an empty band: edges, and noise."""

Span = tuple[float, float]
Fit = tuple[float, float, list[Span]]
"""An empty band of power, and the stretches above it."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a ``power-runs`` evidence needs: watts and seconds; ``runs`` are (begin, end).

    ``guessed`` are the levels that the recording does not show.
    """

    off_below: float
    standby_below: float
    run_above: float
    run_below: float
    min_run: float
    min_pause: float
    runs: tuple[Span, ...]
    guessed: tuple[str, ...] = ()


def learn(
    recording: Sequence[Sample], off: Span | None = None, standby: Span | None = None
) -> Thresholds:
    """The thresholds that the recording shows. Raises NotLearnable.

    ``off`` and ``standby`` are the stretches in which it was so; without them they are looked for.
    """
    if len(recording) < FEWEST:
        raise NotLearnable(
            Text(
                f"Die Aufnahme ist zu kurz: {len(recording)} Werte, nötig sind {FEWEST}.",
                f"The recording is too short: {len(recording)} values, it needs {FEWEST}.",
            )
        )
    watts = _smooth([w for _, w in recording])
    smooth = [(t, w) for (t, _), w in zip(recording, watts, strict=True)]
    settled = max((end for _, end in (off or (0, 0), standby or (0, 0))), default=0.0)
    low, high, runs = _runs(smooth, [one for one in smooth if one[0] >= settled])
    pauses = [w for (_, end), (begin, _) in pairwise(runs) for t, w in smooth if end < t < begin]
    resting, standing, guessed = _levels(smooth, off, standby, runs[0][0], low)
    loading = _quantile(pauses, 0.02) if pauses else low
    standby_below = (standing[1] + loading) / 2
    if loading < 1.2 * standing[1]:  # no level of its own between two runs
        standby_below = min(1.25 * standing[1], low)
    run_above, run_below = low + 0.65 * (high - low), low + 0.35 * (high - low)
    steps = [(resting[1] + standing[0]) / 2, standby_below, run_below, run_above]
    off_below, standby_below, run_below, run_above = _ordered(steps)
    return Thresholds(
        off_below=off_below,
        standby_below=standby_below,
        run_above=run_above,
        run_below=run_below,
        min_run=_shorter(end - begin for begin, end in runs),
        min_pause=_shorter(begin - end for (_, end), (begin, _) in pairwise(runs)),
        runs=tuple(runs),
        guessed=guessed,
    )


def _ordered(steps: Sequence[float]) -> list[float]:
    """Rounded where that keeps their order, and else as they are."""
    short = [rounded(one) for one in steps]
    if short[0] < short[1] <= short[2] < short[3]:
        return short
    off, standby, below, above = (round(one, 3) for one in steps)
    standby = min(standby, below)
    return [min(off, standby / 2), standby, below, max(above, below + 0.001)]


def _smooth(watts: Sequence[float]) -> list[float]:
    """The median of three neighbours: single spikes go, edges stay sharp."""
    inner = [median(watts[i - 1 : i + 2]) for i in range(1, len(watts) - 1)]
    return [watts[0], *inner, watts[-1]]


def _runs(whole: Sequence[Sample], samples: Sequence[Sample]) -> Fit:
    """The empty band of power between running and not running, and the runs above it."""
    watts = sorted(w for _, w in whole)
    least = 0.05 * (watts[-1] - watts[0])  # narrower bands are noise within one level
    fits = [
        fit
        for low, high, count in _bands(samples, watts)
        if (fit := _empty(samples, low, high, count)) and fit[1] - fit[0] > least
    ]
    longest = max((_total(fit[2]) for fit in fits if len(fit[2]) == RUNS), default=0.0)
    real = [fit for fit in fits if _total(fit[2]) >= longest / 2]  # not the inrush of each run
    if not real or watts[-1] - watts[0] < 5:
        raise NotLearnable(
            Text(
                "In der Aufnahme ist kein Lauf zu erkennen: Die Leistung bleibt zwischen "
                f"{watts[0]:.0f} und {watts[-1]:.0f} W. Misst der Messpunkt diese Maschine? Bitte "
                "noch einmal aufnehmen: eine Minute aus, eine Minute in Bereitschaft, dann drei "
                "Läufe mit Pausen.",
                f"The recording shows no run: the power stays between {watts[0]:.0f} and "
                f"{watts[-1]:.0f} W. Does the point measure this machine? Please record again: "
                "one minute off, one minute standing by, then three runs with pauses.",
            )
        )
    return min(real, key=lambda fit: (abs(len(fit[2]) - RUNS), fit[0] - fit[1]))


def _bands(samples: Sequence[Sample], watts: Sequence[float]) -> list[tuple[float, float, int]]:
    """The ranges of level above which the number of stretches stays the same."""

    def count(level: float) -> int:
        return len(_stretches(samples, level))

    low, high = watts[0], watts[-1]
    levels = [low + (high - low) * (step + 0.5) / FINENESS for step in range(FINENESS)]
    counts = [count(level) for level in levels]
    found: list[tuple[float, float, int]] = []
    begin = 0
    for i in range(1, FINENESS + 1):
        if i < FINENESS and counts[i] == counts[begin]:
            continue
        if counts[begin]:
            first = _border(low if begin == 0 else levels[begin - 1], levels[begin], count)
            last = high if i == FINENESS else _border(levels[i], levels[i - 1], count)
            found.append((first, last, counts[begin]))
        begin = i
    return found


def _border(outside: float, inside: float, count: Callable[[float], int]) -> float:
    """Where the number of stretches begins to be that of ``inside``."""
    wanted = count(inside)
    for _ in range(24):
        middle = (outside + inside) / 2
        if count(middle) == wanted:
            inside = middle
        else:
            outside = middle
    return inside


def _empty(samples: Sequence[Sample], low: float, high: float, count: int) -> Fit | None:
    """The widest band between two levels in which there are hardly any samples."""
    above = sum(1 for _, w in samples if w > low)
    stray = int(STRAY * above)
    inside = [
        max((w for _, w in samples if w <= low), default=low),
        *sorted(w for _, w in samples if low < w < high),
        min((w for _, w in samples if w >= high), default=high),
    ]
    width = min(stray + 1, len(inside) - 1)
    widest = max(range(len(inside) - width), key=lambda i: inside[i + width] - inside[i])
    band = inside[widest], inside[widest + width]
    runs = _stretches(samples, sum(band) / 2)
    return (*band, runs) if len(runs) == count else None


def _stretches(samples: Sequence[Sample], level: float) -> list[Span]:
    """The stretches above a level, each from its first sample to the first one below again.

    What lasts less than a quarter of the longest is no run: the inrush of a spindle.
    """
    found: list[Span] = []
    begin: float | None = None
    for t, w in samples:
        if w > level:
            if begin is None:
                begin = t
        elif begin is not None:
            found.append((begin, t))
            begin = None
    if begin is not None:
        found.append((begin, samples[-1][0]))
    longest = max((end - begin for begin, end in found), default=0.0)
    return [(begin, end) for begin, end in found if end - begin >= longest / 4 and end > begin]


def _total(runs: Sequence[Span]) -> float:
    return sum(end - begin for begin, end in runs)


def _levels(
    samples: Sequence[Sample], off: Span | None, standby: Span | None, first: float, low: float
) -> tuple[Span, Span, tuple[str, ...]]:
    """From where to where the power is when off, and when standing by, and what was guessed."""
    if off is None and standby is None:
        rest, stand = _resting([w for t, w in samples if t < first], low)
        return (min(rest), max(rest)), (min(stand), max(stand)), ()
    margin = max(5.0, 0.05 * low)
    guessed: list[str] = []
    resting_at = between(samples, off)
    standing_at = between(samples, standby)
    standing_at = standing_at[len(standing_at) // 2 :]  # at first it is still off, or starts up
    if not standing_at:
        guessed.append("standby_below")
        at = _quantile(resting_at, 0.98) + margin
        standing_at = [at, min(2 * at, low)]
    standing = _quantile(standing_at, 0.02), _quantile(standing_at, 0.98)
    settled = resting_at[: max(1, 9 * len(resting_at) // 10)]  # in the end it is switched on
    resting = (min(settled), _quantile(settled, 0.98)) if settled else (0.0, 0.0)
    if not settled or resting[1] >= standing[0]:
        guessed.append("off_below")
        resting = (0.0, 0.0)
    return resting, standing, tuple(guessed)


def _resting(before: Sequence[float], low: float) -> tuple[list[float], list[float]]:
    """The levels before the first run: off (how the recording begins), then standing by."""
    if before:
        off_level = median(before[: max(3, len(before) // 10)])
        margin = max(5.0, 0.05 * low)
        off = [w for w in before if w <= off_level + margin]
        rest = sorted(w for w in before if w > off_level + margin)
        if len(rest) >= max(5, len(before) // 10):
            standby_level = rest[len(rest) // 4]  # the lower one; loading lies above it
            standby = [w for w in rest if w <= standby_level + margin]
            return off, standby
    raise NotLearnable(
        Text(
            "Vor dem ersten Lauf fehlt der Wechsel von aus zu Bereitschaft. Bitte noch einmal "
            "aufnehmen: eine Minute aus, eine Minute in Bereitschaft, dann drei Läufe.",
            "Before the first run the change from off to standby is missing. Please record "
            "again: one minute off, one minute standing by, then three runs.",
        )
    )


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _shorter(lengths: Iterable[float]) -> float:
    """Three quarters of the shortest: work varies. 0 where there is none to go by."""
    shortest = min(lengths, default=0.0)
    fine = 10 if shortest >= 1 else 100
    return floor(0.75 * fine * shortest) / fine
