"""The page of promises is true: every test that it names is there, and nothing is left out."""

from __future__ import annotations

import ast
import os
from functools import cache
from pathlib import Path

import pytest

from tests.promises import FAULTS, LEAKS, PAGE, ROOT, SECURITY, Promise, page

PROMISES = (*FAULTS, *SECURITY, *LEAKS)


@cache
def functions(file: Path) -> frozenset[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):  # what hypothesis makes of a state machine
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(names)


def test_every_number_has_its_promise_once() -> None:
    wanted = [f"F{n:02}" for n in range(1, 32)]
    wanted += [f"S{n:02}" for n in range(1, 17)]
    wanted += [f"L{n}" for n in range(1, 10)]
    assert [promise.id for promise in PROMISES] == wanted


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.id)
def test_the_tests_of_a_promise_exist(promise: Promise) -> None:
    for test in promise.tests:
        path, name = test.split("::")
        file = ROOT / "tests" / path
        assert file.is_file(), test
        assert name in functions(file), test


def test_the_page_is_the_present_one() -> None:
    if os.environ.get("WRITE_GOLDEN"):
        PAGE.write_text(page())
    assert PAGE.read_text() == page()
