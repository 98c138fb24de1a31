"""Machines whose process dies go on where they were, as real ones would."""

import pytest

from simulators.memory import Memory, load, save
from simulators.plant import Plant
from simulators.simulation import Simulation
from tests.simulators.conftest import HOUR, Line, read_simulation

START = 6 * HOUR


def reborn(plant: Plant, real, file=None) -> Plant:
    """Another process's plant that remembers what this one has written down."""
    memory = Memory.model_validate_json(Memory.of(plant, ()).model_dump_json(by_alias=True))
    fresh = Plant(file or plant.file, real)
    memory.recall(fresh)
    return fresh


def counters(plant: Plant) -> dict[str, dict[str, float]]:
    with plant.one_moment():
        return {
            f"{name}/{device.unit}": device.counters()
            for name, machine in plant.machines.items()
            for device in machine.devices
        }


def nearly(shown: dict[str, dict[str, float]]) -> dict[str, object]:
    return {unit: pytest.approx(points) for unit, points in shown.items()}


def test_counters_go_on_after_a_jump_and_a_death(plant, real, clock):
    plant.start(real(), START, 144)
    real.pass_(120)
    plant.place(clock("1 14:20"), ("element",))
    plant.start(real(), clock("1 14:20"), 144)
    real.pass_(20)
    fresh = reborn(plant, real)
    real.pass_(30)
    assert counters(fresh) == nearly(counters(plant))
    assert fresh.at == plant.at
    assert fresh.done("mill-1") == plant.done("mill-1")


def test_a_fault_stays_armed_at_its_own_time(plant, real, clock):
    plant.place(clock("1 16:00"))
    plant.start(real(), clock("1 16:00"), 144)
    real.pass_(10)
    plant.arm("furnace-1", "element")
    fresh = reborn(plant, real)
    assert fresh.interventions == plant.interventions
    assert fresh.faults("furnace-1") == ["element-armed"]
    real.pass_(90)
    assert fresh.faults("furnace-1") == plant.faults("furnace-1") == ["element"]


def test_a_lot_stays_on_its_way_to_the_reserve(plant, real, clock):
    plant.place(clock("1 14:20"), ("element",))
    plant.start(real(), clock("1 14:20"), 144)
    plant.route("AP3", 4, "haertetechnik-vogtei")
    fresh = reborn(plant, real)
    assert fresh.timeline == plant.timeline
    assert fresh.opening() == plant.opening()


def test_what_stood_stands_and_what_was_held_is_held(plant, real, clock):
    plant.place(clock("1 13:40"))
    real.pass_(60)
    assert reborn(plant, real).at == clock("1 13:40")
    plant.start(real(), clock("1 13:40"), 144)
    real.pass_(5)
    plant.hold()
    held = plant.at
    fresh = reborn(plant, real)
    real.pass_(60)
    assert fresh.at == held
    fresh.release()
    real.pass_(1)
    assert fresh.at == pytest.approx(held + 144)


def test_a_stopped_plant_makes_nothing_until_it_is_started_again(plant, real):
    plant.start(real(), START, 144)
    real.pass_(30)
    plant.stop()
    before = counters(plant)
    real.pass_(8 * HOUR)
    fresh = reborn(plant, real)
    without_drill = {unit: n for unit, n in before.items() if not unit.startswith("drill")}
    assert {unit: counters(fresh)[unit] for unit in without_drill} == nearly(without_drill)


def test_counters_do_not_jump_where_the_file_has_changed(plant, real, fair):
    plant.start(real(), START, 144)
    real.pass_(200)
    plant.stop()
    before = counters(plant)
    fresh = reborn(plant, real, fair.model_copy(update={"seed": 5}))
    assert counters(fresh) == nearly(before)


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 2}'])
def test_a_memory_that_cannot_be_read_is_none(tmp_path, content):
    file = tmp_path / "machines.json"
    assert load(file) is None
    file.write_bytes(content)
    assert load(file) is None


def test_a_memory_is_read_as_it_was_written(tmp_path, plant, real):
    plant.start(real(), START, 144)
    real.pass_(7)
    memory = Memory.of(plant, (("mill-1", 1),))
    save(tmp_path / "new" / "machines.json", memory)
    assert load(tmp_path / "new" / "machines.json") == memory


async def test_a_pulled_cable_stays_pulled(tmp_path, ports, real, line):
    file = tmp_path / "machines.json"
    before = Simulation(read_simulation("mini", ports), real, file)
    await before.open()
    before.unplug("laser-1")
    before.unplug("furnace-1", 2)
    before.keep()
    before.close()
    after = Simulation(read_simulation("mini", ports), real, file)
    await after.open()
    try:
        assert (after.plugged("laser-1"), after.plugged("mill-1")) == (False, True)
        furnace: Line = await line(after, "furnace-1")
        assert await furnace.registers(1, 3, 0, 1)
        told = next(m for m in after.state()["machines"] if m["name"] == "furnace-1")
        assert (told["plugged"], told["silent"]) == (True, [2])
        await after.replug("laser-1")
        assert after.plugged("laser-1")
    finally:
        after.close()
