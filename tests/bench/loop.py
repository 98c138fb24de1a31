"""How long the event loop of a real gateway is held: milliseconds, one JSON line per figure.

    .venv/bin/python tests/bench/loop.py [--quick] [CHECKOUT ...]

A gateway at the reference load with OPC UA, MQTT (where Mosquitto is installed) and pages; two
clients listen, others come and go. Lag is how late a timer comes in wall time (others on the
computer count too), the longest callback is CPU time of the loop's own thread. The first five
seconds are the start; of each the worst, as the median of some rounds. Other checkouts are measured
in turn with this one, each round.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.figures import tell_all
from tests.reference import ROOT, Reference
from tests.soak import listeners, visit

LOOKED_AT = ROOT / "tests" / "system" / "looked_at.py"
QUICK = "--quick" in sys.argv
ROUNDS, REST = (1, 2.0) if QUICK else (3, 30.0)
"""Rounds, and seconds of rest in each."""
START = 5.0
PROMISED = {"start": 100.0, "rest": 50.0}
"""Milliseconds of CPU that one callback may take."""


Notes = list[dict[str, Any]]


def looked_at(checkout: Path) -> Notes:
    """What was noted of one gateway's loop."""
    with tempfile.TemporaryDirectory() as place:
        at, notes = Reference(Path(place), checkout), Path(place) / "looked"
        with at.around(), at.gateway(str(LOOKED_AT), str(notes)), listeners(at):
            end = time.monotonic() + START + REST
            while time.monotonic() < end:
                visit(at)
                time.sleep(1)
        return [json.loads(line) for line in notes.read_text("utf-8").splitlines()]


def figures(name: str, rounds: list[Notes]) -> None:
    """Print those of one checkout."""
    for part, at_most in PROMISED.items():
        lags = [[note["lag"] for note in notes if note.get("part") == part] for notes in rounds]
        held = [
            [n["cpu"] for n in notes if "cpu" in n and (n["at"] < START) == (part == "start")]
            for notes in rounds
        ]
        tell_all(f"{name}: worst lag at {part}", [1000 * max(one, default=0) for one in lags], "ms")
        tell_all(
            f"{name}: longest callback at {part}",
            [1000 * max(one, default=0) for one in held],
            "ms of CPU",
            at_most=at_most,
        )


def main() -> None:
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    checkouts = [Path(one).resolve() for one in sys.argv[1:] if one != "--quick"]
    rounds: dict[Path, list[Notes]] = {}
    for _ in range(ROUNDS):
        for checkout in (*checkouts, ROOT):
            rounds.setdefault(checkout, []).append(looked_at(checkout))
    for checkout, notes in rounds.items():
        figures("loop" if checkout == ROOT else f"loop of {checkout.name}", notes)


if __name__ == "__main__":
    main()
