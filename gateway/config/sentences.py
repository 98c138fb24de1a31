"""What a model finds wrong, as two sentences in two languages: what is wrong, and what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence

from pydantic_core import ErrorDetails

from gateway.config.tree import Items, Leaf, Node, Step, Table
from gateway.core.names import FIRM_PATTERN, MACHINE_PATTERN
from gateway.core.text import Text

Said = tuple[Text, Text]


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def choice(name: str, known: Sequence[str]) -> Text:
    """What to write instead of ``name``: the closest known word, or all of them."""
    meant = closest(name, known)
    if meant is not None:
        return Text(f"Meinten Sie {meant}?", f"Did you mean {meant}?")
    listed = ", ".join(known) or "-"
    return Text(f"Möglich sind: {listed}", f"Possible are: {listed}")


def sentence(error: ErrorDetails, node: Node, keys: Sequence[str]) -> Said:
    """What pydantic found at ``node``; ``keys`` are those that may stand there."""
    key = _key(error["loc"])
    ctx = error.get("ctx", {})
    kind = error["type"]
    if kind == "werkverbund":
        return Text(ctx["de"], ctx["en"]), Text(ctx["fix_de"], ctx["fix_en"])
    if kind == "extra_forbidden":
        return (
            Text(f"den Schlüssel {key} gibt es hier nicht", f"there is no key {key} here"),
            choice(key, keys),
        )
    if kind == "missing":
        return (
            Text(f"der Schlüssel {key} fehlt", f"the key {key} is missing"),
            Text(f"Ergänzen Sie {key}: ...", f"Add {key}: ..."),
        )
    if kind in ("literal_error", "enum"):
        return _not_one_of(key, node, _quoted(str(ctx.get("expected", ""))))
    if kind == "union_tag_invalid":
        return _not_one_of("type", Leaf(node.place, "", None, str(ctx["tag"])), _quoted(ctx["expected_tags"]))
    if kind == "union_tag_not_found":
        return (
            Text("der Schlüssel type fehlt", "the key type is missing"),
            Text("Ergänzen Sie type: ...", "Add type: ..."),
        )
    if kind == "string_pattern_mismatch":
        return _bad_pattern(key, node, str(ctx["pattern"]))
    if kind in _BOUNDS:
        return _out_of_bounds(key, node, kind, ctx[_BOUNDS[kind][0]])
    if kind in ("too_short", "string_too_short"):
        return _empty(key)
    for expected, said in _EXPECTED.items():
        if kind in _TYPES[expected]:
            return said(key, node)
    return (
        Text(
            f"der Wert von {key} passt nicht ({kind})",
            f"the value of {key} does not fit ({error['msg']})",
        ),
        Text("Vergleichen Sie mit den Beispielen.", "Compare with the examples."),
    )


def literal_secret(path: Sequence[Step]) -> Said:
    """A secret stands in the file itself; it is not repeated in the message."""
    key = _key(path)
    name = re.sub(r"\W+", "_", key).upper()
    return (
        Text(
            f"{key} ist ein Geheimnis und darf nicht in der Datei stehen",
            f"{key} is a secret and must not stand in the file",
        ),
        Text(
            f'Schreiben Sie "${{{name}}}" (Umgebungsvariable) oder "${{file:/pfad/zur/datei}}".',
            f'Write "${{{name}}}" (environment variable) or "${{file:/path/to/file}}".',
        ),
    )


def _key(path: Sequence[Step]) -> str:
    """The nearest named step of a path."""
    named = [str(step) for step in path if isinstance(step, str) and step != "[key]"]
    return named[-1] if named else "?"


def _shown(node: Node) -> str:
    if isinstance(node, Table):
        return "{...}"
    if isinstance(node, Items):
        return "[...]"
    text = node.shown if isinstance(node, Leaf) else ""
    return text if len(text) <= 40 else text[:37] + "..."


def _quoted(listed: str) -> list[str]:
    return re.findall(r"'([^']*)'", listed) or [listed]


def _not_one_of(key: str, node: Node, known: Sequence[str]) -> Said:
    shown = _shown(node)
    return (
        Text(f"{key} kann nicht {shown} sein", f"{key} cannot be {shown}"),
        choice(shown, known),
    )


_NAME_RULE = Text(
    "Erlaubt sind a-z, 0-9 und -, höchstens 32 Zeichen, vorn ein Buchstabe",
    "Allowed are a-z, 0-9 and -, at most 32 characters, a letter first",
)


def _bad_pattern(key: str, node: Node, pattern: str) -> Said:
    shown = _shown(node)
    what = Text(f"{shown} passt nicht als {key}", f"{shown} does not fit as {key}")
    if pattern not in (FIRM_PATTERN, MACHINE_PATTERN):
        return what, Text(f"Das Muster ist {pattern}", f"The pattern is {pattern}")
    plain = re.sub(r"[^a-z0-9]+", "-", _ascii(shown.lower())).strip("-")[:32]
    if re.match(pattern, plain):
        return what, Text(
            f"{_NAME_RULE.de}, zum Beispiel {plain}.", f"{_NAME_RULE.en}, for example {plain}."
        )
    return what, Text(f"{_NAME_RULE.de}.", f"{_NAME_RULE.en}.")


def _ascii(text: str) -> str:
    for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(letter, spelled)
    return text


_BOUNDS = {
    "greater_than": ("gt", "größer als", "greater than"),
    "greater_than_equal": ("ge", "mindestens", "at least"),
    "less_than": ("lt", "kleiner als", "less than"),
    "less_than_equal": ("le", "höchstens", "at most"),
}


def _out_of_bounds(key: str, node: Node, kind: str, bound: object) -> Said:
    _, de, en = _BOUNDS[kind]
    shown = _shown(node)
    return (
        Text(f"{key} {shown} ist außerhalb des Möglichen", f"{key} {shown} is out of range"),
        Text(f"Erlaubt ist {de} {bound}.", f"Allowed is {en} {bound}."),
    )


def _empty(key: str) -> Said:
    return (
        Text(f"{key} ist leer", f"{key} is empty"),
        Text("Mindestens ein Eintrag muss hier stehen.", "At least one entry must stand here."),
    )


def _is(node: Node) -> Text:
    """What stands there instead."""
    if isinstance(node, Table):
        return Text("stehen Schlüssel mit Werten", "there are keys with values")
    if isinstance(node, Items):
        return Text("steht eine Liste", "there is a list")
    if isinstance(node, Leaf) and node.value is None:
        return Text("steht nichts", "there is nothing")
    return Text(f"steht {_shown(node)}", f"there is {_shown(node)}")


def _expected(key: str, node: Node, de: str, en: str) -> Text:
    found = _is(node)
    return Text(
        f"{key} soll {de} sein, hier {found.de}", f"{key} should be {en}, but {found.en}"
    )


def _text_expected(key: str, node: Node) -> Said:
    shown = _shown(node)
    plain = isinstance(node, Leaf) and node.value is not None
    return _expected(key, node, "ein Text", "text"), (
        Text(f'Schreiben Sie {key}: "{shown}"', f'Write {key}: "{shown}"')
        if plain
        else Text(f"Schreiben Sie {key}: ein Text", f"Write {key}: some text")
    )


def _number_expected(key: str, node: Node) -> Said:
    what = _expected(key, node, "eine Zahl", "a number")
    if isinstance(node, Leaf) and node.quoted and re.match(r"^-?\d+(\.\d+)?$", node.text):
        return what, Text(
            f"Schreiben Sie {key}: {_shown(node)} ohne Anführungszeichen.",
            f"Write {key}: {_shown(node)} without quotes.",
        )
    return what, Text(
        "Schreiben Sie nur Ziffern, ohne Einheit.", "Write digits only, without a unit."
    )


def _whole_expected(key: str, node: Node) -> Said:
    if isinstance(node, Leaf) and isinstance(node.value, float):
        return _expected(key, node, "eine ganze Zahl", "a whole number"), Text(
            "Schreiben Sie die Zahl ohne Nachkommastellen.", "Write the number without decimals."
        )
    return _number_expected(key, node)


def _yes_no_expected(key: str, node: Node) -> Said:
    return _expected(key, node, "true oder false", "true or false"), Text(
        f"Schreiben Sie {key}: true oder {key}: false, ohne Anführungszeichen.",
        f"Write {key}: true or {key}: false, without quotes.",
    )


def _list_expected(key: str, node: Node) -> Said:
    return _expected(key, node, "eine Liste", "a list"), Text(
        'Beginnen Sie jeden Eintrag mit "- ".', 'Begin each entry with "- ".'
    )


def _table_expected(key: str, node: Node) -> Said:
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


_TYPES: dict[str, tuple[str, ...]] = {
    "text": ("string_type", "path_type", "secret"),
    "number": ("float_type", "float_parsing", "finite_number"),
    "whole": ("int_type", "int_from_float", "int_parsing", "int_parsing_size"),
    "yes_no": ("bool_type", "bool_parsing"),
    "list": ("tuple_type", "list_type", "set_type", "frozen_set_type"),
    "table": ("dict_type", "model_type", "model_attributes_type", "dataclass_type", "mapping_type"),
}
_EXPECTED: dict[str, Callable[[str, Node], Said]] = {
    "text": _text_expected,
    "number": _number_expected,
    "whole": _whole_expected,
    "yes_no": _yes_no_expected,
    "list": _list_expected,
    "table": _table_expected,
}
