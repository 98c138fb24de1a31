"""Every log line and every error of ours has its German, and nothing has German for nobody."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.german import LINES, SENTENCES
from gateway.core.sayings import CAUSES, in_words

ROOT = Path(__file__).resolve().parents[1]
CATALOGUE = "gateway/core/german.py"
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
PLACEHOLDER = re.compile(r"%[-+.\d]*[a-z]")
SAID_OTHERWISE = {"ConfigError", "SourceError"}
"""These tell people by Texts of their own; their messages are for programmers."""


def sources() -> list[tuple[str, ast.Module]]:
    files = [file for top in ("gateway", "simulators") for file in (ROOT / top).rglob("*.py")]
    return [
        (str(file.relative_to(ROOT)), ast.parse(file.read_text("utf-8")))
        for file in sorted(files)
        if str(file.relative_to(ROOT)) != CATALOGUE
    ]


SOURCES = sources()
LISTS_OF_SENTENCES = st.lists(st.sampled_from([*SENTENCES, "%s", "x"])).map(": ".join)
Said = tuple[str, str | None]
"""Where something is said, and what: None where it is not written there."""


def nodes(kind: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    for file, tree in SOURCES:
        for node in ast.walk(tree):
            if isinstance(node, kind):
                yield f"{file}:{getattr(node, 'lineno', 0)}", node


def sentence(node: ast.AST) -> str | None:
    """A string as it stands in the code; what an f-string puts in is ``%s``."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "%s" for one in node.values)
        return "".join(map(str, parts))
    return None


def speaks_in_words(said: str) -> bool:
    return re.search(r"[A-Za-z]", PLACEHOLDER.sub("", said)) is not None


def is_log(node: ast.expr) -> bool:
    name = ast.unparse(node).rpartition(".")[2].lower()
    return name.endswith(("log", "logger", "logging")) or "getLogger" in ast.unparse(node)


def log_lines() -> Iterator[Said]:
    for place, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        method = node.func
        if not isinstance(method, ast.Attribute) or not is_log(method.value):
            continue
        if method.attr in LEVELS or method.attr == "log":
            yield place, sentence(node.args[method.attr == "log"])


def our_errors() -> set[str]:
    """Every class that comes from WerkverbundError, but for those that are said otherwise."""
    classes = [node for _, node in nodes(ast.ClassDef) if isinstance(node, ast.ClassDef)]
    found = {"WerkverbundError"}
    while True:
        more = {
            one.name
            for one in classes
            if one.name not in found | SAID_OTHERWISE
            and any(ast.unparse(base).rpartition(".")[2] in found for base in one.bases)
        }
        if not more:
            return found
        found |= more


def sentences() -> Iterator[Said]:
    """What errors of ours say, what stands in the exchange's log, and what is translated."""
    ours = our_errors()
    for place, node in nodes(ast.Call):
        assert isinstance(node, ast.Call)
        names = set(re.findall(r"\w+", ast.unparse(node.func)))
        if "audit" in names:
            yield from ((place, sentence(one)) for one in node.args[1:3])
        elif "INSERT INTO audit" in ast.unparse(node.args[:1] or [node.func]):
            yield from ((place, sentence(one)) for one in ast.walk(node.args[1]))
        elif names & ours or "in_words" in names or ast.unparse(node.func) == "type(error)":
            yield from ((place, sentence(one)) for one in node.args[:1])


def known_cause(said: str) -> bool:
    last = said.rpartition(": ")[2]
    return any(last.endswith(one) for known, _ in CAUSES for one in known)


def missing(said: Iterator[Said], catalogue: dict[str, str], name: str) -> str:
    lines = [
        f"    # said at {place}\n    {words!r}: '...',"
        for place, words in said
        if words is not None and speaks_in_words(words) and words not in catalogue
    ]
    return f"Add the German to {name} in {CATALOGUE}:\n" + "\n".join(lines) if lines else ""


def without_use(said: set[str | None], catalogue: dict[str, str], name: str) -> str:
    lines = [f"    {words!r}" for words in catalogue if words not in said]
    head = f"Nobody says this any more; remove from {name} in {CATALOGUE}:\n"
    return head + "\n".join([*lines, ""]) if lines else ""


def test_every_log_line_has_its_german() -> None:
    told = missing(log_lines(), dict(LINES), "LINES")
    assert not told, told


def test_a_log_line_is_written_where_it_is_logged() -> None:
    unwritten = [place for place, words in log_lines() if words is None]
    assert not unwritten, (
        "Log with a format that stands in the call itself, log.warning('%s lost: %s', ...), so "
        f"that its German can be found: {unwritten}"
    )


def test_a_logs_method_is_called_and_not_handed_on() -> None:
    called = {id(node.func) for _, node in nodes(ast.Call) if isinstance(node, ast.Call)}
    handed_on = [
        place
        for place, node in nodes(ast.Attribute)
        if isinstance(node, ast.Attribute)
        and node.attr in LEVELS
        and is_log(node.value)
        and id(node) not in called
    ]
    assert not handed_on, f"Call the log in a function of its own: {handed_on}"


def test_every_error_that_can_reach_a_person_has_its_german() -> None:
    said = ((place, words) for place, words in sentences() if not known_cause(words or ""))
    told = missing(said, dict(SENTENCES), "SENTENCES (or CAUSES in gateway/core/sayings.py)")
    assert not told, told


def test_no_german_is_left_that_nobody_says() -> None:
    lines = {words for _, words in log_lines()}
    everything = {sentence(node) for _, node in nodes(ast.expr)}
    told = without_use(lines, dict(LINES), "LINES")
    told += without_use(everything, dict(SENTENCES), "SENTENCES")
    assert not told, told


@pytest.mark.parametrize("english", [*LINES, *SENTENCES])
def test_both_languages_put_the_same_in_the_same_order(english: str) -> None:
    german = {**LINES, **SENTENCES}[english]
    assert PLACEHOLDER.findall(german) == PLACEHOLDER.findall(english), (
        f"The placeholders of {german!r} are not those of {english!r}, in their order"
    )


@pytest.mark.parametrize("english", SENTENCES)
def test_a_sentence_is_found_by_what_it_says(english: str) -> None:
    quoted = tuple(f"⟨{number}⟩" for number in range(english.count("%s")))
    told = in_words(english % quoted)
    assert told.en == english % quoted
    assert told.de == SENTENCES[english] % quoted


@given(st.one_of(st.text(max_size=600), st.sampled_from(list(SENTENCES)), LISTS_OF_SENTENCES))
def test_whatever_a_stranger_says_is_told(said: str) -> None:
    told = in_words(said)
    assert bool(told.de) == bool(told.en) == bool(said)
