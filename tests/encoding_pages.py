"""The pages of encodings, written from the table: ``docs/de`` and ``docs/en``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.core.text import Language, Text
from gateway.core.units import UNITS
from gateway.machines.encodings import Encoding
from gateway.machines.orders import Order
from tests.machines.encoding_examples import EXAMPLES

ROOT = Path(__file__).parents[1]
LANGUAGES: tuple[Language, ...] = ("de", "en")


def page(language: Language) -> Path:
    """Where the page of a language stands."""
    return ROOT / "docs" / language / "reference" / "encodings.md"


def text(language: Language) -> str:
    """The whole page."""
    return "\n".join(line.in_(language) if isinstance(line, Text) else line for line in _lines())


def _lines() -> Iterator[Text | str]:
    yield Text("# Kodierungen, Reihenfolgen, Einheiten\n", "# Encodings, orders, units\n")
    yield Text(
        "Diese Seite ist aus den Tabellen geschrieben, nach denen das Gateway liest "
        "(`gateway/machines/encodings.py`, `orders.py`, `gateway/core/units.py`). Ein Register hat "
        "16 Bit; Beispiele stehen mit dem höchsten Wort und Byte zuerst.\n",
        "This page is written from the tables by which the gateway reads "
        "(`gateway/machines/encodings.py`, `orders.py`, `gateway/core/units.py`). A register has "
        "16 bits; examples stand with the highest word and byte first.\n",
    )
    yield Text("## Kodierungen\n", "## Encodings\n")
    yield Text(
        "| `encoding` | Register | Was es ist | Bereich | Beispiel |",
        "| `encoding` | Registers | What it is | Range | Example |",
    )
    yield "|---|---|---|---|---|"
    yield from map(_encoding, Encoding)
    yield ""
    yield from _BELOW
    yield Text("## Reihenfolgen\n", "## Orders\n")
    yield Text(
        "Buchstaben nennen die Bytes, wie sie gesendet werden; A ist das höchste Byte des Werts.\n",
        "Letters name the bytes as they are sent; A is the highest byte of the value.\n",
    )
    for words in (1, 2, 3, 4):
        names = ", ".join(f"`{order}`" for order in Order if order.fits(words))
        yield Text(f"- {words} Register: {names}", f"- {words} registers: {names}")
    yield ""
    yield Text("## Einheiten\n", "## Units\n")
    yield Text(
        "`unit` ist UCUM (`var` ausgenommen). Eine andere Einheit ist erlaubt: `check` weist auf "
        "sie hin, in OPC UA hat sie keinen Code.\n",
        "`unit` is UCUM (`var` excepted). Another unit is allowed: `check` mentions it, and in "
        "OPC UA it has no code.\n",
    )
    yield Text("| `unit` | Anzeige | OPC UA |", "| `unit` | Shown | OPC UA |")
    yield "|---|---|---|"
    for unit in UNITS.values():
        yield f"| `{unit.ucum}` | {unit.display} | {unit.opcua} |"
    yield ""


def _encoding(encoding: Encoding) -> Text:
    row = encoding.row
    words, value = EXAMPLES[encoding]
    holds = "" if row.holds is None else f"{row.holds[0]} … {row.holds[-1]}"
    shown = " ".join(f"{word:04X}" for word in words)
    length = str(row.words) if row.words else "`length`"
    begin, end = f"| `{encoding}` | {length} |", f"| {holds} | `{shown}` = "
    if isinstance(value, bool):
        said = Text("ja" if value else "nein", "yes" if value else "no")
    else:
        said = Text(str(value), str(value))
    return Text(
        f"{begin} {row.says.de} {end}{said.de} |", f"{begin} {row.says.en} {end}{said.en} |"
    )


_BELOW = (
    Text(
        "`bit` braucht `bit: 0` bis `15`, außer in den Tabellen einzelner Bits. Ein Text braucht "
        "`length` (Register), `kind: text` und wahlweise `charset: latin-1`; er endet am ersten "
        "NUL, Leerzeichen am Rand zählen nicht mit.\n",
        "`bit` needs `bit: 0` to `15`, except in the tables of single bits. A text needs `length` "
        "(registers), `kind: text` and perhaps `charset: latin-1`; it ends at the first NUL, "
        "spaces at its ends do not count.\n",
    ),
    Text(
        "- `mask: 240` nimmt die Bits 4 bis 7 aus einer Zahl ohne Vorzeichen; gezählt wird ab dem "
        "niedrigsten.\n"
        "- `values: {0: {de: steht, en: idle}}` macht aus einer Zahl eine Aufzählung. Der Wert "
        "bleibt die Zahl; eine, die nicht in der Liste steht, ist unsicher.\n"
        "- `scale`, `offset`: Wert = roh × scale + offset. `scale_from` nennt den Punkt, der die "
        "Zehnerpotenz enthält (SunSpec); beide werden in einer Anfrage gelesen.\n"
        "- `sentinels` sind Rohwerte für »kein Wert«, dezimal; bei Gleitkomma die Zahl selbst oder "
        "`nan`. Am Anfang der Vorlage gelten sie für alle Punkte einer Kodierung: "
        "`sentinels: {int16: [-32768]}`.\n"
        "- `numbering: from-one`, `40001` oder `400001` sagt einmal, wie das Handbuch zählt. "
        "Meldungen zeigen die Nummer des Handbuchs und die Adresse auf der Leitung.\n"
        "- `derived` sind Punkte ohne Register: `sum`, `difference` oder `product` von Punkten "
        "desselben Geräts, so gut wie der schlechteste davon. Gelesen werden sie in einer Abfrage, "
        "wo immer eine sie fasst; wo keine das kann, ist der Wert unsicher, und `check` sagt es.\n",
        "- `mask: 240` takes bits 4 to 7 out of an unsigned number; it counts from the lowest.\n"
        "- `values: {0: {de: steht, en: idle}}` makes an enumeration of a number. The value stays "
        "the number; one that is not listed is uncertain.\n"
        "- `scale`, `offset`: value = raw × scale + offset. `scale_from` names the point that "
        "holds the power of ten (SunSpec); both are read in one request.\n"
        "- `sentinels` are raw values that mean no value, in decimal; of a float the number itself "
        "or `nan`. At the head of a template they hold for all points of an encoding: "
        "`sentinels: {int16: [-32768]}`.\n"
        "- `numbering: from-one`, `40001` or `400001` says once how the manual counts. Messages "
        "show the number of the manual and the address on the wire.\n"
        "- `derived` are points without a register: `sum`, `difference` or `product` of points of "
        "the same device, as good as the worst of them. They are read in one request wherever "
        "one can hold them; where none can, the value is uncertain and `check` says so.\n",
    ),
    Text(
        "Ganze Zahlen über 2^53 und ihre Stellen, Texte und Aufzählungen:\n\n"
        "| Weg | Ganze Zahl von 64 Bit | Text | Aufzählung |\n"
        "|---|---|---|---|\n"
        "| Journal, MQTT | alle Stellen | Text | Zahl; Wörter in `birth` |\n"
        "| OPC UA | alle Stellen, Int64 oder UInt64 | String | Zahl; Wörter in EnumValues |\n"
        "| InfluxDB, Verlauf | gerundet und dann unsicher | Text | Zahl |\n"
        "| Seiten | als Text, alle Stellen | Text | Wort |\n\n"
        "Ein Wert, der beim Skalieren Stellen verliert, ist überall unsicher.\n",
        "Whole numbers above 2^53 and their digits, texts and enumerations:\n\n"
        "| Way out | Whole number of 64 bits | Text | Enumeration |\n"
        "|---|---|---|---|\n"
        "| Journal, MQTT | all digits | text | number; words in `birth` |\n"
        "| OPC UA | all digits, Int64 or UInt64 | String | number; words in EnumValues |\n"
        "| InfluxDB, history | rounded, and then uncertain | text | number |\n"
        "| Pages | as text, all digits | text | word |\n\n"
        "A value that loses digits when it is scaled is uncertain everywhere.\n",
    ),
)
