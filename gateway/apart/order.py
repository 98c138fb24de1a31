"""What the process of a sink is told at its start, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gateway.config import Device, Machine, SiteConfig, Variant
from gateway.core.signals import Signal
from gateway.sinks.base import SinkConfig

Described = TypeVar("Described", SiteConfig, Machine, Device)


@dataclass(frozen=True, slots=True)
class Order:
    """Which sink to run: what its config's ``build`` takes."""

    name: str
    config: SinkConfig
    site: SiteConfig
    signals: tuple[Signal, ...]
    folder: Path


def order(
    name: str, config: SinkConfig, site: SiteConfig, signals: Sequence[Signal], folder: Path
) -> Order:
    """The order for one sink.

    Of the site it holds what describes the firm and its machines: how they are reached, other
    sinks, jobs, partners, and every secret of these stay in the gateway.
    """
    told = _plain(
        SiteConfig,
        site,
        {"machines": tuple(_described(machine) for machine in site.machines)},
        without=("schema_", "sinks", "jobs", "network", "web", "history"),
    )
    return Order(name, config, told, tuple(signals), folder)


def _described(machine: Machine) -> Machine:
    devices = tuple(
        _plain(Device, device, {"connect": Variant(type=device.connect.type)})
        for device in machine.devices
    )
    evidence = machine.evidence and Variant(type=machine.evidence.type)
    return _plain(
        Machine, machine, {"devices": devices, "evidence": evidence}, without=("connect",)
    )


def _plain(
    kind: type[Described],
    model: Described,
    other: Mapping[str, object],
    without: Sequence[str] = (),
) -> Described:
    """A model of just this kind: what a file is read into was made for its variants."""
    fields = {name: getattr(model, name) for name in kind.model_fields if name not in without}
    return kind.model_construct(**{**fields, **other})
