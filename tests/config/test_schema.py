"""JSON Schemas: for editors, in both languages, from the same models."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway import resources
from gateway.cli.kinds import MODELS
from gateway.config.schema import schema


def made(kind: str) -> dict[str, Any]:
    return schema(kind, MODELS[kind]())


@pytest.mark.parametrize("kind", MODELS)
def test_a_schema_is_a_schema(kind: str):
    Draft202012Validator.check_schema(made(kind))


def test_numbers_may_be_references():
    validator = Draft202012Validator(made("site"))
    errors = [error.json_path for error in validator.iter_errors({"machines": [
        {"connect": {"type": "modbus-tcp", "host": "${HOST}", "port": "${PORT:-502}"}}
    ]})]  # fmt: skip
    assert not any("connect" in path for path in errors)


def test_an_unknown_key_is_refused_by_the_schema_too():
    errors = Draft202012Validator(made("site")).iter_errors({"frim": "werkstatt"})
    assert any("frim" in error.message for error in errors)


def properties(part: Any, path: str = "") -> dict[str, Any]:
    """Every property of a schema, by its path."""
    found: dict[str, Any] = {}
    if isinstance(part, dict):
        for key, value in part.items():
            if key in ("properties", "$defs") and isinstance(value, dict):
                for name, one in value.items():
                    if key == "properties":
                        found[f"{path}.{name}"] = one
                    found |= properties(one, f"{path}.{name}")
            else:
                found |= properties(value, path)
    elif isinstance(part, list):
        for one in part:
            found |= properties(one, path)
    return found


@pytest.mark.parametrize("kind", MODELS)
def test_every_key_is_described_in_german_and_english(kind: str):
    bare = sorted(
        path
        for path, one in properties(made(kind)).items()
        if " / " not in one.get("description", "")
    )
    assert bare == []


@pytest.mark.parametrize("kind", MODELS)
def test_the_shipped_schema_is_the_present_one(kind: str):
    """``WRITE_GOLDEN=1 pytest tests/config`` writes them anew."""
    file = resources.configs() / "schema" / f"{kind}.json"
    if os.environ.get("WRITE_GOLDEN"):
        text = json.dumps(made(kind), ensure_ascii=False, indent=2)
        file.write_text(f"{text}\n", "utf-8")
    assert json.loads(file.read_text("utf-8")) == made(kind)
