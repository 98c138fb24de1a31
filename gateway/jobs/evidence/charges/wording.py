"""The sentence about a furnace: its phase, its temperature, and what its phases carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.core.text import Text
from gateway.jobs.wording import amperes, degrees, span

NAMES: Mapping[str, Text] = {
    "cold": Text("Kalt", "Cold"),
    "ramp": Text("Aufheizen", "Heating up"),
    "soak": Text("Halten", "Soaking"),
    "quench": Text("Abschrecken", "Quenching"),
    "temper": Text("Anlassen", "Tempering"),
    "handling": Text("Entladen und Beladen", "Unloading and loading"),
}


LOST = Text(
    "Ein Heizelement ist ausgefallen, eine Charge dauert {run} statt {usual}.",
    "a heating element has failed, a charge takes {run} instead of {usual}.",
)
"""What a phase without current means for a job."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the sentence is made of: °C, amperes, seconds of order time.

    ``metered``: there is a meter for the currents.
    """

    phase: str
    temperature: float
    hot: float
    temper: float | None
    cold: float
    amps: tuple[float, float, float] | None
    lost: int
    lasted: float | None
    planned: float | None
    metered: bool = True


_SENTENCES: Mapping[str, Text] = {
    "none": Text("Noch kein Messwert da.", "No measured value yet."),
    "cold": Text(
        "Leer und aus: {now.de}, keine Charge im Ofen.",
        "Empty and off: {now.en}, no charge in the furnace.",
    ),
    "ramp": Text(
        "Heizt auf: {now.de}, Ziel {hot.de}{long.de}. {currents.de}",
        "Heating up: {now.en}, goal {hot.en}{long.en}. {currents.en}",
    ),
    "soak": Text(
        "Hält Härtetemperatur: {now.de}{long.de}.",
        "Soaking: {now.en}{long.en}.",
    ),
    "quench": Text(
        "Schreckt ab: {now.de}{long.de}.",
        "Quenching: {now.en}{long.en}.",
    ),
    "temper": Text(
        "Lässt an: {now.de}{long.de}.",
        "Tempering: {now.en}{long.en}.",
    ),
    "handling": Text(
        "Wird entladen: {now.de}{long.de}. Bei {cold.de} ist die Charge fertig.",
        "Being unloaded: {now.en}{long.en}. At {cold.en} the charge is finished.",
    ),
}


def sentence(seen: Seen) -> Text:
    """Why we say that the furnace does what it does."""
    words = {
        "now": degrees(seen.temperature),
        "hot": degrees(seen.hot),
        "cold": degrees(seen.cold),
        "long": _lasted(seen),
        "currents": _currents(seen),
    }
    text = _SENTENCES[seen.phase]
    return Text(text.de.format_map(words).rstrip(), text.en.format_map(words).rstrip())


def _lasted(seen: Seen) -> Text:
    """How long the phase has lasted, its planned length, and that it is overdue."""
    if seen.lasted is None:
        return Text("", "")
    long = span(seen.lasted)
    if seen.planned is None:
        return Text(f", seit {long.de}", f", for {long.en}")
    plan, over = span(seen.planned), seen.lasted - seen.planned
    if over > 0.1 * seen.planned:
        late = span(over)
        return Text(
            f", seit {long.de} (Plan {plan.de}, überfällig um {late.de})",
            f", for {long.en} (plan {plan.en}, overdue by {late.en})",
        )
    return Text(f", seit {long.de} (Plan {plan.de})", f", for {long.en} (plan {plan.en})")


def _currents(seen: Seen) -> Text:
    """What the three phases of the mains carry."""
    if not seen.metered:
        return Text("", "")
    if seen.amps is None:
        return Text(
            "Das Messgerät für den Strom antwortet nicht.", "The current meter does not answer."
        )
    if not seen.lost:
        most = amperes(max(seen.amps))
        return Text(
            f"Alle drei Phasen führen Strom ({most.de}).",
            f"All three phases carry current ({most.en}).",
        )
    dead = amperes(seen.amps[seen.lost - 1])
    most = amperes(max(seen.amps))
    return Text(
        f"Phase L{seen.lost} führt nur {dead.de}, die anderen {most.de}: "
        "ein Heizelement ist ausgefallen.",
        f"Phase L{seen.lost} carries only {dead.en}, the others {most.en}: "
        "a heating element has failed.",
    )
