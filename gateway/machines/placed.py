"""What stands at an address: written in the numbers of a manual, read in those of the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, Field, PrivateAttr, WithJsonSchema

from gateway.config import Strict
from gateway.core.text import Text
from gateway.machines.numbering import Numbering, Table, shown

Counted = Annotated[
    Numbering,
    BeforeValidator(lambda value: str(value) if type(value) is int else value),
    WithJsonSchema({"enum": ["from-zero", "from-one", 40001, 400001, "40001", "400001"]}),
]
"""How a manual counts its addresses."""


class Placed(Strict):
    """A place in one of the four tables, counted as its template says."""

    table: Table = Field(description="Modbus-Tabelle / Modbus table")
    _numbering: Numbering = PrivateAttr(default=Numbering.ZERO)

    def count_by(self, numbering: Numbering) -> None:
        """Take the numbers for those of a manual that counts so."""
        self._numbering = numbering

    @property
    def numbering(self) -> Numbering:
        """How its manual counts."""
        return self._numbering

    def on_wire(self, written: int) -> int:
        """An address as it is sent."""
        return written - self._numbering.first(self.table)

    def shown(self, written: int) -> Text:
        """An address as it is written, and on the wire where that is another number."""
        return shown(written, self.on_wire(written))
