"""What a type of device allows in one request."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from gateway.config import DurationOrZero, Strict, wrong
from gateway.core.text import Text
from gateway.machines.numbering import BIT_TABLES
from gateway.machines.placed import Placed


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
        default=timedelta(0),
        le=timedelta(seconds=10),
        description="Pause zwischen Anfragen / between requests",
    )


class Range(Placed):
    """A stretch of addresses that may be read as one block, ``last`` included."""

    first_number: int = Field(alias="first", ge=0, description="Erste Adresse / first address")
    last_number: int = Field(
        alias="last", ge=0, description="Letzte Adresse, eingeschlossen / last address"
    )

    @cached_property
    def first(self) -> int:
        """The first address, as it is sent."""
        return self.on_wire(self.first_number)

    @cached_property
    def last(self) -> int:
        """The last address, as it is sent."""
        return self.on_wire(self.last_number)

    @property
    def of_bits(self) -> bool:
        """True for a stretch of one of the two bit tables."""
        return self.table in BIT_TABLES

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        first, last = self.first_number, self.last_number
        if last < first:
            raise wrong(
                Text(
                    f"der Bereich endet bei {last}, vor seinem Anfang {first}",
                    f"the range ends at {last}, before its beginning {first}",
                ),
                Text("Vertauschen Sie first und last.", "Swap first and last."),
                ("last",),
            )
        return self
