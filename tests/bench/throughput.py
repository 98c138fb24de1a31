"""What a value costs, beside a naive gateway and a plain polling loop: one JSON line per figure.

    .venv/bin/python tests/bench/throughput.py [--quick] [CHECKOUT ...]

The product as ``run`` starts it (journal, history, MQTT, pages), the same with OPC UA to which
nobody listens, with uvloop where that is installed, and other checkouts, each round in turn with
the naive gateway (a request and a message for each value). Ratios are medians of pairs of one
round: CPU for a value of ours over that of the naive one, so ``at_most`` 1/15 = 0.067. Ages are
those of a value where the meter hears it; half of the 97 ms between two changes is in all of them.

S1: 10 devices with 100 signals, 10 times a second. S2: 50 devices, once a second. S4: as S1, once
a second, answers after 10 ms.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.figures import tell_all
from tests.yard.contenders import NAIVE, PLAIN, Contender, ours
from tests.yard.measuring import Measured, load, measure, ratios, tell_where
from tests.yard.scene import Work, yard

QUICK = "--quick" in sys.argv
ROUNDS, WARM_UP, SECONDS = (1, 0.3, 2.0) if QUICK else (5, 2.0, 5.0)
S1 = Work("S1: 10 x 100 at 10 Hz")
S2 = Work("S2: 50 x 100 at 1 Hz", devices=50, every=1.0)
S4 = Work("S4: answers after 10 ms, 10 x 100 at 1 Hz", every=1.0, answers=0.01)
PROMISED = {"werkverbund": 1 / 15, "with uvloop": 1 / 18, "with OPC UA": 1 / 10}
"""Of the naive gateway's CPU for a value, in S1."""

RUN = ours("werkverbund")
OPCUA = ours("with OPC UA", opcua=True)


def contest(work: Work, contenders: Sequence[Contender], rounds: int, seconds: float) -> None:
    """Measure them in turn, and print what came of it."""
    found: dict[str, list[Measured]] = {one.name: [] for one in contenders}
    table = [f"{work.name:44}{'us/value':>10}{'1/':>7}{'values/s':>10}{'MB':>6}{'ms':>6}"]
    with yard(work) as place:
        for _ in range(rounds):
            for one in contenders:
                found[one.name].append(measure(place, one, WARM_UP, seconds))
    first = found[contenders[0].name]
    for name, rounds_ in found.items():
        said = {"work": work.name, "who": name, "load": round(load(), 1)}
        tell_all("CPU for a value", [one.cpu for one in rounds_], "us", **said)
        tell_all("values", [one.values for one in rounds_], "per s", offered=work.offered, **said)
        tell_all("memory at most", [one.memory for one in rounds_], "MB", **said)
        for part, share in (("half", 0.5), ("99 of 100", 0.99)):
            ages = [one.age_of(share) for one in rounds_ if one.age]
            if ages:
                tell_all(f"age of a value, {part} are younger", ages, "ms", **said)
        if rounds_ is not first:
            pairs = ratios([one.cpu for one in rounds_], [one.cpu for one in first])
            at_most = {"at_most": PROMISED[name]} if work is S1 and name in PROMISED else {}
            one_in = 1 / median(pairs)
            what = f"CPU for a value, over {contenders[0].name}"
            tell_all(what, pairs, "ratio", one_in=one_in, **said, **at_most)
        table.append(row(name, rounds_, first))
    sys.stderr.write("\n".join(table) + "\n")


def row(name: str, rounds: Sequence[Measured], first: Sequence[Measured]) -> str:
    """Medians for the eye: CPU, one in how much of the naive one's, rate, memory, age."""
    pairs = ratios([one.cpu for one in rounds], [one.cpu for one in first])
    cpu, values, memory = (
        median(getattr(one, what) for one in rounds) for what in ("cpu", "values", "memory")
    )
    age = median(one.age_of(0.5) if one.age else 0.0 for one in rounds)
    return f"  {name:42}{cpu:10.2f}{1 / median(pairs):7.1f}{values:10.0f}{memory:6.0f}{age:6.0f}"


def main() -> None:
    tell_where()
    others = [
        replace(ours(Path(one).resolve().name), checkout=Path(one).resolve())
        for one in sys.argv[1:]
        if not one.startswith("--")
    ]
    uvloop = [ours("with uvloop", uvloop=True)] if find_spec("uvloop") and not QUICK else []
    contest(S1, [NAIVE, PLAIN, RUN, OPCUA, *uvloop, *others], ROUNDS, SECONDS)
    contest(S2, [NAIVE, RUN] if QUICK else [NAIVE, PLAIN, RUN, OPCUA], min(3, ROUNDS), SECONDS)
    contest(S4, [NAIVE, RUN] if QUICK else [NAIVE, PLAIN, RUN], min(3, ROUNDS), 2 * SECONDS)


if __name__ == "__main__":
    main()
