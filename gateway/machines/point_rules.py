"""What a point must keep to beyond its shape; each rule says how to mend the file."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.config import Objection
from gateway.core.text import Text
from gateway.core.units import UNITS
from gateway.machines.encodings import can_hold
from gateway.machines.point import Point


def objections(point: Point) -> Iterator[Objection]:
    """Everything that does not fit together in one point."""
    yield from _order(point)
    yield from _bit(point)
    yield from _numbers(point)


def _order(point: Point) -> Iterator[Objection]:
    """Two registers need a word order, one has none."""
    if point.words == 2 and point.order is None:
        yield Objection(
            Text(
                f"{point.name}: {point.encoding} braucht zwei Register, die Wortfolge fehlt",
                f"{point.name}: {point.encoding} takes two registers, the word order is missing",
            ),
            Text(
                "Ergänzen Sie order: high-word-first oder order: low-word-first.",
                "Add order: high-word-first or order: low-word-first.",
            ),
            ("encoding",),
        )
    if point.words == 1 and point.order is not None:
        yield Objection(
            Text(
                f"{point.name}: {point.encoding} hat nur ein Wort und keine Wortfolge",
                f"{point.name}: {point.encoding} has one word and no word order",
            ),
            Text("Löschen Sie order.", "Delete order."),
            ("order",),
        )
    if point.last > 65535:
        yield Objection(
            Text(
                f"{point.name}: der Wert reicht über die letzte Adresse 65535 hinaus",
                f"{point.name}: the value reaches past the last address 65535",
            ),
            Text("Prüfen Sie address.", "Check address."),
            ("address",),
        )


def _bit(point: Point) -> Iterator[Objection]:
    """A bit of a register has its number, a bit of a bit table has none."""
    if point.is_table_bit and (not point.is_bit or point.bit is not None):
        yield Objection(
            Text(
                f"{point.name}: {point.table} enthält einzelne Bits",
                f"{point.name}: {point.table} holds single bits",
            ),
            Text("Schreiben Sie encoding: bit, ohne bit:.", "Write encoding: bit, without bit:."),
            ("encoding",) if not point.is_bit else ("bit",),
        )
    if not point.is_table_bit and point.is_bit != (point.bit is not None):
        yield Objection(
            Text(
                f"{point.name}: encoding: bit und die Nummer des Bits gehören zusammen",
                f"{point.name}: encoding: bit and the number of the bit belong together",
            ),
            Text(
                "Schreiben Sie encoding: bit und bit: 0 bis 15, oder keines von beiden.",
                "Write encoding: bit and bit: 0 to 15, or neither.",
            ),
            ("encoding",) if point.bit is None else ("bit",),
        )


def _numbers(point: Point) -> Iterator[Objection]:
    """Scale, unit, limits and sentinels make sense."""
    if point.scale == 0:
        yield Objection(
            Text(f"{point.name}: scale 0 macht jeden Wert zu 0", f"{point.name}: scale is 0"),
            Text("Schreiben Sie zum Beispiel scale: 0.1.", "Write for example scale: 0.1."),
            ("scale",),
        )
    if point.is_bit and (point.scale, point.offset) != (1.0, 0.0):
        yield Objection(
            Text(
                f"{point.name}: ein Bit hat weder scale noch offset",
                f"{point.name}: a bit has neither scale nor offset",
            ),
            Text("Löschen Sie scale und offset.", "Delete scale and offset."),
            ("scale",) if point.scale != 1.0 else ("offset",),
        )
    if point.unit not in UNITS:
        yield Objection(
            Text(
                f"{point.name}: die Einheit {point.unit} ist unbekannt",
                f"{point.name}: the unit {point.unit} is unknown",
            ),
            _unit_meant(point.unit),
            ("unit",),
        )
    if point.low is not None and point.high is not None and point.low > point.high:
        yield Objection(
            Text(
                f"{point.name}: low {point.low} liegt über high {point.high}",
                f"{point.name}: low {point.low} is above high {point.high}",
            ),
            Text("Vertauschen Sie low und high.", "Swap low and high."),
            ("low",),
        )
    if point.rollover is not None and (
        point.highest_raw is None or point.rollover > point.highest_raw
    ):
        yield Objection(
            Text(
                f"{point.name}: rollover {point.rollover} erreicht {point.encoding} nie",
                f"{point.name}: {point.encoding} never reaches rollover {point.rollover}",
            ),
            Text(
                "Nur ganze Zahlen zählen; schreiben Sie den größten Rohwert.",
                "Only whole numbers count; write the highest raw value.",
            ),
            ("rollover",),
        )
    for index, sentinel in enumerate(point.sentinels):
        if (wrong := _unfit(point, sentinel)) is not None:
            yield Objection(*wrong, ("sentinels", index))


def _unfit(point: Point, sentinel: float) -> tuple[Text, Text] | None:
    """Why no register ever holds a sentinel, and what to write."""
    shown = f"{sentinel:.0f}" if sentinel.is_integer() and abs(sentinel) < 1e15 else f"{sentinel}"
    if point.is_float:
        if can_hold(point.encoding, sentinel):
            return None
        return Text(
            f"{point.name}: {shown} kann {point.encoding} nicht enthalten",
            f"{point.name}: {point.encoding} cannot hold {shown}",
        ), Text("Schreiben Sie die Zahl, wie das Gerät sie meldet.", "Write the device's number.")
    if not sentinel.is_integer():
        return Text(
            f"{point.name}: {point.encoding} enthält nur ganze Zahlen, nie {shown}",
            f"{point.name}: {point.encoding} holds whole numbers only, never {shown}",
        ), Text(
            "Schreiben Sie den rohen Registerwert, ohne scale.",
            "Write the raw register value, before scale.",
        )
    width = 16 * point.words
    if -(1 << (width - 1)) <= sentinel < 1 << width:
        return None
    return Text(
        f"{point.name}: {shown} passt nicht in {width} Bit",
        f"{point.name}: {shown} does not fit {width} bits",
    ), Text("Schreiben Sie den rohen Registerwert.", "Write the raw register value.")


def _unit_meant(shown: str) -> Text:
    """The unit that people write so, or all of them."""
    meant = next((unit.ucum for unit in UNITS.values() if unit.display == shown), None)
    if meant is not None:
        return Text(f"Schreiben Sie unit: {meant}", f"Write unit: {meant}")
    return Text(f"Erlaubt sind: {', '.join(UNITS)}.", f"Use one of: {', '.join(UNITS)}.")
