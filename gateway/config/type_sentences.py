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
    shown = as_written(node)
    if key == "port" and re.match(r"/dev/|com\d+$", shown, re.IGNORECASE):
        return what, SERIAL
    meant = _hexadecimal(shown) if key in _IN_HEXADECIMAL else None
    meant = meant or number_meant(shown)
    if meant is not None:
        return what, Text(f"Schreiben Sie {key}: {meant}", f"Write {key}: {meant}")
    if not isinstance(node, Leaf):
        return what, Text("Schreiben Sie eine einzige Zahl.", "Write a single number.")
    return what, Text(
        "Schreiben Sie nur Ziffern, ohne Einheit.", "Write digits only, without a unit."
    )


SERIAL = Text(
    "Ein serieller Anschluss braucht type: modbus-rtu und port: mit seinem Pfad.",
    "A serial port needs type: modbus-rtu and port: with its path.",
)
"""What to write where a serial port stands in the place of a network's."""


_IN_HEXADECIMAL = frozenset({"address", "first", "last", "mask", "unit"})
"""Keys that manuals write in hexadecimal; elsewhere 12h are hours."""


def _hexadecimal(shown: str) -> str | None:
    """0x100 or 100h as it is written here."""
    found = re.fullmatch(r"0[xX]([0-9A-Fa-f]{1,8})|([0-9][0-9A-Fa-f]{0,7})[hH]", shown)
    return None if found is None else str(int(found.group(1) or found.group(2), 16))


def number_meant(shown: str) -> str | None:
    """A number as it is written here, of one with a comma, as a fraction, or 4x0001."""
    numbered = re.fullmatch(r"([0134])[xX](\d{4,5})", shown)
    if numbered:
        return str(int("".join(numbered.groups())))
    grouped = re.fullmatch(r"(-?\d{1,3})((?:\.\d{3})+),(\d+)", shown)
    if grouped:
        return f"{grouped.group(1)}{grouped.group(2).replace('.', '')}.{grouped.group(3)}"
    comma = re.fullmatch(r"(-?\d+),(\d+)", shown)
    if comma:
        return f"{comma.group(1)}.{comma.group(2)}"
    fraction = re.fullmatch(r"(-?\d{1,6})?/(\d{1,6})", shown)
    if fraction and (below := int(fraction.group(2))):
        exact = int(fraction.group(1) or 1) / below
        return f"{exact:g}" if float(f"{exact:g}") == exact else None
    return None


def whole_expected(found: Found) -> Said:
    """A whole number should stand here."""
    key, node = found.key, found.node
    if isinstance(node, Leaf) and isinstance(node.value, float):
        register, _, bit = node.text.partition(".")
        if key == "address" and bit.strip("0"):
            return _expected(key, node, "eine ganze Zahl", "a whole number"), Text(
                f"Ist ein Bit gemeint, schreiben Sie address: {register}, encoding: bit und "
                f"bit: {bit}.",
                f"If a bit is meant write address: {register}, encoding: bit and bit: {bit}.",
            )
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
    if isinstance(node, Leaf) and node.value is not None and not found.spot.keys:
        one = as_written(node)
        return _expected(key, node, "eine Liste", "a list"), Text(
            f"Schreiben Sie {key}: [{one}]", f"Write {key}: [{one}]"
        )
    return _expected(key, node, "eine Liste", "a list"), Text(
        'Beginnen Sie jeden Eintrag mit "- ".', 'Begin each entry with "- ".'
    )


def table_expected(found: Found) -> Said:
    """Keys with values should stand here."""
    key, node, shown = found.key, found.node, as_written(found.node)
    what = Text(
        f"{key} soll aus Schlüsseln mit Werten bestehen, hier {_is(node).de}",
        f"{key} should consist of keys with values, but {_is(node).en}",
    )
    written = isinstance(node, Leaf) and node.value is not None
    if written and set(found.spot.keys) == {"de", "en"}:
        return what, Text(
            f"Schreiben Sie {key}: {{de: {shown}, en: ...}} mit dem englischen Text.",
            f"Write {key}: {{de: ..., en: {shown}}} with the German text.",
        )
    if written and shown in found.spot.types:
        return what, Text(
            f"Schreiben Sie darunter eingerückt type: {shown} und, was dazu gehört.",
            f"Write type: {shown} below, indented, and what belongs to it.",
        )
    return what, Text(
        'Schreiben Sie darunter eingerückt "name: wert".',
        'Write "name: value" below, indented.',
    )
