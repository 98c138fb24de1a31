"""The roll-up: progress, the lead firm's plan, and what firms that are silent do to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.api.order_json import order_json
from gateway.config import read_model
from gateway.core.work import JobState, Substate
from gateway.network.files import OrderFile
from gateway.network.knowledge import Agreed, Heard, Knowledge, Own, Work, arrived
from gateway.network.order import JointOrder, Level
from gateway.network.order_state import complete, order_state, progress
from gateway.network.order_view import order_view
from gateway.network.plan import promised
from gateway.network.report import (
    DelayReason,
    DepartedLot,
    Lamp,
    OrderState,
    ProductionStatus,
    Report,
)
from gateway.network.rollup import own_packages, what_if, whole_plan
from gateway.network.snapshot import Snapshot
from gateway.network.split import split
from tests.network.large import a_job
from tests.network.reports import changed, date_report, lamp_report, quantity_report

CONFIGS = Path(__file__).parents[2] / "configs"
LEAD, FURNACE, MILL = "montage-holzland", "haerterei-glutofen", "zerspanung-rennweg"
STEP = timedelta(minutes=5)
FAIR = replace(
    read_model(CONFIGS / "demo" / "order.yaml", OrderFile, env={}).order(),
    began=datetime(2026, 1, 5, tzinfo=UTC),
    at=timedelta(hours=6),
)


def at(text: str) -> timedelta:
    day, clock = text.split()
    hour, minute = clock.split(":")
    return timedelta(days=int(day) - 1, hours=int(hour), minutes=int(minute))


def told(
    level: Level, end: str, made: str, good: int = 0, quantity: int = 2400, *lots: str
) -> Heard:
    """A report at ``level``, made at order time ``made``; ``lots`` are when lots left."""
    status = ProductionStatus.IN_PRODUCTION if good < quantity else ProductionStatus.COMPLETED
    share = min(100, 100 * good // quantity // 5 * 5)  # what is sent never exceeds it
    date = date_report(Lamp.GREEN, status, share, at(end), STEP, None)
    departed = tuple(DepartedLot(n, 600, at(lot)) for n, lot in enumerate(lots, 1))
    reports: dict[Level, Report] = {
        Level.L1: lamp_report(Lamp.GREEN),
        Level.L2: date,
        Level.L3: quantity_report(date, good, departed),
    }
    return Heard(level, reports[level], at(made))


def lead(heard: Mapping[str, Heard], order: JointOrder = FAIR) -> Knowledge:
    """What the lead firm has; every agreement is as the order proposed it."""
    agreed = {a.giver: Agreed(a.level) for a in order.agreements if a.taker == LEAD}
    return Knowledge(order, LEAD, {}, heard, agreed=agreed)


def end(heard: Mapping[str, Heard], now: str, order: JointOrder = FAIR) -> timedelta:
    knowledge = lead(heard, order)
    own = own_packages(knowledge, at(now))
    return whole_plan(knowledge, own, at(now)).end


def test_without_any_report_the_plan_fills_in() -> None:
    assert end({}, "1 06:00") == at("2 05:55")


def test_a_reported_delay_is_counted_once() -> None:
    """The furnace's forecast includes what reaches it; the mill's delay is not added again."""
    heard = {
        "AP1": told(Level.L2, "1 17:40", "1 14:20", 1800),
        "AP3": told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10"),
    }
    assert end(heard, "1 14:20") == at("2 08:10")


def test_a_silent_firm_keeps_its_last_word_until_the_graph_knows_worse() -> None:
    furnace = told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10")
    assert end({"AP3": furnace}, "1 20:00") == at("2 08:10")
    mill = told(Level.L2, "2 02:00", "1 14:20", 1800)  # its last lot leaves nine hours late
    fresh = {"AP1": mill, "AP3": replace(furnace, at=at("1 14:20"))}
    assert end(fresh, "1 14:20") == at("2 08:10")  # the furnace firm knows better
    silent = {"AP1": mill, "AP3": furnace}
    assert end(silent, "1 20:00") == at("2 03:00") + timedelta(hours=6, minutes=45)


def test_progress_is_weighed_and_scrap_never_counts() -> None:
    heard = {
        "AP1": told(Level.L2, "1 16:40", "1 14:20", 1800),
        "AP3": told(Level.L3, "2 03:40", "1 14:20", 600),
    }
    knowledge = lead(heard)
    own = own_packages(knowledge, at("1 14:20"))
    assert progress(knowledge, own) == pytest.approx((23 * 0.75 + 38 * 0.25) / 100)
    assert complete(knowledge, own) == 0


def test_a_package_that_tells_only_its_lamp_hides_the_progress_until_it_is_done() -> None:
    only_lamp = told(Level.L1, "2 03:40", "1 14:20", 600)
    for heard, found in (
        (only_lamp, None),
        (replace(only_lamp, report=lamp_report(Lamp.DONE)), 38),
    ):
        knowledge = lead({"AP3": heard})
        known = progress(knowledge, own_packages(knowledge, at("1 14:20")))
        assert known == (None if found is None else pytest.approx(found / 100))


@st.composite
def partners(draw: st.DrawFn) -> tuple[dict[str, Heard], dict[str, Level], float | None]:
    """What four firms told, what they agreed to, and the progress that follows from it."""
    heard, levels, done = dict[str, Heard](), dict[str, Level](), list[float | None]()
    for package in FAIR.packages:
        if package.firm == LEAD:
            continue
        level = levels[package.firm] = draw(st.sampled_from(list(Level)[:4]))
        made = draw(st.none() | st.integers(0, package.quantity))
        if level is Level.L0 or made is None:
            done.append(None if level < Level.L2 else 0.0)
            continue
        entry = told(level, "2 03:40", "1 14:20", made, package.quantity)
        ended = made == package.quantity
        if ended and level is Level.L1:
            entry = replace(entry, report=lamp_report(Lamp.DONE))
        heard[package.id] = entry
        exact = made / package.quantity
        coarse = 100 * made // package.quantity // 5 * 5 / 100
        if level is Level.L1:
            done.append(package.weight if ended else None)
        else:
            done.append(package.weight * (coarse if level is Level.L2 else exact))
    known = [part for part in done if part is not None]
    return heard, levels, sum(known) / 100 if len(known) == len(done) else None


@given(partners())
@settings(max_examples=200, deadline=None)
def test_progress_is_what_follows_from_what_was_agreed_or_it_is_not_known(
    case: tuple[dict[str, Heard], dict[str, Level], float | None],
) -> None:
    heard, levels, expected = case
    found = state(heard, "1 14:20", levels).share
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_withdrawal_makes_the_progress_unknown_not_smaller() -> None:
    heard = {
        "AP3": told(Level.L3, "2 03:40", "1 14:20", 600),
        "AP4": finished("1 14:20"),
    }
    assert state(heard, "1 14:20").share == pytest.approx((38 * 0.25 + 17) / 100)
    del heard["AP3"]
    assert state(heard, "1 14:20", {FURNACE: Level.L0}).share is None


def test_complete_sets_are_not_known_where_the_last_firm_hides_them() -> None:
    """Here the lead firm is not the last one: it mills, and somebody else packs."""
    packer = "packerei"
    order = replace(
        FAIR,
        packages=tuple(
            replace(p, firm={"AP1": LEAD, "AP5": packer}.get(p.id, p.firm)) for p in FAIR.packages
        ),
    )
    packed = told(Level.L3, "2 05:55", "1 14:20", 100, 400)

    def sets(level: Level, heard: Heard | None) -> int | None:
        known = {} if heard is None else {"AP5": heard}
        knowledge = Knowledge(order, LEAD, {}, known, agreed={packer: Agreed(level)})
        return complete(knowledge, own_packages(knowledge, at("1 14:20")))

    assert sets(Level.L3, packed) == 100
    assert sets(Level.L3, None) == 0, "nothing was packed before the first word"
    assert sets(Level.L2, None) is None
    assert sets(Level.L1, replace(packed, level=Level.L1, report=lamp_report(Lamp.GREEN))) is None
    assert sets(Level.L1, replace(packed, level=Level.L1, report=lamp_report(Lamp.DONE))) == 400


@example([("AP1", 600)] * 30)  # beyond what was ordered
@given(st.lists(st.tuples(st.sampled_from(["AP1", "AP2", "AP3", "AP4"]), st.integers(0, 600))))
@settings(max_examples=60, deadline=None)
def test_progress_never_falls_while_counts_grow(steps: list[tuple[str, int]]) -> None:
    good = dict.fromkeys(["AP1", "AP2", "AP3", "AP4"], 0)
    before = 0.0
    for package, more in steps:
        good[package] += more
        heard = {}
        for name, pieces in good.items():
            level, quantity = Level.L2 if name == "AP1" else Level.L3, FAIR.package(name).quantity
            heard[name] = told(level, "2 03:40", "1 14:20", pieces, quantity)
        knowledge = lead(heard)
        now = progress(knowledge, own_packages(knowledge, at("1 14:20")))
        assert now is not None
        assert before <= now <= 1
        before = now


def test_the_split_of_a_package_does_not_move_the_progress() -> None:
    assert FAIR.prepared is not None
    halved = promised(split(FAIR, "AP3", (4,), FAIR.prepared, accepted=at("1 14:20")))
    heard = {"AP3": told(Level.L3, "2 03:40", "1 14:20", 600)}
    before = progress(lead(heard), own_packages(lead(heard), at("1 14:20")))
    after = progress(lead(heard, halved), own_packages(lead(heard, halved), at("1 14:20")))
    assert before == pytest.approx(38 * 600 / 2400 / 100)
    assert after == pytest.approx(29 * 600 / 1800 / 100)
    assert before is not None
    assert after is not None
    assert after >= before


def test_a_report_from_before_the_split_is_read_with_the_lots_it_meant() -> None:
    """The furnace's last word was 05:55 for four charges; three of them end at 00:40."""
    assert FAIR.prepared is not None
    halved = promised(split(FAIR, "AP3", (4,), FAIR.prepared, accepted=at("1 14:24")))
    old = told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10")
    heard = {"AP3": replace(old, basis=FAIR.package("AP3"))}
    assert end(heard, "1 14:24", halved) == at("2 02:55")


