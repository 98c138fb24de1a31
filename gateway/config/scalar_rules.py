"""What an unquoted YAML scalar means, and which spellings are refused because they mislead."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from gateway.config.tree import Scalar
from gateway.core.text import Text


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why a spelling misleads; ``clear`` is how it is written if no text is meant.

    ``inner`` is the text that is meant where that is not what stands there.
    """

    what: Text
    clear: str | None
    inner: str | None = None


_INT = re.compile(r"^-?(0|[1-9][0-9]*)$")
_FLOAT = re.compile(r"^-?(0|[1-9][0-9]*)\.[0-9]+$")
_REFUSED: tuple[tuple[re.Pattern[str], str, str], ...] = (
    (
        re.compile(r"^[-+]?0[0-9_]+$"),
        "eine Zahl mit führender Null ist mehrdeutig (YAML kann sie als Oktalzahl lesen)",
        "a number with a leading zero is ambiguous (YAML may read it as octal)",
    ),
    (
        re.compile(r"^[-+]?0[xXoObB][0-9a-fA-F_]+$"),
        "Zahlen werden hier dezimal geschrieben",
        "numbers are written in decimal here",
    ),
    (
        re.compile(r"^[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9_]+)[eE][-+]?[0-9]+$"),
        "eine Zahl mit Exponent ist mehrdeutig (YAML kann sie als Text lesen)",
        "a number with an exponent is ambiguous (YAML may read it as text)",
    ),
    (
        re.compile(r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$"),
        "Zahlen mit Doppelpunkt sind mehrdeutig (YAML kann 12:30 als 750 lesen)",
        "numbers with a colon are ambiguous (YAML may read 12:30 as 750)",
    ),
    (
        re.compile(r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?$"),
        "ein Datum ohne Anführungszeichen ist mehrdeutig",
        "a date without quotes is ambiguous",
    ),
    (
        re.compile(r"^[-+]?[0-9][0-9]*_[0-9_]*(\.[0-9_]*)?$"),
        "Zahlen werden ohne Unterstrich geschrieben",
        "numbers are written without underscores",
    ),
    (
        re.compile(r"^(\+[0-9][0-9.]*|[-+]?\.[0-9]+|[-+]?[0-9]+\.)$"),
        "diese Schreibweise einer Zahl ist mehrdeutig",
        "this way of writing a number is ambiguous",
    ),
    (
        re.compile(r"^([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"),
        "hier muss eine endliche Zahl stehen",
        "a finite number must stand here",
    ),
)
_QUOTES = "\u201c\u201d\u201e\u201a\u2018\u2019\u00ab\u00bb"
"""The quotes of letters and books, which YAML takes for letters."""
_IN_QUOTES = re.compile(f"^[{_QUOTES}](.*)[{_QUOTES}]$")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_MISLEADING = {
    **dict.fromkeys(("yes", "on", "y", "true"), "true"),
    **dict.fromkeys(("no", "off", "n", "false"), "false"),
    "null": "null",
}


def meaning(text: str) -> tuple[Scalar, Doubt | None]:
    """The value of an unquoted scalar, or what is misleading about it."""
    if text in _WORDS:
        return _WORDS[text], None
    if _INT.match(text):
        return int(text), None
    if _FLOAT.match(text):
        return float(text), None
    return text, _in_quotes(text) or _yes_or_no(text) or _refused(text)


def _in_quotes(text: str) -> Doubt | None:
    letter = _IN_QUOTES.match(text)
    if letter is None:
        return None
    what = Text(
        f"{text}: das sind die Anführungszeichen eines Briefes, sie gehören hier zum Text",
        f"{text}: these are the quotes of a letter, here they are part of the text",
    )
    return Doubt(what, letter.group(1), letter.group(1))


def _yes_or_no(text: str) -> Doubt | None:
    clear = _MISLEADING.get(text.lower())
    if clear is None:
        return None
    what = Text(
        f"{text} ist mehrdeutig: Ja/Nein-Wert oder Text?",
        f"{text} is ambiguous: a yes/no value or text?",
    )
    return Doubt(what, clear)


def _refused(text: str) -> Doubt | None:
    for pattern, de, en in _REFUSED:
        if pattern.match(text):
            number = _decimal(text)
            clear = None if number == text else number
            return Doubt(Text(f"{text}: {de}", f"{text}: {en}"), clear)
    return None


def _decimal(text: str) -> str | None:
    """The plain decimal spelling of a number."""
    bare = text.replace("_", "").lstrip("+")
    try:
        if re.match(r"^-?0[xXoObB]", bare):
            return str(int(bare, 0))
        if re.match(r"^-?[0-9]+$", bare):
            return str(int(bare))
        number = float(bare)
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
