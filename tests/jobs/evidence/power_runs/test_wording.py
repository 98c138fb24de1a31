"""What is said of a power curve, in both languages."""

from __future__ import annotations

import pytest

from gateway.core.text import Text
from gateway.jobs.evidence.power_runs import wording


@pytest.mark.parametrize(
    ("name", "de", "en"),
    [
        (
            "RUNNING",
            "Läuft: 430 W liegen seit 35 s über der Laufschwelle von 2,05 kW.",
            "Running: 430 W have been above the run threshold of 2.05 kW for 35 s.",
        ),
        (
            "STILL_RUNNING",
            "Läuft seit 35 s: 430 W liegen noch über dem Laufende von 2,05 kW.",
            "Running for 35 s: 430 W are still above the end of a run at 2.05 kW.",
        ),
        (
            "LOADING",
            "Lädt zwischen zwei Läufen: 430 W liegen seit 35 s unter dem Laufende von 2,05 kW.",
            "Loading between two runs: 430 W have been below the end of a run at 2.05 kW for 35 s.",
        ),
        (
            "ON",
            (
                "Eingeschaltet, noch kein Lauf erkannt: "
                "430 W liegen unter der Laufschwelle von 2,05 kW."
            ),
            "On, no run recognised yet: 430 W are below the run threshold of 2.05 kW.",
        ),
        (
            "STANDBY",
            "In Bereitschaft: 430 W liegen seit 35 s unter der Bereitschaftsschwelle von 2,05 kW.",
            "Standing by: 430 W have been below the standby threshold of 2.05 kW for 35 s.",
        ),
        (
            "OFF",
            "Aus: 430 W liegen seit 35 s unter der Einschaltschwelle von 2,05 kW.",
            "Off: 430 W have been below the power-on threshold of 2.05 kW for 35 s.",
        ),
    ],
)
def test_a_power_curve_is_told_with_its_power_time_and_threshold(
    name: str, de: str, en: str
) -> None:
    told: wording.Sentence = getattr(wording, name)
    assert told.said(430.0, 35.0, 2050.0) == Text(de, en)
