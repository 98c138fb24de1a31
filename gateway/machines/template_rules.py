"""What a template file must keep to beyond its shape; each rule says how to mend the file."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gateway.config import wrong
from gateway.core.text import Text
from gateway.core.units import UNITS

if TYPE_CHECKING:
    from gateway.machines.template import PointSpec, Template


def check_order(point: PointSpec) -> None:
    """Two registers need a word order, one has none."""
    if point.words == 2 and point.order is None:
        raise wrong(
            Text(
                f"{point.name}: {point.encoding} braucht zwei Register, die Wortfolge fehlt",
                f"{point.name}: {point.encoding} takes two registers, the word order is missing",
            ),
            Text(
                "Ergänzen Sie order: high-word-first oder order: low-word-first.",
                "Add order: high-word-first or order: low-word-first.",
            ),
        )
    if point.words == 1 and point.order is not None:
        raise wrong(
            Text(
                f"{point.name}: {point.encoding} hat nur ein Wort und keine Wortfolge",
                f"{point.name}: {point.encoding} has one word and no word order",
            ),
            Text("Löschen Sie order.", "Delete order."),
        )
    if point.last > 65535:
        raise wrong(
            Text(
                f"{point.name}: der Wert reicht über die letzte Adresse 65535 hinaus",
                f"{point.name}: the value reaches past the last address 65535",
            ),
            Text("Prüfen Sie address.", "Check address."),
        )


def check_bit(point: PointSpec) -> None:
    """A bit of a register has its number, a bit of a bit table has none."""
    if point.is_table_bit and (not point.is_bit or point.bit is not None):
        raise wrong(
            Text(
                f"{point.name}: {point.table} enthält einzelne Bits",
                f"{point.name}: {point.table} holds single bits",
            ),
            Text("Schreiben Sie encoding: bit, ohne bit:.", "Write encoding: bit, without bit:."),
        )
    if not point.is_table_bit and point.is_bit != (point.bit is not None):
        raise wrong(
            Text(
                f"{point.name}: encoding: bit und die Nummer des Bits gehören zusammen",
                f"{point.name}: encoding: bit and the number of the bit belong together",
            ),
            Text(
                "Schreiben Sie encoding: bit und bit: 0 bis 15, oder keines von beiden.",
                "Write encoding: bit and bit: 0 to 15, or neither.",
            ),
        )


def check_numbers(point: PointSpec) -> None:
    """Scale, unit, limits and sentinels make sense."""
    if point.scale == 0:
        raise wrong(
            Text(f"{point.name}: scale 0 macht jeden Wert zu 0", f"{point.name}: scale is 0"),
            Text("Schreiben Sie zum Beispiel scale: 0.1.", "Write for example scale: 0.1."),
        )
    if point.is_bit and (point.scale, point.offset) != (1.0, 0.0):
        raise wrong(
            Text(
                f"{point.name}: ein Bit hat weder scale noch offset",
                f"{point.name}: a bit has neither scale nor offset",
            ),
            Text("Löschen Sie scale und offset.", "Delete scale and offset."),
        )
    if point.unit not in UNITS:
        raise wrong(
            Text(
                f"{point.name}: die Einheit {point.unit} ist unbekannt",
                f"{point.name}: the unit {point.unit} is unknown",
            ),
            Text(f"Erlaubt sind: {', '.join(UNITS)}.", f"Use one of: {', '.join(UNITS)}."),
        )
    if point.low is not None and point.high is not None and point.low > point.high:
        raise wrong(
            Text(
                f"{point.name}: low {point.low} liegt über high {point.high}",
                f"{point.name}: low {point.low} is above high {point.high}",
            ),
            Text("Vertauschen Sie low und high.", "Swap low and high."),
        )
    if point.rollover is not None and (
        point.highest_raw is None or point.rollover > point.highest_raw
    ):
        raise wrong(
            Text(
                f"{point.name}: rollover {point.rollover} erreicht {point.encoding} nie",
                f"{point.name}: {point.encoding} never reaches rollover {point.rollover}",
            ),
            Text(
                "Nur ganze Zahlen zählen; schreiben Sie den größten Rohwert.",
                "Only whole numbers count; write the highest raw value.",
            ),
        )
    width = 16 * point.words
    for sentinel in point.sentinels:
        if not -(1 << (width - 1)) <= sentinel < 1 << width:
            raise wrong(
                Text(
                    f"{point.name}: {sentinel} passt nicht in {width} Bit",
                    f"{point.name}: {sentinel} does not fit {width} bits",
                ),
                Text("Schreiben Sie den rohen Registerwert.", "Write the raw register value."),
            )


def check_names(template: Template) -> None:
    """No two points share a name."""
    twice = [name for name, n in Counter(p.name for p in template.points).items() if n > 1]
    if twice:
        raise wrong(
            Text(f"zwei Punkte heißen {twice[0]}", f"two points are called {twice[0]}"),
            Text("Benennen Sie einen davon um.", "Rename one of them."),
        )


def check_ranges(template: Template) -> None:
    """Every point can be read within the declared ranges and limits."""
    even = template.workarounds.even_only
    if even and template.workarounds.max_registers < 2:
        raise wrong(
            Text(
                "even_only und max_registers 1 schließen einander aus",
                "even_only and max_registers 1 exclude each other",
            ),
            Text("Schreiben Sie max_registers: 2 oder mehr.", "Write max_registers: 2 or more."),
        )
    for range_ in template.readable:
        if even and not range_.of_bits and (range_.last - range_.first) % 2 == 0:
            raise wrong(
                Text(
                    f"even_only: {range_.first} bis {range_.last} ist eine ungerade Anzahl",
                    f"even_only: {range_.first} to {range_.last} is an odd count",
                ),
                Text("Nehmen Sie eine Adresse dazu oder weg.", "Add or remove one address."),
            )
    for point in template.points:
        ranges = template.reads(point.table)
        if ranges and not any(r.first <= point.address and point.last <= r.last for r in ranges):
            raise wrong(
                Text(
                    f"{point.name} ({point.address}) liegt in keinem lesbaren Bereich",
                    f"{point.name} ({point.address}) lies in no readable range",
                ),
                Text(
                    "Ergänzen Sie readable, oder prüfen Sie address.",
                    "Extend readable, or check address.",
                ),
            )
        if point.words > template.workarounds.max_registers and not point.is_table_bit:
            raise wrong(
                Text(
                    f"{point.name} braucht mehr Register als max_registers erlaubt",
                    f"{point.name} takes more registers than max_registers allows",
                ),
                Text("Erhöhen Sie max_registers.", "Raise max_registers."),
            )
