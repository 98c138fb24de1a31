"""Parts from a device's counter, learnt: stand still, then exactly three strokes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from gateway.config import Variant
from gateway.core.signals import Kind, Limits, Signal, signal_id
from gateway.core.text import Text
from gateway.core.units import unit
from gateway.jobs.evidence.counters.rule import UNKNOWN, CountersConfig
from gateway.jobs.evidence.findings import Counted, CounterChanged, CounterJumped
from gateway.jobs.evidence.lesson import (
    NotLearnable,
    Piece,
    Step,
    Verdict,
    between,
    duration,
    gaps,
    holes,
    replayed,
    up,
)
from gateway.jobs.evidence.recording import Recording
from gateway.jobs.wording import number, span

STROKES = 3
FEWEST = 8
STANDS_AFTER = 5.0
"""A machine stands after so many times the longest time between two strokes,"""
LEAST = 30.0
"""and after so many seconds at least."""
COUNT, CONTACT = "good-count", "running"

STEPS = (
    Step(
        "still",
        Text("Maschine steht", "Machine stands"),
        Text(
            "Lassen Sie die Maschine eine halbe Minute stehen. Der Zähler darf sich nicht bewegen.",
            "Let the machine stand for half a minute. The counter must not move.",
        ),
        30.0,
        optional=True,
    ),
    Step(
        "strokes",
        Text("Genau drei Hübe", "Exactly three strokes"),
        Text(
            "Lassen Sie die Maschine genau dreimal arbeiten: drei Hübe, drei Teile. Dann weiter.",
            "Let the machine work exactly three times: three strokes, three parts. Then go on.",
        ),
        60.0,
    ),
)


class CountersLesson:
    """Implements ``gateway.jobs.evidence.lesson.Lesson``."""

    kind = "counters"
    needs = (COUNT,)
    also = (CONTACT, "reject-count")
    unit = "1"
    look_every = 0.25
    longest = 3600.0
    steps: Sequence[Step] = STEPS

    def learn(self, recording: Recording) -> dict[str, Any]:
        """The evidence that a recording shows. Raises NotLearnable."""
        shown = recording.samples(COUNT)
        if len(shown) < FEWEST:
            raise NotLearnable(
                Text(
                    f"Die Aufnahme ist zu kurz: {len(shown)} Werte, nötig sind {FEWEST}.",
                    f"The recording is too short: {len(shown)} values, it needs {FEWEST}.",
                )
            )
        moments = [t for (_, a), (t, b) in pairwise(shown) if b > a]
        apart = max((b - a for a, b in pairwise(moments)), default=0.0)
        return {
            "type": self.kind,
            "pieces_per_count": 1,
            "rejects": "scrap",
            "idle_after": duration(up(max(LEAST, STANDS_AFTER * apart))),
        }

    def period(self, evidence: Variant) -> float:  # noqa: ARG002
        """A device's counter counts by itself: once a second shows that it moves."""
        return 1.0

    def judge(self, recording: Recording, evidence: Variant, every: float) -> Verdict:
        """What the rule counts, and what the counter's habits are."""
        if not isinstance(evidence, CountersConfig):
            raise TypeError(evidence.type)
        rule = evidence.bind(list(_signals(recording.roles, every)))
        found = list(replayed(rule, recording, every))
        pieces = tuple(
            Piece(t, None, float(one.counts))
            for (t, _), one in found
            if isinstance(one, Counted) and one.counts
        )
        usual, _ = gaps([t for t, _ in recording.samples(COUNT)])
        doubts = [
            *_habits(recording),
            *_odd(one for _, one in found),
            *holes(recording, COUNT),
        ]
        counted = sum(one.level or 0 for one in pieces)
        return Verdict(
            pieces,
            (),
            (*_expects(evidence, max(every, usual)), *_contact(recording)),
            tuple(doubts),
            as_announced=counted == STROKES,
        )


def _signals(roles: Sequence[str], every: float) -> Iterator[Signal]:
    for role in roles:
        name = signal_id("recording", role)
        yield Signal(name, Text(role, role), unit("1"), Kind.COUNTER, Limits(), every, role)


def _expects(config: CountersConfig, every: float) -> tuple[Text, ...]:
    period, stands = span(every), span(config.idle_after.total_seconds())
    pace = number(UNKNOWN) if config.min_cycle is None else None
    limit = (
        Text(f"{pace.de} Hübe je Sekunde", f"{pace.en} strokes a second")
        if pace
        else Text("die kürzeste Taktzeit", "the shortest cycle")
    )
    return (
        Text(
            "Zwischen zwei Abfragen geht kein Teil verloren: Das Gerät zählt selbst. Der Zeitpunkt "
            f"eines Teils ist auf {period.de} genau.",
            "No part is lost between two polls: the device counts by itself. The moment of a part "
            f"is exact to {period.en}.",
        ),
        Text(
            f"Ohne Bewegung gilt die Maschine nach {stands.de} als stehend; kürzere Pausen zählen "
            "als Arbeit.",
            f"Without movement the machine counts as standing after {stands.en}; shorter pauses "
            "count as work.",
        ),
        Text(
            f"Mehr als {limit.de} wird nicht gezählt, sondern nachgefragt, bis ein Auftrag sagt, "
            "wie schnell die Maschine sein darf.",
            f"More than {limit.en} is not counted but asked about, until a job says how fast the "
            "machine may be.",
        ),
    )


