"""What a type of device allows in one request."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from gateway.config import DurationOrZero, Strict, wrong
from gateway.core.text import Text
from gateway.machines.point import BIT_TABLES, Table


class Workarounds(Strict):
    """What this type needs to be treated with; each has its reason in the template's caveats."""

    max_registers: int = Field(
        default=125, ge=1, le=125, description="Register je Anfrage / registers per request"
    )
    max_bits: int = Field(
        default=2000, ge=1, le=2000, description="Bits je Anfrage / bits per request"
    )
    even_only: bool = Field(default=False, description="Nur gerade Anzahl / even counts only")
    no_gaps: bool = Field(default=False, description="Keine Lücken lesen / never read holes")
    pause: DurationOrZero = Field(
        default=timedelta(0), description="Pause zwischen Anfragen / between requests"
    )


class Range(Strict):
    """A stretch of addresses that may be read as one block, ``last`` included."""

    table: Table = Field(description="Modbus-Tabelle / Modbus table")
    first: int = Field(ge=0, le=65535, description="Erste Adresse / first address")
    last: int = Field(ge=0, le=65535, description="Letzte Adresse, eingeschlossen / last address")

    @property
    def of_bits(self) -> bool:
        """True for a stretch of one of the two bit tables."""
        return self.table in BIT_TABLES

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise wrong(
                Text(
                    f"der Bereich endet bei {self.last}, vor seinem Anfang {self.first}",
                    f"the range ends at {self.last}, before its beginning {self.first}",
                ),
                Text("Vertauschen Sie first und last.", "Swap first and last."),
                ("last",),
            )
        return self
