"""A firm's forecast: from its job, its rate and what reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.config import read_model
from gateway.core.text import Text
from gateway.core.work import Job, JobState, Origin, Substate
from gateway.network.arrivals import arrivals
from gateway.network.files import OrderFile
from gateway.network.forecast import Forecast, forecast, spread
from gateway.network.order import JointOrder
from gateway.network.package_state import package_state
from gateway.network.plan import plan
from gateway.network.report import DelayReason, Lamp

CONFIGS = Path(__file__).parents[2] / "configs"
BEGAN = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
FAIR = replace(
    read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order(),
    began=BEGAN,
    at=timedelta(hours=6),
)
DEGRADED = timedelta(minutes=315) / 600


def at(text: str) -> timedelta:
    day, clock = text.split()
    hour, minute = clock.split(":")
    return timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


def real(text: str) -> datetime:
    return FAIR.clock.real(at(text))


def a_job(package: str, **changed: Any) -> Job:
    entry = FAIR.package(package)
    per_piece = entry.per_piece
    assert per_piece is not None
    job = Job(
        id=f"GA-17-{package}",
        machine="m-1",
        order="GA-17",
        package=package,
        item=entry.item,
        planned=entry.quantity,
        lot=entry.lot,
        state=JobState.RUNNING,
        substate=Substate.NONE,
        because=Text("läuft", "runs"),
        good=0,
        scrap=0,
        origins={Origin.MEASURED: 0},
        runs_started=0,
        runs_completed=0,
        pieces_per_run=1,
        planned_per_piece=per_piece,
        per_piece=per_piece,
        run_began=None,
        run_expected=None,
        started=None,
        ended=None,
        lapse=144,
        simulated=True,
    )
    return replace(job, **changed)


def look(
    package: str,
    job: Job | None,
    now: str,
    counted: str | None = None,
    leaving: Mapping[str, Mapping[int, timedelta]] | None = None,
    order: JointOrder = FAIR,
) -> Forecast:
    entry = order.package(package)
    known = leaving or plan(order).departures()
    inbound = [arrivals(order, entry, need, known) for need in entry.needs]
    since = None if counted is None else at(counted)
    return forecast(order, entry, job, inbound, now=at(now), counted=since)


@pytest.mark.parametrize("package", ["AP1", "AP2", "AP3", "AP4", "AP5"])
def test_before_anything_happens_the_forecast_is_the_plan(package: str) -> None:
    seen = look(package, None, "1 06:00")
    baseline = FAIR.package(package).baseline
    assert baseline is not None
    assert seen.end == baseline.end
    assert (seen.own_delay, seen.inbound_delay) == (timedelta(), timedelta())


def burning(**changed: Any) -> Job:
    """The furnace at 14:20: charge 2 under way since 14:10, one element gone."""
    there = {
        "pieces_per_run": 600,
        "good": 600,
        "departures": (real("1 14:10"),),
        "run_began": real("1 14:10"),
        "run_expected": timedelta(minutes=270),
        "per_piece": DEGRADED,
        "degraded": "phase_lost",
    }
    return a_job("AP3", **(there | changed))


def test_a_lost_phase_moves_the_running_charge_and_all_later_ones_at_once() -> None:
    seen = look("AP3", burning(), "1 14:20")
    assert [lot.leaves for lot in seen.lots] == [
        at("1 14:10"), at("1 19:25"), at("2 00:40"), at("2 05:55"),
    ]  # fmt: skip
    assert seen.own_delay == timedelta(hours=2, minutes=15)
    assert seen.inbound_delay == timedelta()


def test_what_the_machine_itself_shows_stays_its_own_cause_whatever_suppliers_hide() -> None:
    furnace = FAIR.package("AP3")
    for changed, cause in (
        ({}, DelayReason.INTERNAL),
        ({"degraded": None}, DelayReason.NONE_GIVEN),
    ):
        job = burning(**changed)
        ahead = look("AP3", job, "1 14:20" if job.degraded else "1 22:00")
        assert package_state(FAIR, furnace, job, ahead, [Lamp.GREEN]).reason is cause


def test_the_bench_takes_the_delay_as_inbound_and_the_order_ends_at_8_10() -> None:
    leaving = plan(FAIR).departures()
    leaving["AP3"] = {1: at("1 14:10"), 2: at("1 19:25"), 3: at("2 00:40"), 4: at("2 05:55")}
    seen = look("AP5", None, "1 14:20", leaving=leaving)
    assert seen.end == at("2 08:10")
    assert seen.inbound_delay == timedelta(hours=2, minutes=15)
    assert seen.own_delay == timedelta()


def test_an_overdue_charge_moves_the_end_with_the_clock() -> None:
    job = burning(degraded=None, per_piece=timedelta(minutes=270) / 600)
    assert look("AP3", job, "1 18:30").end == at("2 03:40")
    assert look("AP3", job, "1 19:10").end == at("2 04:10")


@pytest.mark.parametrize(("seconds", "end"), [(16, "1 16:40"), (18, "1 17:30"), (14, "1 15:50")])
def test_what_is_left_goes_at_the_jobs_present_rate(seconds: int, end: str) -> None:
    """At 10:00 1,500 blades are left."""
    job = a_job("AP1", good=900, per_piece=timedelta(seconds=seconds), pieces_per_run=12)
    assert look("AP1", job, "1 10:00", counted="1 10:00").end == at(end)


def test_work_that_is_not_counted_yet_is_believed_for_one_interval() -> None:
    """The bench counts in coarse steps: between two of them the forecast stands still."""
    job = a_job("AP5", good=20)
    leaving = {p: dict.fromkeys((1, 2, 3, 4), at("1 06:00")) for p in ("AP2", "AP3", "AP4")}
    ends = [
        look("AP5", job, now, counted="1 10:00", leaving=leaving).end
        for now in ("1 10:01", "1 10:14", "1 10:30")
    ]
    assert ends == [at("1 14:45"), at("1 14:45"), at("1 15:00")]


def test_a_held_job_is_not_believed_to_work() -> None:
    job = a_job("AP2", good=600, state=JobState.INTERRUPTED, substate=Substate.HELD)
    left = timedelta(seconds=8) * 1800
    assert look("AP2", job, "1 08:00", counted="1 07:20").end == at("1 08:00") + left


def test_a_full_lot_that_has_not_left_is_expected_now() -> None:
    job = a_job("AP2", good=600)
    assert look("AP2", job, "1 07:30", counted="1 07:20").lots[0].leaves == at("1 07:30")


def test_a_suspended_machine_starts_when_its_lot_arrives() -> None:
    job = a_job("AP3", pieces_per_run=600, state=JobState.INTERRUPTED, substate=Substate.SUSPENDED)
    leaving = {"AP1": {1: at("1 09:00"), 2: at("1 12:00"), 3: at("1 15:00"), 4: at("1 17:00")}}
    seen = look("AP3", job, "1 09:50", leaving=leaving)
    assert seen.lots[0].leaves == at("1 14:30")
    assert seen.inbound_delay == timedelta(minutes=20)


def test_a_partners_lots_are_spread_up_to_its_forecast_end() -> None:
    furnace = FAIR.package("AP3").baseline
    assert furnace is not None
    numbers = (1, 2, 3, 4)
    assert spread(furnace, numbers, {1: at("1 14:10")}, at("2 05:55")) == {
        1: at("1 14:10"), 2: at("1 19:25"), 3: at("2 00:40"), 4: at("2 05:55"),
    }  # fmt: skip
    assert spread(furnace, numbers, {}, None) == dict(zip(numbers, furnace.departures, strict=True))
    assert spread(furnace, numbers, {}, at("2 06:40"))[1] == at("1 14:55")
