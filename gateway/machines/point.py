"""A point of a machine template: where it stands, how it is encoded, what it means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, PrivateAttr

from gateway.config import Bilingual, Period
from gateway.core.signals import LARGEST_EXACT, Kind, Wide
from gateway.core.text import Text
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.numbering import BIT_TABLES
from gateway.machines.orders import Order
from gateway.machines.placed import Placed
from gateway.machines.proof import Proof, Sources
from gateway.machines.raw_values import Sentinel

PointName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]


class Point(Placed):
    """The keys of a point; what they mean is said in ``PointSpec``."""

    name: PointName = Field(description="Kurzname, eindeutig / short name, unique, e.g. power")
    means: Bilingual = Field(description="Was gemessen wird / what is measured")
    number: int = Field(
        alias="address",
        ge=0,
        le=465_536,
        description="Adresse, wie numbering zählt / address, as numbering counts",
    )
    encoding: Encoding = Field(description="Wie der Wert kodiert ist / how the value is held")
    order: Order | None = Field(
        default=None,
        description="Byte- und Wortfolge / byte and word order, e.g. low-word-first, CDAB",
    )
    length: int | None = Field(
        default=None, ge=1, le=125, description="Register eines Textes / registers of a text"
    )
    charset: Literal["utf-8", "latin-1"] = Field(
        default="utf-8", description="Zeichensatz eines Textes / character set of a text"
    )
    bit: int | None = Field(
        default=None, ge=0, le=15, description="Bit im Register / bit of the register, 0 to 15"
    )
    mask: int | None = Field(
        default=None,
        ge=1,
        lt=2**64,
        description="Bits, die zum Wert gehören / bits that belong to the value, e.g. 240",
    )
    values: Mapping[int, Bilingual] | None = Field(
        default=None,
        min_length=1,
        description="Bedeutung jeder Zahl / meaning of each number, e.g. 0: {de: steht, en: idle}",
    )
    scale: float = Field(default=1.0, description="Faktor: Wert = roh x scale + offset / factor")
    scale_from: PointName | None = Field(
        default=None,
        description="Punkt, der die Zehnerpotenz enthält / point that holds the power of ten",
    )
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
    own_sentinels: tuple[Sentinel, ...] | None = Field(
        default=None,
        alias="sentinels",
        description="Rohwerte für »kein Wert«, bei Gleitkomma die Zahl selbst oder nan / "
        "raw values that mean no value, of a float the number itself or nan",
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
    _factor: Point | None = PrivateAttr(default=None)
    _given_sentinels: tuple[Sentinel, ...] = PrivateAttr(default=())

    def take(self, sentinels: tuple[Sentinel, ...], factor: Point | None) -> None:
        """Know what the template says for all of its encoding, and whom ``scale_from`` names."""
        self._given_sentinels, self._factor = sentinels, factor

    @cached_property
    def address(self) -> int:
        """Its first address, as it is sent."""
        return self.on_wire(self.number)

    @cached_property
    def sentinels(self) -> tuple[Sentinel, ...]:
        """The raw values that mean "no value"."""
        return self._given_sentinels if self.own_sentinels is None else self.own_sentinels

    @property
    def words(self) -> int:
        """How many registers (or table bits) the point takes."""
        return self.encoding.row.words or self.length or 1

    @property
    def last(self) -> int:
        """The last address that belongs to the point."""
        return self.address + self.words - 1

    @property
    def place(self) -> Text:
        """Its address as it is written, and on the wire where that is another number."""
        return self.shown(self.number)

    @property
    def factor(self) -> Point | None:
        """The point whose value is the power of ten by which this one is scaled."""
        return self._factor

    @property
    def begins(self) -> int:
        """The first address that must be read for a value."""
        return self.address if self._factor is None else min(self.address, self._factor.address)

    @property
    def ends(self) -> int:
        """The last address that must be read for a value."""
        return self.last if self._factor is None else max(self.last, self._factor.last)

    @property
    def is_bit(self) -> bool:
        """True for a single bit, of a register or of a bit table."""
        return self.encoding is Encoding.BIT

    @property
    def is_float(self) -> bool:
        """True for a number with decimals, of which the registers hold no whole number."""
        return self.encoding.shape is Shape.FLOAT

    @property
    def is_table_bit(self) -> bool:
        """True for an entry of one of the two bit tables."""
        return self.table in BIT_TABLES

    @property
    def highest_raw(self) -> int | None:
        """The highest whole number that its registers can hold; None for floats, bits and texts."""
        holds = self.encoding.row.holds
        if holds is None:
            return None
        return holds[-1] if self.mask is None else (holds[-1] & self.mask) >> self.shift

    @property
    def wide(self) -> Wide | None:
        """Of which kind its whole numbers are where a float cannot hold them all."""
        highest = self.highest_raw
        if highest is None or highest <= LARGEST_EXACT or self.is_scaled:
            return None
        holds = self.encoding.row.holds
        signed = holds is not None and (holds[0] < 0 or highest < 2**63)
        return Wide.SIGNED if signed else Wide.UNSIGNED

    @property
    def is_scaled(self) -> bool:
        """Whether the value is another number than the registers hold."""
        return (self.scale, self.offset, self.scale_from) != (1.0, 0.0, None)

    @property
    def is_plain(self) -> bool:
        """Whether encoding, order and scale are all that makes its value."""
        return (self.bit, self.mask, self.scale_from, self.offset) == (None, None, None, 0.0)

    @property
    def shift(self) -> int:
        """By how many bits the value of a mask stands higher than a number."""
        return 0 if self.mask is None else (self.mask & -self.mask).bit_length() - 1

    @property
    def wraps_after(self) -> float | None:
        """The value after which a counter starts at 0 again; None for what does not count."""
        raw = self.highest_raw if self.rollover is None else self.rollover
        if self.kind is not Kind.COUNTER or raw is None or self.scale_from is not None:
            return None
        if self.scale.is_integer() and self.offset.is_integer():
            return raw * int(self.scale) + int(self.offset)
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
