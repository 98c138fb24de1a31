"""The text of a file, checked before YAML sees it: size, encoding, odd characters, tabs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from gateway.config.references import RESERVED
from gateway.config.tree import Place
from gateway.core.text import Text

LARGEST = 1_000_000
"""Bytes; a file that a person writes is far smaller."""

Report = Callable[[Place, Text, Text], None]

_ODD = re.compile(
    rf"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[{RESERVED}]"
)
_TAB = re.compile(r"^[ ]*\t[ \t]*(?=[^\s#])", re.MULTILINE)

_BLANK_LIKE = re.compile(
    "(?:\u200b|\u2060|\ufeff)|^[ ]*[\u00a0\u2007\u202f\u3000]|"
    "^[ ]*(?:- )?[A-Za-z_-]+:[ ]*[\u00a0\u2007\u202f\u3000]",
    re.MULTILINE,
)
"""What looks like a blank, or like nothing, where YAML takes it for a letter."""


def decoded(path: Path, report: Report) -> str | None:
    """The text of ``path``, or None after reporting why there is none."""
    raw = _bytes(path, report)
    if raw is None:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        report(
            place,
            Text(
                f"das Byte 0x{raw[error.start]:02X} ist kein UTF-8",
                f"byte 0x{raw[error.start]:02X} is not UTF-8",
            ),
            Text(
                "Speichern Sie die Datei im Editor mit der Kodierung UTF-8.",
                "Save the file in your editor with the encoding UTF-8.",
            ),
        )
        return None
    return sound_text(text, report)


def sound_text(text: str, report: Report) -> str | None:
    """The text, or None after reporting what in it nobody can see or misreads."""
    sound = True
    for match in _ODD.finditer(text):
        sound = False
        report(_place(text, match.start()), *_not_allowed(match.group()))
    for match in _BLANK_LIKE.finditer(text):
        sound = False
        report(_place(text, match.end() - 1), *_no_blank(match.group()[-1]))
    for match in _TAB.finditer(text):
        sound = False
        report(
            _place(text, match.start() + match.group().index("\t")),
            Text(
                "die Zeile ist mit einem Tabulator eingerückt",
                "the line is indented with a tab",
            ),
            Text("Rücken Sie mit Leerzeichen ein.", "Indent with spaces."),
        )
    return text if sound else None


def odd_character(text: str) -> tuple[Text, Text] | None:
    r"""What is wrong with a text that came by an escape (``"\u0007"``), or None."""
    match = _ODD.search(text)
    return None if match is None else _not_allowed(match.group())


def _not_allowed(character: str) -> tuple[Text, Text]:
    return (
        Text(
            f"das unsichtbare Zeichen U+{ord(character):04X} ist hier nicht erlaubt",
            f"the invisible character U+{ord(character):04X} is not allowed here",
        ),
        Text("Löschen Sie das Zeichen.", "Delete the character."),
    )


def _no_blank(character: str) -> tuple[Text, Text]:
    code = f"U+{ord(character):04X}"
    return (
        Text(
            f"hier steht ein Zeichen, das nur wie ein Leerzeichen oder nichts aussieht ({code})",
            f"there is a character here that only looks like a blank or nothing ({code})",
        ),
        Text(
            "Löschen Sie es, und tippen Sie gewöhnliche Leerzeichen.",
            "Delete it, and type ordinary blanks.",
        ),
    )


def _bytes(path: Path, report: Report) -> bytes | None:
    fix = Text("Prüfen Sie Pfad und Leserecht.", "Check the path and the right to read it.")
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        report(Place(1, 1), Text("die Datei gibt es nicht", "the file does not exist"), fix)
        return None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        report(
            Place(1, 1),
            Text(f"die Datei ist nicht lesbar ({reason})", f"the file cannot be read ({reason})"),
            fix,
        )
        return None
    if len(raw) > LARGEST:
        report(
            Place(1, 1),
            Text("die Datei ist größer als 1 MB", "the file is larger than 1 MB"),
            Text("Ist es die richtige Datei?", "Is it the right file?"),
        )
        return None
    return raw


def _place(text: str, offset: int) -> Place:
    return Place(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
