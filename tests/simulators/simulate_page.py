"""The page of simulated devices, made from the words that the simulators understand."""

from __future__ import annotations

from pathlib import Path

from gateway.core.text import Language, Text
from simulators.modbus.fault_kinds import GATEWAY, MANNERS, WORDS, Manner, Word

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES: tuple[Language, ...] = ("de", "en")
AGAIN = "`WRITE_GOLDEN=1 .venv/bin/pytest tests/simulators/test_simulate_page.py`"

PAGE = Text(
    f"""# Ein Gerät simulieren

Aus dem Programm gemacht;
{AGAIN} schreibt die Seite neu.

Zum Üben, zum Prüfen einer Vorlage und zum Nachstellen eines Fehlers brauchen Sie kein Gerät.

## Eine Vorlage an einer Adresse

```sh
werkverbund simulate --template sdm630
werkverbund read --template sdm630 --host 127.0.0.1 --port 5020
```

Dahinter arbeitet eine erdachte Maschine: 12 s Lauf, 6 s Laden. Leistung, Energie, Zähler und
Meldebits passen zueinander. Tippen Sie `aus`, `bereit` oder `an`, und sie wird geschaltet; die
leere Zeile sagt, wie sie steht.

## An einer seriellen Schnittstelle

```sh
werkverbund simulate --template sdm630 --template pid-furnace --link /tmp/rs485
werkverbund read --template pid-furnace --serial /tmp/rs485 --unit 2
```

`/tmp/rs485` ist ein Pseudo-Terminal: eine serielle Schnittstelle, die nur auf diesem Rechner
besteht (unter Linux erprobt). Die Leitung hält ihre Baudrate ein, mit den Pausen, die Modbus
verlangt. Wer mit anderer Baudrate oder anderen Stoppbits liest, wird nicht verstanden. Parität
kennen Pseudo-Terminals nicht: Lesen Sie mit `parity: none`; `--parity` ändert nur die Dauer der
Zeichen.

Mit `--behind gateway` steht die Leitung hinter einem Modbus-TCP-Gateway, mit `--behind server`
hinter einem Geräteserver, der ihre Bytes durchreicht (RTU über TCP).

## Eine Maschine, zu der es keine Vorlage gibt

```sh
werkverbund simulate --unknown --seed 7 --link /tmp/rs485
```

Sie hat Leistung, Energie, einen Teilezähler und ein Bit »läuft«, aber sagt nicht, wo. Jede
Startzahl gibt eine andere. Schalten Sie sie, und sehen Sie, welche Register sich ändern.

## Fehler

`--faults` nimmt Wörter, durch Kommas getrennt, oder eine Datei mit einem Wort je Zeile. Jedes Wort
für eine Antwort kann sagen, wann es gilt:

| | |
|---|---|
| `late=3s @5%` | bei fünf von hundert Anfragen, nach der Startzahl gewählt |
| `late=3s @1/30` | bei jeder dreißigsten |
| `late=3s @17`, `@17-20`, `@17-` | bei der siebzehnten, bis zur zwanzigsten, von da an |
| `late=3s unit=3` | nur bei Gerät 3 |

Gleiche Startzahl und gleiche Anfragen: gleiche Fehler.

{{faults}}

Einmal neu zu starten, drei Sekunden stumm zu sein und drei Sekunden keine Werte zu haben, heißt:
`--faults "reboot=3s @100"`.
""",
    f"""# Simulate a device

Made from the program;
{AGAIN} writes the page anew.

To practise, to check a template and to play a fault again you need no device.

## A template at an address

```sh
werkverbund simulate --template sdm630
werkverbund read --template sdm630 --host 127.0.0.1 --port 5020
```

Behind it a made-up machine works: 12 s of a run, 6 s of loading. Power, energy, counters and status
bits agree. Type `off`, `standby` or `on` and it is switched; the empty line says how it stands.

## At a serial port

```sh
werkverbund simulate --template sdm630 --template pid-furnace --link /tmp/rs485
werkverbund read --template pid-furnace --serial /tmp/rs485 --unit 2
```

`/tmp/rs485` is a pseudo-terminal: a serial port that exists on this computer only (tried on Linux).
The line keeps its baud rate, with the silences that Modbus asks for. Who reads with another baud
rate or other stop bits is not understood. Pseudo-terminals know no parity: read with
`parity: none`; `--parity` changes only how long characters take.

With `--behind gateway` the line stands behind a Modbus TCP gateway, with `--behind server` behind a
device server that hands its bytes on (RTU over TCP).

## A machine that no template describes

```sh
werkverbund simulate --unknown --seed 7 --link /tmp/rs485
```

It has power, energy, a counter of parts and a bit "running", but does not say where. Each seed
gives another one. Switch it, and see which registers change.

## Faults

`--faults` takes words, separated by commas, or a file with a word on each line. Every word for an
answer can say when it is true:

| | |
|---|---|
| `late=3s @5%` | of five requests in a hundred, chosen by the seed |
| `late=3s @1/30` | of every thirtieth |
| `late=3s @17`, `@17-20`, `@17-` | of the seventeenth, up to the twentieth, from then on |
| `late=3s unit=3` | of unit 3 only |

The same seed and the same requests: the same faults.

{{faults}}

To restart once, to be silent for three seconds and to have no values for three more, is:
`--faults "reboot=3s @100"`.
""",
)

TITLES = (
    (Text("Was eine Antwort trifft", "What becomes of an answer"), WORDS),
    (Text("Wie ein Gerät Verbindungen behandelt", "How a device treats connections"), MANNERS),
    (Text("Wie ein Gateway ist", "How a gateway is"), GATEWAY),
)


def pages() -> dict[Path, str]:
    """The page in each language, by its file."""
    return {
        ROOT / "docs" / language / "how-to" / "simulate.md": PAGE.in_(language).replace(
            "{faults}", "\n\n".join(_table(title, words, language) for title, words in TITLES)
        )
        for language in LANGUAGES
    }


def _table(title: Text, words: dict[str, Word] | dict[str, Manner], language: Language) -> str:
    rows = [
        f"| `{name}={word.example}` | {word.means.in_(language)} |"
        if word.example
        else f"| `{name}` | {word.means.in_(language)} |"
        for name, word in words.items()
    ]
    return "\n".join([f"| {title.in_(language)} | |", "|---|---|", *rows])
