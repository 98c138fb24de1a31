"""PyYAML's complaints, in words that help."""

from __future__ import annotations

import re

import yaml

from gateway.config.tree import Place
from gateway.core.text import Text

_NO_COLON = Text(
    'nach dem Schlüssel fehlt ":" mit einem Leerzeichen',
    'the ":" with a blank is missing after the key',
)
_PAIR = re.compile(r"^\s*(?:-\s+)?([A-Za-z_]+)\s*(?::|=|\uff1a|\s)\s*([^\s#=:].{0,60}?)\s*$")
"""A line with a key and a value, whatever stands between them."""
_DASH = re.compile(r"^\s*[\u2013\u2014\u2022\u2212]\s")
_NO_DASH = (
    Text(
        "dieser Strich ist kein Bindestrich: so beginnt kein Eintrag einer Liste",
        "this dash is no hyphen: no entry of a list begins so",
    ),
    Text('Schreiben Sie "- " am Anfang.', 'Write "- " at the beginning.'),
)
_KNOWN: tuple[tuple[str, Text, Text], ...] = (
    (
        r"mapping values are not allowed here",
        Text(
            'hier ist kein weiteres ":" möglich; meist stimmt die Einrückung nicht',
            'no further ":" is possible here; most often the indentation is wrong',
        ),
        Text(
            "Rücken Sie gleich weit ein wie die Zeile davor, oder setzen Sie den Text in "
            "Anführungszeichen.",
            "Indent as far as the line before, or put the text in quotes.",
        ),
    ),
    (
        r"could not find expected ':'",
        _NO_COLON,
        Text("Schreiben Sie: name: wert", "Write: name: value"),
    ),
    (
        r"expected <block end>|did not find expected|expected the node content",
        Text(
            "diese Zeile passt nicht zur Einrückung der Zeilen davor",
            "this line does not fit the indentation of the lines before",
        ),
        Text(
            "Rücken Sie Einträge einer Ebene gleich weit ein, mit Leerzeichen.",
            "Indent entries of one level equally far, with spaces.",
        ),
    ),
    (
        r"expected ',' or '[\]}]'",
        Text('in der Klammer fehlt "," oder ihr Ende', 'a "," or the closing bracket is missing'),
        Text("Ergänzen Sie das Komma oder die Klammer.", "Add the comma or the bracket."),
    ),
    (
        r"unexpected end of stream",
        Text(
            "ein Anführungszeichen oder eine Klammer ist nicht geschlossen",
            "a quote or a bracket is not closed",
        ),
        Text("Schließen Sie, was hier beginnt.", "Close what begins here."),
    ),
    (
        r"unknown escape character|expected escape sequence",
        Text(
            "in doppelten Anführungszeichen ist \\ ein Sonderzeichen",
            "within double quotes \\ is a special character",
        ),
        Text("Nehmen Sie einfache Anführungszeichen: '...'", "Use single quotes: '...'"),
    ),
    (
        r"found undefined alias",
        Text("der Verweis (*) führt nirgendwohin", "the alias (*) leads nowhere"),
        Text("Setzen Sie den Text in Anführungszeichen.", "Put the text in quotes."),
    ),
    (
        r"cannot start any token|expected alphabetic or numeric character",
        Text(
            "mit diesem Zeichen kann kein Wert beginnen",
            "no value can begin with this character",
        ),
        Text("Setzen Sie den Wert in Anführungszeichen.", "Put the value in quotes."),
    ),
    (
        r"expected '<document start>'|block sequence entries are not allowed|sequence entries",
        Text(
            "diese Zeile gehört zu nichts davor; meist stimmt die Einrückung nicht",
            "this line belongs to nothing before it; most often the indentation is wrong",
        ),
        Text(
            "Prüfen Sie die Einrückung dieser und der vorigen Zeile.",
            "Check the indentation of this line and the one before.",
        ),
    ),
)
_SEEN_TOO_LATE = r"could not find expected ':'|expected ',' or '|unexpected end of stream"
"""Complaints that come lines after the mistake; what they speak of began where it is."""
_UNKNOWN = (
    Text("das ist kein gültiges YAML", "this is not valid YAML"),
    Text(
        "Prüfen Sie Einrückung, Doppelpunkte und Anführungszeichen.",
        "Check indentation, colons and quotes.",
    ),
)


_SECOND_COLON = (
    Text('in der Zeile steht ein zweites ":"', 'there is a second ":" in the line'),
    Text(
        'Setzen Sie den Text in Anführungszeichen: name: "..."',
        'Put the text in quotes: name: "..."',
    ),
)
_OPEN_QUOTE = (
    Text("ein Anführungszeichen ist nicht geschlossen", "a quote is not closed"),
    Text("Schließen Sie, was hier beginnt.", "Close what begins here."),
)


def translated(error: yaml.MarkedYAMLError, text: str) -> tuple[Place, Text, Text]:
    """Where YAML stumbled, what is wrong, and what to do."""
    problem, mark, began = error.problem or "", error.problem_mark, error.context_mark
    lines = text.split("\n")
    if mark is None:
        return Place(1, 1), *_UNKNOWN
    here = Place(min(mark.line, len(lines) - 1) + 1, mark.column + 1)
    quote = _open_quote(lines[: here.line])
    if quote is not None:
        return quote, *_OPEN_QUOTE
    dash = next((n for n, line in enumerate(lines, 1) if _DASH.match(line)), None)
    if dash is not None and dash <= here.line:
        return Place(dash, len(lines[dash - 1]) - len(lines[dash - 1].lstrip()) + 1), *_NO_DASH
    if problem.startswith("mapping values") and ": " in lines[here.line - 1][: mark.column]:
        return here, *_SECOND_COLON
    what, fix = next(
        ((what, fix) for pattern, what, fix in _KNOWN if re.search(pattern, problem)), _UNKNOWN
    )
    if began is not None and began.line < mark.line and re.search(_SEEN_TOO_LATE, problem):
        here = Place(began.line + 1, began.column + 1)
    written = _PAIR.match(lines[here.line - 1]) if what == _NO_COLON else None
    if written is not None:
        pair = f"{written.group(1)}: {written.group(2)}"
        fix = Text(f"Schreiben Sie: {pair}", f"Write: {pair}")
    return here, what, fix


def _open_quote(lines: list[str]) -> Place | None:
    """The first double quote that its own line does not close."""
    for number, line in enumerate(lines, 1):
        bare = re.sub(r"'[^']*'|\\\\.|(^|\\s)#.*", lambda found: " " * len(found.group()), line)
        if bare.count('"') % 2:
            return Place(number, bare.rindex('"') + 1)
    return None
