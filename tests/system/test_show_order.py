"""The fair order by its keyframes: fault, reserve, withdrawal, and an uplink that is pulled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.system.factory import RESTART, SOON, Factory, Json, eventually

HOUR = 3600
DAY = 24 * HOUR
PLANNED = DAY + 5 * HOUR + 55 * 60
"""Day 2, 05:55."""
DUE = DAY + 7 * HOUR
LATE = DAY + 8 * HOUR + 10 * 60
HELD = DAY + 2 * HOUR + 55 * 60
WITHIN = 5 * 60
"""How far a forecast may be from the figures of the plan, in seconds of order time."""
FURNACE, PRESS, LASER, RESERVE = (
    "haerterei-glutofen",
    "spritzguss-ilmtal",
    "laser-saalebogen",
    "haertetechnik-vogtei",
)


def forecast_is(fair: Factory, expected: float) -> Json | None:
    """The lead firm's view, once its forecast is the expected one."""
    order = fair.order()
    return order if abs(order["forecast_s"] - expected) <= WITHIN else None


def foresees(fair: Factory, expected: float, within: float = SOON) -> Json:
    """Wait for a forecast."""
    return eventually(
        lambda: forecast_is(fair, expected),
        within=within,
        what=f"a forecast of {expected / HOUR - 24:.2f} h on day 2, not {told(fair)}",
    )


def told(fair: Factory) -> str:
    end = fair.order().get("forecast_s")
    return "none" if end is None else f"{end / HOUR - 24:.2f} h"


def first_forecast(fair: Factory) -> Json:
    """The lead firm's view with the first forecast that it shows after a jump."""

    def look() -> Json | None:
        order = fair.order()
        return order if "forecast_s" in order else None

    return eventually(look, what="a forecast", every=0.02)


def test_the_plan_is_that_of_the_order(fair: Factory) -> None:
    fair.restart(0)
    order = foresees(fair, PLANNED)
    assert order["plan_end_s"] == PLANNED
    assert order["due_s"] == DUE
    assert abs(order["slack_s"] - (HOUR + 5 * 60)) <= WITHIN
    assert order["late"] is False
    weights = {p["id"]: p["weight"] for p in order["packages"]}
    assert weights == {"AP1": 23, "AP2": 11, "AP3": 38, "AP4": 17, "AP5": 11}
    critical = {p["id"] for p in order["packages"] if p["critical"]}
    assert {"AP3", "AP5"} <= critical


def test_a_pulled_uplink_shows_its_age_and_heals(fair: Factory) -> None:
    fair.restart(0)
    running = eventually(
        lambda: heard(fair, lambda work: work["status"] == "running"), what="the laser is at work"
    )
    assert running["stale"] is False
    state = fair.play("uplink", {"firm": LASER, "connected": False})
    assert [f["id"] for f in state["firms"] if f["uplink"] is False] == [LASER]
    pulled = datetime.now(UTC)

    silent = eventually(
        lambda: heard(fair, lambda work: work["stale"]), within=RESTART, what="its word is stale"
    )
    assert (silent["lamp"], silent["status"]) == ("hatched", "no_news")
    assert silent["age_s"] > 30 * 60
    older = eventually(
        lambda: heard(fair, lambda work: work["age_s"] > silent["age_s"] + 300),
        what="its age grows",
    )
    assert older["good"] == silent["good"], "the last word stays the last word"
    for package in fair.order()["packages"]:
        assert package["id"] == "AP4" or package["stale"] is False, "nobody else falls silent"

    own = eventually(
        lambda: own_history(fair, since=pulled), what="its own history goes on without the others"
    )
    assert own[-1] > own[0]
    assert fair.job(LASER)["good"] > silent["good"]
    exchange = next(p for p in fair.get(LASER, "health")["parts"] if p["name"] == "exchange")
    assert exchange["state"] in {"waiting", "failed"}

    fair.play("uplink", {"firm": LASER, "connected": True})
    healed = eventually(
        lambda: heard(fair, lambda work: not work["stale"]), within=RESTART, what="it reports"
    )
    assert healed["good"] > silent["good"]
    assert healed["lamp"] != "hatched"
    assert healed["status"] == "running"
    logs_agree(fair, LASER, fair.lead)


