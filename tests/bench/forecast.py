"""How far the forecast is off, against what the simulated machines then really do.

    .venv/bin/python tests/bench/forecast.py [--quick]

The order of the demo, 30 times (``--quick``: once) with and 30 times without the fault, in
simulated time. Each time every machine has a pace of its own (8 % quicker to 15 % slower than
planned, the furnace's handling 20 % shorter to 40 % longer), and the element burns out at a time
of its own. Physics, registers, job logic, each firm's own forecast, what it sends at its level once
an interval, and the lead firm's plan are the product's. When the order is 25, 50 and 75 % done by
its own progress, its end is told by

- forecast: the lead firm's plan, from what it was sent;
- plan: as planned before anything happened;
- rate: the time so far, divided by the share that is done.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from statistics import mean

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway import resources
from gateway.config import read_model
from gateway.network.disclosure import disclose
from gateway.network.document import cut
from gateway.network.files import OrderFile
from gateway.network.forecast import order_time, rounded
from gateway.network.knowledge import Agreed, Heard, Knowledge
from gateway.network.order import JointOrder, Level
from gateway.network.order_state import progress
from gateway.network.own_jobs import Counting, Shop
from gateway.network.plan import promised
from gateway.network.rollup import own_packages, whole_plan
from simulators.simulation_file import SimulationFile
from tests.figures import tell
from tests.jobs.fair_order import DAY1, Fair, departures, fair_order, simulation

DONE = (25, 50, 75)
WAYS = ("forecast", "plan", "rate")
HOUR, MINUTE = 3600.0, timedelta(minutes=1)
PACE = {"mill": ("loading", "cutting"), "press": ("cycle", "closed"), "laser": ("cycle", "beam"),
        "bench": ("cycle",)}  # fmt: skip
"""The durations of each machine that follow its pace."""


def paced(file: SimulationFile, chance: Random) -> SimulationFile:
    """The machines of the demo, each at a pace of its own."""
    machines = []
    for machine in file.machines:
        model, pace = machine.model, chance.uniform(0.92, 1.15)
        if model.type == "furnace":
            handling = model.recipe.handling * chance.uniform(0.8, 1.4)
            changed: dict[str, object] = {
                "recipe": model.recipe.model_copy(update={"handling": handling})
            }
        else:
            changed = {name: getattr(model, name) * pace for name in PACE.get(model.type, ())}
        machines.append(machine.model_copy(update={"model": model.model_copy(update=changed)}))
    return file.model_copy(update={"machines": tuple(machines)})


class Firms:
    """What each firm knows, and what it tells the others once an interval."""

    def __init__(self, fair: Fair, order: JointOrder) -> None:
        self.order, self._fair = order, fair
        self._counting = {firm: Counting() for firm in order.firms()}
        self._seen = {firm: cut(order, firm) for firm in order.firms() if firm != order.lead}
        self._heard: dict[str, dict[str, Heard]] = {firm: {} for firm in order.firms()}

    def knowledge(self, firm: str) -> Knowledge:
        """What a firm knows now."""
        jobs = tuple(self._fair.firms[package.id].job for package in self.order.of(firm))
        seen, now = self._seen.get(firm, self.order), self._fair.now()
        work = self._counting[firm].work(seen, Shop(jobs), now)
        agreed = {giver: Agreed(self.order.level(giver, firm)) for giver in self.order.firms()}
        return Knowledge(seen, firm, work, dict(self._heard[firm]), agreed=agreed)

    def report(self, now: timedelta) -> None:
        """Every firm tells every other what it may."""
        for giver in self.order.firms():
            for name, own in own_packages(self.knowledge(giver), now).items():
                for taker in self.order.firms():
                    level = self.order.level(giver, taker)
                    report = disclose(own.state, level, self.order.step)
                    if taker != giver and report is not None and level is not Level.L0:
                        package = self.order.package(name)
                        self._heard[taker][name] = Heard(level, report, now, package)


def errors(seed: int, *, fault: bool) -> dict[tuple[int, str], float]:
    """By how many minutes each way is off, by percent done and way; more is too late."""
    chance = Random(f"{seed} {fault}")
    fair = fair_order(paced(simulation(), chance))
    burns = chance.uniform(12.0, 24.0) * HOUR
    start = fair.order(DAY1)
    file = read_model(resources.demo() / "order.yaml", OrderFile, env={})
    opened = replace(file.order(), began=fair.now(), at=timedelta(seconds=start))
    order = promised(opened)
    assert order.planned_end is not None
    firms, told = Firms(fair, order), dict[tuple[int, str], timedelta]()
    while len(told) < len(DONE) * len(WAYS):
        fair.run(fair.at + order.interval.total_seconds())
        if fault and fair.at >= burns:
            fair.plant.arm("furnace-1", "element")
        now = order_time(order, fair.now())
        firms.report(now)
        knowledge = firms.knowledge(order.lead)
        own = own_packages(knowledge, now)
        share = progress(knowledge, own) or 0.0
        for percent in DONE:
            if share >= percent / 100 and (percent, "plan") not in told:
                told[percent, "forecast"] = rounded(whole_plan(knowledge, own, now).end, order.step)
                told[percent, "plan"] = order.planned_end
                told[percent, "rate"] = order.start + (now - order.start) / share
    truth = timedelta(seconds=departures(fair, "AP5")[-1])
    return {key: (end - truth) / MINUTE for key, end in told.items()}


def main(seeds: int) -> None:
    """Print a line for each way and share, and a table at the end."""
    rows = ["fault  done  " + "".join(f"{way:>22}" for way in WAYS)]
    for fault in (False, True):
        found = defaultdict[tuple[int, str], list[float]](list)
        for seed in range(seeds):
            for key, off in errors(seed, fault=fault).items():
                found[key].append(off)
        for percent in DONE:
            row = f"{'yes' if fault else 'no':5}  {percent:3} %"
            for way in WAYS:
                off = found[percent, way]
                mean_off, worst = mean(map(abs, off)), max(map(abs, off))
                size = {"way": way, "done": percent, "fault": fault, "of": seeds}
                tell("forecast error", mean_off, "min", worst=worst, bias=mean(off), **size)
                row += f"{mean_off:8.0f}, worst {worst:4.0f} min"
            rows.append(row)
    sys.stderr.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(1 if "--quick" in sys.argv else 30)
