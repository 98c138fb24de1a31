"""The pages of devices, made from the templates and the models that read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from gateway import resources
from gateway.config.glossary import DIVIDER
from gateway.core.text import Language, Text
from gateway.machines import catalog
from gateway.machines.card import PROOFS, card
from gateway.machines.template import Encoding, PointSpec, Template

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES: tuple[Language, ...] = ("de", "en")
AGAIN = "`WRITE_GOLDEN=1 .venv/bin/pytest tests/test_device_pages.py`"
SMALLEST = "xy-md02"


def pages() -> dict[Path, str]:
    """Every page, by its file."""
    made = {"reference/devices.md": devices, "how-to/template.md": how_to}
    return {
        ROOT / "docs" / language / name: page(language)
        for language in LANGUAGES
        for name, page in made.items()
    }


DEVICES = Text(
    f"""# Bekannte Geräte

Aus den Dateien in `configs/machines` gemacht;
{AGAIN} schreibt die Seite neu.

Gelesen werden alle diese Geräte, geschrieben wird nie. In jedem Testlauf gibt ein simuliertes Gerät
jede Vorlage aus, und zwei verschiedene Programme lesen sie zurück. Das beweist, dass die Vorlage
tut, was sie sagt; ob das Gerät tut, was seine Liste sagt, steht unter »Beweis«.""",
    f"""# Known devices

Made from the files in `configs/machines`;
{AGAIN} writes the page anew.

All these devices are read and never written to. In every test run a simulated device serves each
template, and two different programs read it back. That proves that the template does what it says;
whether the device does what its list says stands under "Proof".""",
)

HEAD = Text(
    "| Vorlage | Gerät | Hersteller, Modell | Messpunkte | Beweis |",
    "| Template | Device | Manufacturer, model | Points | Proof |",
)


def devices(language: Language) -> str:
    """One line and one section for each template."""
    templates = [catalog.template(name) for name in catalog.names()]
    index = "\n".join(
        (HEAD.in_(language), "|---|---|---|---|---|", *(_line(one, language) for one in templates))
    )
    cards = (card(one, language).rstrip() for one in templates)
    return "\n\n".join((DEVICES.in_(language), index, *cards)) + "\n"


def _line(template: Template, language: Language) -> str:
    told = template.identification
    proof = PROOFS[template.proof].in_(language).partition(":")[0]
    cells = (
        f"`{template.template}`",
        template.title.text.in_(language),
        f"{told.manufacturer} {told.model}",
        str(len(template.points)),
        proof,
    )
    return f"| {' | '.join(cells)} |"


HOW_TO = Text(
    f"""# Eine Vorlage in fünfzehn Minuten

Aus den Vorlagen und dem Programm gemacht;
{AGAIN} schreibt die Seite neu.

Eine Vorlage ist eine YAML-Datei: welche Register ein Gerät hat und was sie bedeuten. Programmieren
müssen Sie nichts.

## 1. Die Registerliste suchen (3 Minuten)

Sie steht im Handbuch des Geräts, oft unter »Modbus« oder »Kommunikation«. Suchen Sie eine zweite
Quelle, die etwas anderes sein soll als eine Abschrift der ersten. Wo beide sich widersprechen,
schreiben Sie das unter `caveats` auf. Erfinden Sie nichts: Was in keiner Liste steht, gehört nicht
in die Vorlage.

Prüfen Sie vier Dinge:

- Mit welcher Funktion wird gelesen? 3 heißt `table: holding-registers`, 4 `input-registers`, 1
  `coils`, 2 `discrete-inputs`.
- Wie zählt die Liste? Schreiben Sie die Adressen ab, wie sie dastehen, dezimal, und sagen Sie es
  einmal: `numbering: from-zero` (gilt ohne Angabe), `from-one`, `40001` (auch für 30001 und 10001)
  oder `400001`.
- Wie viele Register hat ein Wert, und mit Vorzeichen oder ohne? Das sagt `encoding`.
- Welches Wort kommt zuerst? Das sagt `order`, nötig ab zwei Registern.

