"""What it costs to look at a joint order: milliseconds of CPU, one JSON line per figure.

    .venv/bin/python tests/bench/plan.py [--quick]

``first`` is the plan as it was first written (tests/network/first_plan.py), measured beside the
present one in the same run; with ``--quick`` it is left out. Views are not part of a look. Networks
are drawn by chance; what seals a report is what goes to the broker.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).parents[2]))

from gateway.api.order_json import order_json
from gateway.config import Window
from gateway.core.text import Text
from gateway.network.arrivals import arrivals
from gateway.network.calendar import Calendar, WorkingTime, working_time
from gateway.network.disclosure import as_fields, disclose, unread
from gateway.network.forecast import forecast
from gateway.network.order import Consortium, Level, Member
from gateway.network.order_state import order_state
from gateway.network.order_view import order_view
from gateway.network.plan import departures, plan, promised
from gateway.network.rollup import own_packages, whole_plan
from gateway.network.snapshot import Snapshot
from gateway.partners.crypto import opened, sealed, signed
from gateway.partners.identity import identity
from tests.figures import tell_all
from tests.network import first_plan
from tests.network.large import LEAD, half_done, large
from tests.network.random_orders import drawn

SIZES = ((1000, 3), (1000, 5), (2000, 5))
"""Lots in each package, packages."""
NETWORKS = (5, 50, 500)
"""Packages of a network drawn by chance, each with up to three suppliers."""


def times(work: Callable[[], object], runs: int) -> list[float]:
    """Milliseconds of CPU of some runs; what else goes on here does not count."""
    found = []
    for _ in range(runs):
        began = time.thread_time()
        work()
        found.append((time.thread_time() - began) * 1000)
    return found


def measure(lots: int, packages: int, *, first: bool) -> None:
    """Print the figures of one size."""
    order = large(lots, packages)
    bound = {(1000, 5): 5.0, (2000, 5): 50.0}.get((lots, packages))
    bench = order.packages[-1]
    knowledge, now = half_done(order)
    job = knowledge.work[bench.id].job
    leaving = departures(order, {})

    def both() -> None:
        plan(order)
        inbound = [arrivals(order, bench, need, leaving) for need in bench.needs]
        forecast(order, bench, job, inbound, now=now)

    def both_first() -> None:
        first_plan.plan(order, {})
        needs = bench.needs
        inbound = [(n, first_plan.deliveries(order, bench, n, leaving)) for n in needs]
        first_plan.forecast(order, bench, job, inbound, now=now)

    def look() -> Snapshot:
        fresh = replace(knowledge)  # nothing of it is remembered
        own = own_packages(fresh, now)
        whole = whole_plan(fresh, own, now)
        state = order_state(fresh, own, whole, now)
        return Snapshot(fresh, own, {}, {}, "lead", simulated=False, plan=whole, whole=state)

    snapshot = look()
    size = {"lots": lots, "packages": packages}
    promised = {} if bound is None else {"at_most": bound}
    tell_all("plan and forecast", times(both, 9), "ms of CPU", **size, **promised)
    if first and lots <= 1000:
        tell_all("plan and forecast as first written", times(both_first, 1), "ms of CPU", **size)
    tell_all("a whole look of the lead firm", times(look, 9), "ms of CPU", **size)
    tell_all(
        "a view for the pages",
        times(lambda: order_json(order_view(snapshot, now)), 5),
        "ms of CPU",
        **size,
    )


def replan(packages: int) -> None:
    """Print what it takes until a report on any network has become the plan."""
    drawn_order = drawn(packages, seed=1)
    last, *others = reversed(list(drawn_order.in_turn()))
    order = promised(replace(drawn_order, packages=(replace(last, firm=LEAD), *others)))
    knowledge, now = half_done(order)

    def look() -> object:
        fresh = replace(knowledge, order=replace(order))  # nothing of it is remembered
        own = own_packages(fresh, now)
        return order_state(fresh, own, whole_plan(fresh, own, now), now)

    lots = sum(len(package.sizes) for package in order.packages)
    size = {"packages": packages, "lots": lots}
    tell_all("replanning a network", times(look, 9), "ms of CPU", **size, at_most=50.0)


def by_calendar() -> None:
    """Print what a calendar adds to a forecast, and what it takes to make its working time."""
    order = large(1000)
    bench, began = order.packages[-1], order.clock.began
    knowledge, now = half_done(order)
    job, leaving = knowledge.work[bench.id].job, departures(order, {})
    inbound = [arrivals(order, bench, need, leaving) for need in bench.needs]
    shifts = tuple(map(Window.parse, ("mon-fri 06:00-14:00", "sun-thu 22:00-06:00")))
    calendar, day = Calendar(ZoneInfo("Europe/Berlin"), shifts), began.date()

    def made() -> WorkingTime:
        return working_time(calendar, began, day, day.replace(year=day.year + 3))

    def look(hours: WorkingTime | None) -> Callable[[], object]:
        return lambda: forecast(order, bench, job, inbound, now=now, hours=hours)

    tell_all("forecast of 1,000 lots round the clock", times(look(None), 9), "ms of CPU")
    tell_all("forecast of 1,000 lots by a calendar", times(look(made()), 9), "ms of CPU")
    tell_all("working time of three years", times(made, 9), "ms of CPU", spans=len(made().opens))


def seal(folder: Path) -> None:
    """Print what it takes to sign and seal a report, and to open it."""
    keys = {firm: identity(folder / firm) for firm in ("sender", "reader")}
    members = tuple(Member(f, f, k.sign_public, k.seal_public) for f, k in keys.items())
    consortium = Consortium(Text("", ""), "sender", members)
    order = large(1000)
    knowledge, now = half_done(order)
    state = own_packages(knowledge, now)[order.of(LEAD)[0].id].state
    report = disclose(state, Level.L3, order.step)
    assert report is not None
    content = as_fields(unread(report, {}))

    def write() -> bytes:
        return sealed(signed(content, "sender", keys["sender"]), members[1])

    wire = write()
    size = {"lots_in_it": len(content["departedLots"])}
    for name, work in (
        ("sign and seal a report", write),
        ("open a report", lambda: opened(wire, "reader", keys["reader"], consortium)),
    ):
        tell_all(name, times(work, 99), "ms of CPU", **size, at_most=1.0)


if __name__ == "__main__":
    for size in SIZES:
        measure(*size, first="--quick" not in sys.argv)
    for packages in NETWORKS:
        replan(packages)
    by_calendar()
    with TemporaryDirectory() as folder:
        seal(Path(folder))
