"""What a model finds wrong, as two sentences in two languages: what is wrong, and what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from gateway.config.choices import choice, either, one_of
from gateway.config.finding import Found, Said, Spot, as_written
from gateway.config.model_keys import bounds
from gateway.config.models import Objection
from gateway.config.scalar_rules import Doubt
from gateway.config.tree import Leaf, Place, Step, Table
from gateway.config.type_sentences import (
    list_expected,
    number_expected,
    table_expected,
    text_expected,
    whole_expected,
    yes_no_expected,
)
from gateway.core.names import FIRM_PATTERN, MACHINE_PATTERN
from gateway.core.text import Text


def sentence(error: ErrorDetails, spot: Spot) -> Said:
    """What pydantic found at a spot."""
    found = Found(error.get("ctx", {}), spot)
    said = _SAID.get(error["type"])
    if said is not None:
        return said(found)
    return (
        Text(f"der Wert von {found.key} passt nicht", f"the value of {found.key} does not fit"),
        Text(f"Der Grund: {error['msg']}", f"The reason: {error['msg']}"),
    )


def spoken(
    invalid: ValidationError,
    key: str,
    written: str,
    among: tuple[type[BaseModel], Mapping[str, object]] | None = None,
) -> Said:
    """The first that is wrong with a value that stands in no file, but behind an option.

    ``among`` is the model that it belongs to, with all that was said: it knows the bounds.
    """
    place = Place(1, 1)
    (error, *_) = invalid.errors(include_url=False, include_input=False)
    if (listed := error.get("ctx", {}).get("objections")) is not None:
        return listed[0].what, listed[0].fix
    leaf = Leaf(place, written, written, written)
    if among is None:
        return sentence(error, Spot(key, leaf))
    return sentence(error, Spot(key, leaf, bounds=bounds(*among, (key,))))


def doubtful(leaf: Leaf, doubt: Doubt, kind: str, expected: Said | None) -> Said:
    """A scalar whose spelling misleads, and what to write where ``kind`` was found wrong with it.

    ``kind`` is pydantic's name of an error (``expected`` then says what it is about), ``text``
    where text is right there, ``unknown`` where the model does not say.
    """
    what, clear = doubt.what, doubt.clear
    if leaf.referenced:  # what stands outside the file may be a secret: it stays unsaid
        what = Text(
            f"der Wert von {leaf.shown} ist ohne Anführungszeichen mehrdeutig",
            f"the value of {leaf.shown} is ambiguous without quotes",
        )
        clear = None
    if expected is not None and not (clear and re.match(_CLEAR.get(kind, "$^"), clear)):
        return what, expected[1]
    inner = leaf.shown if doubt.inner is None or leaf.referenced else doubt.inner
    quoted = Text(f'Schreiben Sie "{inner}".', f'Write "{inner}".')
    if clear is None or kind == "text":
        return what, quoted
    if expected is not None:
        return what, Text(f"Schreiben Sie {clear}.", f"Write {clear}.")
    return what, Text(
        f'Schreiben Sie {clear}, oder als Text "{leaf.shown}".',
        f'Write {clear}, or as text "{leaf.shown}".',
    )


_CLEAR = {
    "bool_type": r"^(true|false)$",
    "int_type": r"^-?\d+$",
    "float_type": r"^-?\d+(\.\d+)?$",
}
"""Which clear spelling fits where such a type is expected."""


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


def _quoted(listed: str) -> list[str]:
    return re.findall(r"'([^']*)'", listed) or [listed]


def _spoken(found: Found) -> Said:
    """A validator of ours has said it already."""
    objection = found.ctx["objection"]
    if not isinstance(objection, Objection):
        raise TypeError(objection)
    return objection.what, objection.fix


def _no_unit(found: Found) -> Said:
    """A duration without its unit: only what is allowed here is proposed."""
    number, (least, most) = str(found.ctx["number"]), found.spot.bounds
    units = {"s": 1.0, "ms": 0.001} if "." in number else {"s": 1.0, "ms": 0.001, "min": 60.0}
    fitting = [
        number + unit
        for unit, seconds in units.items()
        if least.total_seconds() <= float(number) * seconds <= most.total_seconds()
    ]
    named = ["0s"] if float(number) == 0 else fitting or ["1s"]
    return Text("der Dauer fehlt die Einheit", "the duration has no unit"), Text(
        f"Schreiben Sie {either(named, 'oder')}.", f"Write {either(named, 'or')}."
    )


def _unknown_key(found: Found) -> Said:
    key = found.key
    return (
        Text(f"den Schlüssel {key} gibt es hier nicht", f"there is no key {key} here"),
        choice(key, found.spot.keys),
    )


def _missing(found: Found) -> Said:
    key = found.key
    return (
        Text(f"der Schlüssel {key} fehlt", f"the key {key} is missing"),
        _add(found, key),
    )


def _add(found: Found, key: str) -> Text:
    """What to add, with the words of the schema."""
    means = found.spot.means
    if means is None:
        return Text(f"Ergänzen Sie {key}: ...", f"Add {key}: ...")
    return Text(f"Ergänzen Sie {key}: ({means.de})", f"Add {key}: ({means.en})")


def _no_type(found: Found) -> Said:
    return (
        Text(f"bei {found.key} fehlt der Schlüssel type", f"{found.key} lacks the key type"),
        Text(
            f"Ergänzen Sie type; möglich sind: {', '.join(found.spot.types)}",
            f"Add type; possible are: {', '.join(found.spot.types)}",
        ),
    )


def _not_one_of(found: Found) -> Said:
    known = _quoted(str(found.ctx.get("expected", "")))
    if isinstance(found.node, Leaf) and found.node.quoted and found.node.text in known:
        return number_expected(found)
    return _no_such(found.key, as_written(found.node), known)


def _no_such_type(found: Found) -> Said:
    known, node = _quoted(str(found.ctx["expected_tags"])), found.node
    written = node.entries["type"].value if isinstance(node, Table) else node
    if isinstance(written, Leaf) and written.value is None:
        return _no_type(found)
    return _no_such("type", as_written(written), known)


def _no_such(key: str, shown: str, known: Sequence[str]) -> Said:
    what = Text(f"{key} kann nicht {shown} sein", f"{key} cannot be {shown}")
    if key == "schema" and shown.isdigit() and known == ["1"]:
        return what, Text(
            "Schreiben Sie schema: 1. Eine höhere Zahl braucht ein neueres Werkverbund.",
            "Write schema: 1. A higher number needs a newer Werkverbund.",
        )
    return what, one_of(shown, known)


def _bad_pattern(found: Found) -> Said:
    pattern, shown = str(found.ctx["pattern"]), as_written(found.node)
    what = Text(f"{shown} passt nicht als {found.key}", f"{shown} does not fit as {found.key}")
    if pattern not in (FIRM_PATTERN, MACHINE_PATTERN):
        means = found.spot.means
        if means is not None:
            return what, Text(f"Gemeint ist: {means.de}", f"Meant is: {means.en}")
        return what, Text(f"Das Muster ist {pattern}", f"The pattern is {pattern}")
    bare = shown.lower().removesuffix(".yaml").removesuffix(".yml")
    plain = re.sub(r"[^a-z0-9]+", "-", _ascii(bare)).strip("-")[:32]
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


def _out_of_bounds(found: Found) -> Said:
    name = next(name for name in found.ctx if name in _BOUNDS)
    de, en = _BOUNDS[name]
    bound, key, shown = _bound(found.ctx[name]), found.key, as_written(found.node)
    return (
        Text(f"{key} {shown} ist außerhalb des Möglichen", f"{key} {shown} is out of range"),
        Text(f"Erlaubt ist {de} {bound}.", f"Allowed is {en} {bound}."),
    )


def _bound(value: object) -> str:
    """A bound as it would be written in the file."""
    repeated = re.fullmatch(r"datetime\.timedelta\((.*)\)", str(value))
    if repeated:  # how pydantic names the bound of a duration that is checked in Python
        parts = re.findall(r"(days|seconds|microseconds)=(-?\d+)", repeated.group(1))
        value = timedelta(**{unit: int(count) for unit, count in parts})
    if isinstance(value, timedelta):
        whole = value % timedelta(seconds=1) == timedelta(0) != value
        unit = timedelta(seconds=1) if whole else timedelta(milliseconds=1)
        value = f"{value / unit:g} {'seconds' if whole else 'milliseconds'}"
    text = re.sub(
        r"(\d+) (millisecond|second|minute|hour|day)s?(?: and |, )?",
        lambda part: part.group(1) + _UNITS[part.group(2)],
        re.sub(r"(\d+)000 microseconds", r"\1 milliseconds", str(value)),
    )
    return text.removesuffix(".0")


_UNITS = {"millisecond": "ms", "second": "s", "minute": "min", "hour": "h", "day": "d"}


def _empty(found: Found) -> Said:
    return (
        Text(f"{found.key} ist leer", f"{found.key} is empty"),
        Text("Mindestens ein Eintrag muss hier stehen.", "At least one entry must stand here."),
    )


def _too_long(found: Found) -> Said:
    longest = found.ctx.get("max_length")
    return (
        Text(f"{found.key} ist zu lang", f"{found.key} is too long"),
        Text(f"Erlaubt sind höchstens {longest}.", f"Allowed are at most {longest}."),
    )


_SAID: dict[str, Callable[[Found], Said]] = {
    "werkverbund": _spoken,
    "no_unit": _no_unit,
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
    **dict.fromkeys(("string_type", "path_type", "secret"), text_expected),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), number_expected),
    **dict.fromkeys(("int_type", "int_from_float", "int_parsing_size"), whole_expected),
    "bool_type": yes_no_expected,
    **dict.fromkeys(("tuple_type", "list_type", "frozen_set_type"), list_expected),
    **dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), table_expected),
}
