"""The place where gateways are measured: devices, a broker, a meter, and a piece of work.

Everything runs in processes of its own on free ports of this computer.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.reference import broker, listens, program, until
from tests.yard.farm import Device
from tests.yard.meter import Meter

TOKEN = "a-token-of-the-yard-and-of-nobody-else"

TEMPLATE = """
schema: 1
template: yard
title: {de: Messgerät, en: Meter}
identification: {manufacturer: none, model: none}
points:
"""
POINT = """
  - {{name: p{n}, means: {{de: Wert {n}, en: Value {n}}}, table: holding-registers, address: {at},
      encoding: float32, order: high-word-first}}
"""
SITE = """
schema: 1
firm: yard
name: Messplatz
simulated: true
state: {state}
web: {{listen: "127.0.0.1:{web}", demo_token: "${{DEMO_TOKEN}}"}}
sinks: [{sinks}]
machines:{machines}
"""
MACHINE = """
  - name: m{n}
    title: {{de: Maschine {n}, en: Machine {n}}}
    template: {template}
    connect: {{type: modbus-tcp, host: 127.0.0.1, port: {port}, unit: {unit}}}
    every: {every}ms
"""


@dataclass(frozen=True)
class Work:
    """What is to be done: so many devices with so many signals, so often (seconds)."""

    name: str
    devices: int = 10
    signals: int = 100
    every: float = 0.1
    answers: float = 0.0
    faulty: dict[int, dict[str, Any]] = field(default_factory=dict)
    one_line: bool = False
    silent: tuple[int, ...] = ()

    @property
    def offered(self) -> float:
        """Values in a second."""
        return self.devices * self.signals / self.every


@dataclass(frozen=True)
class Yard:
    """The place where a piece of work is measured."""

    work: Work
    folder: Path
    ports: Sequence[int]
    mqtt: int
    web: int
    opcua: int
    meter: Meter

    def site(self, *, opcua: bool) -> Path:
        """The file of a gateway of ours, in a fresh folder."""
        here = Path(tempfile.mkdtemp(dir=self.folder))
        template = here / "yard.yaml"
        points = "".join(POINT.format(n=n, at=2 * n).lstrip("\n") for n in range(self.work.signals))
        template.write_text(TEMPLATE + points, "utf-8")
        sinks = [f'{{type: mqtt, broker: "mqtt://127.0.0.1:{self.mqtt}"}}']
        if opcua:
            sinks.append(f'{{type: opcua, listen: "127.0.0.1:{self.opcua}", open: true}}')
        units = range(1, len(self.ports) + 1) if self.work.one_line else [1] * len(self.ports)
        machines = [
            MACHINE.format(
                n=n, template=template, port=port, unit=unit, every=round(1000 * self.work.every)
            )
            for n, (port, unit) in enumerate(zip(self.ports, units, strict=True))
        ]
        site = here / "site.yaml"
        site.write_text(
            SITE.format(
                state=here / "state",
                web=self.web,
                sinks=", ".join(sinks),
                machines="".join(machines),
            ),
            "utf-8",
        )
        return site

    def told(self) -> dict[str, Any]:
        """What the other gateways are told."""
        work = self.work
        return {"ports": list(self.ports), "signals": work.signals, "every": work.every}


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


@contextlib.contextmanager
def yard(work: Work) -> Iterator[Yard]:
    """Devices, a broker and a meter."""
    count = 1 if work.one_line else work.devices
    mqtt, web, opcua, *own = free_ports(count + 3)
    devices = [
        Device(
            port,
            10 * n,
            **{"answers": work.answers, "silent": work.silent} | work.faulty.get(n, {}),
        )
        for n, port in enumerate(own)
        if not work.faulty.get(n, {}).get("refuses")
    ]
    found = broker()
    assert found is not None, "the figures need Mosquitto: apt install mosquitto"
    with tempfile.TemporaryDirectory() as place, contextlib.ExitStack() as stack:
        folder = Path(place)
        config = folder / "broker.conf"
        config.write_text(
            f"listener {mqtt} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
        )
        stack.enter_context(program(folder / "broker.log", found, "-c", str(config)))
        told = json.dumps([asdict(device) for device in devices])
        log = folder / "farm.log"
        stack.enter_context(program(log, sys.executable, "-m", "tests.yard.farm", told))
        until(lambda: listens(mqtt) and "ready" in log.read_text())
        meter = stack.enter_context(Meter.listening(mqtt))
        ports = own * work.devices if work.one_line else own
        yield Yard(work, folder, ports, mqtt, web, opcua, meter)
