"""From marked registers a template: its text, commented, ready for a person to complete. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

from gateway.core.text import Text
from gateway.machines.encodings import Encoding
from gateway.machines.numbering import LAST, Table
from gateway.machines.orders import Order

_PHASED = {
    "voltage": Text("Spannung L{}", "Voltage L{}"),
    "current": Text("Strom L{}", "Current L{}"),
    "power": Text("Leistung L{}", "Power L{}"),
}
MEANS = {
    "power": Text("Leistung", "Power"),
    "energy": Text("Energie", "Energy"),
    "running": Text("Läuft", "Running"),
    "fault": Text("Störung", "Fault"),
    "frequency": Text("Netzfrequenz", "Mains frequency"),
    "good-count": Text("Gutteile", "Good parts"),
    "reject-count": Text("Ausschuss", "Rejects"),
    "temperature": Text("Temperatur", "Temperature"),
    "setpoint": Text("Sollwert", "Setpoint"),
    "output": Text("Stellgröße", "Output"),
} | {
    f"{what}-l{phase}": Text(said.de.format(phase), said.en.format(phase))
    for what, said in _PHASED.items()
    for phase in (1, 2, 3)
}
"""Names that are the role of their point, too: by them jobs find what they need; and in words."""
ENCODINGS = {encoding.value: encoding for encoding in Encoding}
_MEANT = re.compile(r"bit[0-9]+|x[-+.0-9].*|x(nan|inf)", re.IGNORECASE)
"""A bit or a factor, and no unit."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,31}")


class NotAMark(ValueError):
    """What was marked cannot be understood; ``text`` says why, for people."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)


@dataclass(frozen=True, slots=True)
class Mark:
    """A register that a person has given a name."""

    name: str
    address: int
    encoding: Encoding
    order: Order | None = None
    bit: int | None = None
    scale: float = 1.0
    unit: str = "1"
    counter: bool = False


def mark(said: str) -> Mark:
    """From ``power=262 uint32 ABCD W x0.1``: name and address, then what is known, in any order.

    Raises NotAMark.
    """
    name, _, rest = said.partition("=")
    words = rest.replace(",", " ").split()
    if not _NAME.fullmatch(name.strip()) or not words or not words[0].isdecimal():
        raise NotAMark(
            Text(
                f"{said}: schreiben Sie Name=Adresse und Kodierung, z. B. power=262 float32 ABCD W",
                f"{said}: write name=address and encoding, e.g. power=262 float32 ABCD W",
            )
        )
    if int(words[0]) > LAST:
        raise NotAMark(
            Text(f"{said}: Adressen gehen bis {LAST}", f"{said}: addresses go up to {LAST}")
        )
    found = Mark(name.strip(), int(words[0]), Encoding.UINT16)
    for word in words[1:]:
        found = _with(found, word)
    if found.encoding.row.words > 1 and found.order is None and found.encoding.takes_order:
        found = _replaced(found, order=Order.HIGH_FIRST)
    return found


def _with(found: Mark, word: str) -> Mark:
    if word in ENCODINGS:
        return _replaced(found, encoding=ENCODINGS[word])
    if word in set(Order):
        return _replaced(found, order=Order(word))
    if word == "counter":
        return _replaced(found, counter=True)
    if bit := re.fullmatch(r"bit([0-9]|1[0-5])", word):
        return _replaced(found, encoding=Encoding.BIT, bit=int(bit[1]))
    if scale := re.fullmatch(r"x([0-9.eE+-]+)", word):
        with suppress(ValueError):
            if math.isfinite(factor := float(scale[1])) and factor:
                return _replaced(found, scale=factor)
    if _MEANT.fullmatch(word):
        raise NotAMark(
            Text(
                f"{found.name}: {word} geht nicht. Möglich sind bit0 bis bit15 und Faktoren wie "
                "x0.1, nicht 0",
                f"{found.name}: {word} does not fit. Possible are bit0 to bit15 and factors such "
                "as x0.1, not 0",
            )
        )
    return _replaced(found, unit=word)


def _replaced(found: Mark, **new: object) -> Mark:
    return Mark(**{**{key: getattr(found, key) for key in Mark.__slots__}, **new})


def draft(name: str, title: str, table: Table, marks: Sequence[Mark]) -> str:
    """The text of a template file with these points."""
    lines = [
        "# Entwurf aus markierten Registern. Prüfen Sie jeden Punkt an der Maschine, und ergänzen",
        "# Sie Titel, Hersteller und Grenzen (low, high).",
        "# Drafted from marked registers: check each point at the machine, and complete titles,",
        "# manufacturer and limits (low, high).",
        "schema: 1",
        f"template: {name}",
        f"title: {{de: {_quoted(title)}, en: {_quoted(title)}}}",
        "identification: {manufacturer: unknown, model: unknown}",
        "points:",
    ]
    for one in marks:
        lines += _point(table, one)
    return "\n".join(lines) + "\n"


def _point(table: Table, one: Mark) -> list[str]:
    means = MEANS.get(one.name, Text(one.name, one.name))
    keys = [
        f"  - name: {one.name}",
        f"    means: {{de: {_quoted(means.de)}, en: {_quoted(means.en)}}}",
        f"    table: {table.value}",
        f"    address: {one.address}",
        f"    encoding: {one.encoding.value}",
    ]
    if one.order is not None:
        keys.append(f"    order: {one.order.value}")
    if one.bit is not None:
        keys.append(f"    bit: {one.bit}")
    if one.scale != 1.0:
        keys.append(f"    scale: {format(Decimal(repr(one.scale)), 'f')}")
    if one.unit != "1":
        keys.append(f"    unit: {_quoted(one.unit)}")
    if one.encoding is Encoding.BIT:
        keys.append("    kind: state")
    elif one.counter:
        keys.append("    kind: counter")
    if one.name in MEANS:
        keys.append(f"    role: {one.name}")
    return keys


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
