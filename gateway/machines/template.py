"""The machine template: which registers a type of machine has and what they mean.

One YAML file per machine type in ``configs/machines/``. The models here are the file's schema;
the strict loader of ``gateway.config`` reports mistakes with line and column.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import prod
from typing import Literal, Self

from pydantic import Field, model_validator

from gateway.config import Bilingual, Objection, Parts, Strict, refuse
from gateway.machines import parameter_rules, point_rules, template_rules
from gateway.machines.derived import Derived
from gateway.machines.encodings import Encoding
from gateway.machines.limits import Range, Workarounds
from gateway.machines.numbering import BIT_TABLES, FUNCTIONS, Numbering, Table
from gateway.machines.orders import Order
from gateway.machines.parameters import Parameter, Values
from gateway.machines.placed import Counted
from gateway.machines.point import Point, PointName
from gateway.machines.proof import Document, DocumentKey, Proof, document_of, place_in
from gateway.machines.raw_values import Sentinel

__all__ = [
    "BIT_TABLES",
    "FUNCTIONS",
    "Encoding",
    "Identification",
    "Numbering",
    "Order",
    "PointSpec",
    "Range",
    "Table",
    "Template",
    "Workarounds",
]


class PointSpec(Point):
    """One point: where it stands and what it means.

    ``scale``: value = raw x scale + offset, in ``unit``. ``scale_from`` names the point that holds
    the power of ten by which the value is to be multiplied; both are read in one request.
    ``bit`` picks one bit of a register, ``mask`` the bits of a number inside of one: 240 (0xF0) are
    bits 4 to 7, and the value counts from its lowest bit. ``values`` are the meanings of an
    enumeration's numbers; any other number is uncertain.
    ``sentinels`` are raw values that mean "no value": whole numbers, signed or not; of a float the
    number itself (from the bits of the largest number on also its bits), or ``nan`` for everything
    that is not a number.
    ``rollover`` is the raw value after which a counter starts at 0 again (default: what its
    encoding can hold).
    """

    @model_validator(mode="after")
    def _fits_its_encoding(self) -> Self:
        refuse(point_rules.objections(self))
        return self


class Identification(Strict):
    """What OPC UA's Identification shows of the machine type."""

    manufacturer: str = Field(min_length=1, description="Hersteller / manufacturer")
    model: str = Field(min_length=1, description="Typ / model")
    device_class: str | None = Field(default=None, description="Geräteart / class of device")


class Template(Strict):
    """A machine template file."""

    schema_: Literal[1, 2] = Field(
        alias="schema", description="Fassung des Dateiformats / version of the format"
    )
    template: PointName = Field(description="Name der Vorlage / name of the template")
    title: Bilingual = Field(description="Anzeigename / display name")
    identification: Identification = Field(description="Typenschild / type plate")
    numbering: Counted = Field(
        default=Numbering.ZERO,
        description="Wie das Handbuch Adressen zählt / how the manual counts addresses: "
        "from-zero, from-one, 40001, 400001",
    )
    sentinels: Mapping[Encoding, tuple[Sentinel, ...]] = Field(
        default={},
        description="Rohwerte für »kein Wert« je Kodierung / raw values that mean no value, "
        "for each encoding, e.g. int16: [-32768]",
    )
    points: tuple[PointSpec, ...] = Field(min_length=1, description="Messpunkte / points")
    derived: tuple[Derived, ...] = Field(
        default=(),
        description="Summen, Differenzen, Produkte von Punkten / sums, differences, products of "
        "points",
    )
    readable: tuple[Range, ...] = Field(
        default=(), description="Am Stück lesbare Bereiche / ranges readable as one block"
    )
    workarounds: Workarounds = Field(
        default=Workarounds(), description="Besonderheiten des Geräts / quirks of the device"
    )
    proof: Proof | None = Field(
        default=None,
        description="Wie weit belegt: read, recorded oder device / how far proven: read, recorded "
        "or device",
    )
    sources: dict[DocumentKey, Document] = Field(
        default={}, description="Gelesene Registerlisten / register lists that were read"
    )
    wiring: tuple[Bilingual, ...] = Field(
        default=(), description="Anschluss, Schritt für Schritt / wiring, step by step"
    )
    parameters: tuple[Parameter, ...] = Field(
        default=(),
        description="Was die Datei der Maschine angibt / what the machine's file gives, e.g. "
        "ct_ratio",
    )
    caveats: tuple[Bilingual, ...] = Field(
        default=(), description="Was man wissen muss / what one has to know"
    )

    def proof_of(self, point: Point) -> Proof | None:
        """How far the meaning of ``point`` is proven; None where nobody says so."""
        return point.proof or self.proof

    def source_of(self, point: Point) -> str | None:
        """Where the meaning of ``point`` was read, with the documents' titles; None: unsaid."""
        told = []
        for source in point.source:
            document = self.sources.get(document_of(source))
            told.append(
                source if document is None else f"{document.title}: {place_in(source)}".rstrip(": ")
            )
        return "; ".join(told) or None

    def fitted(self, given: Values) -> Template:
        """The template of one device, whose parameters are ``given``.

        Raises LookupError where they do not fit: ``parameters.unfit`` says it to people before.
        """
        if not self.parameters:
            return self
        numbers = {one.name: one.number(given.get(one.name)) for one in self.parameters}
        chosen = {one.name: one.chosen(given.get(one.name)) for one in self.parameters}
        points = tuple(
            point.multiplied(prod(numbers[name] for name in point.times))
            for point in self.points
            if all(chosen[name] == wanted for name, wanted in point.when.items())
        )
        there = {point.name for point in points}
        derived = tuple(one for one in self.derived if there.issuperset(one.parts))
        return self.model_copy(update={"points": points, "derived": derived})

    def reads(self, table: Table) -> tuple[Range, ...]:
        """The declared ranges of one table; none: any address may be tried."""
        return tuple(range_ for range_ in self.readable if range_.table is table)

    @classmethod
    def objections_to_parts(cls, parts: Parts) -> Iterator[Objection]:
        """What does not fit together between the points that are sound by themselves."""
        points = parts.each(PointSpec, "points")
        ranges = parts.each(Range, "readable")
        numbering = parts.one(Counted, "numbering", Numbering.ZERO)
        workarounds = parts.one(Workarounds, "workarounds", Workarounds())
        if numbering is None or workarounds is None:
            return
        for placed in (*points.values(), *ranges.values()):
            placed.count_by(numbering)
        found = template_rules.among([*points.values()], [*ranges.values()], workarounds)
        read = {"points": [*points], "readable": [*ranges]}
        for objection in found:
            key, *below = objection.at
            if below and key in read:
                below[0] = read[str(key)][int(below[0])]
            yield replace(objection, at=(key, *below))

    @model_validator(mode="after")
    def _points_fit_together(self) -> Self:
        """What the template says once holds for each of its points and ranges."""
        for placed in (*self.points, *self.readable):
            placed.count_by(self.numbering)
        refuse(point_rules.unfit_for_all(self.sentinels))
        refuse(
            [
                *template_rules.objections(self.points, self.readable, self.workarounds),
                *template_rules.derived(self.points, self.derived),
                *parameter_rules.objections(self.parameters, self.sources, self.points),
            ]
        )
        named = {point.name: point for point in self.points}
        for point in self.points:
            given = self.sentinels.get(point.encoding, ())
            point.take(given, named.get(point.scale_from or ""))
        return self
