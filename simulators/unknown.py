"""A machine that no template describes: for finding out what its registers mean. Pure."""

from __future__ import annotations

import json

from gateway.machines.template import Template
from simulators.physics.chance import uniform

PLACES = (16, 256, 512, 1024, 4096, 8192)
LENGTH = 24
"""Registers that can be read."""


def unknown(seed: int) -> Template:
    """A unit with power, energy, a counter, a state bit, and what else such devices tell.

    Where and how they stand follows from ``seed``.
    """
    table = "holding-registers" if uniform(seed, "table") < 0.5 else "input-registers"
    order = "high-word-first" if uniform(seed, "order") < 0.5 else "low-word-first"
    first = PLACES[int(uniform(seed, "place") * len(PLACES))]
    power = {"encoding": "float32"} if uniform(seed, "power") < 0.5 else {"encoding": "int32"}
    points = (
        _point("status", 0, encoding="bit", bit=int(uniform(seed, "bit") * 16), kind="state"),
        _point("voltage", 2, encoding="uint16", scale=0.1, unit="V"),
        _point("temperature", 3, encoding="int16", scale=0.1, unit="Cel"),
        _point("power", 6, **power, unit="W", role="power"),
        _point("energy", 8, encoding="uint32", scale=0.001, unit="kW.h", kind="counter"),
        _point("parts", 12, encoding="uint32", unit="{pieces}", kind="counter"),
        _point("uptime", 20, encoding="uint32", unit="s"),
    )
    long = {"float32", "int32", "uint32"}
    return Template.model_validate_json(
        json.dumps(
            {
                "schema": 1,
                "template": "unknown",
                "title": {"de": "Unbekannte Maschine", "en": "Unknown machine"},
                "identification": {"manufacturer": "unknown", "model": "unknown"},
                "readable": [{"table": table, "first": first, "last": first + LENGTH - 1}],
                "points": [
                    {
                        **point,
                        "table": table,
                        "address": first + int(str(point["address"])),
                        **({"order": order} if point["encoding"] in long else {}),
                    }
                    for point in points
                ],
            }
        )
    )


def _point(name: str, address: int, **more: object) -> dict[str, object]:
    return {"name": name, "address": address, "means": {"de": name, "en": name}, **more}