## 2. Die nächstliegende Vorlage kopieren (2 Minuten)

Speichern Sie diese des Fühlers `{SMALLEST}` als `mein-geraet.yaml`, und ändern Sie `template` (zum
Beispiel `mein-geraet`), `title` und `identification`. Alles Übrige ersetzen Sie in den nächsten
Schritten; was Ihr Gerät nicht hat, streichen Sie.""",
    f"""# A template in fifteen minutes

Made from the templates and the program;
{AGAIN} writes the page anew.

A template is a YAML file: which registers a device has and what they mean. Nothing has to be
programmed.

## 1. Find the register list (3 minutes)

It stands in the device's manual, often under "Modbus" or "Communication". Look for a second source
that is something else than a copy of the first. Where the two disagree, write that down under
`caveats`. Invent nothing: what stands in no list does not belong in the template.

Check four things:

- With which function is it read? 3 is `table: holding-registers`, 4 `input-registers`, 1 `coils`,
  2 `discrete-inputs`.
- How does the list count? Write the addresses as they stand there, in decimal, and say it once:
  `numbering: from-zero` (holds if nothing is said), `from-one`, `40001` (for 30001 and 10001, too)
  or `400001`.
- How many registers does a value take, and is it signed? `encoding` says that.
- Which word comes first? `order` says that; it is needed from two registers on.

## 2. Copy the nearest template (2 minutes)

Save this one, of the sensor `{SMALLEST}`, as `my-device.yaml`, and change `template` (to
`my-device`, for example), `title` and `identification`. Replace the rest in the next steps; strike
out what your device does not have.""",
)

POINTS = Text(
    """## 3. Die Messpunkte eintragen (5 Minuten)

Fangen Sie mit einem Wert an, den die Anzeige des Geräts auch zeigt.""",
    """## 3. Write down the points (5 minutes)

Begin with a value that the device's display shows, too.""",
)

REST = Text(
    """## 4. Prüfen (1 Minute)

```sh
werkverbund check mein-geraet.yaml
werkverbund template mein-geraet.yaml
```

Jeder Fehler wird mit Zeile, Spalte und Abhilfe genannt.

## 5. Am Gerät lesen (3 Minuten)

```sh
werkverbund read --template mein-geraet.yaml --host 192.168.10.21 --unit 1
```

An einem seriellen Anschluss: `werkverbund read --template mein-geraet.yaml --serial /dev/ttyUSB0
--baud 9600 --unit 1`. Ohne Gerät üben Sie an einem simulierten: [Ein Gerät
simulieren](simulate.md).

Vergleichen Sie mit der Anzeige. Steht dort etwas anderes, hilft diese Liste:

- Der Wert des Nachbarn, oder nur der letzte Punkt wird abgelehnt: Die Liste zählt ab 1, schreiben
  Sie `numbering: from-one`.
- Eine riesige oder winzige Zahl: `order` ist verkehrt herum, oder die Kodierung ist eine andere.
  Alle Deutungen nebeneinander zeigt `werkverbund look --host 192.168.10.21 --first 0`.
- Zehn-, hundert- oder tausendfach: `scale`.
- Rund 65 000 statt einer kleinen negativen Zahl: `int16` statt `uint16`.
- Eine Ablehnung: die falsche Tabelle, oder das Gerät liest nur bestimmte Bereiche am Stück
  (`readable`, `workarounds`).

## 6. Sagen, wie weit es belegt ist (1 Minute)

`sources` nennt die gelesenen Listen mit Ausgabe, `source` bei jedem Punkt die Stelle darin, `proof`
die Stufe:""",
    """## 4. Check (1 minute)

```sh
werkverbund check my-device.yaml
werkverbund template my-device.yaml
```

Every mistake is named with line, column and remedy.

## 5. Read at the device (3 minutes)

```sh
werkverbund read --template my-device.yaml --host 192.168.10.21 --unit 1
```

At a serial port: `werkverbund read --template my-device.yaml --serial /dev/ttyUSB0 --baud 9600
--unit 1`. Without a device, practise with a simulated one: [Simulate a device](simulate.md).

Compare with the display. If that shows something else, this list helps:

- The neighbour's value, or only the last point is refused: the list counts from 1, write
  `numbering: from-one`.
- A huge or tiny number: `order` is the wrong way round, or the encoding is another. `werkverbund
  look --host 192.168.10.21 --first 0` shows every meaning side by side.
- Ten, a hundred or a thousand times: `scale`.
- About 65,000 instead of a small negative number: `int16` instead of `uint16`.
- A refusal: the wrong table, or the device reads only certain ranges as one block (`readable`,
  `workarounds`).

## 6. Say how far it is proven (1 minute)

`sources` names the lists that were read with their edition, `source` at each point the place in
it, `proof` the step:""",
)