def heard(fair: Factory, wanted: Callable[[Json], bool]) -> Json | None:
    """AP4 as the lead firm sees it, if it is as wanted."""
    work = fair.package("AP4")
    return work if wanted(work) else None


def own_history(fair: Factory, since: datetime) -> list[float] | None:
    """The laser's program counter in its own history since the uplink was pulled."""
    answer = fair.get(
        LASER,
        "history",
        signal="laser-1/programs",
        start=(since + timedelta(seconds=1)).isoformat(),
        end=datetime.now(UTC).isoformat(),
    )
    assert all(quality == 0 for *_, quality in answer["points"])
    counts = [last for _, _, _, last, _ in answer["points"]]
    return counts if len(counts) > 1 and counts[-1] > counts[0] else None


def logs_agree(fair: Factory, one: str, other: str) -> Json:
    """Wait until both firms show the same chains, both ways."""

    def agree() -> Json | None:
        answer = fair.post(one, "sent/compare", {"firm": other})
        return answer if answer["equal"] and answer["received"]["equal"] else None

    return eventually(agree, what=f"the logs of {one} and {other} agree")


def burnt(fair: Factory) -> bool:
    return fair.simulated("furnace-1")["faults"] == ["element"]


def test_the_failure_moves_the_forecast_and_the_reserve_holds_it(fair: Factory) -> None:
    order = fair.restart(1)
    foresees(fair, PLANNED)
    fair.play("fault", {"kind": "element"})
    eventually(lambda: burnt(fair), within=60, what="the element fails at the next ramp", every=0.1)
    late = foresees(fair, LATE, within=30)
    assert late["late"] is True
    assert late["slack_s"] < 0
    furnace = next(p for p in late["packages"] if p["id"] == "AP3")
    assert furnace["reason"] == "internalProblems"
    assert furnace["lamp"] in {"yellow", "red"}
    warned = eventually(lambda: fair.order()["warned"], what="the lead firm notes the warning")
    assert warned["hours_before_due"] > 10
    job = fair.job(FURNACE)
    assert (job["state"], job["degraded"]) == ("running", "phase_lost")

    fair.post(fair.lead, f"orders/{order}/offers", {"package": "AP3", "lots": [4], "to": RESERVE})
    offer = eventually(lambda: offered(fair), what="the reserve firm has the offer")
    assert (offer["package"], offer["lots"], offer["from"]) == ("AP3", [4], fair.lead)
    fair.post(RESERVE, f"orders/{order}/offers/{offer['id']}/accept")
    held = foresees(fair, HELD)
    assert held["late"] is False
    assert held["slack_s"] == pytest.approx(4 * HOUR + 5 * 60, abs=WITHIN)
    parts = {p["id"]: (p["firm"], p["planned"], p["weight"]) for p in held["packages"]}
    assert parts["AP3"] == (FURNACE, 1800, 29)
    assert parts["AP3-R"] == (RESERVE, 600, 9)
    assert {o["state"] for o in held["offers"]} == {"accepted"}


def offered(fair: Factory) -> Json | None:
    offers = fair.order(RESERVE)["offers"]
    return next((offer for offer in offers if offer["state"] == "open"), None)


def test_what_is_withdrawn_is_absent_and_both_logs_say_so(fair: Factory) -> None:
    order = fair.restart(3)
    before = eventually(
        lambda: seen(fair, lambda work: "good" in work), what="the lead firm sees quantities"
    )
    assert before["level"] == "L3"
    assert before["lots"]
    sent_before = len(reports(fair, order))
    fair.post(PRESS, f"orders/{order}/agreements/{fair.lead}/withdraw", {"level": "L2"})
    after = eventually(
        lambda: seen(fair, lambda work: work["level"] == "L2"), what="the withdrawal arrives"
    )
    assert not {"good", "lots"} & set(after)
    assert {"good", "lots"} <= set(after["not_agreed"])
    assert datetime.fromisoformat(after["withdrawn"]) <= datetime.now(UTC)
    assert after["forecast_s"] == before["forecast_s"], "what is still agreed is still there"
    for package in fair.order()["packages"]:
        if package["id"] in {"AP3", "AP4"}:
            assert (package["level"], package["withdrawn"]) == ("L3", None)

    agreement = next(
        entry
        for entry in fair.get(PRESS, f"orders/{order}/agreements")
        if entry["own"] and entry["to"] == fair.lead
    )
    assert agreement["level"] == "L2"
    assert agreement["withdrawn"] is not None
    assert not {"good", "departedLots"} & set(agreement["fields"])
    logs_agree(fair, PRESS, fair.lead)
    logs_agree(fair, fair.lead, PRESS)
    kinds = [entry["kind"] for entry in fair.get(PRESS, "sent", order=order, limit=500)]
    assert kinds.count("withdrawal") == 1

    fresh = eventually(
        lambda: reports(fair, order)[: -sent_before or None], what="another report leaves"
    )
    assert all("good" not in entry["fields"] for entry in fresh)
    assert all(entry["level"] == "L2" for entry in fresh)
    refused = fair.web.post(
        f"{fair.firm(PRESS)}/orders/{order}/agreements/{fair.lead}/withdraw", json={"level": "L3"}
    )
    assert refused.status_code == 409, "nothing is widened this way"


