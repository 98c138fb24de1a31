"""Sentences for a value that is of another type than expected."""

from __future__ import annotations

import re

from gateway.config.finding import Found, Said, as_written
from gateway.config.tree import Items, Leaf, Node, Table
from gateway.core.text import Text


def _is(node: Node) -> Text:
    """What stands there instead."""
    if isinstance(node, Table):
        return Text("stehen Schlüssel mit Werten", "there are keys with values")
    if isinstance(node, Items):
        return Text("steht eine Liste", "there is a list")
    if isinstance(node, Leaf) and node.value is None:
        return Text("steht nichts", "there is nothing")
    shown = f'"{as_written(node)}"' if isinstance(node, Leaf) and node.quoted else as_written(node)
    return Text(f"steht {shown}", f"there is {shown}")


def _expected(key: str, node: Node, de: str, en: str) -> Text:
    found = _is(node)
    return Text(f"{key} soll {de} sein, hier {found.de}", f"{key} should be {en}, but {found.en}")


def text_expected(found: Found) -> Said:
    """A text should stand here."""
    key, node = found.key, found.node
    shown = as_written(node)
    plain = isinstance(node, Leaf) and node.value is not None
    return _expected(key, node, "ein Text", "text"), (
        Text(f'Schreiben Sie {key}: "{shown}"', f'Write {key}: "{shown}"')
        if plain
        else Text(f"Schreiben Sie {key}: ein Text", f"Write {key}: some text")
    )


def number_expected(found: Found) -> Said:
    """A number should stand here."""
    key, node = found.key, found.node
    what = _expected(key, node, "eine Zahl", "a number")
    if isinstance(node, Leaf) and node.quoted and re.match(r"^-?\d+(\.\d+)?$", node.text):
        return what, Text(
            f"Schreiben Sie {key}: {as_written(node)} ohne Anführungszeichen.",
            f"Write {key}: {as_written(node)} without quotes.",
        )
    meant = number_meant(as_written(node))
    if meant is not None:
        return what, Text(f"Schreiben Sie {key}: {meant}", f"Write {key}: {meant}")
    return what, Text(
        "Schreiben Sie nur Ziffern, ohne Einheit.", "Write digits only, without a unit."
    )


def number_meant(shown: str) -> str | None:
    """A number with a decimal comma, or as a fraction, as it is written here."""
    comma = re.fullmatch(r"(-?\d+),(\d+)", shown)
    if comma:
        return f"{comma.group(1)}.{comma.group(2)}"
    fraction = re.fullmatch(r"(-?\d{1,6})/(\d{1,6})", shown)
    if fraction and (below := int(fraction.group(2))):
        exact = int(fraction.group(1)) / below
        return f"{exact:g}" if float(f"{exact:g}") == exact else None
    return None


def whole_expected(found: Found) -> Said:
    """A whole number should stand here."""
    key, node = found.key, found.node
    if isinstance(node, Leaf) and isinstance(node.value, float):
        return _expected(key, node, "eine ganze Zahl", "a whole number"), Text(
            "Schreiben Sie die Zahl ohne Nachkommastellen.", "Write the number without decimals."
        )
    return number_expected(found)


def yes_no_expected(found: Found) -> Said:
    """True or false should stand here."""
    key, node = found.key, found.node
    return _expected(key, node, "true oder false", "true or false"), Text(
        f"Schreiben Sie {key}: true oder {key}: false, ohne Anführungszeichen.",
        f"Write {key}: true or {key}: false, without quotes.",
    )


def list_expected(found: Found) -> Said:
    """A list should stand here."""
    key, node = found.key, found.node
    return _expected(key, node, "eine Liste", "a list"), Text(
        'Beginnen Sie jeden Eintrag mit "- ".', 'Begin each entry with "- ".'
    )


def table_expected(found: Found) -> Said:
    """Keys with values should stand here."""
    key, node = found.key, found.node
    return (
        Text(
            f"{key} soll aus Schlüsseln mit Werten bestehen, hier {_is(node).de}",
            f"{key} should consist of keys with values, but {_is(node).en}",
        ),
        Text(
            'Schreiben Sie darunter eingerückt "name: wert".',
            'Write "name: value" below, indented.',
        ),
    )