SHARE = Text(
    """## 7. Benutzen und weitergeben

Legen Sie die Datei neben die Datei der Firma oder der Maschine, und schreiben Sie dort
`template: mein-geraet.yaml`.

Andere haben auch etwas davon: Im Projekt gehört die Datei nach `configs/machines`. Anzumelden ist
nichts: Die Tests finden sie, ein simuliertes Gerät gibt sie aus, mbpoll und das Gateway lesen sie
zurück. `werkverbund template NAME --aid` gibt sie als Asset Interfaces Description aus, die auch
andere Programme lesen.""",
    """## 7. Use it and pass it on

Put the file beside the firm's or the machine's file, and write `template: my-device.yaml` there.

Others can use it, too: in the project the file belongs into `configs/machines`. Nothing has to be
registered: the tests find it, a simulated device serves it, mbpoll and the gateway read it back.
`werkverbund template NAME --aid` prints it as an Asset Interfaces Description, which other programs
read, too.""",
)

OF_TEMPLATE = Text("Schlüssel der Vorlage", "Keys of the template")
OF_POINT = Text("Schlüssel eines Messpunkts", "Keys of a point")
ENCODINGS = Text("Kodierungen", "Encodings")
KEY = Text("| Schlüssel | Bedeutung |", "| Key | Meaning |")
ENCODING = Text(
    "| Kodierung | Register | Was darin steht |", "| Encoding | Registers | What stands in it |"
)


def how_to(language: Language) -> str:
    """From a register list to a template, with all keys and encodings."""
    file = (resources.templates() / f"{SMALLEST}.yaml").read_text("utf-8")
    proofs = "\n".join(
        f"- `{proof}`: {told.in_(language)}" for proof, told in PROOFS.items() if proof
    )
    return "\n\n".join((
        HOW_TO.in_(language),
        f"```yaml\n{file.rstrip()}\n```",
        POINTS.in_(language),
        _table(OF_POINT, KEY, _keys(PointSpec, language), language),
        _table(ENCODINGS, ENCODING, _encodings(language), language),
        REST.in_(language),
        proofs,
        SHARE.in_(language),
        _table(OF_TEMPLATE, KEY, _keys(Template, language), language),
    )) + "\n"  # fmt: skip


def _table(title: Text, head: Text, rows: Iterator[str], language: Language) -> str:
    columns = head.in_(language).count("|") - 1
    lines = (head.in_(language), "|" + "---|" * columns, *rows)
    return f"### {title.in_(language)}\n\n" + "\n".join(lines)


def _keys(model: type[BaseModel], language: Language) -> Iterator[str]:
    for name, field in model.model_fields.items():
        german, _, english = (field.description or "").partition(DIVIDER)
        told = german if language == "de" else english or german
        yield f"| `{field.alias or name}` | {told} |"


def _encodings(language: Language) -> Iterator[str]:
    for encoding in Encoding:
        row = encoding.row
        yield f"| `{encoding}` | {row.words or '`length`'} | {row.says.in_(language)} |"
