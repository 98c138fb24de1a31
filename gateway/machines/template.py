"""The machine template: which registers a type of machine has and what they mean.

One YAML file per machine type in ``configs/machines/``. The models here are the file's schema;
the strict loader of ``gateway.config`` reports mistakes with line and column.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from gateway.config import Bilingual, DurationOrZero, Period, Strict, refuse, wrong
from gateway.core.signals import Kind
from gateway.core.text import Text
from gateway.machines import template_rules as rules


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


class Encoding(StrEnum):
    """How registers hold a value; words are 16 bit, ``bit`` one bit or table entry."""

    BIT = "bit"
    UINT16 = "uint16"
    INT16 = "int16"
    UINT32 = "uint32"
    INT32 = "int32"
    FLOAT32 = "float32"
    BCD16 = "bcd16"


class Order(StrEnum):
    """Word order of values longer than one register; bytes inside a word are always big-endian."""

    HIGH_FIRST = "high-word-first"
    LOW_FIRST = "low-word-first"


LONG = frozenset({Encoding.UINT32, Encoding.INT32, Encoding.FLOAT32})
"""Encodings that take two registers, and so need a word order."""

_HIGHEST = {
    Encoding.UINT16: 2**16 - 1,
    Encoding.INT16: 2**15 - 1,
    Encoding.UINT32: 2**32 - 1,
    Encoding.INT32: 2**31 - 1,
    Encoding.BCD16: 9999,
}

PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class PointSpec(Strict):
    """One point: where it stands and what it means.

    ``scale``: value = raw x scale + offset, in ``unit``. ``bit`` picks one bit of a register.
    ``sentinels`` are raw values that mean "no value": whole numbers, signed or not; of a float the
    number itself (from 2139095039, 0x7F7FFFFF, on also its bits: infinities, not-a-numbers).
    ``rollover`` is the raw value after which a counter starts at 0 again (default: what its
    encoding can hold).
    """

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
    source: str | None = Field(
        default=None, description="Woher die Bedeutung stammt / where the meaning comes from"
    )

    @property
    def words(self) -> int:
        """How many registers (or table bits) the point takes."""
        return 2 if self.encoding in LONG else 1

    @property
    def is_bit(self) -> bool:
        """True for a single bit, of a register or of a bit table."""
        return self.encoding is Encoding.BIT

    @property
    def is_float(self) -> bool:
        """True for a number with decimals, of which the registers hold no whole number."""
        return self.encoding is Encoding.FLOAT32

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
        return _HIGHEST.get(self.encoding)

    @property
    def wraps_after(self) -> float | None:
        """The value after which a counter starts at 0 again; None for what does not count."""
        raw = self.highest_raw if self.rollover is None else self.rollover
        if self.kind is not Kind.COUNTER or raw is None:
            return None
        return raw * self.scale + self.offset

    @model_validator(mode="after")
    def _fits_its_encoding(self) -> Self:
        refuse([*rules.check_order(self), *rules.check_bit(self), *rules.check_numbers(self)])
        return self


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
        refuse([*rules.check_names(self), *rules.check_places(self), *rules.check_ranges(self)])
        return self
