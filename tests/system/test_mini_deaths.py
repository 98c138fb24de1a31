"""Processes that die: what was counted stays exact, and the picture heals by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from tests.system.factory import RESTART, SOON, Factory, Json, eventually
from tests.system.played import (
    COUNTED,
    MEASURED,
    RUN,
    WORKING,
    Played,
    assert_counted,
    assert_measured,
    played_to_the_end,
    unseen,
)

SEED = 1987
HOUR = 3600.0
AT_WORK = {
    "zerspanung-rennweg": (6 * HOUR + 200, 6 * HOUR + 36 * 60),
    "spritzguss-ilmtal": (6 * HOUR + 100, 6 * HOUR + 23 * 60),
    "haerterei-glutofen": (6 * HOUR + 47 * 60, 7 * HOUR + 10 * 60),
}
"""When the three victims work in the mini order."""
EARLY = ("zerspanung-rennweg", "laser-saalebogen")
"""Firms that work from the first moment."""


def assert_exact(played: Played) -> None:
    """The counts, after whatever has happened."""
    for firm in COUNTED:
        assert_counted(played.jobs[firm], played.truth[firm])
    for firm in MEASURED:
        assert_measured(played.jobs[firm], played.truth[firm], RUN[firm])
    for firm in WORKING:
        assert len(played.jobs[firm]["departures"]) == 1, f"{firm}: a lot left more than once"
    assert played.views["montage-holzland"]["complete"] == 24


def assert_runs_are_told_once(played: Played, firm: str) -> None:
    """Finished runs stand in the log once each, with rising numbers."""
    job = played.jobs[firm]
    runs = played.factory.get(firm, f"machines/{job['machine']}/runs", start=job["started"])
    own = [run for run in runs if run["job"] == job["id"]]
    numbers = [run["number"] for run in own]
    assert numbers == sorted(set(numbers)), "no run is told twice"
    assert len(own) == job["runs_completed"]


def reach(mini: Factory, at_s: float) -> None:
    """Wait until the simulated machines are at that order time."""
    eventually(lambda: mini.now() >= at_s, within=90, what=f"order time {at_s:.0f}", every=0.05)


@pytest.mark.seeds(1, 10)
def test_three_kills_at_random_instants_double_and_lose_nothing(mini: Factory, seed: int) -> None:
    mini.restart()
    chance = Random(SEED + seed)
    instants = sorted((chance.uniform(*window), firm) for firm, window in AT_WORK.items())
    before = {firm: mini.process(firm)["restarts"] for firm in AT_WORK}
    for at_s, firm in instants:
        reach(mini, at_s)
        mini.kill(firm)
    for firm in AT_WORK:
        mini.restarted(firm, before[firm])
    played = played_to_the_end(mini)
    assert_exact(played)
    assert_runs_are_told_once(played, "zerspanung-rennweg")


def at_work(mini: Factory, firm: str) -> bool:
    """Whether a firm's own job of the present order has begun, and counts."""
    job = mini.job(firm)
    return job["state"] == "running" and job["good"] > 0


def fresh(mini: Factory) -> Json | None:
    """The lead firm's view, when it has recent news of every package."""
    order = mini.order()
    known = all(
        not package["stale"] and package["lamp"] != "hatched" for package in order["packages"]
    )
    return order if known else None


def assert_healed(mini: Factory) -> None:
    """Every part works again and the lead firm sees everybody."""
    mini.whole()
    eventually(lambda: fresh(mini), within=RESTART, what="the lead firm has news of everybody")


def test_every_gateway_may_die_and_the_picture_heals(mini: Factory) -> None:
    mini.restart()
    eventually(lambda: all(at_work(mini, firm) for firm in EARLY), what="two firms are at work")
    firms = list(mini.ready["firms"])
    before = {firm: mini.process(firm)["restarts"] for firm in firms}
    for firm in firms:
        pid = mini.kill(firm)
        eventually(lambda f=firm, p=pid: mini.process(f)["pid"] != p, what=f"{firm} is missed")
    for firm in firms:
        process = mini.restarted(firm, before[firm])
        assert process["restarts"] == before[firm] + 1, "restarted once, and it stays"
    assert_healed(mini)
    assert_exact_so_far(mini)


