"""The sentences about a power curve."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.core.text import Text
from gateway.jobs.wording import power, span


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the measured power, how long it has been so, and the threshold."""

    de: str
    en: str

    def said(self, watts: float, seconds: float, threshold: float) -> Text:
        """With its numbers."""
        now, long, limit = power(watts), span(seconds), power(threshold)
        return Text(
            self.de.format(now=now.de, long=long.de, limit=limit.de),
            self.en.format(now=now.en, long=long.en, limit=limit.en),
        )


RUNNING = Sentence(
    "Läuft: {now} liegen seit {long} über der Laufschwelle von {limit}.",
    "Running: {now} have been above the run threshold of {limit} for {long}.",
)
STILL_RUNNING = Sentence(
    "Läuft seit {long}: {now} liegen noch über dem Laufende von {limit}.",
    "Running for {long}: {now} are still above the end of a run at {limit}.",
)
LOADING = Sentence(
    "Lädt zwischen zwei Läufen: {now} liegen seit {long} unter dem Laufende von {limit}.",
    "Loading between two runs: {now} have been below the end of a run at {limit} for {long}.",
)
ON = Sentence(
    "Eingeschaltet, noch kein Lauf erkannt: {now} liegen unter der Laufschwelle von {limit}.",
    "On, no run recognised yet: {now} are below the run threshold of {limit}.",
)
STANDBY = Sentence(
    "In Bereitschaft: {now} liegen seit {long} unter der Bereitschaftsschwelle von {limit}.",
    "Standing by: {now} have been below the standby threshold of {limit} for {long}.",
)
OFF = Sentence(
    "Aus: {now} liegen seit {long} unter der Einschaltschwelle von {limit}.",
    "Off: {now} have been below the power-on threshold of {limit} for {long}.",
)
