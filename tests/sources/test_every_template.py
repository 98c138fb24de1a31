"""Every template on the wire: the simulator serves it; mbpoll, which is not ours, reads it back.

A template is tested because its file exists. What mbpoll shows is turned into a value here, by
the table of the template alone, without the gateway's codec.
"""

from __future__ import annotations

import asyncio
import json
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.config import Variants, site_model
from gateway.core.signals import Quality, Value
from gateway.machines import catalog
from gateway.machines.parameters import Values
from gateway.machines.point import BIT_TABLES, FUNCTIONS, Order, Point
from gateway.machines.template import Template
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.read_once import read_once
from simulators.device import Device
from simulators.modbus.tcp_device import TcpDevice
from tests.machines.examples import every_use, examples
from tests.peers import need

MBPOLL_TYPE = {
    "coils": "0",
    "discrete-inputs": "1",
    "holding-registers": "4",
    "input-registers": "3",
}
SHOWN = re.compile(r"^\[\d+\]:\s+(\S+)", re.MULTILINE)


USES = [(name, given) for name in catalog.names() for given in every_use(catalog.template(name))]


@dataclass
class Served:
    name: str
    given: Values
    template: Template
    values: dict[str, Value]
    device: TcpDevice


def told(use: tuple[str, Values]) -> str:
    return "-".join([use[0], *map(str, use[1].values())])


@pytest.fixture(params=USES, ids=told)
async def served(request) -> AsyncIterator[Served]:
    name, given = request.param
    template = catalog.template(name).fitted(given)
    values = examples(template.points)
    device = TcpDevice({1: Device(template, 1, lambda: values).answer})
    await device.open()
    yield Served(name, given, template, values, device)
    device.close()


async def mbpoll(served: Served, point: Point) -> float | bool:
    """What the registers of ``point`` hold, as mbpoll and its manual's table say."""
    known = {("uint32", 2): ":int", ("int32", 2): ":int", ("float32", 2): ":float"}
    kind = known.get((str(point.encoding), point.words), "" if point.words == 1 else ":hex")
    count = point.words if kind == ":hex" else 1
    order = ["-B"] if point.order is Order.HIGH_FIRST and kind != ":hex" else []
    async with asyncio.timeout(20):
        process = await asyncio.create_subprocess_exec(
            need("mbpoll"), "-m", "tcp", "-p", str(served.device.port), "-1", "-0", "-a", "1",
            "-t", MBPOLL_TYPE[point.table] + kind, "-r", str(point.address), "-c", str(count),
            *order, "127.0.0.1",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        said, _ = await process.communicate()
    shown = SHOWN.findall(said.decode(errors="replace"))
    assert len(shown) == count, f"{point.name}: {said.decode(errors='replace')}"
    return meant(point, shown)


def meant(point: Point, shown: list[str]) -> float | bool:
    """The value behind what mbpoll shows: raw x scale + offset, or the bit."""
    if point.table in BIT_TABLES:
        return shown[0] == "1"
    if str(point.encoding) == "bit":
        return bool(int(shown[0]) >> (point.bit or 0) & 1)
    if len(shown) > 1:
        words = [int(word, 16) for word in shown]
        packed = struct.pack(
            f">{len(words)}H", *words[:: -1 if point.order is Order.LOW_FIRST else 1]
        )
        code = {"float64": "d", "uint64": "Q", "int64": "q"}[str(point.encoding)]
        raw = struct.unpack(f">{code}", packed)[0]
    else:
        raw = float(shown[0])
    if str(point.encoding) == "int16" and raw >= 2**15:
        raw -= 2**16
    if str(point.encoding) == "uint32" and raw < 0:
        raw += 2**32
    return raw * point.scale + point.offset


def near(point: Point, value: Value):
    """The same but for the step of an integer, or the six digits that mbpoll prints of a float."""
    return pytest.approx(value, rel=1e-5, abs=0 if point.is_float else abs(point.scale) / 2)


async def test_mbpoll_reads_from_every_register_what_stands_in_it(served):
    points = served.template.points
    assert {point.name: await mbpoll(served, point) for point in points} == {
        point.name: near(point, served.values[point.name]) for point in points
    }


async def test_the_gateway_reads_the_same(served):
    model = site_model(Variants({"modbus-tcp": ModbusTcpConnect}, {}, {}))
    port = served.device.port
    machine = {
        "name": "m",
        "title": {"de": "M", "en": "M"},
        "template": served.name,
        "parameters": served.given,
        "connect": {"type": "modbus-tcp", "host": "127.0.0.1", "port": port, "unit": 1},
    }
    site = model.model_validate_json(
        json.dumps({"firm": "firm", "name": "F", "state": "x", "machines": [machine]})
    )
    found = {p.signal.id: (p.reading.value, p.reading.quality) for p in await read_once(site, "m")}
    assert found == {
        f"m/{point.name}": (near(point, served.values[point.name]), Quality.GOOD)
        for point in served.template.points
    }
    assert set(served.device.tally.functions) == {
        FUNCTIONS[point.table] for point in served.template.points
    }
