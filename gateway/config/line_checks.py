"""Checks between devices that are on one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.config.models import Variant
from gateway.config.strict_yaml import Tree
from gateway.config.tree import Node, child
from gateway.core.text import Text


@dataclass(frozen=True, slots=True)
class OnLine:
    """A device whose ``connect`` is sound; ``node`` is where that stands."""

    node: Node
    connect: Variant
    template: str


def report(tree: Tree, devices: Iterable[OnLine]) -> None:
    """Report what devices on one line say differently, and what reads the same twice."""
    first_on: dict[str, OnLine] = {}
    first_at: dict[tuple[str, str], OnLine] = {}
    for device in devices:
        line, place = device.connect.line(), device.connect.place()
        if line is None or place is None:
            continue
        _agree(tree, line, first_on.setdefault(line, device), device)
        before = first_at.setdefault((place, device.template), device)
        if before is not device:
            _same_twice(tree, place, before, device)


def _agree(tree: Tree, line: str, first: OnLine, device: OnLine) -> None:
    there = first.connect.agreed()
    for key, here in device.connect.agreed().items():
        if key not in there or here == there[key]:
            continue
        place = (child(device.node, key) or device.node).place
        other = (child(first.node, key) or first.node).place
        tree.report(
            place,
            Text(
                f"{key} ist hier {here}, in Zeile {other.line} aber {there[key]}: beide Geräte "
                f"hängen an {line}",
                f"{key} is {here} here, but {there[key]} in line {other.line}: both devices are on "
                f"{line}",
            ),
            Text(
                f"Schreiben Sie bei allen Geräten an {line} dasselbe.",
                f"Write the same at all devices on {line}.",
            ),
        )


def _same_twice(tree: Tree, place: str, before: OnLine, device: OnLine) -> None:
    line = before.node.place.line
    tree.report(
        device.node.place,
        Text(
            f"an {place} hängt schon das Gerät aus Zeile {line}, mit derselben Vorlage",
            f"the device of line {line} is at {place} already, with the same template",
        ),
        Text(
            "Prüfen Sie Adresse und unit; jedes Gerät an einer Leitung braucht eine eigene unit. "
            "Soll ein Gerät mehreren Maschinen dienen, geben Sie jeder eine Vorlage mit ihren "
            "eigenen Messpunkten.",
            "Check address and unit; each device on a line needs its own unit. If one device is "
            "to serve several machines, give each a template with its own points.",
        ),
    )
