"""Units: UCUM text for machines and people, OPC UA codes (UNECE Recommendation 20) for clients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit by its UCUM text, its display text and its OPC UA ``UnitId``.

    The OPC UA code is the UNECE common code read as a big-endian integer of its ASCII bytes
    (OPC 10000-8, EUInformation); -1 where UNECE has none.
    """

    ucum: str
    display: str
    opcua: int


def _unece(code: str) -> int:
    return int.from_bytes(code.encode("ascii"), "big")


UNITS: dict[str, Unit] = {
    unit.ucum: unit
    for unit in (
        Unit("1", "", -1),
        Unit("V", "V", _unece("VLT")),
        Unit("A", "A", _unece("AMP")),
        Unit("W", "W", _unece("WTT")),
        Unit("kW", "kW", _unece("KWT")),
        Unit("V.A", "VA", _unece("D46")),
        Unit("Hz", "Hz", _unece("HTZ")),
        Unit("kW.h", "kWh", _unece("KWH")),
        Unit("Cel", "°C", _unece("CEL")),
        Unit("%", "%", _unece("P1")),
        Unit("bar", "bar", _unece("BAR")),
        Unit("s", "s", _unece("SEC")),
        Unit("{pieces}", "Stück", _unece("C62")),
    )
}
"""Every unit that a template may name, by its UCUM text."""
