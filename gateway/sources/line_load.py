"""What ``check`` says of a site's lines: what they carry, what cannot be, what is good to know."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.config import Device, Machine, Objection
from gateway.core.text import Text
from gateway.machines import catalog
from gateway.machines.read_plan import other_lengths, plan
from gateway.machines.template import Template
from gateway.sources.bus_time import THINKS, Load, Polled, load, possible
from gateway.sources.line.base import ModbusConnect
from gateway.sources.line.lookup import Lookup
from gateway.sources.suspects import lasts

FOUND_WITHIN = 1.0
"""Seconds for finding the addresses of names."""
BY_ID = "/dev/serial/by-id"


@dataclass(frozen=True, slots=True)
class OnLine:
    """A device of a site, of one machine."""

    machine: str
    connect: ModbusConnect
    template: Template
    every: timedelta

    @property
    def polled(self) -> Polled:
        """With the period of each point."""
        return Polled(
            self.template,
            [
                (p, max(self.every, p.every or self.every).total_seconds())
                for p in self.template.points
            ],
            max(self.connect.pause, self.template.workarounds.pause).total_seconds(),
        )


def too_much(devices: Sequence[Device]) -> Objection | None:
    """Why a line cannot carry its devices, however fast they answer. Raises as the catalogue."""
    found = [one for device in devices for one in _on_line("", device)]
    if not found or (wire := found[0].connect.wire) is None:
        return None  # how long it takes is not known
    line = found[0].connect.key
    busy = load([device.polled for device in found], wire, thinks=0.0).busy
    if busy <= 1:
        return None
    fastest = min(device.every for device in devices)
    shortest = round(possible(fastest.total_seconds(), busy) * 1000)
    return Objection(
        Text(
            f"{line} kann das nicht leisten: die Anfragen dauern das {_comma(busy)}-fache der Zeit",
            f"{line} cannot do that: the requests take {busy:.2f} times as long as there is",
        ),
        Text(
            f"Der kürzeste mögliche Takt ist every: {shortest}ms (alle Geräte der Leitung "
            "entsprechend langsamer). Oder erhöhen Sie die Baudrate, lassen Sie Messpunkte weg, "
            "oder verteilen Sie die Geräte auf zwei Leitungen.",
            f"The shortest period possible is every: {shortest}ms (all devices of the line slower "
            "alike). Or raise the baud rate, leave points out, or spread the devices over two "
            "lines.",
        ),
    )


def notes(machines: Sequence[Machine]) -> Iterator[Text]:
    """What each line of these machines carries, and what is good to know of it."""
    lines: dict[str, list[OnLine]] = {}
    for machine in machines:
        for device in machine.devices:
            for one in _on_line(machine.name, device):
                lines.setdefault(one.connect.key, []).append(one)
    for line, devices in lines.items():
        yield _carries(line, devices)
        yield from _good_to_know(line, devices)
    yield from _called_twice([devices[0].connect for devices in lines.values()])


def _on_line(machine: str, device: Device) -> Iterator[OnLine]:
    if isinstance(device.connect, ModbusConnect):
        yield OnLine(machine, device.connect, catalog.of(device), device.every)


def _carries(line: str, devices: Sequence[OnLine]) -> Text:
    wire = devices[0].connect.wire
    found: Load = load([device.polled for device in devices], wire)
    counts = counted(len({device.connect.unit for device in devices}), found)
    said = Text(f"{line}: {counts.de}", f"{line}: {counts.en}")
    if wire is None:
        return said
    cycle, thinks, busy = round(found.cycle * 1000), round(THINKS * 1000), round(found.busy * 100)
    return Text(
        f"{said.de} in {cycle} ms bei {wire.baud} Baud und {thinks} ms Bedenkzeit je Antwort; die "
        f"Leitung ist zu {busy} % belegt",
        f"{said.en} in {cycle} ms at {wire.baud} baud and {thinks} ms per answer for the device to "
        f"think; the line is busy for {busy} % of the time",
    )


def counted(units: int, found: Load) -> Text:
    """How much a line carries in a cycle in which everything is due."""
    counts = [
        _count(units, ("Gerät", "Geräte"), ("device", "devices")),
        _count(found.requests, ("Anfrage", "Anfragen"), ("request", "requests")),
        _count(found.registers, ("Register", "Register"), ("register", "registers")),
        _count(found.values, ("Wert", "Werte"), ("value", "values")),
    ]
    return Text(", ".join(one.de for one in counts), ", ".join(one.en for one in counts))


def _count(number: int, de: tuple[str, str], en: tuple[str, str]) -> Text:
    return Text(f"{number} {de[number != 1]}", f"{number} {en[number != 1]}")


def _good_to_know(line: str, devices: Sequence[OnLine]) -> Iterator[Text]:
    if line.startswith("/dev/") and not line.startswith(("/dev/serial/", "/dev/disk/")):
        named = _by_id(line)
        yield Text(
            f"  → {line} kann beim nächsten Einstecken anders heißen; bleibend ist "
            f"{named or BY_ID + '/...'}",
            f"  → {line} may have another name when it is plugged in again; lasting is "
            f"{named or BY_ID + '/...'}",
        )
    told_by_length = _told_by_length(devices)
    for device in devices if told_by_length else ():
        seconds = max(_waits(device), default=0.0)
        if seconds:
            who, time = f"  → {device.machine} (unit {device.connect.unit})", f"{seconds:.0f} s"
            yield Text(
                f"{who}: nach einer Antwort, die zu spät kommt, wird ein Teil bis zu {time} nicht "
                "gefragt, weil er sich nur in einer Länge lesen lässt",
                f"{who}: after an answer that comes too late a part is not asked for up to {time}, "
                "because it can be read in one length only",
            )


def _called_twice(lines: Sequence[ModbusConnect]) -> Iterator[Text]:
    """Ports that are named in two ways: they are one line all the same."""
    first: dict[str, str] = {}
    for line in lines:
        known = first.setdefault(line.resolved(), line.key)
        if known != line.key:
            yield Text(
                f"  → {known} und {line.key} sind dasselbe: schreiben Sie überall denselben Namen",
                f"  → {known} and {line.key} are the same: write one name everywhere",
            )


def two_names(machines: Sequence[Machine]) -> Iterator[Objection]:
    """Hosts of different names that are one, as far as these can be found now.

    Two connections would ask there at the same time, and on a serial line behind it take each
    other's answers. ``at`` leads from the site to the later name.
    """
    named = [
        (machine, number, device, index)
        for index, machine in enumerate(machines)
        for number, device in enumerate(machine.devices)
        if getattr(device.connect, "host", "")
    ]
    hosts = {getattr(device.connect, "host", "").lower() for _, _, device, _ in named}
    addresses = asyncio.run(_addresses(sorted(hosts))) if len(hosts) > 1 else {}
    first: dict[str, str] = {}
    for machine, number, device, index in named:
        host, port = str(getattr(device.connect, "host", "")), getattr(device.connect, "port", "")
        places = [f"{one} {port}" for one in addresses.get(host.lower(), ())]
        known = next((first[place] for place in places if place in first), None)
        if known is not None and known.lower() != host.lower():
            within = () if machine.template is not None else ("devices", number)
            yield Objection(
                Text(
                    f"{host} ist dasselbe Gerät wie {known} (Port {port}): zwei Verbindungen "
                    "fragen dort durcheinander",
                    f"{host} is the same as {known} (port {port}): two connections ask there at "
                    "the same time",
                ),
                Text(f"Schreiben Sie überall host: {known}", f"Write host: {known} everywhere"),
                ("machines", index, *within, "connect", "host"),
            )
        for place in places:
            first.setdefault(place, host)


async def _addresses(hosts: Sequence[str]) -> dict[str, Sequence[str]]:
    """What each name leads to, as far as it is found soon."""

    async def find(host: str) -> Sequence[str]:
        with suppress(TimeoutError):
            async with asyncio.timeout(FOUND_WITHIN):
                return await Lookup(host).addresses()
        return ()

    return dict(zip(hosts, await asyncio.gather(*map(find, hosts)), strict=True))


def _told_by_length(devices: Sequence[OnLine]) -> bool:
    """Whether nothing but their length tells late answers on this line from others."""
    first = devices[0].connect
    shared = len({device.connect.unit for device in devices}) > 1
    return not first.framing().numbered or shared or first.through_gateway or first.any_number


def _waits(device: OnLine) -> Iterator[float]:
    """Seconds for which each block waits that has no other length."""
    blocks = plan(device.template.points, device.template)
    for block in blocks:
        alike = any(other is not block and other.size == block.size for other in blocks)
        if alike and next(other_lengths(block, device.template), None) is None:
            yield lasts(device.connect.within(block))


def _by_id(port: str) -> str | None:
    """The lasting name of a port that is there."""
    try:
        return next((str(one) for one in sorted(Path(BY_ID).iterdir()) if one.samefile(port)), None)
    except OSError:
        return None


def _comma(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")
