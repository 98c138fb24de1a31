"""What one dead device costs the others, beside a naive gateway: one JSON line per figure.

    .venv/bin/python tests/bench/faults.py [--quick]

Ten devices with 100 signals at 10 Hz, each with a port of its own: one takes connections and never
answers, cannot be reached (its connections are dropped), refuses connections, or answers late.
Then ten units with 20 signals at 1 Hz on one line, one of them silent from the first moment on.
The figure is the worst of the others: which part of its values came, and the longest time without
one. With ``--quick`` all four kinds at once, and the naive gateway is left out.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.figures import tell
from tests.yard.contenders import NAIVE, Contender, ours
from tests.yard.measuring import load, measure
from tests.yard.scene import Work, yard

QUICK = "--quick" in sys.argv
OWN_PORT, ONE_LINE = ((0.5, 2.0), (4.0, 4.0)) if QUICK else ((2.0, 10.0), (15.0, 30.0))
"""Seconds: warm-up, and how long is looked. At first a silent unit is tried more often."""
KINDS: dict[str, dict[str, Any]] = {
    "hangs": {"hangs": True},
    "drops": {"drops": True},
    "refuses": {"refuses": True},
    "slow": {"answers": 0.25},
}
RUN = ours("werkverbund")


def others(
    work: Work, who: Contender, dead: set[int], times: tuple[float, float], at_least: float
) -> None:
    """Print what came of those that are well."""
    with yard(work) as place:
        found = measure(place, who, *times)
    well = [f"m{n}" for n in range(work.devices) if n not in dead]
    share = min(min(1.0, found.shares.get(machine, 0.0)) for machine in well)
    gap = max(found.gaps.get(machine, times[1]) for machine in well)
    said = {"work": work.name, "who": who.name, "load": round(load(), 1)}
    promised = {} if who is NAIVE else {"at_least": at_least}
    tell("values of the worst of the others", share, "share", **said, **promised)
    tell("longest time without a value", gap / work.every, "periods", **said)


def main() -> None:
    if QUICK:
        faulty = dict(zip(range(6, 10), KINDS.values(), strict=True))
        others(Work("all at once", faulty=faulty), RUN, set(faulty), OWN_PORT, 0.99)
    else:
        for name, kind in KINDS.items():
            work = Work(f"own port, one {name}", faulty={9: kind})
            for who in (NAIVE, RUN):
                others(work, who, {9}, OWN_PORT, 0.99)
    line = Work("one line, one silent", signals=20, every=1.0, one_line=True, silent=(10,))
    for who in (RUN,) if QUICK else (NAIVE, RUN):
        others(line, who, {9}, ONE_LINE, 0.95)


if __name__ == "__main__":
    main()
