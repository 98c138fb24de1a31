"""From a site's file to its sources: one per line, however many devices share it."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.config import Device, Machine, SiteConfig
from gateway.core.signals import Signal
from gateway.flow.moment import Now
from gateway.machines import catalog
from gateway.machines.signals import signals
from gateway.sources.device import Unit
from gateway.sources.line.base import ModbusConnect
from gateway.sources.source import ModbusSource


def open_sources(site: SiteConfig, *, now: Now | None = None) -> list[ModbusSource]:
    """The sources of every machine of a site. Does no I/O."""
    return sources_of(site.machines, now=now)


def sources_of(machines: Sequence[Machine], *, now: Now | None = None) -> list[ModbusSource]:
    """The sources of some machines, in the order in which their lines are named."""
    return [ModbusSource(units, now=now) for units in units_of(machines)]


def units_of(machines: Sequence[Machine]) -> list[list[Unit]]:
    """The devices of some machines, by line."""
    lines: dict[str, list[Unit]] = {}
    for machine in machines:
        for device in machine.devices:
            connect = _modbus(device)
            template = catalog.of(device)
            unit = Unit(machine.name, connect, template)
            lines.setdefault(connect.resolved(), []).append(unit)
    return list(lines.values())


def site_signals(site: SiteConfig) -> dict[str, tuple[Signal, ...]]:
    """Every signal of a site, by machine, in the order of the templates."""
    return {
        machine.name: tuple(
            signal
            for device in machine.devices
            for signal in signals(machine.name, catalog.of(device), device.every)
        )
        for machine in site.machines
    }


def _modbus(device: Device) -> ModbusConnect:
    if not isinstance(device.connect, ModbusConnect):
        raise TypeError(f"no source for {type(device.connect).__name__}")
    return device.connect
