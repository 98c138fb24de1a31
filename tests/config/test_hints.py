"""No hint changes a meaning: what is a word of its own is never taken for another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config import choice
from gateway.config.foreign_words import explained
from gateway.config.hints import alike, closest

TABLES = ("coils", "discrete-inputs", "holding-registers", "input-registers")
SCHEMAS = Path(__file__).parents[2] / "configs" / "schema"


def vocabularies(node: object) -> Iterator[tuple[str, ...]]:
    """Every set of words of which one may stand at a place: keys, and fixed values."""
    if isinstance(node, dict):
        if isinstance(node.get("properties"), dict):
            yield tuple(node["properties"])
        if isinstance(node.get("enum"), list):
            yield tuple(str(word) for word in node["enum"])
        for below in node.values():
            yield from vocabularies(below)
    elif isinstance(node, list):
        for below in node:
            yield from vocabularies(below)


KNOWN = sorted(
    {
        words
        for file in SCHEMAS.glob("*.json")
        for words in vocabularies(json.loads(file.read_text()))
        if len(words) > 1
    }
)


def test_a_known_word_is_never_taken_for_its_neighbour() -> None:
    assert len(KNOWN) > 50
    for words in KNOWN:
        for word in words:
            others = [other for other in words if other != word]
            assert closest(word, others) is None, word


@pytest.mark.parametrize(
    ("written", "known"),
    [
        ("uint64", ("bit", "uint16", "int16", "uint32", "int32", "float32")),
        ("float64", ("float32", "uint32")),
        ("byte_order", ("order", "offset")),
        ("modbus-rtu", ("modbus-tcp",)),
        ("sdm120", ("sdm630", "pid-furnace")),
        ("mill-2", ("mill-1",)),
        ("low-word-last", ("low-word-first", "high-word-first")),
        ("max", ("min",)),
        ("stop", ("start",)),
    ],
)
def test_another_meaning_gets_no_hint(written: str, known: tuple[str, ...]) -> None:
    assert closest(written, known) is None


@pytest.mark.parametrize(
    ("written", "known", "meant"),
    [
        ("adress", ("address", "bit"), "address"),
        ("holding_registers", ("holding-registers", "input-registers"), "holding-registers"),
        ("Input-Register", ("holding-registers", "input-registers"), "input-registers"),
        ("float", ("float32", "uint32"), "float32"),
        ("sdm-630", ("sdm630", "pid-furnace"), "sdm630"),
        ("slave", ("host", "unit"), "unit"),
        ("cdab", ("low-word-first", "ABCD", "CDAB"), "CDAB"),
        ("power_runs", ("power-runs", "counters"), "power-runs"),
    ],
)
def test_another_spelling_gets_its_hint(written: str, known: tuple[str, ...], meant: str) -> None:
    assert closest(written, known) == meant


@pytest.mark.parametrize(
    ("written", "known", "fix"),
    [
        ("3", TABLES, "Function 3 reads holding-registers; numbers like 30001"),
        ("FC04", TABLES, "write table: input-registers"),
        ("little-endian", ("low-word-first", "DCBA"), "If only the words are swapped"),
        ("word_order", ("order", "offset"), "order names the word order and the byte order"),
        ("scale_factor", ("scale", "scale_from"), "A fixed factor is scale"),
        ("divisor", ("scale", "scale_from"), "Write the reciprocal"),
        ("float32-le", ("float32", "float64"), "Write encoding: float32; order"),
        ("timeout", ("pause", "even_only"), "under connect"),
    ],
)
def test_a_word_with_several_meanings_is_explained(
    written: str, known: tuple[str, ...], fix: str
) -> None:
    assert closest(written, known) is None
    assert fix in choice(written, known).en


@pytest.mark.parametrize("written", ["5", "FC5", "divisor", "timeout", "byte_order"])
def test_nothing_is_explained_where_the_word_that_it_leads_to_is_not_known(written: str) -> None:
    assert explained(written, ("one", "two")) is None
    assert choice(written, ("one", "two")).en == "Possible are: one, two"


@pytest.mark.parametrize(
    ("written", "known", "found"),
    [
        ("float", ("float32", "uint16", "float64"), ["float32", "float64"]),
        (
            "rtu",
            ("modbus-rtu", "modbus-rtu-over-tcp", "modbus-tcp"),
            ["modbus-rtu", "modbus-rtu-over-tcp"],
        ),
        ("tcp", ("modbus-rtu", "modbus-tcp"), ["modbus-tcp"]),
        ("", ("modbus-rtu",), []),
        ("ru", ("modbus-rtu",), []),
        ("-", ("modbus-rtu",), []),
    ],
)
def test_words_that_contain_a_word_are_alike(
    written: str, known: tuple[str, ...], found: list[str]
) -> None:
    assert list(alike(written, known)) == found


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=6))
def test_a_hint_is_one_of_the_known_words(written: str, known: list[str]) -> None:
    assert closest(written, known) in (None, *known)
