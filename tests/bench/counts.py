"""Runs missed or doubled per 1,000, against what the simulated machines have really done.

    .venv/bin/python tests/bench/counts.py [--quick]

Physics, registers, codec and job logic of the demo's own files, in simulated time: nothing waits,
and the same seed gives the same polls. At demo speed a machine is polled as its file says, at real
speed once a second (the furnace every five, the bench every 15 minutes). Each machine is watched

- calmly: every poll on time;
- with noise: analogue values off by up to 3 %;
- with spikes: one analogue value in 500 off by up to half;
- with jitter: each poll early or late by up to 40 % of the period;
- late: one poll in 50 comes one to eight periods late, and nobody looks meanwhile.

The physical limit: ``holes`` are the times between two polls into which a whole pause (of a charge:
half of its shortest phase) fits, what passes in them nobody can see; ``spikes`` are the values that
were off, for where a pause shows in two polls only, one of them must not be wrong. ``silent`` are
the missed runs for which no gap stands in the job, ``pieces_off`` good pieces too many or too
few. A counter loses nothing between two polls.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import pairwise
from math import inf
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.core.signals import Value
from gateway.core.text import Text
from gateway.jobs.commands import AddJob
from gateway.jobs.evidence.charges import ChargesConfig
from gateway.jobs.evidence.power_runs import PowerRunsConfig
from simulators.tracks import Charges, Done
from tests.figures import tell
from tests.jobs.fair_order import DAY1, FIRMS, LAPSE, Fair, Firm, departures, fair_order

ANALOGUE = ("power", "current", "temperature")
"""The beginnings of the roles that noise falls upon."""
WAYS = ("calm", "noise", "spikes", "jitter", "late", "all of it")


@dataclass
class Watched:
    """What came of watching one machine."""

    runs: int
    missed: int
    doubled: int
    pieces_off: int
    gaps: int
    holes: int
    spikes: int


def shortest(firm: Firm) -> float:
    """What must not fit between two polls, in seconds of order time."""
    evidence = firm.machine.evidence
    if isinstance(evidence, PowerRunsConfig):
        return min(evidence.min_pause, evidence.min_run).total_seconds()
    if isinstance(evidence, ChargesConfig):
        plan = evidence.phases
        phases = (plan.ramp, plan.soak, plan.quench, plan.temper, plan.handling)
        return min(phases).total_seconds() / 2
    return inf


def polls(period: float, until: float, way: str, chance: Random) -> Iterator[float]:
    """When the polls come, in real seconds."""
    slot = 0.0
    while slot < until:
        off = chance.uniform(-0.4, 0.4) * period if way in ("jitter", "all of it") else 0.0
        if way in ("late", "all of it") and chance.random() < 0.02:
            slot += period * chance.randint(1, 8)
        yield max(0.0, slot + off)
        slot += period


def noisy(
    values: Sequence[Value | None], roles: Sequence[str], way: str, chance: Random
) -> tuple[list[Value | None], int]:
    """The values as a cheap meter or a bad line shows them, and how many of them are spikes."""
    shown, spikes = list(values), 0
    for index, (value, role) in enumerate(zip(values, roles, strict=True)):
        if not isinstance(value, float) or not role.startswith(ANALOGUE):
            continue
        spike = way in ("spikes", "all of it") and chance.random() < 0.002
        error = 0.5 if spike else 0.03 if way in ("noise", "all of it") else 0.0
        shown[index] = value * (1 + chance.uniform(-error, error))
        spikes += spike
    return shown, spikes


def begun(fair: Fair, package: str) -> tuple[float, float]:
    """When a machine of the plant begins to work, and when all its work is over: order time."""
    track = fair.plant.track(fair.firms[package].machine.name)
    first = track.charges[0] if isinstance(track, Charges) else track.stretches[0]
    return first.begin, departures(fair, package)[-1]


def watch(package: str, lapse: int, way: str, hours: float, seed: int) -> Watched:
    """One machine, from at least two polls before its first run."""
    fair, chance = fair_order(), Random(f"{package} {lapse} {way} {seed}")
    firm = fair.firms[package]
    name, (_, _, _, per_run, per_piece) = firm.machine.name, FIRMS[package]
    first, last = begun(fair, package)
    period = firm.every if lapse > 1 else 5.0 if package == "AP3" else 1.0
    if lapse == 1 and package == "AP5":
        period = firm.every * LAPSE
    start = max(DAY1, first - max(300.0, 2 * period * lapse))
    length = (min(last, start + hours * 3600) + 1800.0 - start) / lapse
    fair.plant.start(fair.now(), start, lapse)
    began = fair.now()
    long = timedelta(seconds=per_piece)
    firm.tell(
        AddJob("j", name, None, None, Text("", ""), 10**6, 10**6, per_run, long, began, lapse=lapse)
    )
    ids = {signal.id: signal.role or "" for signal in firm.signals}
    roles = [ids[one] for one in firm.ids]
    done, times, spikes = [Done(0, 0)], [0.0], 0
    for real in polls(period, length, way, chance):
        fair.now.at = began + timedelta(seconds=real)
        values, more = noisy(firm.read(), roles, way, chance)
        firm.hear(values)
        spikes += more
        done.append(fair.plant.done(name))
        times.append(real)
    # A run counts when two polls have shown its end, so the last four polls may be behind.
    job, late, last = firm.job, done[max(0, len(done) - 4)], done[-1]
    holes = sum(b - a >= shortest(firm) / lapse for a, b in pairwise(times))
    missed = max(0, late.runs - job.runs_completed)
    doubled = max(0, job.runs_completed - last.runs)
    wrong = max(0, late.good - job.good, job.good - last.good)
    return Watched(last.runs, missed, doubled, wrong, len(job.gaps), holes, spikes)


def main(*, quick: bool) -> None:
    """Print a line for each machine, speed and way, and a table at the end."""
    heads = ("runs", "missed", "doubled", "per 1,000", "pieces off", "holes", "spikes", "gaps")
    rows = [f"{'machine':12} speed  {'way':10}" + "".join(f"{head:>11}" for head in heads)]
    for package in FIRMS:
        real = (6.0, 24.0) if package == "AP3" else (1.5, 12.0)
        for lapse, (few, many) in ((LAPSE, (8.0, 48.0)), (1, real)):
            hours = few if quick else many
            for way in (
                WAYS if not quick else ("calm", "all of it") if lapse > 1 else ("all of it",)
            ):
                seen = watch(package, lapse, way, hours, seed=1)
                name = fair_order().firms[package].machine.name
                share = 1000 * (seen.missed + seen.doubled) / max(1, seen.runs)
                silent = seen.missed if not seen.gaps else 0
                more = {} if seen.holes or seen.spikes else {"at_most": 0}
                tell(
                    "runs missed or doubled",
                    share,
                    "per 1,000",
                    machine=name,
                    speed=lapse,
                    way=way,
                    silent=silent,
                    **asdict(seen),
                    **more,
                )
                told = (seen.missed, seen.doubled, round(share, 1), seen.pieces_off)
                told = (seen.runs, *told, seen.holes, seen.spikes, seen.gaps)
                rows.append(f"{name:12} {lapse:5}  {way:10}" + "".join(f"{n:>11}" for n in told))
    sys.stderr.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(quick="--quick" in sys.argv)
