from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import resources
from gateway.config import read_model
from simulators.faults import BurntElement, Intervention, Reroute
from simulators.material import Timeline, timeline
from simulators.setting import order_of, physics_of
from simulators.simulation_file import SimulationFile
from simulators.tracks import Charges, Cycles, Order

MINUTE, HOUR = 60.0, 3600.0
RESERVE = "haertetechnik-vogtei"


def fair_order(seed: int = 17) -> Order:
    path = resources.configs() / "demo" / "simulation.yaml"
    file = read_model(path, SimulationFile, {}).model_copy(update={"seed": seed})
    return order_of(file, {machine.name: physics_of(machine.model) for machine in file.machines})


ORDER = fair_order()
BURNT = BurntElement("furnace-1", 1, 13 * HOUR + 40 * MINUTE)
EARLY = Reroute("AP3", 4, RESERVE, 16 * HOUR + 30 * MINUTE)
LATE = Reroute("AP3", 4, RESERVE, 17 * HOUR)
END = 40 * HOUR


def charges(found: Timeline, machine: str = "furnace-1") -> list[float]:
    track = found.tracks[machine]
    assert isinstance(track, Charges)
    if not track.charges:
        return []
    return [track.charges[0].begin, *(charge.end for charge in track.charges)]


def end_of(found: Timeline) -> float:
    return found.departures("AP5")[-1].departed


def near(clock, *moments: str):
    return [pytest.approx(clock(moment), abs=2 * MINUTE) for moment in moments]


def test_without_faults_the_plan_is_met(clock):
    found = timeline(ORDER)
    assert charges(found) == near(clock, "1 09:40", "1 14:10", "1 18:40", "1 23:10", "2 03:40")
    assert [end_of(found)] == near(clock, "2 05:55")
    assert charges(found, "furnace-2") == []


def test_an_element_that_burns_out_costs_two_hours_and_a_quarter(clock):
    found = timeline(ORDER, (BURNT,))
    assert charges(found) == near(clock, "1 09:40", "1 14:10", "1 19:25", "2 00:40", "2 05:55")
    assert [end_of(found)] == near(clock, "2 08:10")


def test_the_reserve_holds_the_date(clock):
    found = timeline(ORDER, (BURNT, EARLY))
    assert charges(found) == near(clock, "1 09:40", "1 14:10", "1 19:25", "2 00:40")
    assert charges(found, "furnace-2") == near(clock, "1 18:00", "1 22:30")
    assert [end_of(found)] == near(clock, "2 02:55")


def test_a_lot_that_left_already_is_sent_on_with_another_hour(clock):
    found = timeline(ORDER, (BURNT, LATE))
    assert [found.departures("AP1")[3].arrives] == near(clock, "1 18:40")
    assert charges(found, "furnace-2") == near(clock, "1 18:40", "1 23:10")


def test_the_mill_fills_a_lot_every_two_hours_and_forty_minutes(clock):
    departed = [lot.departed for lot in timeline(ORDER).departures("AP1")]
    assert departed == [clock(t) for t in ("1 08:40", "1 11:20", "1 14:00", "1 16:40")]


def test_lots_arrive_an_hour_after_they_left_at_the_firm_that_needs_them():
    found = timeline(ORDER)
    assert all(lot.arrives - lot.departed == HOUR for lot in found.lots)
    to = {lot.package: lot.to for lot in found.lots}
    assert to == {
        "AP1": "haerterei-glutofen",
        "AP2": "montage-holzland",
        "AP3": "montage-holzland",
        "AP4": "montage-holzland",
        "AP5": None,
    }


@given(seed=st.integers(0, 10**6))
@settings(deadline=None, max_examples=20)
def test_every_package_delivers_what_was_ordered_whatever_the_seed(seed):
    found = timeline(fair_order(seed))
    for package in ORDER.packages:
        if package.stands_in_for is None:
            lots = found.departures(package.id)
            assert sum(lot.quantity for lot in lots) == package.quantity
            assert [lot.number for lot in lots] == [1, 2, 3, 4]


def interventions() -> st.SearchStrategy[Intervention]:
    at = st.floats(6 * HOUR, 30 * HOUR)
    burnt = st.builds(BurntElement, st.just("furnace-1"), st.integers(0, 2), at)
    rerouted = st.builds(
        Reroute, st.just("AP3"), st.integers(1, 4), st.just(RESERVE), st.floats(6 * HOUR, 8 * HOUR)
    )
    return st.one_of(burnt, rerouted)


