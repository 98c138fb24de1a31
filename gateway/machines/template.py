"""The machine template: which registers a type of machine has and what they mean.

One YAML file per machine type in ``configs/machines/``. The models here are the file's schema;
the strict loader of ``gateway.config`` reports mistakes with line and column.
"""

from __future__ import annotations

from math import prod
from typing import Literal, Self

from pydantic import Field, model_validator

from gateway.config import Bilingual, Strict, refuse
from gateway.machines import parameter_rules, point_rules, template_rules
from gateway.machines.encodings import Encoding
from gateway.machines.limits import Range, Workarounds
from gateway.machines.parameters import Parameter, Values
from gateway.machines.point import BIT_TABLES, FUNCTIONS, Order, Point, PointName, Table
from gateway.machines.proof import Document, DocumentKey, Proof, document_of, place_in

__all__ = [
    "BIT_TABLES",
    "FUNCTIONS",
    "Encoding",
    "Identification",
    "Order",
    "PointSpec",
    "Range",
    "Table",
    "Template",
    "Workarounds",
]


class PointSpec(Point):
    """One point: where it stands and what it means.

    ``scale``: value = raw x scale + offset, in ``unit``. ``bit`` picks one bit of a register.
    ``sentinels`` are raw values that mean "no value": whole numbers, signed or not; of a float the
    number itself (from 2139095039, 0x7F7FFFFF, on also its bits: infinities, not-a-numbers).
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

    schema_: Literal[1] = Field(
        alias="schema", description="Fassung des Dateiformats / version of the format"
    )
    template: PointName = Field(description="Name der Vorlage / name of the template")
    title: Bilingual = Field(description="Anzeigename / display name")
    identification: Identification = Field(description="Typenschild / type plate")
    points: tuple[PointSpec, ...] = Field(min_length=1, description="Messpunkte / points")
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
        return self.model_copy(update={"points": points})

    def reads(self, table: Table) -> tuple[Range, ...]:
        """The declared ranges of one table; none: any address may be tried."""
        return tuple(range_ for range_ in self.readable if range_.table is table)

    @model_validator(mode="after")
    def _points_fit_together(self) -> Self:
        refuse(
            [
                *template_rules.objections(self.points, self.readable, self.workarounds),
                *parameter_rules.objections(self.parameters, self.sources, self.points),
            ]
        )
        return self
