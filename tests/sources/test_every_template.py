"""Every template on the wire: the simulator serves it; mbpoll, which is not ours, reads it back.

A template is tested because its file exists. What mbpoll shows is turned into a value here, by
the table of the template alone or by what is exported of it, without the gateway's codec.
"""

from __future__ import annotations

import json
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.config import Variants, site_model
from gateway.core.signals import Quality, Value
from gateway.machines import aid, catalog
from gateway.machines.parameters import Values
from gateway.machines.point import Point
from gateway.machines.template import FUNCTIONS, Template
from gateway.sources.line.tcp import ModbusTcpConnect
from gateway.sources.read_once import read_once
from simulators.device import Device
from simulators.modbus.tcp_device import TcpDevice
from tests.machines.examples import every_use, examples
from tests.sources import mbpoll, written_again

USES = [(name, given) for name in catalog.names() for given in every_use(catalog.template(name))]

XS = {
    "xs:unsignedShort": "H",
    "xs:short": "h",
    "xs:unsignedInt": "I",
    "xs:int": "i",
    "xs:unsignedLong": "Q",
    "xs:long": "q",
    "xs:float": "f",
    "xs:double": "d",
}

READS = {
    "readCoil": 1,
    "readDiscreteInput": 2,
    "readHoldingRegisters": 3,
    "readInputRegisters": 4,
}


@dataclass
class Served:
    name: str
    given: Values
    template: Template
    values: dict[str, Value]
    device: TcpDevice

    @property
    def port(self) -> int:
        return self.device.port


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


def near(point: Point, value: Value):
    """The same but for the step of an integer, or the six digits that mbpoll prints of a float."""
    if isinstance(value, str):
        return value
    return pytest.approx(value, rel=1e-5, abs=0 if point.is_float else abs(point.scale) / 2)


def as_served(served: Served):
    return {point.name: near(point, served.values[point.name]) for point in served.template.points}


async def test_mbpoll_reads_from_every_register_what_stands_in_it(served):
    points = served.template.points
    read = {p.name: await written_again.value(served.port, p, p.factor) for p in points}
    assert read == as_served(served)


async def by_the_description(port: int, exported: dict, power: float = 0) -> Value:
    """Read a point by its terms in an Asset Interfaces Description, which is all that is known."""
    forms = next(one["value"] for one in exported["value"] if one["idShort"] == "forms")
    terms = {one["idShort"].removeprefix("modv_"): one["value"] for one in forms}
    told = {one["type"]: one["value"] for one in exported.get("qualifiers", [])}
    assert terms["zeroBasedAddressing"] == "true"
    function, kind = READS[terms["function"]], terms["type"]
    address, quantity = map(int, terms["href"].split("?quantity="))
    if kind == "xs:boolean":
        return await mbpoll.bit(port, function, address)
    sent = await mbpoll.words(port, function, address, quantity)
    if terms["mostSignificantByte"] == "false":
        sent = bytes(sent[at ^ 1] for at in range(len(sent)))
    if terms["mostSignificantWord"] == "false":
        sent = b"".join(sent[at : at + 2] for at in reversed(range(0, len(sent), 2)))
    if kind == "xs:string":
        return sent.split(b"\0")[0].decode()
    code = XS[kind] if kind in XS else written_again.CODES[told["encoding"]]
    (raw,) = struct.unpack(f">{code}", sent)
    if "mask" in told:
        mask = int(told["mask"])
        raw = (raw & mask) // (mask & -mask)
    if "bit" in told:
        return bool(raw >> int(told["bit"]) & 1)
    return raw * float(told.get("scale", 1)) * 10**power + float(told.get("offset", 0))


async def test_whoever_has_only_the_exported_description_reads_the_same(served):
    exported = json.loads(json.dumps(aid.submodel(served.template, aid.Endpoint())))
    (interface,) = exported["submodelElements"]
    parts = {one["idShort"]: one["value"] for one in interface["value"]}
    (properties,) = parts["InteractionMetadata"]
    found = {
        next(one["value"] for one in point["value"] if one["idShort"] == "key"): point
        for point in properties["value"]
    }
    read = {}
    for name, point in found.items():
        told = {one["type"]: one["value"] for one in point.get("qualifiers", [])}
        power = 0
        if "scaleFrom" in told:
            power = await by_the_description(served.port, found[told["scaleFrom"]])
        read[name] = await by_the_description(served.port, point, power)
    assert read == as_served(served)


async def test_the_gateway_reads_the_same(served):
    model = site_model(Variants({"modbus-tcp": ModbusTcpConnect}, {}, {}))
    machine = {
        "name": "m",
        "title": {"de": "M", "en": "M"},
        "template": served.name,
        "parameters": served.given,
        "connect": {"type": "modbus-tcp", "host": "127.0.0.1", "port": served.port, "unit": 1},
    }
    site = model.model_validate_json(
        json.dumps({"firm": "firm", "name": "F", "state": "x", "machines": [machine]})
    )
    derived = {f"m/{one.name}" for one in served.template.derived}
    read = [p for p in await read_once(site, "m") if p.signal.id not in derived]
    assert {p.signal.id.removeprefix("m/"): p.reading.value for p in read} == as_served(served)
    assert {p.reading.quality for p in read} == {Quality.GOOD}
    assert set(served.device.tally.functions) == {
        FUNCTIONS[point.table] for point in served.template.points
    }
