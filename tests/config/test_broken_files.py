"""Every broken file of the corpus gets exactly the messages of its golden file, in order.

``WRITE_GOLDEN=1 pytest tests/config/test_broken_files.py`` writes them anew; read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gateway.cli.kinds import problems_of
from gateway.core.errors import Problem

BROKEN = Path(__file__).parent / "broken"
FILES = sorted(BROKEN.glob("*.yaml"))
ENV = {"SET": "set", "AMBIGUOUS": "no"}


def spoken(problems: tuple[Problem, ...]) -> str:
    lines: list[str] = []
    for problem in problems:
        what, fix = problem.what, problem.fix
        lines += [
            f"{problem.line}:{problem.column}",
            f"  de  {what.de}",
            f"      {fix.de}",
            f"  en  {what.en}",
            f"      {fix.en}",
        ]
    return "\n".join(lines).replace(str(BROKEN), "broken") + "\n"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_broken_file_names_every_mistake_with_its_place_and_fix(file: Path):
    problems = problems_of(file, None, ENV)
    golden = file.with_suffix(".golden")
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_text(spoken(problems), "utf-8")
    assert problems
    assert spoken(problems) == golden.read_text("utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_problems_stand_in_the_order_of_the_file_and_inside_it(file: Path):
    problems = problems_of(file, None, ENV)
    lines = file.read_bytes().splitlines() or [b""]
    places = [(problem.line, problem.column) for problem in problems]
    assert places == sorted(places)
    assert all(problem.file == file for problem in problems)
    for line, column in places:
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1


def test_no_password_of_an_address_is_repeated():
    for file in FILES:
        said = spoken(problems_of(file, None, ENV))
        assert not [secret for secret in ("hunter2", "hun@", "ter2") if secret in said], file.stem


def test_the_corpus_is_large_enough():
    assert len(FILES) >= 60


def test_no_message_repeats_a_secret():
    said = "".join(spoken(problems_of(file, None, ENV)) for file in FILES)
    assert "hunter2" not in said
