"""An order as JSON: keys that were not agreed are absent, never zero."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import pytest

from gateway.api.order_json import order_json
from gateway.config import read_model
from gateway.core.text import Text
from gateway.core.work import Job, JobState
from gateway.network.disclosure import as_fields, read
from gateway.network.document import cut
from gateway.network.fields import FIELDS, fields_of
from gateway.network.files import OrderFile
from gateway.network.knowledge import Agreed, Heard, Knowledge, Work
from gateway.network.order import JointOrder, Level, WorkPackage
from gateway.network.order_state import order_state
from gateway.network.order_view import order_view
from gateway.network.plan import promised
from gateway.network.report import DelayReason, DepartedLot, Lamp, ProductionStatus, Report
from gateway.network.rollup import own_packages, whole_plan
from gateway.network.snapshot import Offered, Snapshot, Warned
from gateway.network.split import split
from tests.network.large import a_job
from tests.network.reports import changed, date_report, lamp_report, quantity_report

CONFIGS = Path(__file__).parents[2] / "configs"
LEAD, FURNACE, MILL = "montage-holzland", "haerterei-glutofen", "zerspanung-rennweg"
BEGAN = datetime(2026, 1, 5, 8, tzinfo=UTC)
FAIR = replace(
    read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order(),
    began=BEGAN,
    at=timedelta(hours=6),
)
NOW = timedelta(hours=14, minutes=20)
DATE = date_report(
    Lamp.RED,
    ProductionStatus.IN_PRODUCTION,
    25,
    timedelta(hours=29, minutes=55),
    timedelta(minutes=5),
    DelayReason.INTERNAL,
)
REPORTS: dict[Level, Report] = {
    Level.L1: lamp_report(Lamp.RED),
    Level.L2: DATE,
    Level.L3: quantity_report(DATE, 600, (DepartedLot(1, 600, timedelta(hours=14, minutes=10)),)),
}

DONE = quantity_report(
    date_report(
        Lamp.DONE, ProductionStatus.COMPLETED, 100, timedelta(hours=13), timedelta(minutes=5), None
    ),
    2400,
    (),
)


def shown(
    firm: str,
    levels: Mapping[str, Level],
    now: timedelta = NOW,
    summary: Heard | None = None,
    withdrawn: Mapping[str, datetime] = MappingProxyType({}),
    reports: Mapping[str, Report] = MappingProxyType({}),
    told: Mapping[str, Heard] = MappingProxyType({}),
    fair: JointOrder = FAIR,
    work: Mapping[str, Work] = MappingProxyType({}),
    **changed: Any,
) -> dict[str, Any]:
    """The order as ``firm`` sees it; the furnace has reported at its level, 10 minutes ago.

    It did so of the order as it was planned; ``fair`` is the order by now. Of the other firms the
    lead knows what the fair order agrees; press and laser are done.
    """
    order = cut(fair, firm)
    level = levels.get(FURNACE, Level.L0)
    heard = {}
    if firm == LEAD:
        levels = {a.giver: a.level for a in FAIR.agreements if a.taker == LEAD} | dict(levels)
        heard = {name: Heard(Level.L3, DONE, NOW) for name in ("AP2", "AP4")}
    if level is not Level.L0:
        made, basis = NOW - timedelta(minutes=10), FAIR.package("AP3")
        heard["AP3"] = Heard(level, REPORTS[level], made, basis)
    heard |= {name: Heard(Level.L2, report, NOW) for name, report in reports.items()} | told
    agreed = {giver: Agreed(entry, withdrawn.get(giver)) for giver, entry in levels.items()}
    knowledge = Knowledge(order, firm, work, heard, summary, agreed)
    own = own_packages(knowledge, now)
    plan = whole_plan(knowledge, own, now) if firm == LEAD else None
    snapshot = Snapshot(
        knowledge=knowledge,
        own=own,
        names={FURNACE: "Härterei"},
        titles={"AP5": Text("Bank", "Bench")},
        role="lead" if firm == LEAD else "member",
        simulated=True,
        plan=plan,
        whole=None if plan is None else order_state(knowledge, own, plan, now),
    )
    snapshot = replace(snapshot, **changed)
    return order_json(order_view(snapshot, snapshot.at(order.clock.real(now))))


def package(order: Mapping[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(entry for entry in order["packages"] if entry["id"] == name)
    return found


BESIDE = {
    Level.L0: set[str](),
    Level.L1: {"age_s", "stale"},
    Level.L2: {"age_s", "stale", "band_s"},
    Level.L3: {"age_s", "stale", "band_s"},
}
"""What a view says of a report besides the fields that the table shows."""
ALWAYS = {
    "id", "title", "item", "firm", "firm_name", "needs", "weight", "planned", "own", "level",
    "not_agreed", "withdrawn",
}  # fmt: skip
PLANNED = {"plan_start_s", "plan_end_s"}


@pytest.mark.parametrize("level", list(BESIDE))
def test_a_member_sees_the_keys_of_the_level_and_no_other(level: Level) -> None:
    """Which fields those are the table says, and ``test_disclosure`` what stands in it."""
    seen = package(shown(MILL, {FURNACE: level}), "AP3")
    told = {row.package for row in fields_of(level) if row.package and row.absent is None}
    assert set(seen) == ALWAYS | BESIDE[level] | told
    hidden = set(seen["not_agreed"])
    assert not hidden & set(seen)
    assert hidden == {row.package for row in FIELDS if row.package} - {
        row.package for row in fields_of(level)
    }


def test_the_lead_firm_sees_plan_slack_and_critical_path_besides() -> None:
    seen = package(shown(LEAD, {FURNACE: Level.L3}), "AP3")
    told = {row.package for row in FIELDS if row.package and row.absent is None}
    assert set(seen) == ALWAYS | BESIDE[Level.L3] | told | PLANNED | {"slack_s", "critical"}
    assert seen["critical"] is True
    assert seen["lots"][0] == {"number": 1, "quantity": 600, "departed_s": 51000}
    assert seen["lots"][1] == {"number": 2, "quantity": 600, "expected_s": 69900}


@pytest.mark.parametrize("lot", [2, 3, 4])
@pytest.mark.parametrize("level", [Level.L2, Level.L3])
def test_a_report_from_before_lots_were_given_away_contradicts_no_figure_above_it(
    lot: int, level: Level
) -> None:
    """The furnace was red at 05:55 with four charges; the board is asked before it speaks again."""
    assert FAIR.prepared is not None
    halved = promised(split(FAIR, "AP3", (lot,), FAIR.prepared, accepted=NOW))
    order = shown(LEAD, {FURNACE: level, "haertetechnik-vogtei": Level.L3}, fair=halved)
    row, bench = package(order, "AP3"), package(order, "AP5")
    step = 300  # of what is told of the whole
    assert abs(order["forecast_s"] - bench["forecast_s"]) <= step
    packed = 100 * 45  # a lot of sets, after an hour on the way
    assert row["forecast_s"] + 3600 + packed <= order["forecast_s"] + step
    assert (row["lamp"] == "red") == order["late"]
    if (lot, level) == (4, Level.L3):
        assert (order["forecast_s"], order["lamp"]) == (96_900, "green")
        assert (row["forecast_s"], row["lamp"]) == (88_800, "green")


def test_a_firm_that_has_stopped_its_work_stays_red_although_lots_were_given_away() -> None:
    assert FAIR.prepared is not None
    halved = promised(split(FAIR, "AP3", (4,), FAIR.prepared, accepted=NOW))
    on_plan = timedelta(hours=27, minutes=40)
    stopped = changed(DATE, status=ProductionStatus.UNDEFINED, forecast=on_plan)
    for heard, lamp in ((stopped, "red"), (DATE, "green")):
        before = Heard(Level.L2, heard, NOW, FAIR.package("AP3"))
        order = shown(LEAD, {FURNACE: Level.L2}, told={"AP3": before}, fair=halved)
        assert package(order, "AP3")["lamp"] == lamp


def test_an_own_package_is_shown_whole() -> None:
    order = shown(LEAD, {FURNACE: Level.L3})
    seen = package(order, "AP5")
    assert seen["own"] is True
    assert seen["not_agreed"] == []
    assert (seen["own_delay_s"], seen["inbound_delay_s"]) == (0, 8100)
    assert seen["machine_title"] == {"de": "Bank", "en": "Bench"}
    assert seen["needs"][1] == {"package": "AP3", "per": 6}
    assert (order["forecast_s"], order["slack_s"], order["late"]) == (115_800, -4200, True)
    assert order["lamp"] == "red"


def test_an_order_is_shown_in_the_words_that_pages_and_programs_read() -> None:
    """The furnace has told of the lost phase; the lead firm sees it ten minutes later."""
    order = shown(LEAD, {FURNACE: Level.L3})
    rows = order.pop("packages")
    assert [row["id"] for row in rows] == ["AP1", "AP2", "AP3", "AP4", "AP5"]
    assert order == {
        "id": "GA-17", "version": 1, "quantity": 400, "lead": LEAD, "simulated": True,
        "item": {"de": "Schraubendreher-Satz", "en": "Screwdriver set"},
        "unit": {"de": "Sätze", "en": "sets"}, "lapse": 144, "opening": False,
        "clock": {"began": "2026-01-05T08:00:00.000Z", "at_s": 21_600},
        "start_s": 21_600, "due_s": 111_600, "threshold_s": 7200, "interval_s": 900,
        "stale_s": 1800, "you": {"firm": LEAD, "role": "lead", "packages": ["AP5"]},
        "plan_end_s": 107_700, "level": "L3", "not_agreed": [], "lamp": "red", "progress": 0.375,
        "forecast_s": 115_800, "slack_s": -4200, "late": True, "complete": 0, "offers": [],
        "warned": None,
    }  # fmt: skip
    assert rows[2] == {
        "id": "AP3", "title": {"de": "Klingen härten", "en": "Harden blades"},
        "item": {"de": "Gehärtete Klinge", "en": "Hardened blade"}, "firm": FURNACE,
        "firm_name": "Härterei", "needs": [{"package": "AP1", "per": 1}], "weight": 38,
        "planned": 2400, "own": False, "level": "L3", "not_agreed": [], "withdrawn": None,
        "plan_start_s": 34_800, "plan_end_s": 99_600, "critical": True, "slack_s": 0,
        "age_s": 600, "stale": False, "lamp": "red", "status": "running", "progress": 0.25,
        "forecast_s": 107_700, "band_s": [107_400, 108_000], "reason": "internalProblems",
        "good": 600,
        "lots": [
            {"number": 1, "quantity": 600, "departed_s": 51_000},
            {"number": 2, "quantity": 600, "expected_s": 69_900},
            {"number": 3, "quantity": 600, "expected_s": 88_800},
            {"number": 4, "quantity": 600, "expected_s": 107_700},
        ],
    }  # fmt: skip
    assert rows[4] == {
        "id": "AP5", "title": {"de": "Fügen, prüfen, packen", "en": "Join, measure, pack"},
        "item": {"de": "Schraubendreher-Satz", "en": "Screwdriver set"}, "firm": LEAD,
        "firm_name": LEAD, "weight": 11, "planned": 400, "own": True, "level": "L3",
        "needs": [
            {"package": "AP2", "per": 6}, {"package": "AP3", "per": 6},
            {"package": "AP4", "per": 1},
        ],
        "not_agreed": [], "withdrawn": None, "plan_start_s": 54_600, "plan_end_s": 107_700,
        "critical": True, "slack_s": 0, "status": "planned", "substate": "", "lamp": "red",
        "progress": 0.0, "good": 0, "age_s": 0, "stale": False, "forecast_s": 115_800,
        "band_s": [115_500, 116_100], "own_delay_s": 0, "inbound_delay_s": 8100,
        "lots": [
            {"number": 1, "quantity": 100, "expected_s": 59_100},
            {"number": 2, "quantity": 100, "expected_s": 78_000},
            {"number": 3, "quantity": 100, "expected_s": 96_900},
            {"number": 4, "quantity": 100, "expected_s": 115_800},
        ],
        "reason": "supplyProblems", "machine_title": {"de": "Bank", "en": "Bench"},
    }  # fmt: skip


def test_shares_are_shown_to_a_hundredth_of_a_percent() -> None:
    """Handles and trays are done (28 %), of the furnace's 38 % a quarter; 11 % are the bench's."""
    bench = FAIR.package("AP5")
    order = shown(LEAD, {FURNACE: Level.L3}, work={"AP5": Work(a_job(bench, 133))})
    assert order["level"] == "L3"
    assert package(order, "AP5")["progress"] == 0.3325
    assert order["progress"] == 0.4116  # 0.28 + 0.095 + 0.11 * 0.3325 = 0.411575
    third = replace(bench, quantity=399)
    order = shown(
        LEAD, {FURNACE: Level.L3}, work={"AP5": Work(a_job(third, 133))},
        fair=FAIR.with_package(third),
    )  # fmt: skip
    assert package(order, "AP5")["progress"] == 0.3333


END = {"forecast_s", "slack_s", "late"}


def test_without_the_date_of_a_deciding_firm_the_order_has_no_forecast() -> None:
    for level, lamp in ((Level.L0, "hatched"), (Level.L1, "red")):
        order = shown(LEAD, {FURNACE: level}, withdrawn={FURNACE: BEGAN})
        assert not (END | {"progress"}) & set(order), "the plan is not a forecast"
        assert order["not_agreed"] == ["progress", "forecast_s"]
        assert order["complete"] == 0, "the own package is the last one"
        assert order["lamp"] == lamp
        assert order["plan_end_s"] == 107_700


MOMENT = FAIR.start + timedelta(minutes=5)
ONLY_LAMP = {
    lamp: {"AP1": Heard(Level.L1, lamp_report(lamp), FAIR.start)}
    for lamp in (Lamp.GREEN, Lamp.YELLOW, Lamp.RED, Lamp.HATCHED, Lamp.DONE)
}


@pytest.mark.parametrize(
    ("level", "told", "lamp"),
    [
        (Level.L0, {}, "hatched"),
        (Level.L1, {}, "hatched"),
        (Level.L1, ONLY_LAMP[Lamp.GREEN], "grey"),
        (Level.L1, ONLY_LAMP[Lamp.YELLOW], "yellow"),
        (Level.L1, ONLY_LAMP[Lamp.RED], "red"),
        (Level.L1, ONLY_LAMP[Lamp.HATCHED], "hatched"),
    ],
)
def test_an_own_package_whose_supplier_hides_its_date_has_no_forecast(
    level: Level, told: Mapping[str, Heard], lamp: str
) -> None:
    seen = package(shown(FURNACE, {MILL: level}, MOMENT, told=told), "AP3")
    dates = {"forecast_s", "band_s", "own_delay_s", "inbound_delay_s"}
    assert not dates & set(seen), "the supplier's plan is not a forecast"
    assert seen["not_agreed"] == ["forecast_s"]
    assert not [lot for lot in seen["lots"] if "expected_s" in lot]
    assert seen["lamp"] == lamp, "no better than what the supplier's lamp says"


def test_with_an_agreed_date_or_a_supplier_that_is_done_it_has_one() -> None:
    for level, told in ((Level.L3, {}), (Level.L1, ONLY_LAMP[Lamp.DONE])):
        seen = package(shown(FURNACE, {MILL: level}, MOMENT, told=told), "AP3")
        assert (seen["forecast_s"], seen["not_agreed"], seen["lamp"]) == (99_600, [], "grey")


def test_nobody_can_say_whose_delay_it_is_while_the_supplier_hides_its_date() -> None:
    """Hours after its planned beginning the furnace has not begun, and need not know why."""
    for level, reason in ((Level.L1, "noInformationAvailable"), (Level.L3, "internalProblems")):
        assert package(shown(FURNACE, {MILL: level}), "AP3")["reason"] == reason


def test_a_partner_that_has_no_forecast_itself_hides_that_of_the_order() -> None:
    blind = quantity_report(changed(DATE, lamp=Lamp.HATCHED, forecast=None), 600, ())
    told = {"AP3": Heard(Level.L3, blind, NOW, FAIR.package("AP3"))}
    order = shown(LEAD, {FURNACE: Level.L3}, told=told)
    assert not END & set(order)
    assert (order["lamp"], order["not_agreed"]) == ("hatched", ["forecast_s"])
    row = package(order, "AP3")
    assert (row["not_agreed"], row["good"], row["lamp"]) == (["forecast_s"], 600, "hatched")
    assert not [lot for lot in row["lots"] if "expected_s" in lot]
    for entry in order["packages"]:
        assert not {"slack_s", "critical"} & set(entry), "slack until an end that is not known"


def test_a_hidden_package_has_no_slack_and_the_others_keep_theirs() -> None:
    order = shown(LEAD, {FURNACE: Level.L3, MILL: Level.L1})
    measured = {e["id"] for e in order["packages"] if {"slack_s", "critical"} <= set(e)}
    assert measured == {"AP2", "AP3", "AP4", "AP5"}


def test_while_a_deciding_firm_is_silent_nobody_says_that_the_order_is_in_time() -> None:
    on_plan = changed(DATE, lamp=Lamp.GREEN, forecast=timedelta(hours=27, minutes=40), reason=None)
    heard = {"AP3": on_plan}
    fresh, silent = (
        shown(LEAD, {FURNACE: Level.L2}, now, reports=heard)
        for now in (NOW, NOW + timedelta(hours=2))
    )
    assert (fresh["lamp"], fresh["late"], fresh["slack_s"]) == ("green", False, 3900)
    assert silent["lamp"] == "hatched"
    assert silent["forecast_s"] == fresh["forecast_s"], "its last word stands"
    assert silent["not_agreed"] == []
    assert "late" not in silent, "nobody can say"


def test_members_are_told_what_is_not_known_of_the_order() -> None:
    date = changed(DATE, lamp=Lamp.HATCHED, progress=None, forecast=None)
    hidden = quantity_report(date, None, (), departed=0)
    report = read(as_fields(hidden), Level.L3)
    assert report == hidden
    order = shown(MILL, {LEAD: Level.L3}, summary=Heard(Level.L3, hidden, NOW))
    assert order["lamp"] == "hatched"
    assert not (END | {"progress", "complete"}) & set(order)
    assert order["not_agreed"] == ["progress", "forecast_s", "complete"]


def test_before_the_first_summary_only_what_was_not_agreed_is_called_so() -> None:
    assert shown(MILL, {LEAD: Level.L2})["not_agreed"] == ["complete"]


def test_a_partner_that_does_not_know_its_own_counts_is_shown_without_them() -> None:
    report = quantity_report(changed(DATE, progress=None), None, ())
    seen = package(shown(MILL, {FURNACE: Level.L3}, reports={"AP3": report}), "AP3")
    assert not {"progress", "good"} & set(seen)


def test_a_lot_has_arrived_after_the_agreed_transport() -> None:
    later = shown(LEAD, {FURNACE: Level.L3}, now=timedelta(hours=15, minutes=10))
    assert package(later, "AP3")["lots"][0]["arrived_s"] == 54_600


def test_an_old_report_is_hatched_and_its_band_widens() -> None:
    fresh = package(shown(LEAD, {FURNACE: Level.L3}), "AP3")
    old = package(shown(LEAD, {FURNACE: Level.L3}, now=NOW + timedelta(hours=2)), "AP3")
    assert (fresh["stale"], fresh["lamp"]) == (False, "red")
    assert (old["stale"], old["lamp"], old["status"]) == (True, "hatched", "no_news")
    assert old["age_s"] == 7800
    assert fresh["band_s"] == [107_400, 108_000]
    assert old["band_s"] == [107_400, 108_000 + 7800]
    assert old["forecast_s"] == fresh["forecast_s"]


def test_a_firm_that_was_never_heard_of_becomes_silent() -> None:
    started = package(shown(MILL, {FURNACE: Level.L0, LEAD: Level.L1}, now=FAIR.start), "AP5")
    assert (started["lamp"], started["stale"]) == ("grey", False)
    assert "status" not in started, "it had no time to speak"
    silent = package(shown(MILL, {LEAD: Level.L1}), "AP5")
    assert (silent["lamp"], silent["stale"], silent["status"]) == ("hatched", True, "no_news")


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        (Level.L0, set[str]()),
        (Level.L1, {"lamp", "age_s", "stale"}),
        (
            Level.L2,
            {"lamp", "age_s", "stale", "progress", "forecast_s", "slack_s", "late"},
        ),
        (
            Level.L3,
            {"lamp", "age_s", "stale", "progress", "forecast_s", "slack_s", "late", "complete"},
        ),
    ],
)
def test_a_member_knows_the_order_from_the_lead_firms_summary(level: Level, keys: set[str]) -> None:
    summary = None if level is Level.L0 else Heard(level, REPORTS[level], NOW)
    order = shown(MILL, {LEAD: level}, summary=summary)
    possible = {
        "lamp", "age_s", "stale", "progress", "forecast_s", "slack_s", "late", "complete",
    }  # fmt: skip
    assert set(order) & possible == keys
    assert order["level"] == level.value
    assert not set(order["not_agreed"]) & set(order)


def test_the_lead_firms_summary_gets_older_until_nobody_believes_it() -> None:
    summary = Heard(Level.L3, REPORTS[Level.L3], NOW)
    for minutes, stale, lamp in ((0, False, "red"), (30, False, "red"), (31, True, "hatched")):
        order = shown(MILL, {LEAD: Level.L3}, NOW + timedelta(minutes=minutes), summary)
        assert (order["age_s"], order["stale"], order["lamp"]) == (60 * minutes, stale, lamp)
    order = shown(MILL, {LEAD: Level.L3}, NOW - timedelta(minutes=3), summary)
    assert order["age_s"] == 0, "a report is never from the future"
    assert (order["progress"], order["complete"]) == (0.25, 600)
    assert (order["forecast_s"], order["slack_s"], order["late"]) == (107_700, 3900, False)


def test_the_prepared_reserve_is_shown_with_what_it_would_bring() -> None:
    reserve = "haertetechnik-vogtei"
    without = shown(LEAD, {FURNACE: Level.L3}, prepared=FAIR.prepared)["prepared"]
    assert without == {
        "firm": reserve, "firm_name": reserve, "package": "AP3", "lots": [4],
        "earliest_start_s": 64_800,
    }  # fmt: skip
    order = shown(
        LEAD, {FURNACE: Level.L3}, prepared=FAIR.prepared, forecast_with=AN_UNEVEN_END,
        names={reserve: "Härtetechnik"},
    )  # fmt: skip
    assert order["prepared"] == without | {
        "firm_name": "Härtetechnik",
        "forecast_with_s": 86_400,
    }


def test_a_clock_that_is_not_ours_stands_at_the_packages_it_concerns() -> None:
    """At a partner's package its own; at ours that of the lead firm, by which it is planned."""
    seen = shown(MILL, {FURNACE: Level.L3}, clocks={FURNACE: timedelta(seconds=-90)})
    assert package(seen, "AP3")["clock_off_s"] == -90
    assert not [p["id"] for p in seen["packages"] if "clock_off_s" in p and p["id"] != "AP3"]
    seen = shown(MILL, {FURNACE: Level.L3}, clocks={LEAD: timedelta(minutes=2)})
    assert {p["id"]: p["clock_off_s"] for p in seen["packages"] if "clock_off_s" in p} == {
        "AP1": 120,
        "AP5": 120,
    }


