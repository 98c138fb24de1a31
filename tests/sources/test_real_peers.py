"""The shipped templates against pymodbus's server, and against mbpoll (libmodbus) as a witness."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from gateway.config import Variants, site_model
from gateway.core.signals import Quality, Reason
from gateway.machines import catalog
from gateway.sources import open_sources, site_signals
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.read_once import read_once
from tests.peers import need
from tests.sources.real_devices import device, serving

METER = {
    "voltage-l1": 230.5,
    "current-l1": 6.25,
    "current-l2": 6.5,
    "power": 4321.5,
    "frequency": 50.0,
    "energy": 12345.75,
}
CONTROLLER = {"temperature": 853.4, "setpoint": 860.0, "output": 73.21, "over-temperature": True}
PRESS = {"mould-closed": True, "shots": 0x12345, "rejects": 7, "inputs": 5}


def site_of(*machines):
    model = site_model(Variants({"modbus-tcp": ModbusTcpConnect}, {}, {}))
    return model.model_validate_json(
        json.dumps(
            {"schema": 1, "firm": "firm", "name": "Firm", "state": "x", "machines": machines}
        )
    )


def machine(name, port, *devices):
    return {
        "name": name,
        "title": {"de": name, "en": name},
        "devices": [
            {
                "template": template,
                "connect": {"type": "modbus-tcp", "host": "127.0.0.1", "port": port, "unit": unit},
                "every": "100ms",
            }
            for template, unit in devices
        ],
    }


def furnace_devices():
    return (
        device(1, catalog.template("pid-furnace"), CONTROLLER),
        device(2, catalog.template("sdm630"), METER),
    )


def by_point(points):
    return {str(p.signal.id).partition("/")[2]: p for p in points}


async def test_a_furnace_with_two_units_is_read_over_one_source():
    async with serving(*furnace_devices()) as port:
        site = site_of(machine("furnace-1", port, ("pid-furnace", 1), ("sdm630", 2)))
        assert len(open_sources(site)) == 1
        found = by_point(await read_once(site, "furnace-1"))
    for name, value in {**CONTROLLER, **METER}.items():
        assert found[name].reading.value == pytest.approx(value), name
        assert found[name].reading.quality is Quality.GOOD, name
    assert (found["temperature"].words.function, found["temperature"].words.words) == (3, (8534,))
    assert (found["power"].words.function, found["power"].words.address) == (4, 52)
    assert found["sensor-break"].reading.value is False


async def test_counters_stand_high_word_first():
    async with serving(device(1, catalog.template("e1210-press"), PRESS)) as port:
        found = by_point(await read_once(site_of(machine("p", port, ("e1210-press", 1))), "p"))
    assert found["shots"].words.words == (0x0001, 0x2345)
    assert found["shots"].reading.value == 0x12345
    assert found["mould-closed"].reading.value is True
    assert found["alarm"].reading.value is False


@pytest.mark.parametrize(
    "name", ["sdm630", "e1210-press", "e1210-laser", "e1210-bench", "pid-furnace"]
)
async def test_a_template_of_the_demo_reads_good_from_a_device_of_its_type(name):
    """All the others are read in ``test_every_template.py``."""
    template = catalog.template(name).fitted({})
    async with serving(device(9, template, {})) as port:
        found = await read_once(site_of(machine("m", port, (name, 9))), "m")
    assert len(found) == len(template.points)
    for point in found:
        in_range = point.signal.limits.low is None or point.signal.limits.low <= 0
        in_range = in_range and 0 in (dict(point.signal.words) or {0})
        assert point.reading.quality is (Quality.GOOD if in_range else Quality.UNCERTAIN)
        assert point.words is not None


async def test_a_unit_that_is_not_there_is_bad_and_its_neighbour_is_not():
    async with serving(device(1, catalog.template("pid-furnace"), CONTROLLER)) as port:
        site = site_of(machine("furnace-1", port, ("pid-furnace", 1), ("sdm630", 2)))
        found = by_point(await read_once(site, "furnace-1"))
    assert found["temperature"].reading.quality is Quality.GOOD
    assert found["power"].reading.quality is Quality.BAD
    assert found["power"].reading.value is None
    assert found["power"].words is None


async def test_nobody_there_is_no_connection():
    async with serving(device(1, catalog.template("pid-furnace"), {})) as port:
        pass
    found = await read_once(site_of(machine("m", port, ("pid-furnace", 1))), "m")
    assert {p.reading.fault.reason for p in found} == {Reason.NO_CONNECTION}


async def test_an_unknown_machine_is_a_key_error():
    with pytest.raises(KeyError):
        await read_once(site_of(machine("m", 502, ("pid-furnace", 1))), "n")


def test_machines_on_one_endpoint_share_a_source():
    site = site_of(
        machine("a", 502, ("sdm630", 1)),
        machine("b", 502, ("sdm630", 2)),
        machine("c", 503, ("sdm630", 1)),
    )
    assert [source.machines for source in open_sources(site)] == [("a", "b"), ("c",)]


def test_a_connection_names_its_place():
    connect = ModbusTcpConnect(host="Meter.local", unit=7)
    assert connect.place() == "meter.local:502 unit 7"


def test_signals_of_a_site_are_unique():
    site = site_of(machine("furnace-1", 502, ("pid-furnace", 1), ("sdm630", 2)))
    ids = [signal.id for signal in site_signals(site)["furnace-1"]]
    assert len(ids) == len(set(ids)) == 17


MBPOLL_TABLES = {1: "0", 2: "1", 3: "4", 4: "3"}


async def mbpoll(port, unit, function, address, count):
    """What libmodbus reads there, as raw 16-bit words (or bits)."""
    program = need("mbpoll")
    table = MBPOLL_TABLES[function]
    kind = table if function < 3 else f"{table}:hex"
    process = await asyncio.create_subprocess_exec(
        program, "-m", "tcp", "-p", str(port), "-a", str(unit), "-t", kind, "-0",
        "-r", str(address), "-c", str(count), "-1", "-q", "127.0.0.1",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(10):
        out, _ = await process.communicate()
    found = re.findall(r"\[\d+\]:\s+(0x[0-9A-F]+|\d+)", out.decode())
    assert process.returncode == 0, out.decode()
    return tuple(int(word, 0) for word in found)


async def test_mbpoll_reads_the_words_that_the_gateway_reads():
    need("mbpoll")
    devices = (*furnace_devices(), device(3, catalog.template("e1210-press"), PRESS))
    async with serving(*devices) as port:
        site = site_of(
            machine("furnace-1", port, ("pid-furnace", 1), ("sdm630", 2)),
            machine("press-1", port, ("e1210-press", 3)),
        )
        units = {"pid-furnace": 1, "sdm630": 2, "e1210-press": 3}
        unit_of = {
            point.name: number
            for name, number in units.items()
            for point in catalog.template(name).points
        }
        for name in ("furnace-1", "press-1"):
            for point_name, point in by_point(await read_once(site, name)).items():
                words = point.words
                seen = await mbpoll(
                    port, unit_of[point_name], words.function, words.address, len(words.words)
                )
                assert seen == words.words, point_name
