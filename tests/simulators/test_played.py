"""A made-up machine behind any template: its instruments agree, and fit what the template says."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.signals import Kind
from gateway.machines.catalog import names, template
from gateway.machines.codec import Layout
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.read_plan import Block, plan
from gateway.machines.template import BIT_TABLES, FUNCTIONS, Template
from simulators.device import Device
from simulators.modbus.bus import Bus
from simulators.modbus.pace import Pace
from simulators.modbus.port import SerialPort
from simulators.played import CYCLE, Mode, Stand, values
from simulators.unknown import unknown
from tests.peers import need

METER = template("sdm630")
seconds = st.floats(0, 1_000_000)
stands = st.builds(Stand, st.sampled_from(Mode), seconds, seconds, seconds)


def blocks(kind: Template) -> list[Block]:
    """What is asked: where a type says nothing of holes, the simulated one refuses them."""
    if kind.readable:
        return list(plan(kind.points, kind))
    return [block for point in kind.points for block in plan([point], kind)]


def read_back(unit: Device) -> dict[str, object]:
    """Every point of a device, read as the gateway reads it."""
    found: dict[str, object] = {}
    for block in blocks(unit.template):
        words = unit.read(FUNCTIONS[block.table], block.first, block.count)
        decoded, faults = Layout(block.first, block.count, block.points).decode(words)
        assert faults is None
        found |= dict(zip((point.name for point in block.points), decoded, strict=True))
    return found


@pytest.mark.parametrize("name", [*names(), "unknown"])
@given(stand=stands)
def test_what_any_machine_shows_fits_its_registers_and_limits(name, stand):
    kind = unknown(17) if name == "unknown" else template(name)
    shown = values(kind, stand, 17)
    back = read_back(Device(kind, 1, lambda: shown))
    for point in kind.points:
        value = back[point.name]
        if point.kind is not Kind.COUNTER:
            assert value == pytest.approx(shown[point.name], abs=point.scale, rel=1e-5)
        if not point.is_bit:
            assert point.low is None or value >= point.low - 1e-9
            assert point.high is None or value <= point.high + 1e-9


def of_every_encoding() -> Template:
    """A template with a point of each encoding, and with what else a point can say."""
    address, points = 0, []
    for encoding in Encoding:
        point = {"name": encoding.value, "address": address, "encoding": encoding.value}
        if encoding is Encoding.BIT:
            point |= {"bit": 3}
        if encoding.shape is Shape.TEXT:
            point |= {"length": 4, "kind": "text"}
        if encoding.takes_order and encoding.row.words > 1:
            point |= {"order": "low-word-first"}
        points.append(point)
        address += 8
    more = {"encoding": "uint16", "kind": "state"}
    says = {0: {"de": "steht", "en": "stands"}, 5: {"de": "läuft", "en": "runs"}}
    points += [
        {"name": "mode", "address": 400, "values": says, **more},
        {"name": "masked", "address": 401, "mask": 0x0F00, "values": says, **more},
        {"name": "watts", "address": 402, "encoding": "int16", "unit": "W", "scale_from": "sf"},
        {"name": "sf", "address": 403, "encoding": "int16"},
    ]
    both = {"table": "holding-registers", "means": {"de": "x", "en": "x"}}
    return Template.model_validate_json(
        json.dumps(
            {
                "schema": 1,
                "template": "every",
                "title": {"de": "Alle", "en": "All"},
                "identification": {"manufacturer": "none", "model": "none"},
                "readable": [{"table": "holding-registers", "first": 0, "last": 403}],
                "points": [both | point for point in points],
            }
        )
    )


@given(stands)
def test_every_encoding_can_be_served(stand):
    kind = of_every_encoding()
    shown = values(kind, stand, 17)
    back = read_back(Device(kind, 1, lambda: shown))
    for name, value in shown.items():
        same = value if isinstance(value, str | bool) else pytest.approx(value, abs=1, rel=1e-5)
        assert back[name] == same, name
    assert back["text"] == "Werkverb"
    assert back["watts"] == pytest.approx(stand.power, rel=0.005, abs=1)
    assert back["mode"] == back["masked"] == (5 if stand.running else 0)


def test_a_factor_in_a_register_scales_what_is_served():
    kind = of_every_encoding()
    shown = values(kind, Stand(), 17) | {"watts": 1234.5, "sf": -1}
    assert read_back(Device(kind, 1, lambda: shown))["watts"] == pytest.approx(1234.5)


@given(stands)
def test_phases_add_up(stand):
    shown = values(METER, stand, 17)
    phases = [shown[f"power-l{n}"] for n in (1, 2, 3)]
    assert sum(phases) == pytest.approx(shown["power"])
    assert shown["power"] == pytest.approx(stand.power, rel=0.005)


@given(stands, st.floats(0, 100), st.floats(0, 100))
def test_energy_is_the_integral_of_power_and_never_falls(stand, before, after):
    later = stand.after(before)
    latest = later.after(after)
    assert stand.energy <= later.energy <= latest.energy
    assert latest.energy - later.energy <= 1_500.0 * after * (1 + 1e-6) + 1e-3
    whole = stand.after(before + after)
    assert whole.energy == pytest.approx(latest.energy)


def test_ten_runs_are_ten_counts_and_their_energy():
    stand = Stand().after(10 * CYCLE + 0.01)
    assert stand.runs == 10
    assert stand.energy == pytest.approx(10 * (6 * 620 + 12 * 1_500), rel=1e-3)
    press = template("e1210-press")
    assert values(press, stand, 1)["shots"] - values(press, Stand(), 1)["shots"] == 10


def test_a_machine_that_is_off_draws_nothing_and_one_in_standby_counts_nothing():
    off, standby = Stand(Mode.OFF).after(1_000), Stand(Mode.STANDBY).after(1_000)
    assert (off.power, off.energy, off.runs) == (0, 0, 0)
    assert (standby.power, standby.energy, standby.runs) == (180, 180_000, 0)


@given(st.integers(0, 10_000))
def test_an_unknown_machine_tells_of_power_parts_and_whether_it_runs(seed):
    kind = unknown(seed)
    assert kind == unknown(seed)
    device = Device(kind, 1, lambda: values(kind, Stand(worked=10.0), seed), named=False)
    back = read_back(device)
    assert back["status"] is True
    assert back["power"] == pytest.approx(1_500, rel=0.005)
    assert device.answer(b"\x2b\x0e\x01\x00") == b"\xab\x01", "it does not say what it is"


def test_unknown_machines_are_not_all_alike():
    kinds = [unknown(seed) for seed in range(50)]
    assert len({kind.points[0].address for kind in kinds}) > 3
    assert {kind.points[0].table for kind in kinds} == {kind.points[-1].table for kind in kinds}
    assert len({(kind.points[3].encoding, kind.points[3].order) for kind in kinds}) == 4


@pytest.mark.parametrize("name", names())
async def test_another_program_reads_any_template_at_a_serial_port(name):
    kind = template(name)
    shown = values(kind, Stand().after(100), 17)
    device = Device(kind, 1, lambda: shown)
    tables = {1: "0", 2: "1", 3: "4:hex", 4: "3:hex"}
    async with SerialPort(Bus({1: device.answer}, Pace(115200, "none", 1))) as port:
        for block in blocks(kind):
            function = FUNCTIONS[block.table]
            process = await asyncio.create_subprocess_exec(
                need("mbpoll"), "-m", "rtu", "-b", "115200", "-P", "none", "-a", "1", "-0", "-1",
                "-t", tables[function], "-r", str(block.first), "-c", str(block.count), port.path,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
            )  # fmt: skip
            async with asyncio.timeout(20):
                said, _ = await process.communicate()
            told = re.findall(r"^\[\d+\]:\s+(\w+)", said.decode(errors="replace"), re.MULTILINE)
            base = 10 if block.table in BIT_TABLES else 16
            right = device.read(function, block.first, block.count)
            assert [int(word, base) for word in told] == list(right), said
