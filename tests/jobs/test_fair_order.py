"""The fair order as the simulated plant plays it, seen by each firm's job logic."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from gateway.core.events import EventKind
from gateway.core.work import JobState, Origin
from tests.jobs.fair_order import FIRMS, LAPSE, Fair, departures, fair_order


@pytest.fixture
def fair() -> Fair:
    return fair_order()


TOLERANCE = {"AP1": 60.0, "AP2": 60.0, "AP3": 240.0, "AP4": 90.0, "AP5": 960.0}
"""Seconds of order time within which a full lot is noticed: two polls; the bench is coarse."""


def check(fair: Fair, package: str, zero: datetime, at0: float) -> None:
    firm = fair.firms[package]
    job = firm.job
    true = fair.plant.done(firm.machine.name)
    assert (job.good, job.runs_completed) == (true.good, true.runs), package
    if package != "AP5":
        assert job.scrap == true.rejected
    assert job.gaps == (), package
    assert len(job.departures) <= len(departures(fair, package))
    left = [at0 + (one - zero).total_seconds() * LAPSE for one in job.departures]
    true_left = departures(fair, package)
    assert len(left) >= sum(at <= fair.at - TOLERANCE[package] for at in true_left), package
    for seen, departed in zip(left, true_left, strict=False):
        assert abs(seen - departed) <= TOLERANCE[package], (package, seen, departed)


def test_the_whole_order_from_the_start(fair: Fair) -> None:
    """Every firm's count equals the truth, every lot leaves when it does, every job ends."""
    zero, at0 = fair.now(), fair.order()
    fair.run(at0 + 25 * 3600)
    for package, firm in fair.firms.items():
        check(fair, package, zero, at0)
        assert firm.job.state is JobState.ENDED, package
        assert firm.job.good >= FIRMS[package][1]  # the press gives up to four at once
        expected = Origin.MEASURED if package in ("AP1", "AP3") else Origin.COUNTED
        assert set(firm.job.origins) == {expected}
    ap5 = [event for event in fair.firms["AP5"].events if event.kind is EventKind.COUNTED]
    steps = [(b.at - a.at).total_seconds() for a, b in pairwise(ap5)]
    assert min(steps) >= 6.2  # 15 minutes of order time: no single hand movement


KEYFRAMES = [
    (13 * 3600 + 40 * 60, (), False),
    (14 * 3600 + 20 * 60, ("element",), False),
    (16 * 3600 + 30 * 60, ("element",), False),
    (25 * 3600 + 30 * 60, ("element",), False),
]


@pytest.mark.parametrize(("at", "faults", "reserve"), KEYFRAMES)
def test_an_order_opened_in_its_middle(
    fair: Fair, at: float, faults: tuple[str, ...], reserve: bool
) -> None:
    """What the opening tells and what is seen afterwards add up to the truth."""
    fair.plant.place(float(at), faults, reserve=reserve)
    for firm in fair.firms.values():
        firm.poll()
    zero, at0 = fair.now(), fair.order(float(at))
    furnace = fair.firms["AP3"]
    slower = bool(faults) and furnace.job.state is JobState.RUNNING
    for lasted in (0, 10 * 60):  # it is known at once, and confirmed by what is seen
        fair.run(at0 + lasted)
        assert furnace.job.degraded == ("phase_lost" if slower else None)
        assert furnace.job.per_piece * 600 == timedelta(minutes=315 if slower else 270)
    fair.run(at0 + 8 * 3600)
    degraded = [e for e in furnace.events if e.kind is EventKind.DEGRADED]
    assert len(degraded) == int(slower)
    assert not [e for e in furnace.events if e.kind is EventKind.RECOVERED]
    for package in FIRMS:
        check(fair, package, zero, at0)


def test_the_element_that_burns_out_is_seen_within_ten_seconds(fair: Fair) -> None:
    fair.plant.place(13 * 3600 + 40 * 60.0)
    fair.order(13 * 3600 + 40 * 60.0)
    zero, at0 = fair.now(), fair.at
    fair.run(at0 + 600)
    fair.plant.arm("furnace-1", "element")
    fair.run(15 * 3600.0)
    (event,) = [e for e in fair.firms["AP3"].events if e.kind is EventKind.DEGRADED]
    failed = zero + timedelta(seconds=(14 * 3600 + 10 * 60 - at0) / LAPSE)
    assert timedelta(0) <= event.at - failed < timedelta(seconds=2)
    job = fair.firms["AP3"].job
    assert job.state is JobState.RUNNING
    assert job.run_expected == timedelta(minutes=315)