def test_a_summary_that_says_done_never_goes_stale() -> None:
    done = changed(DATE, lamp=Lamp.DONE)
    later = NOW + timedelta(hours=5)
    for summary, stale in ((DATE, True), (done, False)):
        order = shown(MILL, {LEAD: Level.L2}, later, Heard(Level.L2, summary, NOW))
        assert order["stale"] is stale
        assert order["lamp"] == ("hatched" if stale else "done")


AN_UNEVEN_END = timedelta(days=1, minutes=-1)
"""One minute before a whole step of the order: told in steps, as every forecast is."""


def test_offers_withdrawals_and_the_warning_are_told_with_their_times() -> None:
    offer = Offered("o1", "AP3", (4,), "r", LEAD, "open", timedelta(hours=18), AN_UNEVEN_END)
    order = shown(
        LEAD,
        {FURNACE: Level.L2},
        withdrawn={FURNACE: BEGAN},
        offers=(offer,),
        warned=Warned(NOW, timedelta(hours=16, minutes=40)),
    )
    assert order["offers"] == [
        {
            "id": "o1", "package": "AP3", "lots": [4], "to": "r", "from": LEAD, "state": "open",
            "earliest_start_s": 64_800, "forecast_with_s": 86_400,
        }
    ]  # fmt: skip
    assert order["warned"] == {"at_s": 51_600, "hours_before_due": 16.7}
    assert package(order, "AP3")["withdrawn"] == "2026-01-05T08:00:00.000Z"


