"""One value of a file is changed; whatever a person wrote around it stays as it is."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.editing import NoPlace, drop, put
from gateway.config.strict_yaml import read
from gateway.config.tree import Node, Scalar, Step, child, plain

TEXT = """\
# Die Presse in Halle 2.

name: press-1   # nie ändern
title: {de: Presse, en: 'Press'}  # beide Sprachen
connect:        # wie sie hängt
  type: modbus-tcp
  # hinter dem Schrank
  host: 10.0.0.1 # bald 10.0.0.9
devices:
  - template: sdm630   # oben
    every: 1s
  # und der zweite
  - {template: e1210-press, every: 250ms}
evidence:
  type: power-runs
  run_above: 400

  # bis hierher


# Ende
"""
PLACES: list[list[Step]] = [
    ["name"],
    ["title", "de"],
    ["title", "en"],
    ["title", "fr"],
    ["connect", "host"],
    ["connect", "unit"],
    ["devices", 0, "every"],
    ["devices", 1, "every"],
    ["devices", 1, "unit"],
    ["evidence", "run_above"],
    ["evidence", "run_below"],
    ["built"],
]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(0.0001, 10**6).map(lambda value: round(value, 4))
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc"]))
    | st.sampled_from(["no", "0x10", "12:30", "a: b", "- x", "1e3", "{", "'", '"', "#", " x ", "~"])
)


def differing(before: str, after: str) -> list[str]:
    return [
        line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"
    ]


def said(text: str, folder: Path) -> Node:
    file = folder / "file.yaml"
    file.write_text(text, "utf-8", newline="")
    tree = read(file, {})
    assert tree.problems == []
    assert not tree.doubts
    assert tree.root is not None
    return tree.root


@given(at=st.sampled_from(PLACES), value=VALUES)
def test_what_was_put_is_read_and_nothing_else_has_changed(
    tmp_path_factory: pytest.TempPathFactory, at: list[Step], value: Scalar
):
    folder = tmp_path_factory.getbasetemp()
    after = put(TEXT, at, value)
    found: Node | None = said(after, folder)
    for step in at:
        assert found is not None
        found = child(found, step)
    assert found is not None
    assert plain(found) == value
    assert len(differing(TEXT, after)) <= 2, "one line at most"
    for comment in (
        "# nie ändern",
        "# beide Sprachen",
        "# bald 10.0.0.9",
        "  # bis hierher",
        "# Ende",
    ):
        assert comment in after


def test_a_value_is_changed_in_its_line():
    assert differing(TEXT, put(TEXT, ["connect", "host"], "10.0.0.2")) == [
        "-   host: 10.0.0.1 # bald 10.0.0.9",
        "+   host: 10.0.0.2 # bald 10.0.0.9",
    ]


def test_a_new_key_stands_below_the_last_one():
    after = put(TEXT, ["evidence", "run_below"], 250.5)
    assert "  run_above: 400\n  run_below: 250.5\n\n  # bis hierher\n" in after


def test_an_empty_value_is_filled():
    assert put("name:\nbuilt: 1987\n", ["name"], "press-1") == "name: press-1\nbuilt: 1987\n"
    assert put("name:", ["name"], "press-1") == "name: press-1"


def test_a_key_is_dropped_with_what_stands_below_it_and_comments_around_it_stay():
    after = drop(TEXT, ["evidence"])
    assert "power-runs" not in after
    assert "  # bis hierher\n" in after
    assert "# und der zweite" in after
    assert drop(after, ["evidence"]) == after


def test_windows_line_ends_stay():
    text = "name: a\r\nbuilt: 1987 # alt\r\n"
    assert put(text, ["built"], 1988) == "name: a\r\nbuilt: 1988 # alt\r\n"


@pytest.mark.parametrize(
    ("text", "at"),
    [
        (TEXT, ["nobody", "host"]),
        (TEXT, ["devices", 7, "every"]),
        (TEXT, ["name", "below"]),
        ("name: [", ["name"]),
        ("", ["name"]),
        ("{}", ["name"]),
    ],
)
def test_where_there_is_no_place_nothing_is_changed(text: str, at: list[Step]):
    with pytest.raises(NoPlace):
        put(text, at, 1)


def test_a_text_of_two_lines_is_refused():
    with pytest.raises(NoPlace):
        put(TEXT, ["name"], "a\nb")


def test_a_reference_stands_as_it_is():
    text = "password: ${PRESS}  # aus der Umgebung\nname: a\n"
    assert put(text, ["name"], "b") == "password: ${PRESS}  # aus der Umgebung\nname: b\n"
