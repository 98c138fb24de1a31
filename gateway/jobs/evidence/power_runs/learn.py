"""Learns the thresholds of a power curve from a guided recording of about five minutes.

The recording shows a machine that is off, then stands by, then makes three runs. The run
threshold lies in the widest empty band of power above which exactly three stretches remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, log10
from statistics import median

from gateway.core.errors import WerkverbundError
from gateway.core.text import Text

RUNS = 3
FEWEST = 60
"""A recording needs at least this many samples."""

Sample = tuple[float, float]
"""Seconds since the recording began, watts."""


class NotLearnable(WerkverbundError):
    """The recording does not show what it should; ``why`` says what to do."""

    def __init__(self, why: Text) -> None:
        self.why = why
        super().__init__(why.en)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What a ``power-runs`` evidence needs: watts and seconds; ``runs`` are (begin, end)."""

    off_below: float
    standby_below: float
    run_above: float
    run_below: float
    min_run: float
    min_pause: float
    runs: tuple[tuple[float, float], ...]


def learn(recording: Sequence[Sample]) -> Thresholds:
    """The thresholds that the recording shows. Raises NotLearnable."""
    if len(recording) < FEWEST:
        raise NotLearnable(
            Text(
                f"Die Aufnahme ist zu kurz: {len(recording)} Werte, nötig sind {FEWEST}.",
                f"The recording is too short: {len(recording)} values, it needs {FEWEST}.",
            )
        )
    times, watts = [t for t, _ in recording], _smooth([w for _, w in recording])
    low, high, runs = _runs(times, watts)
    before = [w for t, w in zip(times, watts, strict=True) if t < runs[0][0]]
    pauses = [
        w
        for (_, end), (begin, _) in pairwise(runs)
        for t, w in zip(times, watts, strict=True)
        if end < t < begin
    ]
    off, standby = _resting(before, low)
    loading = min(pauses, default=low)
    standby_below = (max(standby) + loading) / 2
    if loading < 1.2 * max(standby):  # no level of its own between two runs
        standby_below = min(1.25 * max(standby), low)
    return Thresholds(
        off_below=_round((max(off) + min(standby)) / 2),
        standby_below=_round(standby_below),
        run_above=_round(low + 0.65 * (high - low)),
        run_below=_round(low + 0.35 * (high - low)),
        min_run=_shorter(end - begin for begin, end in runs),
        min_pause=_shorter(begin - end for (_, end), (begin, _) in pairwise(runs)),
        runs=tuple(runs),
    )


def read_recording(text: str) -> list[Sample]:
    """A recording as it is stored: lines ``seconds,watts``, comments after ``#``."""
    rows = (line.split("#")[0].strip() for line in text.splitlines())
    return [(float(t), float(w)) for t, _, w in (row.partition(",") for row in rows if row)]


def _smooth(watts: Sequence[float]) -> list[float]:
    """The median of three neighbours: single spikes go, edges stay sharp."""
    inner = [median(watts[i - 1 : i + 2]) for i in range(1, len(watts) - 1)]
    return [watts[0], *inner, watts[-1]]


def _runs(
    times: Sequence[float], watts: Sequence[float]
) -> tuple[float, float, list[tuple[float, float]]]:
    """The empty band of power between running and not running, and the three runs above it."""
    least = 0.05 * (max(watts) - min(watts))  # narrower bands are noise within one level
    bands = [band for band in pairwise(sorted(set(watts))) if band[1] - band[0] > least]
    fits: list[tuple[float, float, list[tuple[float, float]]]] = []
    for low, high in bands:
        above = _stretches(times, watts, (low + high) / 2)
        if len(above) == RUNS:
            fits.append((low, high, above))
    if not fits:
        seen = _stretches(times, watts, (max(watts) + min(watts)) / 2)
        raise NotLearnable(
            Text(
                f"Erkannt: {len(seen)} statt {RUNS} Läufe. Bitte noch einmal aufnehmen: eine "
                "Minute aus, eine Minute in Bereitschaft, dann drei Läufe mit Pausen.",
                f"Recognised: {len(seen)} instead of {RUNS} runs. Please record again: one minute "
                "off, one minute standing by, then three runs with pauses.",
            )
        )
    longest = max(_total(above) for _, _, above in fits)
    real = [fit for fit in fits if _total(fit[2]) >= longest / 2]  # not the inrush of each run
    return max(real, key=lambda fit: fit[1] - fit[0])


def _stretches(
    times: Sequence[float], watts: Sequence[float], level: float
) -> list[tuple[float, float]]:
    """The stretches above a level, each from its first sample to the first one below again.

    What lasts less than a quarter of the longest is no run: the inrush of a spindle.
    """
    found: list[tuple[float, float]] = []
    begin: float | None = None
    for t, w in zip(times, watts, strict=True):
        if w > level and begin is None:
            begin = t
        elif w <= level and begin is not None:
            found.append((begin, t))
            begin = None
    if begin is not None:
        found.append((begin, times[-1]))
    longest = max((end - begin for begin, end in found), default=0.0)
    return [(begin, end) for begin, end in found if end - begin >= longest / 4]


def _total(runs: Sequence[tuple[float, float]]) -> float:
    return sum(end - begin for begin, end in runs)


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


def _shorter(lengths: Iterable[float]) -> float:
    """Three quarters of the shortest: work varies."""
    return floor(7.5 * min(lengths)) / 10


def _round(watts: float) -> float:
    """Two digits that matter are enough for a threshold."""
    if watts <= 0:
        return 0.0
    step = 10.0 ** max(-1, floor(log10(watts)) - 1)
    return round(watts / step) * step