some = st.lists(interventions(), max_size=2, unique_by=type).map(tuple)


@given(interventions=some, first=st.floats(0, END), more=st.floats(0, END))
@settings(deadline=None, max_examples=80)
def test_counts_never_fall_and_are_never_negative(interventions, first, more):
    found = timeline(ORDER, interventions)
    for track in found.tracks.values():
        before, after = track.done(first), track.done(first + more)
        assert 0 <= before.runs <= after.runs
        assert 0 <= before.good <= after.good
        assert 0 <= before.rejected <= after.rejected


@given(interventions=some)
@settings(deadline=None, max_examples=40)
def test_nothing_starts_before_its_material_has_arrived(interventions):
    found = timeline(ORDER, interventions)
    for package in ORDER.packages:
        track = found.tracks[package.machine]
        begins = (
            [charge.begin for charge in track.charges]
            if isinstance(track, Charges)
            else [stretch.begin for stretch in track.stretches]
        )
        for need in package.needs:
            family = {need.package} | {
                p.id for p in ORDER.packages if p.stands_in_for == need.package
            }
            arrivals = sorted(
                lot.arrives
                for lot in found.lots
                if lot.package in family and lot.to == package.firm
            )
            for begin, arrival in zip(begins, arrivals, strict=False):
                assert begin >= arrival - 1e-6


@given(interventions=some)
@settings(deadline=None, max_examples=40)
def test_a_furnace_never_holds_two_charges(interventions):
    found = timeline(ORDER, interventions)
    for track in found.tracks.values():
        if isinstance(track, Charges):
            for before, after in pairwise(track.charges):
                assert after.begin >= before.end - 1e-6


@given(at=st.floats(6 * HOUR, END), share=st.floats(0, 1), lot=st.integers(1, 4))
@settings(deadline=None, max_examples=80)
def test_an_intervention_changes_nothing_before_its_time(at, share, lot):
    earlier = 6 * HOUR + share * (at - 6 * HOUR)
    plain = timeline(ORDER)
    burnt = timeline(ORDER, (BurntElement("furnace-1", 1, at),))
    for machine, track in plain.tracks.items():
        assert burnt.tracks[machine].done(earlier) == track.done(earlier)
    assert [x for x in burnt.lots if x.departed <= earlier] == list(plain.departed(earlier))


@given(steps=st.lists(st.floats(0.1, 4 * HOUR), min_size=1, max_size=40))
@settings(deadline=None, max_examples=60)
def test_any_steps_lead_to_the_same_truth(steps):
    """What was finished is the sum of what each step finished, however long the steps are."""
    found = timeline(ORDER, (BURNT, EARLY))
    for track in found.tracks.values():
        at = 6 * HOUR
        runs = good = 0
        for step in steps:
            before, after = track.done(at), track.done(at + step)
            runs += after.runs - before.runs
            good += after.good - before.good
            at += step
        assert (runs, good) == (track.done(at).runs, track.done(at).good)


def test_a_stretch_is_standing_before_and_after():
    track = timeline(ORDER).tracks["bench-1"]
    assert isinstance(track, Cycles)
    first = track.stretches[0]
    assert track.done(first.begin - 1).began is None
    assert track.done(first.begin + 1).began == first.begin
    assert track.done(first.end + 1).began is None


def test_a_count_stands_exactly_at_the_end_of_its_cycle():
    track = timeline(ORDER).tracks["mill-1"]
    assert track.done(6 * HOUR + 192 - 0.01).runs == 0
    assert track.done(6 * HOUR + 192).runs == 1
    assert track.done(6 * HOUR + 200 * 192).runs == 200


def test_the_bench_works_lots_in_order_of_arrival():
    found = timeline(ORDER, (BURNT, EARLY))
    inbound = sorted(
        (lot.arrives, lot.package) for lot in found.lots if lot.package in ("AP3", "AP3-R")
    )
    assert [package for _, package in inbound] == ["AP3", "AP3", "AP3-R", "AP3"]


def test_a_furnace_that_never_gets_hot_sends_nothing_on():
    dead = tuple(BurntElement("furnace-1", element, 0.0) for element in range(3))
    found = timeline(ORDER, dead)
    assert found.departures("AP3") == ()
    assert found.departures("AP5") == ()
