"""A point of a machine template: where it stands, how it is encoded, what it means."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field

from gateway.config import Bilingual, Period, Strict
from gateway.core.signals import Kind
from gateway.machines.encodings import Encoding
from gateway.machines.proof import Proof, Sources


class Table(StrEnum):
    """The four tables of the Modbus data model; the function code that reads each."""

    COILS = "coils"  # 1
    DISCRETE_INPUTS = "discrete-inputs"  # 2
    HOLDING_REGISTERS = "holding-registers"  # 3
    INPUT_REGISTERS = "input-registers"  # 4


BIT_TABLES = frozenset({Table.COILS, Table.DISCRETE_INPUTS})
FUNCTIONS: dict[Table, int] = {
    Table.COILS: 1,
    Table.DISCRETE_INPUTS: 2,
    Table.HOLDING_REGISTERS: 3,
    Table.INPUT_REGISTERS: 4,
}
"""The function code that reads each table. No other function code is ever sent."""


class Order(StrEnum):
    """Word order of values longer than one register; bytes inside a word are always big-endian."""

    HIGH_FIRST = "high-word-first"
    LOW_FIRST = "low-word-first"


PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Point(Strict):
    """The keys of a point; what they mean is said in ``PointSpec``."""

    name: PointName = Field(description="Kurzname, eindeutig / short name, unique, e.g. power")
    means: Bilingual = Field(description="Was gemessen wird / what is measured")
    table: Table = Field(description="Modbus-Tabelle / Modbus table")
    address: int = Field(
        ge=0, le=65535, description="Adresse, ab 0 gezählt / address, counted from 0"
    )
    encoding: Encoding = Field(description="Wie der Wert kodiert ist / how the value is held")
    order: Order | None = Field(
        default=None, description="Wortfolge bei zwei Registern / word order of two registers"
    )
    bit: int | None = Field(
        default=None, ge=0, le=15, description="Bit im Register / bit of the register, 0 to 15"
    )
    scale: float = Field(default=1.0, description="Faktor: Wert = roh x scale + offset / factor")
    offset: float = Field(default=0.0, description="Zuschlag nach dem Faktor / added after scale")
    unit: str = Field(default="1", description="Einheit nach UCUM / UCUM unit, e.g. V, W, Cel")
    kind: Kind = Field(
        default=Kind.GAUGE, description="Messwert, Zähler, Zustand / gauge, counter, state"
    )
    low: float | None = Field(
        default=None, description="Kleinster möglicher Wert / lowest possible value"
    )
    high: float | None = Field(
        default=None, description="Größter möglicher Wert / highest possible value"
    )
    sentinels: tuple[float, ...] = Field(
        default=(),
        description="Rohwerte für »kein Wert«, bei float32 die Zahl selbst / "
        "raw values that mean no value, of a float32 the number itself",
    )
    rollover: int | None = Field(
        default=None, ge=1, description="Letzter Rohwert vor der 0 / last raw value before 0"
    )
    role: str | None = Field(
        default=None, description="Bedeutung für die Aufträge / meaning to the jobs, e.g. power"
    )
    every: Period | None = Field(
        default=None, description="Langsamerer Abfragetakt / slower polling period, e.g. 1s"
    )
    source: Sources = Field(
        default=(),
        description="Woher die Bedeutung stammt: Schlüssel aus sources und Stelle / where the "
        "meaning comes from: key of sources and place, e.g. manual 30001",
    )
    proof: Proof | None = Field(
        default=None, description="Beweis, wenn anders als in der Vorlage / proof of this point"
    )
    times: tuple[str, ...] = Field(
        default=(), description="Parameter, die malnehmen / parameters that multiply the value"
    )
    when: dict[str, str] = Field(
        default={},
        description="Nur bei dieser Auswahl von Parametern / only with these choices, e.g. "
        "{usage: producer}",
    )

    @property
    def words(self) -> int:
        """How many registers (or table bits) the point takes."""
        return self.encoding.words

    @property
    def is_bit(self) -> bool:
        """True for a single bit, of a register or of a bit table."""
        return self.encoding is Encoding.BIT

    @property
    def is_float(self) -> bool:
        """True for a number with decimals, of which the registers hold no whole number."""
        return self.encoding.is_float

    @property
    def is_table_bit(self) -> bool:
        """True for an entry of one of the two bit tables."""
        return self.table in BIT_TABLES

    @property
    def last(self) -> int:
        """The last address that belongs to the point."""
        return self.address + self.words - 1

    @property
    def highest_raw(self) -> int | None:
        """The highest raw number that the encoding holds; None for floats and bits."""
        holds = self.encoding.row.holds
        return None if holds is None else holds[-1]

    @property
    def wraps_after(self) -> float | None:
        """The value after which a counter starts at 0 again; None for what does not count."""
        raw = self.highest_raw if self.rollover is None else self.rollover
        if self.kind is not Kind.COUNTER or raw is None:
            return None
        return raw * self.scale + self.offset

    def multiplied(self, factor: float) -> Self:
        """The same point whose value is ``factor`` times as large.

        Its limits are what is possible after that: they grow, but a sign turns none of them.
        """
        if factor == 1:
            return self
        size = abs(factor)
        return self.model_copy(
            update={
                "scale": self.scale * factor,
                "offset": self.offset * factor,
                "low": None if self.low is None else self.low * size,
                "high": None if self.high is None else self.high * size,
            }
        )
