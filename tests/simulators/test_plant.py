from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.machines.catalog import template
from simulators.machine import in_units
from simulators.plant import Plant, PlantError
from simulators.tracks import Charges

START = 6 * 3600.0
LAPSE = 144
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
KEYFRAMES = [
    ("1 06:00", (), False),
    ("1 13:40", (), False),
    ("1 14:20", ("element",), False),
    ("1 16:30", ("element",), True),
    ("2 01:30", ("element",), True),
]


def run(plant: Plant, real, at: float = START, lapse: int = LAPSE) -> None:
    plant.start(real(), at, lapse)


def counters(plant: Plant) -> list[dict[str, float]]:
    return [device.counters() for m in plant.machines.values() for device in m.devices]


def value(plant: Plant, machine: str, point: str) -> float:
    return float(plant.showing(machine).values[point])


def test_before_the_start_everything_stands_at_standby_power(plant, real):
    real.pass_(60)
    assert plant.at == START
    assert value(plant, "mill-1", "power") == pytest.approx(400, rel=0.01)
    assert value(plant, "furnace-1", "power") == pytest.approx(120, rel=0.01)
    assert plant.showing("press-1").values["mould-closed"] is False
    assert plant.showing("laser-1").values["beam"] is False


def test_a_meter_that_counts_watt_hours_is_told_watt_hours():
    values = {"power": 400.0, "energy": 1.25}
    assert in_units(values, template("sdm630")) == {"power": 400.0, "energy": 1.25}
    assert in_units(values, template("pac3200")) == {"power": 400.0, "energy": 1250.0}
    assert in_units({"shots": 3}, template("e1210-press")) == {"shots": 3}


@pytest.mark.parametrize(("moment", "faults", "reserve"), KEYFRAMES)
def test_a_keyframe_is_placed_at_once_and_stands(plant, real, clock, moment, faults, reserve):
    plant.place(clock(moment), faults, reserve=reserve)
    opening = plant.opening()
    real.pass_(10)
    assert plant.at == clock(moment)
    assert ("AP3-R" in opening) == reserve
    assert value(plant, "mill-1", "power") == pytest.approx(400, rel=0.01)


@pytest.mark.parametrize(
    ("moment", "faults", "failed"),
    [("1 13:40", (), None), ("1 14:00", ("element",), None), ("2 01:30", ("element",), "1 14:10")],
)
def test_a_place_after_the_fault_knows_when_it_showed(plant, clock, moment, faults, failed):
    plant.place(clock(moment), faults)
    assert plant.failed() == (None if failed is None else pytest.approx(clock(failed), abs=60))


def test_an_opening_is_what_the_plant_has_done(plant, clock):
    plant.place(clock("2 01:30"), ("element",), reserve=True)
    opening = plant.opening()
    assert opening["AP1"]["good"] == 2400
    assert opening["AP1"]["runs"] == 200
    assert opening["AP3"]["good"] == 1800
    assert opening["AP3-R"]["good"] == 600
    assert opening["AP5"]["good"] == 300
    assert opening["AP5"]["departures_s"] == pytest.approx(
        [clock("1 16:25"), clock("1 21:40"), clock("2 00:45")], abs=120
    )


def test_a_charge_under_way_began_at_its_ramp(plant, clock):
    plant.place(clock("1 14:20"), ("element",))
    began = plant.opening()["AP3"]["run_began_s"]
    assert began == pytest.approx(clock("1 14:10"), abs=120)


def test_an_opening_says_that_a_machine_is_slower_than_planned(plant, clock):
    plant.place(clock("1 16:30"), ("element",), reserve=True)
    assert {p: b["degraded"] for p, b in plant.opening().items()} == {
        "AP1": False, "AP2": False, "AP3": True, "AP4": False, "AP5": False, "AP3-R": False,
    }  # fmt: skip
    plant.place(clock("1 13:40"), ("element",))  # armed; it fails at the next ramp
    assert plant.opening()["AP3"]["degraded"] is False