def assert_exact_so_far(mini: Factory) -> None:
    """The counts of an order that is kept still for a moment."""
    mini.control("hold", {})
    try:
        for firm in COUNTED:
            truth = mini.truth(mini.machine(firm))["good"]
            eventually(
                lambda f=firm, t=truth: mini.job(f)["good"] == t, what=f"{firm} has counted {truth}"
            )
            assert mini.job(firm)["origins"] in ({"counted": truth}, {})
        for firm in MEASURED:
            job, truth = mini.job(firm), mini.truth(mini.machine(firm))["good"]
            seconds, pieces = RUN[firm]
            room = len(job["gaps"]) + 1 + unseen(job) / seconds
            assert job["good"] <= truth, f"{firm}: nothing doubled"
            assert (truth - job["good"]) / pieces <= room, f"{firm}: what is missing is a gap"
    finally:
        mini.control("release", {})


def test_an_emptied_broker_loses_no_report(mini: Factory) -> None:
    order = mini.restart()
    reports_reach_the_lead(mini, order, since=datetime.now(UTC))
    before = mini.process("broker")["restarts"]
    mini.kill("broker")
    mini.restarted("broker", before)
    emptied = datetime.now(UTC)
    assert_healed(mini)
    reports_reach_the_lead(mini, order, since=emptied)
    for firm in mini.partners:
        if firm in WORKING and firm != mini.lead:
            assert_logs_agree(mini, firm, mini.lead)
    assert_logs_agree(mini, "zerspanung-rennweg", "haerterei-glutofen")
    reserve = f"{mini.firm('haertetechnik-vogtei')}/sent/compare"
    asked = mini.web.post(reserve, json={"firm": mini.lead})
    assert asked.status_code == 404, "who was not asked has exchanged nothing"


def reports_reach_the_lead(mini: Factory, order: str, since: datetime) -> None:
    """A report of every working firm that was made after ``since`` was acknowledged."""

    def acknowledged(firm: str) -> bool:
        return any(
            entry["to"] == mini.lead
            and entry["kind"] == "report"
            and entry["state"] == "acked"
            and datetime.fromisoformat(entry["at"]) > since
            for entry in mini.get(firm, "sent", order=order, limit=500)
        )

    for firm in WORKING:
        if firm != mini.lead:
            eventually(lambda f=firm: acknowledged(f), within=RESTART, what=f"{firm} reports")


def assert_logs_agree(mini: Factory, one: str, other: str) -> None:
    """Both firms hold the same chain of messages, both ways, and can show it."""

    def agree() -> Json | None:
        told = mini.post(one, "sent/compare", {"firm": other})
        return told if told["equal"] and told["received"]["equal"] else None

    told = eventually(agree, within=SOON, what=f"the logs of {one} and {other} agree")
    assert told["mine"] == told["theirs"]
    assert told["count"] + told["received"]["count"] > 0


def test_simulators_may_die_and_the_order_goes_on_with_its_material(mini: Factory) -> None:
    mini.restart()
    machine = mini.machine("zerspanung-rennweg")
    eventually(lambda: mini.truth(machine)["runs"] >= 2, what="the mill has made two runs")
    before = mini.process("simulators")["restarts"]
    clock = mini.state()["clock"]
    mini.kill("simulators")
    mini.restarted("simulators", before)

    def running() -> Json | None:
        state = mini.control("state")
        return state if state["running"] else None

    state = eventually(running, what="the order runs on in the simulated machines")
    assert state["clock"]["at_s"] == clock["at_s"]
    assert datetime.fromisoformat(state["clock"]["began"]) == datetime.fromisoformat(clock["began"])
    assert mini.truth(machine)["runs"] >= 2, "what was made is made"
    assert_healed(mini)
    # Devices count on where they were: nothing is lost, doubled, or counted anew.
    assert_exact(played_to_the_end(mini))