def test_a_view_is_json() -> None:
    order = shown(LEAD, {FURNACE: Level.L3})
    assert orjson.loads(orjson.dumps(order)) == order
    assert order["clock"] == {"began": "2026-01-05T08:00:00.000Z", "at_s": 21_600}
    assert order["you"] == {"firm": LEAD, "role": "lead", "packages": ["AP5"]}


FINISHED_DATE = date_report(
    Lamp.DONE,
    ProductionStatus.COMPLETED,
    100,
    timedelta(hours=29, minutes=55),
    timedelta(minutes=5),
    None,
)
FINISHED = quantity_report(FINISHED_DATE, 2400, ())


def done_job(package: WorkPackage, end: timedelta) -> Job:
    """The job of a package that is done, its last lot having left at ``end``."""
    left = (FAIR.clock.real(end),) * len(package.lots())
    return replace(a_job(package, package.quantity, left), state=JobState.ENDED)


MUCH_LATER = NOW + timedelta(hours=48)


@pytest.mark.parametrize("firm", [LEAD, FURNACE, MILL])
def test_after_the_end_of_an_order_its_clock_stands_at_every_firm(firm: str) -> None:
    """A member that sees no more than the lamp knows the end from the lead firm's last word."""
    end = timedelta(hours=29, minutes=55)
    summaries = {
        FURNACE: Heard(Level.L2, FINISHED_DATE, end),
        MILL: Heard(Level.L1, lamp_report(Lamp.DONE), end),
    }
    levels = {LEAD: Level.L1, FURNACE: Level.L0 if firm == FURNACE else Level.L3}
    reports = {p.id: FINISHED for p in FAIR.packages if p.firm != firm}
    work = {p.id: Work(done_job(p, end)) for p in FAIR.of(firm)}
    for later in (timedelta(), timedelta(hours=33)):
        order = shown(firm, levels, end + later, summaries.get(firm), reports=reports, work=work)
        assert order["ended_s"] == end.total_seconds()
        ages = [p["age_s"] for p in order["packages"] if "age_s" in p]
        assert max(ages) <= (end - NOW).total_seconds() + 600, "no age goes on"


def test_the_clock_of_an_order_that_was_closed_stands_at_that_moment() -> None:
    closed = BEGAN + (NOW + timedelta(minutes=7) - FAIR.clock.at) / FAIR.lapse
    assert shown(MILL, {}, MUCH_LATER, closed=closed)["ended_s"] == (NOW.total_seconds() + 420)


def test_before_its_end_an_order_says_nothing_of_it() -> None:
    assert "ended_s" not in shown(LEAD, {FURNACE: Level.L3}, MUCH_LATER)