def _habits(recording: Recording) -> Iterator[Text]:
    """What the counter did while the machine stood, and in three strokes."""
    shown = recording.samples(COUNT)
    still, strokes = recording.within("still"), recording.within("strokes")
    resting = between(shown, still)
    if resting and max(resting) > min(resting):
        moved = number(max(resting) - min(resting))
        yield Text(
            f"Der Zähler lief um {moved.de} weiter, während die Maschine stand. Das ist kein "
            "Teilezähler, oder der Kontakt prellt: Prüfen Sie Register und Kontakt.",
            f"The counter went on by {moved.en} while the machine stood. This is no counter of "
            "parts, or its contact bounces: check register and contact.",
        )
    end = resting[-1] if resting else (shown[0][1] if shown else 0.0)
    counts = round(shown[-1][1] - end) if shown else 0
    if strokes is None and recording.steps:
        yield Text(
            "Die drei Hübe wurden nicht aufgenommen. Gehen Sie zurück, und holen Sie das nach.",
            "The three strokes were not recorded. Go back and make up for it.",
        )
    elif counts != STROKES:
        yield _other(counts)


def _other(counts: int) -> Text:
    if counts <= 0:
        return Text(
            f"Der Zähler hat sich bei {STROKES} Hüben nicht bewegt. Prüfen Sie, ob der Kontakt am "
            "richtigen Eingang hängt, ob der Eingang als Zähler eingestellt ist, und das Register.",
            f"The counter did not move in {STROKES} strokes. Check whether the contact is at the "
            "right input, whether that input is set to count, and the register.",
        )
    if counts % STROKES == 0:
        each = counts // STROKES
        return Text(
            f"Der Zähler zählt {each} je Hub statt 1: {counts} bei {STROKES} Hüben. Zählt er beide "
            "Flanken, stellen Sie das Modul auf eine; prellt der Kontakt, stellen Sie seinen "
            f"Filter länger. Entstehen je Hub {each} Teile an einem Zähler für Teile, ist es so "
            "richtig.",
            f"The counter counts {each} for each stroke instead of 1: {counts} in {STROKES} "
            "strokes. If it counts both edges, set the module to one; if the contact bounces, make "
            f"its filter longer. If a stroke makes {each} parts and parts are counted, it is "
            "right.",
        )
    if counts < STROKES:
        return Text(
            f"Gezählt: {counts} statt {STROKES} Hübe. Schließt der Kontakt zu kurz, stellen Sie "
            "den Filter des Moduls kürzer. Waren es weniger Hübe, nehmen Sie noch einmal auf.",
            f"Counted: {counts} instead of {STROKES} strokes. If the contact closes too briefly, "
            "make the module's filter shorter. If there were fewer strokes, record again.",
        )
    return Text(
        f"Gezählt: {counts} statt {STROKES} Hübe. Der Kontakt prellt wohl: Stellen Sie den Filter "
        "des Moduls länger, und nehmen Sie noch einmal auf.",
        f"Counted: {counts} instead of {STROKES} strokes. The contact seems to bounce: make the "
        "module's filter longer, and record again.",
    )


def _odd(found: Iterator[object]) -> Iterator[Text]:
    for one in found:
        if isinstance(one, CounterChanged):
            yield Text(
                f"Der Zähler sprang zurück, von {one.before} auf {one.after}. Stellt ihn jemand "
                "zurück, gehen Teile verloren; nehmen Sie einen, der durchläuft.",
                f"The counter went back from {one.before} to {one.after}. If somebody sets it "
                "back, parts are lost; take one that runs on.",
            )
        elif isinstance(one, CounterJumped):
            yield Text(
                f"Der Zähler sprang von {one.before} auf {one.after}, schneller als die Maschine "
                "arbeiten kann. Prüfen Sie Register, Kodierung und Wortfolge.",
                f"The counter jumped from {one.before} to {one.after}, faster than the machine can "
                "work. Check register, encoding and word order.",
            )


def _contact(recording: Recording) -> Iterator[Text]:
    """Whether the contact was seen closing as often as it was counted."""
    shown = recording.samples(CONTACT)
    if not shown or (strokes := recording.within("strokes")) is None:
        return
    closed = [value for t, value in shown if t >= strokes[0]]
    edges = sum(1 for a, b in pairwise(closed) if b and not a)
    if edges < STROKES:
        yield Text(
            f"Der Kontakt »läuft« war nur {edges}-mal geschlossen zu sehen: Kürzere Impulse als "
            "der Abfragetakt bleiben ungesehen. Gezählt wird mit dem Zähler, das schadet nicht.",
            f"The contact »running« was seen closed only {edges} times: pulses shorter than the "
            "polling period stay unseen. The counter counts, so this does no harm.",
        )
