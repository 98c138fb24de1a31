"""Checks between devices that are on one line."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from gateway.config.site import Device
from gateway.config.strict_yaml import Tree
from gateway.config.tree import Node, child
from gateway.config.variants import TooMuch
from gateway.core.errors import ConfigError
from gateway.core.text import Text


@dataclass(frozen=True, slots=True)
class OnLine:
    """A device whose keys are sound; ``connect`` and ``every`` are where these stand."""

    device: Device
    connect: Node
    every: Node | None


def report(tree: Tree, devices: Iterable[OnLine], too_much: TooMuch | None) -> None:
    """Report what devices on one line say differently, and what is too much for it."""
    on: dict[str, list[OnLine]] = {}
    first_at: dict[tuple[str, str], OnLine] = {}
    for one in devices:
        line, place = one.device.connect.line(), one.device.connect.place()
        if line is None or place is None:
            continue
        on.setdefault(line, []).append(one)
        _agree(tree, line, on[line][0], one)
        before = first_at.setdefault((place, one.device.template), one)
        if before is not one:
            _same_twice(tree, place, before, one)
    for together in on.values() if too_much else ():
        with suppress(LookupError, ConfigError):  # a template that is wrong has been reported
            objection = too_much([one.device for one in together]) if too_much else None
            if objection is not None:
                fastest = min(together, key=lambda one: one.device.every)
                at = fastest.every or fastest.connect
                tree.report(at.place, objection.what, objection.fix)


def _agree(tree: Tree, line: str, first: OnLine, one: OnLine) -> None:
    there = first.device.connect.agreed()
    for key, here in one.device.connect.agreed().items():
        if key not in there or here == there[key]:
            continue
        place = (child(one.connect, key) or one.connect).place
        other = (child(first.connect, key) or first.connect).place
        where = tree.line_of(other, place)
        tree.report(
            place,
            Text(
                f"{key} ist hier {here}, in {where.de} aber {there[key]}: beide Geräte "
                f"hängen an {line}",
                f"{key} is {here} here, but {there[key]} in {where.en}: both devices are on {line}",
            ),
            Text(
                f"Schreiben Sie bei allen Geräten an {line} dasselbe.",
                f"Write the same at all devices on {line}.",
            ),
        )


def _same_twice(tree: Tree, place: str, before: OnLine, one: OnLine) -> None:
    where = tree.line_of(before.connect.place, one.connect.place)
    tree.report(
        one.connect.place,
        Text(
            f"an {place} hängt schon das Gerät aus {where.de}, mit derselben Vorlage",
            f"the device of {where.en} is at {place} already, with the same template",
        ),
        Text(
            "Prüfen Sie Adresse und unit; jedes Gerät an einer Leitung braucht eine eigene unit. "
            "Soll ein Gerät mehreren Maschinen dienen, geben Sie jeder eine Vorlage mit ihren "
            "eigenen Messpunkten.",
            "Check address and unit; each device on a line needs its own unit. If one device is "
            "to serve several machines, give each a template with its own points.",
        ),
    )
