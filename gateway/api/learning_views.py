"""A guided recording and what it teaches, as JSON; and a running machine's values as a recording
wants them. Loaded when somebody learns something.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping
from typing import cast

from gateway.api.assistant_shapes import LearnKindShape, LearnShape, LearntKind, LearntShape
from gateway.api.rooms import Rooms
from gateway.api.views import words
from gateway.assistant.entry import evidence_lines
from gateway.assistant.learning import Learning, Learnt
from gateway.core.signals import Quality, Signal
from gateway.core.text import Text
from gateway.jobs.evidence.recording import Sample
from gateway.jobs.learning import LESSONS, lacking, why_lacking
from gateway.sources.record import Look

POINTS = 400
"""So many columns a curve is drawn with at most."""
TITLES = {
    "power-runs": Text(
        "Läufe aus der Leistung: aus, Bereitschaft, drei Läufe",
        "Runs from the power: off, standing by, three runs",
    ),
    "counters": Text(
        "Teile aus einem Zähler: dreimal arbeiten lassen",
        "Parts from a counter: let it work three times",
    ),
    "charges": Text(
        "Chargen eines Ofens: eine Charge aufnehmen",
        "Charges of a furnace: record one charge",
    ),
}


def kinds_for(roles: Collection[str]) -> list[LearnKindShape]:
    """Every kind, and why it cannot be learnt from points with these roles."""
    found: list[LearnKindShape] = []
    for kind in ("power-runs", "counters", "charges"):
        lesson = LESSONS[kind]
        lacks = lacking(lesson, roles)
        why = words(why_lacking(lesson, lacks, roles)) if lacks else None
        title = words(TITLES[kind])
        found.append({"kind": kind, "title": title, "possible": not lacks, "why": why})
    return found


def learning(work: Learning) -> LearnShape:
    """A recording while it runs, and afterwards."""
    lesson, kept = work.lesson, work.recording
    role = lesson.needs[0]
    return {
        "kind": cast("LearntKind", lesson.kind),
        "place": words(work.place),
        "machine": work.machine,
        "file": work.writable,
        "role": role,
        "unit": lesson.unit,
        "steps": [
            {
                "name": one.name,
                "title": words(one.title),
                "text": words(one.text),
                "seconds": one.seconds,
                "optional": one.optional,
            }
            for one in lesson.steps
        ],
        "step": work.step,
        "step_s": round(work.into, 1),
        "length_s": round(kept.length, 1),
        "longest_s": lesson.longest,
        "now": dict(work.newest),
        "silent": work.in_vain,
        "curve": thinned(kept.samples(role)),
        "begun": [(name, round(t, 2)) for name, t in kept.steps],
        "result": None if work.learnt is None else learnt(work.learnt),
        "trouble": None if work.trouble is None else words(work.trouble),
    }


def learnt(found: Learnt) -> LearntShape:
    """What a recording teaches."""
    verdict = found.verdict
    return {
        "kind": cast("LearntKind", found.lesson.kind),
        "evidence": found.evidence,
        "lines": evidence_lines(found.evidence, indent=4),
        "every_s": found.every,
        "thresholds": [
            {
                "key": one.key,
                "role": one.role,
                "value": one.value,
                "unit": one.unit,
                "means": words(one.means),
            }
            for one in verdict.lines
        ],
        "runs": [
            {
                "begin_s": round(one.begin, 3),
                "seconds": None if one.seconds is None else round(one.seconds, 3),
                "level": None if one.level is None else round(one.level, 2),
            }
            for one in verdict.pieces
        ],
        "expects": [words(one) for one in verdict.expects],
        "doubts": [words(one) for one in verdict.doubts],
    }


def thinned(samples: list[Sample]) -> list[tuple[float, float, float]]:
    """Seconds, lowest and highest value of as many neighbours as a column of the picture holds."""
    size = -(-len(samples) // POINTS) or 1
    found = []
    for first in range(0, len(samples), size):
        values = [value for _, value in samples[first : first + size]]
        t = samples[first][0]
        found.append((round(t, 2), round(min(values), 3), round(max(values), 3)))
    return found


async def live(
    rooms: Rooms, machine: str, signals: Mapping[str, Signal], every: float
) -> AsyncGenerator[Look]:
    """The newest values of a machine that is polled anyway, in its own (order) time."""
    began: float | None = None
    seen = float("-inf")
    lapse = rooms.status(machine).lapse
    first = next(iter(signals.values()))
    while True:
        heard = rooms.latest.heard(first.id)
        if heard is not None and heard > seen:
            began = heard if began is None else began
            seen = heard
            values = {role: _trusted(rooms, signal) for role, signal in signals.items()}
            yield (heard - began) * lapse, values
        await asyncio.sleep(min(every, first.every) / 2)


def _trusted(rooms: Rooms, signal: Signal) -> float | None:
    reading = rooms.latest.reading(signal.id)
    if reading is None or not isinstance(reading.value, int | float):
        return None
    return None if reading.quality is Quality.BAD else float(reading.value)