def test_a_run_that_is_being_loaded_has_not_begun(plant):
    plant.place(START + 192 + 30)
    assert plant.opening()["AP1"]["run_began_s"] is None
    plant.place(START + 192 + 90)
    assert plant.opening()["AP1"]["run_began_s"] == START + 192


def test_a_cut_that_is_all_but_over_counts_as_done(plant):
    """Nobody could see its end between two polls."""
    plant.place(START + 2 * 192 - 24)
    balance = plant.opening()["AP1"]
    assert (balance["runs"], balance["good"], balance["run_began_s"]) == (2, 24, None)


def test_before_the_first_lot_nothing_is_done(plant):
    plant.place(START)
    for balance in plant.opening().values():
        assert (balance["good"], balance["scrap"], balance["runs"]) == (0, 0, 0)
        assert balance["departures_s"] == []
        assert balance["run_began_s"] is None


@given(places=st.lists(st.tuples(st.floats(0, 150_000), st.booleans()), max_size=6))
@settings(deadline=None, max_examples=25)
def test_device_counters_never_jump_at_a_place(fair, places):
    plant = Plant(fair, lambda: NOON)
    shown = counters(plant)
    for at, reserve in places:
        plant.place(at, reserve=reserve)
        for before, after in zip(shown, counters(plant), strict=True):
            assert after == pytest.approx(before)


@given(steps=st.lists(st.floats(0.01, 120), min_size=1, max_size=30))
@settings(deadline=None, max_examples=25)
def test_device_counters_only_rise_while_the_order_runs(fair, steps):
    at = [NOON]
    plant = Plant(fair, lambda: at[0])
    plant.start(NOON, START, LAPSE)
    shown = counters(plant)
    for step in steps:
        at[0] += timedelta(seconds=step)
        now = counters(plant)
        for before, after in zip(shown, now, strict=True):
            assert all(after[name] >= before[name] for name in before)
        shown = now


def test_counters_go_on_from_where_they_were(plant, real, clock):
    run(plant, real)
    real.pass_(100)
    worked = counters(plant)
    plant.place(clock("1 14:20"), ("element",))
    assert counters(plant) == worked
    plant.start(real(), clock("1 14:20"), LAPSE)
    real.pass_(10)
    assert counters(plant) != worked


def test_the_mill_polled_every_100_ms_shows_each_run_of_the_order(plant, real):
    """The edges of the cut are there for whoever looks often enough and waits out the inrush."""
    run(plant, real)
    real.pass_(0.01)
    edges, cutting = 0, False
    for _ in range(int(200 * 192 / LAPSE / 0.1) + 20):
        power = value(plant, "mill-1", "power")
        assert power > 450 or plant.done("mill-1").runs in (0, 200)
        if cutting and power < 1950:
            edges += 1
        cutting = power > 1950
        real.pass_(0.1)
    assert edges == 200
    assert plant.done("mill-1").runs == 200


def test_after_the_last_lot_everything_stands(plant, real, clock):
    run(plant, real, clock("2 06:10"))
    real.pass_(30)
    assert {plant.showing(name).phase for name in plant.machines} - {"loading", "drilling"} <= {
        "standing",
        "idle",
    }
    assert value(plant, "mill-1", "power") == pytest.approx(400, rel=0.01)


def test_an_armed_element_fails_at_the_next_ramp_and_not_before(plant, real, clock):
    run(plant, real, clock("1 13:00"))
    plant.arm("furnace-1", "element")
    assert plant.faults("furnace-1") == ["element-armed"]
    assert value(plant, "furnace-1", "current-l2") > 0  # tempering, on all three
    real.pass_(80 * 60 / LAPSE)
    assert plant.showing("furnace-1").phase == "ramp"
    assert plant.faults("furnace-1") == ["element"]
    assert value(plant, "furnace-1", "current-l2") == 0
    assert value(plant, "furnace-1", "current-l1") == pytest.approx(52, abs=2)
    assert value(plant, "furnace-1", "power") == pytest.approx(24_120, rel=0.01)


