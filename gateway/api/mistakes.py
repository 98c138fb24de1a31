"""What does not fit in a request, in words: never the value that was sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.core.text import Text

SAID: dict[str, tuple[str, str]] = {
    "missing": ("fehlt", "is missing"),
    "extra_forbidden": ("ist hier unbekannt", "is not known here"),
    "json_invalid": ("ist kein gültiges JSON", "is no valid JSON"),
    "string_": ("muss ein Text sein", "must be text"),
    "string_too_long": ("darf höchstens {max_length} Zeichen haben",
                        "has {max_length} characters at most"),
    "string_too_short": ("braucht mindestens {min_length} Zeichen",
                         "needs {min_length} characters or more"),
    "string_pattern_mismatch": ("hat nicht die richtige Form", "has not the right form"),
    "int_": ("muss eine ganze Zahl sein", "must be a whole number"),
    "float_": ("muss eine Zahl sein", "must be a number"),
    "finite_number": ("muss eine endliche Zahl sein", "must be a finite number"),
    "bool_": ("muss true oder false sein", "must be true or false"),
    "greater_than_equal": ("muss mindestens {ge} sein", "must be {ge} or more"),
    "greater_than": ("muss größer als {gt} sein", "must be above {gt}"),
    "less_than_equal": ("darf höchstens {le} sein", "must be {le} or less"),
    "less_than": ("muss kleiner als {lt} sein", "must be below {lt}"),
    "literal_error": ("ist keines von {expected}", "is none of {expected}"),
    "enum": ("ist keines von {expected}", "is none of {expected}"),
    "list_": ("muss eine Liste sein", "must be a list"),
    "too_long": ("darf höchstens {max_length} Einträge haben", "has {max_length} entries at most"),
    "too_short": ("braucht mindestens {min_length} Einträge", "needs {min_length} entries or more"),
    "dict_": ("muss ein JSON-Objekt sein", "must be a JSON object"),
    "model_": ("muss ein JSON-Objekt sein", "must be a JSON object"),
    "datetime_": ("muss ein Zeitpunkt wie 2026-03-01T12:00:00Z sein",
                  "must be a moment like 2026-03-01T12:00:00Z"),
    "timezone_": ("braucht eine Zeitzone, wie 2026-03-01T12:00:00Z",
                  "needs a time zone, like 2026-03-01T12:00:00Z"),
}  # fmt: skip
"""By the kind of mistake; a name that ends in ``_`` stands for all kinds that begin with it."""
OTHER = ("passt nicht", "does not fit")


def said(kind: str, context: Mapping[str, Any]) -> Text:
    """A mistake in both languages. ``context`` holds limits of ours, such as ``ge``."""
    family = f"{kind.split('_', 1)[0]}_"
    de, en = SAID.get(kind) or SAID.get(family) or OTHER
    either = str(context.get("expected", "")).replace(" or ", ", ").replace("'", "")
    facts = {**context, "expected": either}
    try:
        return Text(de.format_map(facts), en.format_map(facts))
    except KeyError:
        return Text(*OTHER)
