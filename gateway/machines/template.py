"""The machine template: which registers a type of machine has and what they mean.

One YAML file per machine type in ``configs/machines/``. The models here are the file's schema;
the strict loader of ``gateway.config`` reports mistakes with line and column.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from gateway.config import Bilingual, Strict, refuse
from gateway.machines import point_rules, template_rules
from gateway.machines.encodings import Encoding
from gateway.machines.limits import Range, Workarounds
from gateway.machines.point import BIT_TABLES, FUNCTIONS, Order, Point, PointName, Table

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
    caveats: tuple[Bilingual, ...] = Field(
        default=(), description="Was man wissen muss / what one has to know"
    )

    def reads(self, table: Table) -> tuple[Range, ...]:
        """The declared ranges of one table; none: any address may be tried."""
        return tuple(range_ for range_ in self.readable if range_.table is table)

    @model_validator(mode="after")
    def _points_fit_together(self) -> Self:
        refuse(template_rules.objections(self.points, self.readable, self.workarounds))
        return self