@pytest.mark.parametrize(
    ("armed", "shows"),
    [
        ("1 13:40", "1 14:10"),
        ("1 14:10", "1 14:10"),
        ("1 14:25", "1 14:25"),
        ("1 16:00", "1 18:40"),
    ],
    ids=["before a ramp", "at its beginning", "in it", "after it"],
)
def test_an_element_fails_at_once_in_a_ramp_and_else_at_the_next(plant, clock, armed, shows):
    plant.place(clock(armed))
    plant.arm("furnace-1", "element")
    assert plant.shows() == pytest.approx(clock(shows), abs=60)
    assert plant.faults("furnace-1") == (
        ["element"] if plant.at >= plant.shows() else ["element-armed"]
    )


def test_an_element_that_fails_in_a_ramp_changes_nothing_before(plant, real, clock):
    run(plant, real, clock("1 14:25"))
    before = value(plant, "furnace-1", "temperature"), value(plant, "furnace-1", "energy")
    plant.arm("furnace-1", "element")
    after = value(plant, "furnace-1", "temperature"), value(plant, "furnace-1", "energy")
    assert after == pytest.approx(before)
    assert value(plant, "furnace-1", "current-l2") == 0
    assert value(plant, "furnace-1", "power") == pytest.approx(24_120, rel=0.01)


def test_after_the_last_ramp_an_armed_element_no_longer_shows(plant, clock):
    plant.place(clock("2 02:00"))
    plant.arm("furnace-1", "element")
    assert plant.shows() is None


def test_a_dead_element_shows_nothing_while_the_furnace_does_not_heat(plant, real, clock):
    plant.place(clock("1 14:20"), ("element",))
    run(plant, real, clock("1 17:00"))
    assert plant.showing("furnace-1").phase in ("soak", "quench", "temper")
    real.pass_((2 * 3600 + 10 * 60) / LAPSE)
    assert plant.showing("furnace-1").phase == "handling"
    assert value(plant, "furnace-1", "current-l1") < 1
    assert value(plant, "furnace-1", "current-l2") == 0


def test_arming_twice_is_arming_once(plant, clock):
    plant.place(clock("1 13:40"))
    plant.arm("furnace-1", "element")
    plant.arm("furnace-1", "element")
    assert len(plant.interventions) == 1


@pytest.mark.parametrize(
    ("machine", "fault"), [("mill-1", "element"), ("furnace-1", "flood"), ("furnace-9", "element")]
)
def test_what_cannot_fail_is_refused(plant, machine, fault):
    with pytest.raises(PlantError):
        plant.arm(machine, fault)


def test_an_unknown_fault_is_refused_and_nothing_is_placed(plant):
    with pytest.raises(PlantError, match="flood"):
        plant.place(50_000, ("flood",))
    assert plant.at == START


@pytest.mark.parametrize("package", ["AP3", "AP1"])
def test_a_lot_is_routed_by_the_package_that_works_on_it_or_that_made_it(plant, clock, package):
    plant.place(clock("1 16:30"), ("element",))
    plant.route(package, 4, "haertetechnik-vogtei")
    reserve = plant.track("furnace-2")
    assert isinstance(reserve, Charges)
    assert reserve.charges[0].begin == pytest.approx(clock("1 18:00"))
    assert "AP3-R" in plant.opening()


def test_routing_a_lot_twice_changes_nothing(plant, clock):
    plant.place(clock("1 16:30"), ("element",))
    plant.route("AP3", 4, "haertetechnik-vogtei")
    plant.place(clock("1 16:30"), ("element",), reserve=True)
    before = plant.timeline
    plant.route("AP3", 4, "haertetechnik-vogtei")
    assert plant.timeline == before


@pytest.mark.parametrize(
    ("package", "lot", "to"),
    [
        ("AP3", 1, "haertetechnik-vogtei"),
        ("AP3", 5, "haertetechnik-vogtei"),
        ("AP2", 4, "haertetechnik-vogtei"),
        ("AP3", 4, "laser-saalebogen"),
    ],
    ids=["in the furnace already", "no such lot", "not its work", "no reserve"],
)
def test_what_cannot_be_routed_is_refused(plant, clock, package, lot, to):
    plant.place(clock("1 16:30"))
    with pytest.raises(PlantError):
        plant.route(package, lot, to)