def seen(fair: Factory, wanted: Callable[[Json], bool]) -> Json | None:
    """AP2 as the lead firm sees it, if it is as wanted."""
    work = fair.package("AP2")
    return work if wanted(work) else None


def reports(fair: Factory, order: str) -> list[Json]:
    """The press's reports to the lead firm, newest first."""
    sent = fair.get(PRESS, "sent", order=order, limit=500)
    return [e for e in sent if (e["kind"], e["to"]) == ("report", fair.lead)]


def counters(fair: Factory, since: datetime | None = None) -> dict[str, float]:
    """Every device counter as a gateway has read it; empty unless all were read ``since``."""
    found: dict[str, float] = {}
    for firm in fair.partners:
        machine = fair.machine(firm)
        readings = fair.values(firm)
        for point in fair.simulated(machine)["counters"]:
            reading = readings[point]
            if since is not None and datetime.fromisoformat(reading["at"]) <= since:
                return {}
            found[f"{machine}/{point}"] = reading["value"]
    return found


@pytest.mark.parametrize(
    ("keyframe", "expected", "faults"),
    [(2, LATE, ["element"]), (3, HELD, ["element"]), (4, HELD, ["element"])],
)
def test_a_keyframe_places_everything_where_the_story_is(
    fair: Factory, keyframe: int, expected: float, faults: list[str]
) -> None:
    fair.whole()
    before = counters(fair)
    order = fair.restart(keyframe)
    seen_order = first_forecast(fair)
    assert abs(seen_order["forecast_s"] - expected) <= WITHIN, "nor was another one shown before"
    assert seen_order["id"] == order
    assert seen_order["opening"] is True, "it says that it began in the middle"
    state = fair.state()
    assert (state["keyframe"], state["faults"]) == (keyframe, faults)
    at_s = state["keyframes"][keyframe]["at_s"]
    assert fair.now() >= at_s
    jumped = datetime.now(UTC)
    after = eventually(lambda: counters(fair, since=jumped), what="every counter is read again")
    assert {key for key, shown in before.items() if after[key] < shown} == set(), "jumped back"
    for firm in ("zerspanung-rennweg", PRESS, FURNACE, LASER):
        job = eventually(lambda f=firm: fair.job(f), what=f"{firm} has its job")
        assert job["origins"].get("simulated", 0) > 0, "the opening balance is marked"
        truth = fair.truth(job["machine"])
        assert job["good"] <= truth["good"]


def test_the_balance_counts_what_left_and_nothing_beyond(fair: Factory) -> None:
    order = fair.restart(4)
    eventually(lambda: reports(fair, order), what="the press has reported")
    balance = eventually(
        lambda: found if (found := told_balance(fair))["fields"] > 10 else None,
        what="some fields have left the firms",
    )
    if balance["forecast_s"] is None:  # somebody was not heard of yet; so no other date is shown
        balance = eventually(
            lambda: found if (found := told_balance(fair))["forecast_s"] else None,
            what="the balance has the forecast",
        )
    assert balance["order"] == order
    assert balance["beyond"] == 0
    assert balance["messages"] > 0
    assert balance["quantity"] == 400
    assert 0 < balance["complete"] <= 400
    assert balance["forecast_s"] == pytest.approx(HELD, abs=WITHIN)


def told_balance(fair: Factory) -> Json:
    return fair.web.get(f"{fair.stage}/stage/v1/balance").json()
