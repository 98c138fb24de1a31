"""A template with a mistake is refused, with the place and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import read_model
from gateway.core.errors import ConfigError
from gateway.machines.template import Template

HEAD = """\
schema: 1
template: mine
title: {de: Meins, en: Mine}
identification: {manufacturer: Acme, model: M1}
"""
POINT = "  - {name: p, means: {de: P, en: P}, table: holding-registers, address: 0, encoding: int16"


def problems(tmp_path: Path, text: str):
    path = tmp_path / "mine.yaml"
    path.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_model(path, Template)
    return error.value.problems


@pytest.mark.parametrize(
    ("more", "says", "fix"),
    [
        (", order: high-word-first", "no word order", "Delete order"),
        (", bit: 3", "belong together", "encoding: bit"),
        (", scale: 0", "scale is 0", "scale: 0.1"),
        (", low: 5, high: 1", "above high", "Swap"),
        (", sentinels: [65536]", "does not fit 16 bits", "raw register value"),
        (", sentinels: [-32769]", "does not fit 16 bits", "raw register value"),
        (", sentinels: [-99.9]", "whole numbers only, never -99.9", "before scale"),
        (", kind: counter, rollover: 99999", "never reaches", "highest raw value"),
    ],
)
def test_a_wrong_point_is_refused_at_its_line(tmp_path, more, says, fix):
    [problem] = problems(tmp_path, f"points:\n{POINT}{more}}}\n")
    assert says in problem.what.en
    assert fix in problem.fix.en
    assert problem.line == 6
    assert problem.what.de != problem.what.en


@pytest.mark.parametrize(
    ("point", "says"),
    [
        (POINT.replace("int16", "uint32"), "word order is missing"),
        (POINT.replace("int16", "bit"), "belong together"),
        (POINT.replace("holding-registers", "coils"), "holds single bits"),
        (
            POINT.replace("address: 0", "address: 65535").replace("int16", "uint32")
            + ", order: high-word-first",
            "past the last address",
        ),
        (POINT.replace("int16", "bit") + ", bit: 1, scale: 2", "neither scale nor offset"),
    ],
)
def test_a_point_whose_parts_do_not_fit_together_is_refused(tmp_path, point, says):
    [problem] = problems(tmp_path, f"points:\n{point}}}\n")
    assert says in problem.what.en


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"points:\n{POINT}}}\n{POINT}}}\n", "two points are called p"),
        (
            f"readable:\n  - {{table: holding-registers, first: 4, last: 9}}\npoints:\n{POINT}}}\n",
            "lies in no readable range",
        ),
        (
            f"readable:\n  - {{table: holding-registers, first: 9, last: 4}}\npoints:\n{POINT}}}\n",
            "before its beginning",
        ),
        (
            (
                "workarounds: {even_only: true}\n"
                "readable:\n  - {table: holding-registers, first: 0, last: 4}\n"
                f"points:\n{POINT}}}\n"
            ),
            "odd count",
        ),
        (
            f"workarounds: {{even_only: true, max_registers: 1}}\npoints:\n{POINT}}}\n",
            "exclude each other",
        ),
        (
            "workarounds: {max_registers: 1}\npoints:\n"
            + POINT.replace("int16", "uint32")
            + ", order: high-word-first}\n",
            "more registers than max_registers",
        ),
    ],
)
def test_a_template_whose_parts_do_not_fit_together_is_refused(tmp_path, text, says):
    assert says in problems(tmp_path, text)[0].what.en


def test_an_unknown_key_is_refused(tmp_path):
    [problem] = problems(tmp_path, f"points:\n{POINT}, scalle: 2}}\n")
    assert "scalle" in problem.what.en
    assert "scale" in problem.fix.en


def test_a_period_needs_its_unit(tmp_path):
    [problem] = problems(tmp_path, f"points:\n{POINT}, every: 5}}\n")
    assert "no unit" in problem.what.en


def test_a_sentinel_that_no_float32_holds_is_refused(tmp_path):
    float32 = POINT.replace("int16", "float32") + ", order: high-word-first"
    [problem] = problems(tmp_path, f"points:\n{float32}, sentinels: [-9999, 0.5, 1{39 * '0'}]}}\n")
    assert "float32 cannot hold 1e+39" in problem.what.en
    assert problem.line == 6
