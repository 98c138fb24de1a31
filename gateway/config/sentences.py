"""What a model finds wrong, as two sentences in two languages: what is wrong, and what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic_core import ErrorDetails

from gateway.config.tree import Items, Leaf, Node, Step, Table
from gateway.core.names import FIRM_PATTERN, MACHINE_PATTERN
from gateway.core.text import Text

Said = tuple[Text, Text]


@dataclass(frozen=True, slots=True)
class _Found:
    """One of pydantic's findings: at which key and value, its own details, what may stand there."""

    key: str
    node: Node
    ctx: Mapping[str, object]
    keys: Sequence[str]


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
    found = _Found(_key(error["loc"]), node, error.get("ctx", {}), keys)
    said = _SAID.get(error["type"])
    if said is not None:
        return said(found)
    return (
        Text(f"der Wert von {found.key} passt nicht", f"the value of {found.key} does not fit"),
        Text(f"Der Grund: {error['msg']}", f"The reason: {error['msg']}"),
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


def _spoken(found: _Found) -> Said:
    """A validator of ours has said it already."""
    ctx = found.ctx
    return Text(str(ctx["de"]), str(ctx["en"])), Text(str(ctx["fix_de"]), str(ctx["fix_en"]))


def _unknown_key(found: _Found) -> Said:
    key = found.key
    return (
        Text(f"den Schlüssel {key} gibt es hier nicht", f"there is no key {key} here"),
        choice(key, found.keys),
    )


def _missing(found: _Found) -> Said:
    key = found.key
    return (
        Text(f"der Schlüssel {key} fehlt", f"the key {key} is missing"),
        Text(f"Ergänzen Sie {key}: ...", f"Add {key}: ..."),
    )


def _no_type(found: _Found) -> Said:
    return (
        Text(f"bei {found.key} fehlt der Schlüssel type", f"{found.key} lacks the key type"),
        Text("Ergänzen Sie type: ...", "Add type: ..."),
    )


def _not_one_of(found: _Found) -> Said:
    known = _quoted(str(found.ctx.get("expected", "")))
    return _no_such(found.key, _shown(found.node), known)


def _no_such_type(found: _Found) -> Said:
    known = _quoted(str(found.ctx["expected_tags"]))
    return _no_such("type", str(found.ctx["tag"]), known)


def _no_such(key: str, shown: str, known: Sequence[str]) -> Said:
    what = Text(f"{key} kann nicht {shown} sein", f"{key} cannot be {shown}")
    if key == "schema" and shown.isdigit() and known == ["1"]:
        return what, Text(
            "Schreiben Sie schema: 1. Eine höhere Zahl braucht ein neueres Werkverbund.",
            "Write schema: 1. A higher number needs a newer Werkverbund.",
        )
    return what, choice(shown, known)


def _bad_pattern(found: _Found) -> Said:
    pattern, shown = str(found.ctx["pattern"]), _shown(found.node)
    what = Text(f"{shown} passt nicht als {found.key}", f"{shown} does not fit as {found.key}")
    if pattern not in (FIRM_PATTERN, MACHINE_PATTERN):
        return what, Text(f"Das Muster ist {pattern}", f"The pattern is {pattern}")
    plain = re.sub(r"[^a-z0-9]+", "-", _ascii(shown.lower())).strip("-")[:32]
    example = plain if re.match(pattern, plain) else "mill-1"
    return what, Text(
        f"Erlaubt sind a-z, 0-9 und -, vorn ein Buchstabe, höchstens 32 Zeichen, "
        f"zum Beispiel {example}.",
        f"Allowed are a-z, 0-9 and -, a letter first, at most 32 characters, "
        f"for example {example}.",
    )


def _ascii(text: str) -> str:
    for letter, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        text = text.replace(letter, spelled)
    return text


_BOUNDS = {
    "gt": ("größer als", "greater than"),
    "ge": ("mindestens", "at least"),
    "lt": ("kleiner als", "less than"),
    "le": ("höchstens", "at most"),
}


def _out_of_bounds(found: _Found) -> Said:
    name = next(name for name in found.ctx if name in _BOUNDS)
    de, en = _BOUNDS[name]
    bound, key, shown = found.ctx[name], found.key, _shown(found.node)
    return (
        Text(f"{key} {shown} ist außerhalb des Möglichen", f"{key} {shown} is out of range"),
        Text(f"Erlaubt ist {de} {bound}.", f"Allowed is {en} {bound}."),
    )


def _empty(found: _Found) -> Said:
    return (
        Text(f"{found.key} ist leer", f"{found.key} is empty"),
        Text("Mindestens ein Eintrag muss hier stehen.", "At least one entry must stand here."),
    )


def _too_long(found: _Found) -> Said:
    longest = found.ctx.get("max_length")
    return (
        Text(f"{found.key} ist zu lang", f"{found.key} is too long"),
        Text(f"Erlaubt sind höchstens {longest}.", f"Allowed are at most {longest}."),
    )


def _is(node: Node) -> Text:
    """What stands there instead."""
    if isinstance(node, Table):
        return Text("stehen Schlüssel mit Werten", "there are keys with values")
    if isinstance(node, Items):
        return Text("steht eine Liste", "there is a list")
    if isinstance(node, Leaf) and node.value is None:
        return Text("steht nichts", "there is nothing")
    shown = f'"{_shown(node)}"' if isinstance(node, Leaf) and node.quoted else _shown(node)
    return Text(f"steht {shown}", f"there is {shown}")


def _expected(key: str, node: Node, de: str, en: str) -> Text:
    found = _is(node)
    return Text(f"{key} soll {de} sein, hier {found.de}", f"{key} should be {en}, but {found.en}")


def _text_expected(found: _Found) -> Said:
    key, node = found.key, found.node
    shown = _shown(node)
    plain = isinstance(node, Leaf) and node.value is not None
    return _expected(key, node, "ein Text", "text"), (
        Text(f'Schreiben Sie {key}: "{shown}"', f'Write {key}: "{shown}"')
        if plain
        else Text(f"Schreiben Sie {key}: ein Text", f"Write {key}: some text")
    )


def _number_expected(found: _Found) -> Said:
    key, node = found.key, found.node
    what = _expected(key, node, "eine Zahl", "a number")
    if isinstance(node, Leaf) and node.quoted and re.match(r"^-?\d+(\.\d+)?$", node.text):
        return what, Text(
            f"Schreiben Sie {key}: {_shown(node)} ohne Anführungszeichen.",
            f"Write {key}: {_shown(node)} without quotes.",
        )
    return what, Text(
        "Schreiben Sie nur Ziffern, ohne Einheit.", "Write digits only, without a unit."
    )


def _whole_expected(found: _Found) -> Said:
    key, node = found.key, found.node
    if isinstance(node, Leaf) and isinstance(node.value, float):
        return _expected(key, node, "eine ganze Zahl", "a whole number"), Text(
            "Schreiben Sie die Zahl ohne Nachkommastellen.", "Write the number without decimals."
        )
    return _number_expected(found)


def _yes_no_expected(found: _Found) -> Said:
    key, node = found.key, found.node
    return _expected(key, node, "true oder false", "true or false"), Text(
        f"Schreiben Sie {key}: true oder {key}: false, ohne Anführungszeichen.",
        f"Write {key}: true or {key}: false, without quotes.",
    )


def _list_expected(found: _Found) -> Said:
    key, node = found.key, found.node
    return _expected(key, node, "eine Liste", "a list"), Text(
        'Beginnen Sie jeden Eintrag mit "- ".', 'Begin each entry with "- ".'
    )


def _table_expected(found: _Found) -> Said:
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


_SAID: dict[str, Callable[[_Found], Said]] = {
    "werkverbund": _spoken,
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "literal_error": _not_one_of,
    "enum": _not_one_of,
    "union_tag_invalid": _no_such_type,
    "union_tag_not_found": _no_type,
    "string_pattern_mismatch": _bad_pattern,
    **dict.fromkeys(
        ("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _out_of_bounds
    ),
    **dict.fromkeys(("too_short", "string_too_short"), _empty),
    **dict.fromkeys(("too_long", "string_too_long"), _too_long),
    **dict.fromkeys(("string_type", "path_type", "secret"), _text_expected),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _number_expected),
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing_size"), _whole_expected),
    "bool_type": _yes_no_expected,
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type"), _list_expected),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), _table_expected),
}