@pytest.mark.parametrize(("lots", "result"), [((4,), "2 02:55"), ((3,), "2 02:55")])
def test_what_if_the_reserve_took_a_charge(lots: tuple[int, ...], result: str) -> None:
    knowledge = lead({"AP3": told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10")})
    own = own_packages(knowledge, at("1 14:20"))
    assert FAIR.prepared is not None
    assert what_if(knowledge, own, FAIR.prepared, lots, at("1 14:20")) == at(result)


def test_an_offer_of_lots_that_are_gone_has_no_forecast() -> None:
    knowledge = lead({})
    assert FAIR.prepared is not None
    with pytest.raises(ValueError, match="cannot be given away"):
        what_if(knowledge, {}, FAIR.prepared, (9,), at("1 14:20"))
    knowledge = lead({"AP3": told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10")})
    with pytest.raises(ValueError, match="AP3: lots that have left cannot be given away"):
        what_if(knowledge, {}, FAIR.prepared, (1,), at("1 14:20"))


def test_lots_arrive_after_the_agreed_transport() -> None:
    heard = {"AP1": told(Level.L3, "1 16:40", "1 11:30", 1200, 2400, "1 08:40", "1 11:20")}
    knowledge = Knowledge(FAIR, FURNACE, {}, heard)
    furnace = FAIR.package("AP3")
    assert arrived(knowledge, furnace, at("1 09:39")) == 0
    assert arrived(knowledge, furnace, at("1 09:40")) == 600
    assert arrived(knowledge, furnace, at("1 12:20")) == 1200
    assert arrived(knowledge, FAIR.package("AP1"), at("1 12:20")) is None


def test_the_bench_can_make_what_every_input_allows() -> None:
    heard = {
        "AP2": told(Level.L3, "1 11:20", "1 08:00", 600, 2400, "1 07:20"),
        "AP3": told(Level.L3, "2 03:40", "1 14:10", 600, 2400, "1 14:10"),
        "AP4": told(Level.L3, "1 13:47", "1 08:00", 100, 400),
    }
    assert arrived(lead(heard), FAIR.package("AP5"), at("1 15:10")) == 0
    trays = heard["AP4"].report
    left = (DepartedLot(1, 100, at("1 08:00")),)
    heard["AP4"] = replace(heard["AP4"], report=changed(trays, lots=left))
    assert arrived(lead(heard), FAIR.package("AP5"), at("1 15:10")) == 100


def test_what_a_firm_makes_for_itself_arrives_when_it_has_left_the_machine() -> None:
    """Tray and handle are made in the house: no transport, and no report either."""
    own = {name: replace(FAIR.package(name), firm=LEAD) for name in ("AP2", "AP4")}
    order = FAIR.with_package(own["AP2"]).with_package(own["AP4"])
    lots = {name: (FAIR.clock.real(at(left)),) for name, left in
            (("AP2", "1 07:20"), ("AP4", "1 08:00"))}  # fmt: skip
    work = {name: Work(a_job(own[name], 100, left)) for name, left in lots.items()}
    heard = {"AP3": told(Level.L3, "2 03:40", "1 14:10", 600, 2400, "1 06:10")}
    bench = order.package("AP5")
    knowledge = Knowledge(order, LEAD, work, heard)
    assert arrived(knowledge, bench, at("1 07:59")) == 0
    assert arrived(knowledge, bench, at("1 08:00")) == 100
    assert arrived(Knowledge(order, LEAD, {}, heard), bench, at("1 08:00")) == 0


def test_where_lots_are_not_agreed_goods_receipt_holds_nothing_up() -> None:
    heard = {"AP1": told(Level.L2, "1 16:40", "1 11:30", 1200)}
    knowledge = Knowledge(FAIR, FURNACE, {}, heard)
    assert arrived(knowledge, FAIR.package("AP3"), at("1 09:00")) == 2400


def test_the_order_lamp_follows_the_forecast_end() -> None:
    def lamp(heard: Mapping[str, Heard], now: str) -> Lamp:
        others = {name: finished(now) for name in ("AP2", "AP4")} if heard else {}
        return state(others | heard, now).lamp

    assert lamp({}, "1 06:00") is Lamp.GREY
    assert lamp({}, "1 06:31") is Lamp.HATCHED
    on_plan = told(Level.L3, "2 03:40", "1 14:20", 600, 2400, "1 14:10")
    assert lamp({"AP3": on_plan}, "1 14:20") is Lamp.GREEN
    later = told(Level.L3, "2 04:10", "1 14:20", 600, 2400, "1 14:10")
    assert lamp({"AP3": later}, "1 14:20") is Lamp.YELLOW
    late = told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10")
    assert lamp({"AP3": late}, "1 14:20") is Lamp.RED


def state(
    heard: Mapping[str, Heard], now: str, levels: Mapping[str, Level] = MappingProxyType({})
) -> OrderState:
    """The order as a whole; ``levels`` are what firms let the lead see by now."""
    knowledge = lead(heard)
    agreed = dict(knowledge.agreed) | {firm: Agreed(level) for firm, level in levels.items()}
    knowledge = replace(knowledge, agreed=agreed)
    own = own_packages(knowledge, at(now))
    return order_state(knowledge, own, whole_plan(knowledge, own, at(now)), at(now))


def test_what_was_withdrawn_before_a_first_report_is_unknown_at_once() -> None:
    assert state({}, "1 06:00").forecast == at("2 05:55")
    hidden = state({}, "1 06:00", {FURNACE: Level.L0})
    assert (hidden.lamp, hidden.forecast) == (Lamp.HATCHED, None)


def test_who_delivers_only_to_partners_does_not_hide_the_end() -> None:
    """The furnace counts into its own forecast what reaches it from the mill."""
    heard = {
        "AP2": finished("1 14:20"),
        "AP3": told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10"),
        "AP4": finished("1 14:20"),
    }
    seen = state(heard, "1 14:20", {MILL: Level.L0})
    assert (seen.lamp, seen.forecast) == (Lamp.RED, at("2 08:10"))


def test_who_was_only_just_given_lots_is_not_silent_yet() -> None:
    assert FAIR.prepared is not None
    halved = promised(split(FAIR, "AP3", (4,), FAIR.prepared, accepted=at("1 14:20")))
    assert not lead({}, halved).stale("AP3-R", at("1 14:50"))
    assert lead({}, halved).stale("AP3-R", at("1 14:51"))


def test_an_order_is_done_although_a_finished_firm_has_withdrawn() -> None:
    heard = {package.id: finished("2 05:55") for package in FAIR.packages if package.id != "AP3"}
    everyone = Knowledge(FAIR, "", {}, heard, agreed={FURNACE: Agreed(Level.L0)})
    whole = whole_plan(everyone, {}, at("2 06:00"))
    over = order_state(everyone, {}, whole, at("2 06:00"))
    assert (over.lamp, over.share) == (Lamp.DONE, 1.0)


def test_reports_do_not_depend_on_the_order_in_which_they_are_held() -> None:
    heard = {
        "AP1": told(Level.L2, "1 16:40", "1 14:20", 1800),
        "AP3": told(Level.L3, "2 05:55", "1 14:20", 600, 2400, "1 14:10"),
    }
    turned = dict(reversed(heard.items()))
    assert end(heard, "1 14:20") == end(turned, "1 14:20")


def test_who_has_finished_is_stale_when_silent_as_long_as_the_order_needs_it() -> None:
    knowledge = lead({"AP4": finished("1 13:50")})
    assert not knowledge.stale("AP4", at("1 14:20"))
    assert knowledge.stale("AP4", at("1 14:25"))
    assert knowledge.stale("AP1", at("1 07:00"))


@pytest.mark.parametrize("missing", ["AP1", "AP5"])
def test_an_order_is_done_when_every_package_is_done(missing: str) -> None:
    heard = {package.id: finished("2 05:55") for package in FAIR.packages}
    known = Knowledge(FAIR, "", {}, heard)
    assert known.done
    assert not known.stale("AP4", at("2 09:00")), "of an order that is done nothing more is said"
    del heard[missing]
    assert not Knowledge(FAIR, "", {}, heard).done


def test_a_member_knows_from_the_lead_firm_that_the_order_is_done() -> None:
    knowledge = Knowledge(FAIR, MILL, {}, {"AP4": finished("1 13:50")})
    assert not knowledge.done
    told_done = replace(knowledge, summary=finished("2 05:55"))
    assert told_done.done
    assert not told_done.stale("AP4", at("2 09:00"))


def test_a_firm_without_a_part_does_not_take_an_order_for_done() -> None:
    assert not Knowledge(replace(FAIR, packages=()), "haertetechnik-vogtei", {}, {}).done


def finished(made: str) -> Heard:
    """A report that a package is done."""
    done = told(Level.L3, made, made, 2400)
    return replace(done, report=_done(done.report))


def _done(report: Report) -> Report:
    return changed(report, lamp=Lamp.DONE)


BENCH = FAIR.package("AP5")


def packing(now: str, unseen: str | None, **changed: object) -> tuple[Own, OrderState]:
    """The lead firm's own package at ``now``: 100 sets are packed, counted at 12:00."""
    left = (FAIR.clock.real(at("1 12:00")),)
    job = replace(a_job(BENCH, 100, left), per_piece=timedelta(seconds=45), **changed)  # type: ignore[arg-type]
    since = None if unseen is None else at(unseen)
    fed = {p.id: replace(finished("1 11:30"), at=at(now)) for p in FAIR.packages if p != BENCH}
    knowledge = replace(lead(fed), work={"AP5": Work(job, at("1 12:00"), since, since)})
    own = own_packages(knowledge, at(now))
    whole = whole_plan(knowledge, own, at(now))
    return own["AP5"], order_state(knowledge, own, whole, at(now))


def test_a_meter_that_does_not_answer_moves_no_forecast() -> None:
    seen, _ = packing("1 12:05", None)
    for now in ("1 12:10", "1 12:25", "1 13:00", "1 19:00"):
        assert packing(now, "1 12:05")[0].forecast == seen.forecast
    standing, _ = packing("1 13:00", None)
    assert standing.forecast.end > seen.forecast.end, "a machine that is seen to stand does"


def test_it_is_told_once_the_machine_would_be_late_and_is_not_the_firms_own_problem() -> None:
    """The bench could have made what is missing up to 12:15; from then on nobody knows."""
    for now, told in (("1 12:10", False), ("1 12:19", False), ("1 12:21", True), ("1 19:00", True)):
        bench, whole = packing(now, "1 12:05")
        assert bench.state.unmeasured is told
        assert bench.state.reason is (DelayReason.NONE_GIVEN if told else None)
        assert (bench.state.lamp is Lamp.HATCHED) is told
        assert (whole.lamp is Lamp.HATCHED) is told, "nobody says that the order is in time"
        assert whole.forecast == packing("1 12:05", None)[1].forecast


def test_what_was_held_before_the_meter_was_pulled_is_late_all_the_same() -> None:
    held = {"state": JobState.INTERRUPTED, "substate": Substate.HELD}
    bench, _ = packing("1 19:00", "1 12:05", **held)
    assert bench.state.reason is DelayReason.INTERNAL
    assert not bench.state.unmeasured


def test_a_booking_is_a_look() -> None:
    assert packing("1 12:14", "1 11:00")[0].forecast == packing("1 12:00", None)[0].forecast


def test_a_package_that_is_done_needs_no_meter() -> None:
    bench, _ = packing("1 19:00", "1 12:05", state=JobState.ENDED, good=400)
    assert (bench.state.lamp, bench.state.unmeasured) == (Lamp.DONE, False)


def test_what_follows_holds_to_the_minute_or_until_a_firm_falls_silent() -> None:
    """The mill spoke at 14:20 and is silent half an hour later, from the very next moment on."""
    tick = timedelta(microseconds=1)
    knowledge = lead({"AP1": told(Level.L2, "1 17:40", "1 14:20", 1800)})
    assert knowledge.holds_until(at("1 14:49")) == at("1 14:50")
    odd = at("1 14:20") + timedelta(seconds=30)
    knowledge = lead({"AP1": replace(knowledge.heard["AP1"], at=odd)})
    silent = odd + timedelta(minutes=30)
    assert knowledge.holds_until(at("1 14:50")) == silent + tick
    assert knowledge.holds_until(silent) == silent + tick
    assert knowledge.holds_until(silent + tick) == at("1 14:51")
    assert not knowledge.stale("AP1", silent)
    assert knowledge.stale("AP1", silent + tick)


def test_an_order_is_planned_until_somebody_works_and_ended_when_all_have() -> None:
    before = state({}, "1 06:00")
    assert (before.state, before.lamp, before.reason) == (JobState.PLANNED, Lamp.GREY, None)
    assert (before.share, before.good, before.forecast) == (0.0, 0, at("2 05:55"))
    begun = state({"AP1": told(Level.L2, "1 16:40", "1 06:00", 240)}, "1 06:00")
    assert (begun.state, begun.lamp) == (JobState.RUNNING, Lamp.GREEN)
    assert begun.share == pytest.approx(0.23 * 0.10)
    heard = {name: finished("2 05:00") for name in ("AP1", "AP2", "AP3", "AP4")}
    ended = replace(a_job(FAIR.package("AP5"), 400), state=JobState.ENDED)
    for job, found in ((ended, JobState.ENDED), (None, JobState.RUNNING)):
        knowledge = replace(lead(heard), work={"AP5": Work(job)})
        own = own_packages(knowledge, at("2 05:55"))
        plan = whole_plan(knowledge, own, at("2 05:55"))
        whole = order_state(knowledge, own, plan, at("2 05:55"))
        assert whole.state is found
        assert (whole.lamp is Lamp.DONE) == (found is JobState.ENDED)


MIDDLE = replace(FAIR, at=at("1 13:40"))
"""Opened in its middle: something was done by then, and the plan does not say what."""


def snapshot(heard: Mapping[str, Heard], now: str, order: JointOrder = MIDDLE) -> Snapshot:
    knowledge = lead(heard, order)
    own = own_packages(knowledge, at(now))
    plan = whole_plan(knowledge, own, at(now))
    whole = order_state(knowledge, own, plan, at(now))
    return Snapshot(knowledge, own, {}, {}, "lead", simulated=True, plan=plan, whole=whole)


WORDS = {
    "AP1": told(Level.L2, "1 16:40", "1 13:40", 1200),
    "AP2": told(Level.L3, "1 12:00", "1 13:40", 2400),
    "AP3": told(Level.L3, "2 03:40", "1 13:40", 0),
    "AP4": told(Level.L3, "1 14:00", "1 13:40", 300, 400),
}


def test_nothing_rests_on_a_firm_that_has_not_said_yet_how_far_it_is() -> None:
    for missing in ("AP2", "AP3", "AP4"):
        found = snapshot({n: word for n, word in WORDS.items() if n != missing}, "1 13:40")
        shown = order_json(order_view(found, at("1 13:40")))
        absent = {"forecast_s", "slack_s", "late", "progress"}
        assert not absent & set(shown), missing
        assert shown["lamp"] == "hatched"
        assert shown["not_agreed"] == [], "agreed it is, only not told yet"
        packages = {entry["id"]: entry for entry in shown["packages"]}
        assert (packages[missing]["lamp"], packages[missing]["status"]) == ("hatched", "no_news")
        assert "slack_s" not in packages[missing]
        own = packages["AP5"]
        assert (own["lamp"], own["not_agreed"]) == ("hatched", [])
        assert "forecast_s" not in own
    shown = order_json(order_view(snapshot(WORDS, "1 13:40"), at("1 13:40")))
    assert (shown["forecast_s"], shown["lamp"]) == (at("2 05:55").total_seconds(), "green")


def test_a_firm_that_decides_nothing_leaves_the_date_known_and_the_progress_open() -> None:
    found = snapshot({n: word for n, word in WORDS.items() if n != "AP1"}, "1 13:40")
    shown = order_json(order_view(found, at("1 13:40")))
    assert shown["forecast_s"] == at("2 05:55").total_seconds()
    assert "progress" not in shown


def test_of_an_order_that_begins_at_its_beginning_the_plan_is_the_first_word() -> None:
    shown = order_json(order_view(snapshot({}, "1 06:00", FAIR), at("1 06:00")))
    assert (shown["forecast_s"], shown["progress"]) == (at("2 05:55").total_seconds(), 0.0)
    assert snapshot({}, "1 06:00", FAIR).tells(at("1 06:00"))[1] is not None


def test_lots_that_a_reserve_takes_later_are_planned_until_its_first_word() -> None:
    """Opened in the middle: of what is given away afterwards nothing was done before."""
    reserve = FAIR.prepared
    assert reserve is not None
    order = promised(split(MIDDLE, "AP3", (4,), reserve, accepted=at("1 14:00")))
    heard = WORDS | {"AP3": told(Level.L3, "1 23:10", "1 14:00", 0, 1800)}
    agreed = {a.giver: Agreed(a.level) for a in order.agreements if a.taker == LEAD}
    agreed[reserve.firm] = Agreed(Level.L3)
    knowledge = Knowledge(order, LEAD, {}, heard, agreed=agreed)
    own = own_packages(knowledge, at("1 14:01"))
    assert own["AP5"].state.forecast is not None
    assert own["AP5"].waits is None


def test_what_rests_on_a_first_word_is_told_when_that_has_come_or_its_time_is_over() -> None:
    silent = {n: word for n, word in WORDS.items() if n != "AP3"}
    assert snapshot(silent, "1 13:40").tells(at("1 14:10")) == ({}, None)
    own, whole = snapshot(silent, "1 14:11").tells(at("1 14:11"))
    assert whole is not None
    assert (whole.forecast, whole.share, whole.lamp) == (None, None, Lamp.HATCHED)
    assert (own["AP5"].forecast, own["AP5"].lamp) == (None, Lamp.HATCHED)
    own, whole = snapshot(WORDS, "1 13:40").tells(at("1 13:40"))
    assert whole is not None
    assert whole.forecast == own["AP5"].forecast == at("2 05:55")


def test_for_a_firm_that_tells_nothing_nobody_waits() -> None:
    knowledge = lead({n: word for n, word in WORDS.items() if n != "AP3"}, MIDDLE)
    knowledge = replace(knowledge, agreed={**knowledge.agreed, FURNACE: Agreed(Level.L0)})
    own = own_packages(knowledge, at("1 13:40"))
    assert own["AP5"].waits is None
    assert own["AP5"].state.forecast is None
    plan = whole_plan(knowledge, own, at("1 13:40"))
    whole = order_state(knowledge, own, plan, at("1 13:40"))
    shown = order_json(
        order_view(
            Snapshot(knowledge, own, {}, {}, "lead", simulated=True, plan=plan, whole=whole),
            at("1 13:40"),
        )
    )
    assert {"forecast_s", "progress"} <= set(shown["not_agreed"])
