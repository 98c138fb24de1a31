"""The machine template: which registers a type of machine has and what they mean.

One YAML file per machine type in ``configs/machines/``. The models here are the file's schema;
the strict loader of ``gateway.config`` reports mistakes with line and column.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from gateway.core.signals import Kind


class Strict(BaseModel):
    """Unknown keys fail, values are not coerced, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Bilingual(Strict):
    """A text in German and English."""

    de: str = Field(min_length=1, description="Deutscher Text / German text")
    en: str = Field(min_length=1, description="Englischer Text / English text")


class Table(StrEnum):
    """The four tables of the Modbus data model; the function code that reads each."""

    COILS = "coils"  # 1
    DISCRETE_INPUTS = "discrete-inputs"  # 2
    HOLDING_REGISTERS = "holding-registers"  # 3
    INPUT_REGISTERS = "input-registers"  # 4


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


PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class PointSpec(Strict):
    """One point: where it stands and what it means.

    ``scale``: value = raw x scale + offset, in ``unit``. ``bit`` picks one bit of a register.
    ``sentinels`` are raw values that mean "no value". ``rollover`` is the raw value after which a
    counter starts at 0 again (default: what its encoding can hold).
    """

    name: PointName
    means: Bilingual
    table: Table
    address: int = Field(ge=0, le=65535)
    encoding: Encoding
    order: Order | None = None
    bit: int | None = Field(default=None, ge=0, le=15)
    scale: float = 1.0
    offset: float = 0.0
    unit: str = "1"
    kind: Kind = Kind.GAUGE
    low: float | None = None
    high: float | None = None
    sentinels: tuple[int, ...] = ()
    rollover: int | None = None
    role: str | None = None
    every: str | None = Field(default=None, description="Abfragetakt / polling period, e.g. 1s")
    source: str | None = Field(default=None, description="Quelle / where the meaning comes from")


class Workarounds(Strict):
    """What this type needs to be treated with; each has its reason in the template's caveats."""

    max_registers: int = Field(default=125, ge=1, le=125)
    max_bits: int = Field(default=2000, ge=1, le=2000)
    even_only: bool = Field(default=False, description="Nur gerade Anzahl / even counts only")
    no_gaps: bool = Field(default=False, description="Keine Lücken lesen / never read holes")
    pause: str = Field(default="0ms", description="Pause zwischen Anfragen / between requests")


class Range(Strict):
    """A stretch of addresses that may be read as one block, ``last`` included."""

    table: Table
    first: int = Field(ge=0, le=65535)
    last: int = Field(ge=0, le=65535)


class Identification(Strict):
    """What OPC UA's Identification shows of the machine type."""

    manufacturer: str
    model: str
    device_class: str | None = None


class Template(Strict):
    """A machine template file."""

    schema_: Literal[1] = Field(alias="schema")
    template: PointName
    title: Bilingual
    identification: Identification
    points: tuple[PointSpec, ...] = Field(min_length=1)
    readable: tuple[Range, ...] = ()
    workarounds: Workarounds = Workarounds()
    caveats: tuple[Bilingual, ...] = ()
