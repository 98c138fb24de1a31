"""What can be learnt from a guided recording: the kinds of evidence that say how. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from gateway.core.text import Text
from gateway.jobs.evidence.charges.lesson import ChargesLesson
from gateway.jobs.evidence.counters.lesson import CountersLesson
from gateway.jobs.evidence.lesson import Lesson
from gateway.jobs.evidence.power_runs.lesson import PowerRunsLesson

LESSONS: Mapping[str, Lesson] = {
    lesson.kind: lesson for lesson in (PowerRunsLesson(), CountersLesson(), ChargesLesson())
}


def lacking(lesson: Lesson, roles: Collection[str | None]) -> Sequence[str]:
    """The roles without which nothing is learnt."""
    return [role for role in lesson.needs if role not in roles]


def why_lacking(lesson: Lesson, lacks: Sequence[str], roles: Collection[str | None]) -> Text:
    """What is missing, and what to do about it."""
    named = ", ".join(lacks)
    if lesson.kind == "counters" and "running" in roles:
        return Text(
            "Nur der Kontakt »läuft« ist da. Kurze Impulse gehen zwischen zwei Abfragen verloren; "
            "gezählt wird mit dem Zähler im Modul. Markieren Sie das Zählregister des Eingangs als "
            "good-count (Gutteile).",
            "There is only the contact »running«. Short pulses get lost between two polls; the "
            "module's own counter counts. Mark the count register of the input as good-count "
            "(good parts).",
        )
    if lesson.kind == "power-runs":
        return Text(
            f"Es fehlt ein Messpunkt mit der Rolle {named}. Gelernt wird aus der Leistung; ein "
            "Stromzähler wie sdm630 misst sie.",
            f"There is no point in the role {named}. Thresholds are learnt from the power; a meter "
            "such as sdm630 measures it.",
        )
    return Text(
        f"Es fehlt ein Messpunkt mit der Rolle {named}. Markieren Sie ihn in der Vorlage, oder "
        "nehmen Sie ein Gerät, das ihn hat.",
        f"There is no point in the role {named}. Mark it in the template, or take a device that "
        "has it.",
    )
