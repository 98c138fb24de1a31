"""What in a template is allowed, and yet looks like a mistake."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config import Objection, choice
from gateway.core.text import Text
from gateway.core.units import SPELLINGS, UNITS
from gateway.machines.derived import Derived
from gateway.machines.numbering import Numbering
from gateway.machines.point import Point
from gateway.machines.read_plan import plan
from gateway.machines.template import Template


def notices(template: Template) -> Iterator[Objection]:
    """Everything that somebody should look at once more, with what to write instead."""
    yield from _numbering(template)
    yield from _units(template)
    yield from _apart(template)


def _apart(template: Template) -> Iterator[Objection]:
    """What is derived of points that no single request holds."""
    named = {point.name: point for point in template.points}
    for index, one in enumerate(template.derived):
        requests = len(plan([named[part] for part in one.parts], template))
        if requests > 1:
            yield Objection(
                Text(
                    f"{one.name}: die Teile kommen aus {requests} Abfragen desselben Durchgangs; "
                    "dazwischen kann sich etwas geändert haben, darum gilt der Wert als unsicher",
                    f"{one.name}: the parts come from {requests} requests of the same cycle; "
                    "something may have changed in between, so the value counts as uncertain",
                ),
                Text(
                    "Nennen Sie unter readable einen Bereich, in dem alle Teile liegen, wenn das "
                    "Gerät ihn in einer Abfrage beantwortet (max_registers).",
                    "Name under readable a range in which all parts lie, if the device answers it "
                    "in one request (max_registers).",
                ),
                ("derived", index),
            )


def _units(template: Template) -> Iterator[Objection]:
    places: list[tuple[str, int, Point | Derived]] = []
    places += [("points", index, point) for index, point in enumerate(template.points)]
    places += [("derived", index, one) for index, one in enumerate(template.derived)]
    for key, index, point in places:
        if point.unit in UNITS:
            continue
        meant = SPELLINGS.get(point.unit)
        yield Objection(
            Text(
                f"{point.name}: die Einheit {point.unit} ist unbekannt; sie wird gezeigt, wie sie "
                "da steht, in OPC UA ohne Code",
                f"{point.name}: the unit {point.unit} is unknown; it is shown as it is written, "
                "in OPC UA without a code",
            ),
            choice(point.unit, list(UNITS))
            if meant is None
            else Text(f"Schreiben Sie unit: {_quoted(meant)}", f"Write unit: {_quoted(meant)}"),
            (key, index, "unit"),
        )


def _quoted(ucum: str) -> str:
    return f'"{ucum}"' if ucum[0] in "{[%1" else ucum


def _numbering(template: Template) -> Iterator[Objection]:
    """Numbers like 40001 where nothing says that the manual counts so."""
    if template.numbering is not Numbering.ZERO:
        return
    for numbering in (Numbering.FIVE_DIGITS, Numbering.SIX_DIGITS):
        if all(numbering.table(point.number) is point.table for point in template.points):
            first = template.points[0]
            yield Objection(
                Text(
                    f"{first.name}: die Adresse {first.number} sieht aus wie die Nummer eines "
                    "Handbuchs; gelesen wird genau diese Adresse, ab 0 gezählt",
                    f"{first.name}: the address {first.number} looks like the number of a manual; "
                    "it is exactly this address that is read, counted from 0",
                ),
                Text(
                    f"Zählt das Handbuch so, dann schreiben Sie: numbering: {numbering}",
                    f"If the manual counts so, write: numbering: {numbering}",
                ),
                ("points", 0, "address"),
            )
            return
