"""The tree of a file: what was written, and where; nothing ever escapes as a traceback."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.rooms import variants
from gateway.config import load
from gateway.config.strict_yaml import read
from gateway.config.tree import Items, Leaf, Table, plain
from gateway.core.errors import ConfigError

ROOT = Path(__file__).parents[2]
MINI = """schema: 1
name: {de: Fräse, en: Mill}
machines:
  - name: mill-1  # the first
    connect: {type: modbus-tcp, host: 192.168.10.21, unit: 1}
    words: ["a b", 'c, d', e]
    note: >-
      two
      lines
sinks: []
"""

SCALARS = [
    ("1", 1),
    ("-7", -7),
    ("0", 0),
    ("0.5", 0.5),
    ("-12.75", -12.75),
    ("true", True),
    ("false", False),
    ("null", None),
    ("~", None),
    ("", None),
    ("192.168.10.21", "192.168.10.21"),
    ("100ms", "100ms"),
    ("day 1 06:00", "day 1 06:00"),
    ('"no"', "no"),
    ("'010'", "010"),
    ('"12:30"', "12:30"),
    ("mill-1", "mill-1"),
    ("Größe", "Größe"),
]
MISLEADING = [
    "yes", "No", "ON", "off", "y", "n", "True", "FALSE", "Null", "010", "-08", "0x1F", "0o17",
    "0b11", "1e3", "1.5E-3", "1_000", "12:30", "1:30:00", "2026-11-21", "2026-11-21T06:00:00Z",
    ".inf", "-.INF", ".nan", "+5", ".5", "5.",
]  # fmt: skip


def read_text(text: str, folder: Path):
    file = folder / "file.yaml"
    file.write_bytes(text.encode())
    return read(file, {})


@pytest.mark.parametrize(("written", "meant"), SCALARS)
def test_a_plain_scalar_means_what_people_read(tmp_path: Path, written: str, meant: object):
    tree = read_text(f"key: {written}\n", tmp_path)
    assert tree.root is not None
    assert plain(tree.root) == {"key": meant}
    assert not tree.problems
    assert not tree.doubts


@pytest.mark.parametrize("written", MISLEADING)
def test_a_scalar_that_misleads_is_doubted(tmp_path: Path, written: str):
    tree = read_text(f"key: {written}\n", tmp_path)
    [(leaf, doubt)] = tree.doubts.values()
    assert leaf.text == written
    assert written in doubt.what.de


@pytest.mark.parametrize("written", MISLEADING)
def test_in_quotes_nothing_misleads(tmp_path: Path, written: str):
    tree = read_text(f'key: "{written}"\n', tmp_path)
    assert tree.root is not None
    assert plain(tree.root) == {"key": written}
    assert not tree.doubts


def test_every_value_knows_its_line_and_column(tmp_path: Path):
    root = read_text("a: 1\nb:\n  - x\n  - {c: 2}\n", tmp_path).root
    assert isinstance(root, Table)
    b = root.entries["b"]
    assert (b.place.line, b.place.column) == (2, 1)
    assert isinstance(b.value, Items)
    inner = b.value.items[1]
    assert isinstance(inner, Table)
    leaf = inner.entries["c"].value
    assert isinstance(leaf, Leaf)
    assert (leaf.place.line, leaf.place.column) == (4, 9)


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path):
    tree = read_text("\ufeffa: 1\r\nb: 2\r\n", tmp_path)
    assert tree.root is not None
    assert plain(tree.root) == {"a": 1, "b": 2}


def test_a_missing_file_is_a_problem_with_a_fix(tmp_path: Path):
    with pytest.raises(ConfigError) as raised:
        read(tmp_path / "nowhere.yaml", {})
    assert "gibt es nicht" in raised.value.problems[0].what.de


def test_a_folder_is_no_file(tmp_path: Path):
    with pytest.raises(ConfigError):
        read(tmp_path, {})


def test_a_huge_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="larger than"):
        read_text("# " + "x" * 1_000_000, tmp_path)


def test_the_shipped_loader_of_yaml_agrees_on_plain_files(tmp_path: Path):
    text = "a: 1\nb: [x, 2.5, true, null]\nc: {d: 'no', e: Größe}\n"
    root = read_text(text, tmp_path).root
    assert root is not None
    assert plain(root) == yaml.safe_load(text)


SAME_FOLDER = [HealthCheck.function_scoped_fixture]
FUZZ = st.lists(
    st.tuples(
        st.integers(0, 400),
        st.integers(0, 6),
        st.sampled_from([*"{}[]:,-#&*!|>'\"%@`?~<\t \n0x", "${", "}", "é", "\x00", "- "]),
    ),
    max_size=6,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(FUZZ)
def test_whatever_is_typed_ends_in_a_site_or_in_problems(tmp_path: Path, site_text: str, edits):
    text = site_text + "sinks:\n  - {type: mqtt, broker: mqtt://b, password: '${P}'}\n"
    for at, cut, put in edits:
        text = text[:at] + put + text[at + cut :]
    file = tmp_path / "fuzzed.yaml"
    file.write_bytes(text.encode())
    lines = text.encode().splitlines() or [b""]
    try:
        load(file, variants(), {"P": "p"})
    except ConfigError as error:
        for problem in error.problems:
            assert 1 <= problem.line <= len(lines) + 1
            assert problem.column >= 1
            assert problem.what.de
            assert problem.fix.en


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_it_is_read_or_refused(tmp_path: Path, raw: bytes):
    file = tmp_path / "bytes.yaml"
    file.write_bytes(raw)
    with suppress(ConfigError):
        read(file, {})


def trees(text: str, folder: Path) -> object:
    """What is read of a text, with every place and problem."""
    with suppress(ConfigError):
        tree = read_text(text, folder)
        return tree.root, tree.problems, [doubt for _, doubt in tree.doubts.values()]
    return None


@pytest.mark.parametrize(
    "file",
    [*(ROOT / "configs").rglob("*.yaml"), *(ROOT / "tests" / "config" / "broken").glob("*.yaml")],
    ids=lambda file: file.stem,
)
def test_the_fast_parser_reads_a_file_as_the_slow_one(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = file.read_bytes().decode("utf-8", "replace").replace("generated:", "")  # at random
    fast = trees(text, tmp_path)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert trees(text, tmp_path) == fast


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_the_fast_parser_reads_the_slow_one_reads_alike(
    data: st.DataObject, tmp_path: Path
) -> None:
    """Texts with a few slips of the pen: a sign too many, too few, or another indentation."""
    text = MINI
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        slip = data.draw(st.sampled_from([*"{}[]:,-#'\"|&*%@` \n\\0aé!?\t", "", "  "]))
        text = text[:at] + slip + text[at + (not slip) :]
    fast = trees(text, tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader")
        assert trees(text, tmp_path) == fast
