"""Units: UCUM text for machines and people, OPC UA codes (UNECE Recommendation 20) for clients.

Codes: UNECE Recommendation 20, and the OPC Foundation's table from it to OPC UA (UA-Nodeset,
Schema/UNECE_to_OPCUA.csv). ``var`` is no unit of UCUM; nothing else names it as shortly.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def _units(*rows: tuple[str, str, str]) -> dict[str, Unit]:
    return {
        ucum: Unit(ucum, display, int.from_bytes(code.encode("ascii"), "big") if code else -1)
        for ucum, display, code in rows
    }


ELECTRICAL: Mapping[str, Unit] = _units(
    ("V", "V", "VLT"),
    ("uV", "µV", "D82"),
    ("mV", "mV", "2Z"),
    ("kV", "kV", "KVT"),
    ("A", "A", "AMP"),
    ("uA", "µA", "B84"),
    ("mA", "mA", "4K"),
    ("kA", "kA", "B22"),
    ("W", "W", "WTT"),
    ("mW", "mW", "C31"),
    ("kW", "kW", "KWT"),
    ("MW", "MW", "MAW"),
    ("V.A", "VA", "D46"),
    ("kV.A", "kVA", "KVA"),
    ("MV.A", "MVA", "MVA"),
    ("var", "var", "D44"),
    ("kvar", "kvar", "KVR"),
    ("Mvar", "Mvar", "MAR"),
    ("W.h", "Wh", "WHR"),
    ("kW.h", "kWh", "KWH"),
    ("MW.h", "MWh", "MWH"),
    ("GW.h", "GWh", "GWH"),
    ("V.A.h", "VAh", ""),
    ("kV.A.h", "kVAh", "C79"),
    ("var.h", "varh", ""),
    ("kvar.h", "kvarh", "K3"),
    ("Mvar.h", "Mvarh", ""),
    ("A.h", "Ah", "AMH"),
    ("mA.h", "mAh", "E09"),
    ("Hz", "Hz", "HTZ"),
    ("kHz", "kHz", "KHZ"),
    ("MHz", "MHz", "MHZ"),
    ("Ohm", "Ω", "OHM"),
    ("mOhm", "mΩ", "E45"),
    ("kOhm", "kΩ", "B49"),
    ("MOhm", "MΩ", "B75"),
    ("uF", "µF", "4O"),
    ("mH", "mH", "C14"),
    ("mT", "mT", "C29"),
)
"""Units of electrical quantities."""

_OTHERS: Mapping[str, Unit] = _units(
    ("1", "", ""),
    ("{pieces}", "Stück", "C62"),
    ("%", "%", "P1"),
    ("[ppm]", "ppm", "59"),
    ("[pH]", "pH", "Q30"),
    ("dB", "dB", "2N"),
    ("Cel", "°C", "CEL"),
    ("K", "K", "KEL"),
    ("[degF]", "°F", "FAH"),
    ("J", "J", "JOU"),
    ("kJ", "kJ", "KJO"),
    ("MJ", "MJ", "3B"),
    ("Pa", "Pa", "PAL"),
    ("hPa", "hPa", "A97"),
    ("kPa", "kPa", "KPA"),
    ("MPa", "MPa", "MPA"),
    ("mbar", "mbar", "MBR"),
    ("bar", "bar", "BAR"),
    ("[psi]", "psi", "PS"),
    ("N", "N", "NEW"),
    ("kN", "kN", "B47"),
    ("N.m", "Nm", "NU"),
    ("kN.m", "kNm", "B48"),
    ("um", "µm", "4H"),
    ("mm", "mm", "MMT"),
    ("cm", "cm", "CMT"),
    ("m", "m", "MTR"),
    ("km", "km", "KMT"),
    ("m2", "m²", "MTK"),
    ("ml", "ml", "MLT"),
    ("l", "l", "LTR"),
    ("m3", "m³", "MTQ"),
    ("l/s", "l/s", "G51"),
    ("l/min", "l/min", "L2"),
    ("l/h", "l/h", "E32"),
    ("m3/s", "m³/s", "MQS"),
    ("m3/min", "m³/min", "G53"),
    ("m3/h", "m³/h", "MQH"),
    ("mg", "mg", "MGM"),
    ("g", "g", "GRM"),
    ("kg", "kg", "KGM"),
    ("t", "t", "TNE"),
    ("kg/s", "kg/s", "KGS"),
    ("kg/min", "kg/min", "F31"),
    ("kg/h", "kg/h", "E93"),
    ("t/h", "t/h", "E18"),
    ("mg/m3", "mg/m³", "GP"),
    ("g/m3", "g/m³", "A93"),
    ("kg/m3", "kg/m³", "KMQ"),
    ("g/l", "g/l", "GL"),
    ("uS/cm", "µS/cm", "G42"),
    ("mS/cm", "mS/cm", "H61"),
    ("mm/s", "mm/s", "C16"),
    ("mm/min", "mm/min", "H81"),
    ("m/s", "m/s", "MTS"),
    ("m/min", "m/min", "2X"),
    ("km/h", "km/h", "KMH"),
    ("m/s2", "m/s²", "MSK"),
    ("mm/s2", "mm/s²", "M41"),
    ("{rev}", "U", "M44"),
    ("{rev}/min", "1/min", "RPM"),
    ("{rev}/s", "1/s", "RPS"),
    ("/min", "1/min", "C94"),
    ("/s", "1/s", "C97"),
    ("/h", "1/h", "H10"),
    ("deg", "°", "DD"),
    ("rad", "rad", "C81"),
    ("us", "µs", "B98"),
    ("ms", "ms", "C26"),
    ("s", "s", "SEC"),
    ("min", "min", "MIN"),
    ("h", "h", "HUR"),
    ("d", "d", "DAY"),
    ("lx", "lx", "LUX"),
    ("W/m2", "W/m²", "D54"),
)

UNITS: Mapping[str, Unit] = {**ELECTRICAL, **_OTHERS}
"""Every unit that is known, by its UCUM text."""

SPELLINGS: Mapping[str, str] = {
    **{unit.display: unit.ucum for unit in UNITS.values() if unit.display},
    "1/min": "/min",
    "rpm": "{rev}/min",
    "U/min": "{rev}/min",
    "L": "l",
    "C": "Cel",
    "ohm": "Ohm",
    "ppm": "[ppm]",
    "psi": "[psi]",
    "pcs": "{pieces}",
    "Std": "h",
    "Min": "min",
    **dict.fromkeys(("cos phi", "cosphi", "cosφ", "cos φ", "PF", "-"), "1"),
}
"""How people write units, and their UCUM text."""


def unit(ucum: str) -> Unit:
    """The unit of a UCUM text; one that is not known is shown as it is written, without a code."""
    return UNITS.get(ucum) or Unit(ucum, ucum, -1)