def test_held_values_stay_whatever_the_clock_does(plant, real):
    run(plant, real, START + 100)
    real.pass_(1)
    plant.hold()
    held = [plant.showing(name) for name in plant.machines]
    real.pass_(33.7)
    assert [plant.showing(name) for name in plant.machines] == held


def test_a_held_mill_keeps_cutting(plant, real):
    run(plant, real, START + 100)
    plant.hold()
    assert value(plant, "mill-1", "power") > 2000


def test_after_a_hold_time_goes_on_without_a_jump(plant, real):
    run(plant, real, START)
    real.pass_(5)
    plant.hold()
    real.pass_(60)
    plant.release()
    assert plant.at == START + 5 * LAPSE
    real.pass_(1)
    assert plant.at == START + 6 * LAPSE


def test_a_start_in_the_future_stands_until_then(plant, real):
    plant.start(real() + timedelta(seconds=2), START, LAPSE)
    real.pass_(1.5)
    assert plant.at == START
    assert value(plant, "mill-1", "power") == pytest.approx(400, rel=0.01)
    real.pass_(1)
    assert plant.at == START + 0.5 * LAPSE


def test_time_never_goes_back_when_the_wall_clock_does(plant, real):
    run(plant, real)
    real.pass_(20)
    at = plant.at
    real.pass_(-10)
    assert plant.at == at


def test_a_stopped_plant_stands_where_it_was(plant, real):
    run(plant, real)
    real.pass_(10)
    plant.stop()
    real.pass_(100)
    assert plant.at == START + 10 * LAPSE
    assert plant.showing("mill-1").phase == "standing"


def test_the_drill_works_in_real_time_whatever_the_order_does(plant, real):
    real.pass_(18 * 3)
    assert plant.done("drill-1").runs == 3
    plant.place(100_000)
    real.pass_(18)
    assert plant.done("drill-1").runs == 4


def test_counters_that_lost_power_begin_at_zero(plant, real):
    run(plant, real)
    real.pass_(30)
    plant.arm("press-1", "counter-reset")
    device = plant.machines["press-1"].devices[0]
    assert device.counters() == {"shots": 0, "rejects": 0}
    real.pass_(32 * 12 / LAPSE)
    assert device.counters()["shots"] == 12


def test_good_handles_are_shots_times_cavities_less_rejects(plant, real):
    run(plant, real)
    for _ in range(40):
        real.pass_(2.3)
        values = plant.showing("press-1").values
        assert plant.done("press-1").good == 4 * int(values["shots"]) - int(values["rejects"])


def test_the_mini_order_is_over_within_fifty_seconds(small_plant, real):
    for faults in ((), ("element",)):
        small_plant.place(START, faults)
        end = small_plant.timeline.departures("AP5")[-1].departed
        assert (end - START) / LAPSE < 50
        assert small_plant.timeline.departures("AP5")[-1].quantity == 24


def test_the_element_of_the_mini_order_costs_nine_minutes(small_plant):
    ends = []
    for faults in ((), ("element",)):
        small_plant.place(START, faults)
        ends.append(small_plant.timeline.departures("AP5")[-1].departed)
    assert ends[1] - ends[0] == pytest.approx(9 * 60, abs=30)


def test_energy_of_a_meter_is_the_integral_of_its_power(small_plant, real):
    """At lapse 1, over loading and cutting, within the meter's error."""
    small_plant.start(real(), START, 1)
    device = small_plant.machines["mill-1"].devices[0]
    before, summed = device.counters()["energy"], 0.0
    for _ in range(400):
        summed += value(small_plant, "mill-1", "power") / 3_600_000
        real.pass_(1)
    assert device.counters()["energy"] - before == pytest.approx(summed, rel=0.01)
