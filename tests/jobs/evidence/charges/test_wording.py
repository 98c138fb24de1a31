"""What is said of a furnace, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.text import Text
from gateway.jobs.evidence.charges.wording import Seen, sentence

SEEN = Seen("soak", 851.4, 860.0, 180.0, 60.0, (31.0, 30.4, 30.9), 0, None, None)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"phase": "none"}, Text("Noch kein Messwert da.", "No measured value yet.")),
        (
            {"phase": "cold", "temperature": 21.04},
            Text(
                "Leer und aus: 21,0 °C, keine Charge im Ofen.",
                "Empty and off: 21.0 °C, no charge in the furnace.",
            ),
        ),
        (
            {"phase": "ramp", "temperature": 400.0, "lasted": 600.0},
            Text(
                "Heizt auf: 400 °C, Ziel 860 °C, seit 10 min. "
                "Alle drei Phasen führen Strom (31 A).",
                "Heating up: 400 °C, goal 860 °C, for 10 min. "
                "All three phases carry current (31 A).",
            ),
        ),
        (
            {"phase": "ramp", "temperature": 400.0, "amps": (31.0, 0.12, 30.9), "lost": 2},
            Text(
                "Heizt auf: 400 °C, Ziel 860 °C. Phase L2 führt nur 0,1 A, die anderen 31 A: "
                "ein Heizelement ist ausgefallen.",
                "Heating up: 400 °C, goal 860 °C. Phase L2 carries only 0.1 A, the others 31 A: "
                "a heating element has failed.",
            ),
        ),
        (
            {"phase": "ramp", "temperature": 400.0, "amps": None},
            Text(
                "Heizt auf: 400 °C, Ziel 860 °C. Das Messgerät für den Strom antwortet nicht.",
                "Heating up: 400 °C, goal 860 °C. The current meter does not answer.",
            ),
        ),
        (
            {"lasted": 1800.0, "planned": 3600.0},
            Text(
                "Hält Härtetemperatur: 851 °C, seit 30 min (Plan 1 h).",
                "Soaking: 851 °C, for 30 min (plan 1 h).",
            ),
        ),
        (
            {"lasted": 3960.0, "planned": 3600.0},
            Text(
                "Hält Härtetemperatur: 851 °C, seit 1 h 6 min (Plan 1 h).",
                "Soaking: 851 °C, for 1 h 6 min (plan 1 h).",
            ),
        ),
        (
            {"lasted": 4200.0, "planned": 3600.0},
            Text(
                "Hält Härtetemperatur: 851 °C, seit 1 h 10 min (Plan 1 h, überfällig um 10 min).",
                "Soaking: 851 °C, for 1 h 10 min (plan 1 h, overdue by 10 min).",
            ),
        ),
        (
            {"phase": "quench", "temperature": 500.0},
            Text("Schreckt ab: 500 °C.", "Quenching: 500 °C."),
        ),
        (
            {"phase": "temper", "temperature": 182.0},
            Text("Lässt an: 182 °C.", "Tempering: 182 °C."),
        ),
        (
            {"phase": "handling", "temperature": 99.96},
            Text(
                "Wird entladen: 100,0 °C. Bei 60,0 °C ist die Charge fertig.",
                "Being unloaded: 100.0 °C. At 60.0 °C the charge is finished.",
            ),
        ),
    ],
)
def test_a_furnace_says_its_phase_its_temperature_and_what_is_wrong(
    changed: dict[str, object], said: Text
) -> None:
    assert sentence(replace(SEEN, **changed)) == said  # type: ignore[arg-type]
