"""The JSON Schema of a file, from the model that reads it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from gateway.config.glossary import DIVIDER, GLOSSARY

_REFERENCE = r"\$\{[^{}]+\}"
"""Wherever a value may stand, a reference to one may stand."""


class _WithReferences(GenerateJsonSchema):
    """Numbers and yes/no values may be references, which an editor sees as text."""

    def int_schema(self, schema: core_schema.IntSchema) -> JsonSchemaValue:
        return _or_reference(super().int_schema(schema))

    def float_schema(self, schema: core_schema.FloatSchema) -> JsonSchemaValue:
        return _or_reference(super().float_schema(schema))

    def bool_schema(self, schema: core_schema.BoolSchema) -> JsonSchemaValue:
        return _or_reference(super().bool_schema(schema))


def schema(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a ``kind`` of file."""
    made = model.model_json_schema(by_alias=True, schema_generator=_WithReferences)
    made = _tidy(made)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:werkverbund:schema:{kind}:1",
        **made,
        "title": f"Werkverbund: {kind}",
    }


def _or_reference(found: JsonSchemaValue) -> JsonSchemaValue:
    return {"anyOf": [found, {"type": "string", "pattern": f"^{_REFERENCE}$"}]}


def _tidy(part: Any) -> Any:
    """Without the titles that only repeat the keys; patterns let references pass."""
    if isinstance(part, list):
        return [_tidy(one) for one in part]
    if not isinstance(part, dict):
        return part
    tidy = {
        key: _named(value, described=key == "properties")
        if key in ("properties", "$defs")
        else _tidy(value)
        for key, value in part.items()
        if not (key == "title" and isinstance(value, str))
    }
    pattern = tidy.get("pattern")
    if isinstance(pattern, str) and tidy.get("type") == "string" and "$\\{" not in pattern:
        tidy["pattern"] = f"({pattern})|{_REFERENCE}" if _REFERENCE not in pattern else pattern
    return tidy


def _named(parts: dict[str, Any], *, described: bool) -> dict[str, Any]:
    """Tidied parts; keys that their model does not describe get the words of the glossary."""
    tidy = {name: _tidy(part) for name, part in parts.items()}
    for name, part in tidy.items():
        if described and DIVIDER not in part.get("description", "") and name in GLOSSARY:
            part["description"] = GLOSSARY[name]
    return tidy
