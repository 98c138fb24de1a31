"""How long it takes from the start to the first value at the broker: one JSON line per figure.

    .venv/bin/python tests/bench/start.py [--quick] [CHECKOUT ...]

Ten devices with 100 signals each; the product as ``run`` starts it, in turn with a naive gateway
and other checkouts. Seconds by the wall, and CPU until then: on a busy computer this says more.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.figures import tell_all
from tests.yard.contenders import NAIVE, ours
from tests.yard.measuring import cpu_of, load, started
from tests.yard.scene import Work, yard

ROUNDS = 1 if "--quick" in sys.argv else 5


def main() -> None:
    others = [
        replace(ours(Path(one).resolve().name), checkout=Path(one).resolve())
        for one in sys.argv[1:]
        if not one.startswith("--")
    ]
    run = ours("werkverbund")
    found: dict[str, list[tuple[float, float]]] = {}
    with yard(Work("10 x 100 at 10 Hz")) as place:
        for _ in range(ROUNDS):
            for who in (run, NAIVE, *others):
                with started(place, who) as (process, first, _log):
                    found.setdefault(who.name, []).append((first, cpu_of(process.pid)))
    for name, times in found.items():
        said = {"who": name, "signals": 1000, "load": round(load(), 1)}
        promised = {"at_most": 0.5} if name == run.name else {}
        tell_all("start to the first value", [wall for wall, _ in times], "s", **said, **promised)
        tell_all("CPU until the first value", [cpu for _, cpu in times], "s", **said)


if __name__ == "__main__":
    main()
