from pathlib import Path

import pytest
import yaml

from gateway import resources
from gateway.config import read_model
from gateway.core.errors import ConfigError
from gateway.machines.catalog import template
from gateway.machines.template import Table
from simulators.simulation_file import SimulationFile

DEMO = resources.demo() / "simulation.yaml"


@pytest.mark.parametrize("name", ["demo", "mini"])
def test_material_flows_as_the_order_says(name):
    """The simulation file and the order are written apart; their figures must agree."""
    folder = resources.configs() / name
    order = yaml.safe_load((folder / "order.yaml").read_text("utf-8"))
    plant = yaml.safe_load((folder / "simulation.yaml").read_text("utf-8"))
    firms = {machine["name"]: machine["firm"] for machine in plant["machines"]}
    for key in ("start", "transport", "lapse"):
        assert plant[key] == order[key]
    played = {package["id"]: package for package in plant["packages"]}
    assert set(played) == {package["id"] for package in order["packages"]}
    for package in order["packages"]:
        mine = played[package["id"]]
        assert firms[mine["machine"]] == package["firm"]
        assert (mine["quantity"], mine["lot"]) == (package["quantity"], package["lot"])
        needs = {(need["package"], need["per"]) for need in package.get("needs", ())}
        assert {(need["package"], need.get("per", 1)) for need in mine.get("needs", ())} == needs


@pytest.mark.parametrize("name", ["demo", "mini"])
def test_every_device_has_a_template_and_its_counters_exist(name):
    file = read_model(resources.configs() / name / "simulation.yaml", SimulationFile, {})
    for machine in file.machines:
        for device in machine.devices:
            points = {point.name for point in template(device.template).points}
            assert set(device.counters) <= points


def test_ports_come_from_the_environment():
    file = read_model(DEMO, SimulationFile, {"MODBUS_MILL_1": "15021"})
    assert {machine.name: machine.listen.port for machine in file.machines}["mill-1"] == 15021


def test_a_quirk_can_be_switched_on_in_the_file(tmp_path):
    text = DEMO.read_text("utf-8").replace(
        "{template: e1210-press, unit: 1,",
        "{template: e1210-press, unit: 1, quirks: "
        "{word_swap: true, off_by_one: true, rollover: {shots: 65535}, delay: 50ms, silent: true},",
    )
    path = tmp_path / "simulation.yaml"
    path.write_text(text, "utf-8")
    press = read_model(path, SimulationFile, {}).machines[1].devices[0].quirks.quirks()
    assert (press.word_swap, press.off_by_one, press.silent) == (True, True, True)
    assert press.rollover == {"shots": 65535}
    assert press.delay == 0.05


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{package: AP1}", "{package: AP9}", "AP9"),
        ("machine: mill-1, quantity", "machine: mill-9, quantity", "mill-9"),
        ("stands_in_for: AP3", "stands_in_for: AP8", "AP8"),
        ("{machine: furnace-1, phase", "{machine: mill-1, phase", "mill-1"),
        ("name: press-1", "name: mill-1", "two machines are called mill-1"),
        ("phase: 2", "phase: 4", "4"),
        ("{template: e1210-laser,", "{template: e1211-laser,", "no template e1211-laser"),
        ("counters: {sets: 20317", "counters: {shots: 20317", "shots"),
        ("cutting: 132s", "cutting: 132", "132s"),
        ("type: press", "type: pres", "press"),
        ("MODBUS_PRESS_1:-5022", "MODBUS_PRESS_1:-5021", "two devices share the address"),
        ("quantity: 2400, lot: 600}", "quantity: 2400, lott: 600}", "lot"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, old: str, new: str, said: str):
    path = tmp_path / "simulation.yaml"
    text = DEMO.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigError) as error:
        read_model(path, SimulationFile, {})
    problems = error.value.problems
    assert all(problem.line >= 1 and problem.file == path for problem in problems)
    told = " ".join(p.what.en + " " + p.fix.en for p in problems)
    assert said in told


def test_an_editor_gets_a_schema_in_both_languages():
    schema = SimulationFile.model_json_schema(by_alias=True)
    assert " / " in schema["properties"]["transport"]["description"]


def test_the_bench_s_single_hand_cycles_cannot_be_read():
    tables = {point.table for point in template("e1210-bench").points}
    assert tables == {Table.INPUT_REGISTERS}


SERIAL = {"SERIAL_FURNACE_1": "/tmp/rs485"}


def with_serial(more: str = "") -> str:
    text = (resources.mini() / "simulation.yaml").read_text("utf-8")
    line = "serial: {link: '${SERIAL_FURNACE_1:-}', baud: 19200}"
    return text.replace(
        "{template: pid-furnace, unit: 1}", f"{{template: pid-furnace, unit: 1, {line}}}", 1
    ).replace("template: sdm630, unit: 2", f"template: sdm630, unit: 2, {more or line}", 1)


@pytest.mark.parametrize(("env", "links"), [(SERIAL, ["/tmp/rs485"] * 2), ({}, ["", ""])])
def test_devices_share_a_serial_line_where_there_is_one(tmp_path, env, links):
    path = tmp_path / "simulation.yaml"
    path.write_text(with_serial(), "utf-8")
    devices = read_model(path, SimulationFile, env).machines[2].devices
    assert [device.serial.link for device in devices] == links


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("serial: {link: /tmp/rs485}", "different settings of the line"),
        ("serial: {link: /tmp/rs485, baud: 1}", "baud"),
    ],
)
def test_a_serial_line_with_contradictory_settings_is_refused(tmp_path, more, said):
    path = tmp_path / "simulation.yaml"
    path.write_text(with_serial(more), "utf-8")
    with pytest.raises(ConfigError) as refused:
        read_model(path, SimulationFile, SERIAL)
    assert said in str(refused.value)
