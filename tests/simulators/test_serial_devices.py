"""Devices of a simulation that hang on a serial line: as those on TCP, but for their line."""

from __future__ import annotations

import re

import pytest

from gateway import resources
from gateway.config import read_model
from simulators.modbus.framing import of_rtu, rtu
from simulators.simulation import Simulation
from simulators.simulation_file import SimulationFile
from tests.simulators.modbus.terminal import Terminal

ASK_FREQUENCY = bytes([4, 0, 70, 0, 2])


@pytest.fixture
async def plant_at_a_port(tmp_path, ports, real):
    """The mini order's machines, the furnace's meter and the drill's at serial ports."""
    text = (resources.mini() / "simulation.yaml").read_text("utf-8")
    for unit, name in ((2, "furnace-1"), (1, "drill-1")):
        begin = text.index(f"name: {name}")
        line = f"template: sdm630, unit: {unit}, serial: {{link: {tmp_path / name}, baud: 115200}}"
        text = text[:begin] + re.sub("template: sdm630, unit: .", line, text[begin:], count=1)
    file = tmp_path / "simulation.yaml"
    file.write_text(text, "utf-8")
    opened = Simulation(read_model(file, SimulationFile, ports), real)
    await opened.open()
    yield opened, tmp_path
    opened.close()


async def frequency(client: Terminal, unit: int) -> bytes:
    client.write(rtu(unit, ASK_FREQUENCY))
    parts = of_rtu(await client.read(9))
    assert parts is not None
    return parts[1][2:]


async def test_a_meter_is_read_at_its_port_and_its_neighbour_by_tcp(plant_at_a_port, line):
    simulation, folder = plant_at_a_port
    client = Terminal(folder / "furnace-1")
    assert await frequency(client, 2)
    furnace = await line(simulation, "furnace-1")
    assert await furnace.registers(1, 3, 0, 1) == [200]
    furnace.send(2, ASK_FREQUENCY)
    with pytest.raises(TimeoutError):
        await furnace.receive(patience=0.1)
    state = simulation.state()
    told = {machine["name"]: machine["serial"] for machine in state["machines"]}
    assert told["furnace-1"] == {"2": str(folder / "furnace-1")}
    assert told["mill-1"] == {}
    assert state["function_codes"] == {"3": 1, "4": 2}
    assert (state["connections"], state["crowded"], state["garbled"]) == (1, 0, 0)
    client.close()


async def test_a_pulled_port_is_away_and_comes_back(plant_at_a_port):
    simulation, folder = plant_at_a_port
    simulation.unplug("drill-1")
    assert not simulation.plugged("drill-1")
    assert not (folder / "drill-1").is_symlink()
    await simulation.replug("drill-1")
    assert simulation.plugged("drill-1")
    client = Terminal(folder / "drill-1")
    assert await frequency(client, 1)
    client.close()


async def test_a_silent_meter_leaves_the_controller_speaking(plant_at_a_port, line):
    simulation, folder = plant_at_a_port
    client = Terminal(folder / "furnace-1")
    simulation.unplug("furnace-1", 2)
    client.write(rtu(2, ASK_FREQUENCY))
    with pytest.raises((TimeoutError, ConnectionError)):
        await client.read(1, patience=0.2)
    client.close()
    assert simulation.plugged("furnace-1")
    furnace = await line(simulation, "furnace-1")
    assert await furnace.registers(1, 3, 0, 1) == [200]
    await simulation.replug("furnace-1", 2)
    client = Terminal(folder / "furnace-1")
    assert await frequency(client, 2)
    client.close()
