"""What the gateway names and the pages put into words has a word in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.api.audit import Happened
from gateway.network.fields import FIELDS
from gateway.sinks import variants
from gateway.sinks.base import SinkConfig

ROOT = Path(__file__).parents[2]
TEXTS = ROOT / "dashboards" / "web" / "src" / "texts"


def words(language: str, table: str) -> set[str]:
    """The keys of a table of the pages' texts that have a word."""
    text = (TEXTS / f"{language}.ts").read_text("utf-8")
    (block,) = re.findall(rf"^    {table}: {{\n(.*?)^    }}", text, re.MULTILINE | re.DOTALL)
    found = re.findall(r'^      "?([\w ]+?)"?: "[^"]+",$', block, re.MULTILINE)
    assert len(found) == block.count("\n"), "every line is one word"
    return set(found)


def calls(*folders: str) -> Iterator[ast.Call]:
    for folder in folders:
        files = list((ROOT / "gateway" / folder).rglob("*.py"))
        assert files, f"gateway/{folder} is another room now"
        for file in files:
            for node in ast.walk(ast.parse(file.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield node


def name_of(call: ast.Call) -> str:
    called = call.func
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def text(node: ast.expr) -> str | None:
    found = node.value if isinstance(node, ast.Constant) else None
    return found if isinstance(found, str) else None


def parts() -> set[str]:
    """Every part that health names, but for machines, which have their own title."""
    named = {text(call.args[0]) for call in calls("api") if name_of(call) == "Part" and call.args}
    sinks = {kind for kind, config in variants().items() if issubclass(config, SinkConfig)}
    return {name for name in named if name is not None} | sinks


def events() -> set[str]:
    """Every security event: of the pages, and of the exchange."""
    found = {event.value for event in Happened}
    for call in calls("partners"):
        if name_of(call) == "audit" and len(call.args) > 2:
            found |= {text(call.args[1]) or ""}
        elif name_of(call) == "execute" and "INTO audit" in (text(call.args[0]) or ""):
            row = call.args[1]
            assert isinstance(row, ast.Tuple)
            found |= {text(row.elts[2]) or ""}
    return found - {""}


def test_what_is_looked_for_is_found() -> None:
    assert {"journal", "history", "exchange", "aside", "lan", "mqtt", "opcua"} <= parts()
    assert {"logged_in", "narrowed", "begun anew", "chain begun anew", "clock"} <= events()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_part_of_health_and_every_security_event_has_a_word(language: str) -> None:
    assert words(language, "names") == parts()
    assert words(language, "events") == events()


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_field_that_partners_may_see_has_a_word(language: str) -> None:
    assert {field.key for field in FIELDS} <= words(language, "fieldNames")
