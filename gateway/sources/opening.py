"""From a site's file to its sources: one per physical endpoint, however many devices share it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from gateway.config import Device, Endpoint, Machine, SiteConfig
from gateway.core.signals import Signal
from gateway.flow.moment import Now
from gateway.machines import catalog
from gateway.machines.signals import signals
from gateway.sources.modbus import ModbusTcpConnect
from gateway.sources.modbus_source import ModbusSource
from gateway.sources.unit import Unit


def open_sources(site: SiteConfig, *, now: Now | None = None) -> list[ModbusSource]:
    """The sources of every machine of a site. Does no I/O."""
    return sources_of(site.machines, now=now)


def sources_of(machines: Sequence[Machine], *, now: Now | None = None) -> list[ModbusSource]:
    """The sources of some machines, in the order in which their endpoints are named."""
    units: dict[Endpoint, list[Unit]] = {}
    pauses: dict[Endpoint, timedelta] = {}
    for machine in machines:
        for device in machine.devices:
            connect = _modbus(device)
            template = catalog.of(device)
            unit = Unit(machine.name, connect.unit, template, connect.timeout.total_seconds())
            units.setdefault(connect.endpoint, []).append(unit)
            pauses[connect.endpoint] = max(
                pauses.get(connect.endpoint, timedelta(0)), template.workarounds.pause
            )
    return [
        ModbusSource(endpoint, on_it, pause=pauses[endpoint], now=now)
        for endpoint, on_it in units.items()
    ]


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


def _modbus(device: Device) -> ModbusTcpConnect:
    if not isinstance(device.connect, ModbusTcpConnect):
        raise TypeError(f"no source for {type(device.connect).__name__}")
    return device.connect
