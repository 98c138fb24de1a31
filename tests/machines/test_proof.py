"""Where the facts of a template come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import read_model
from gateway.core.errors import ConfigError
from gateway.machines.proof import Proof
from gateway.machines.template import Template

HEAD = """\
schema: 1
template: mine
title: {de: Meins, en: Mine}
identification: {manufacturer: Acme, model: M1}
proof: read
sources:
  manual: {title: "M1 manual, page 7", edition: "2021"}
  other: {title: someone/driver m1.go, edition: 0a1b2c}
points:
"""
POINT = "  - {name: p, means: {de: P, en: P}, table: holding-registers, address: 0, encoding: int16"
SECOND = POINT.replace("name: p", "name: q").replace("address: 0", "address: 1")


def template(folder: Path, text: str) -> Template:
    path = folder / "mine.yaml"
    path.write_text(text, "utf-8")
    return read_model(path, Template)


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("manual 40001", "M1 manual, page 7: 40001"),
        ("manual", "M1 manual, page 7"),
        ("[manual 40001, other 0x00]", "M1 manual, page 7: 40001; someone/driver m1.go: 0x00"),
    ],
)
def test_a_point_tells_where_its_meaning_was_read(tmp_path, source, told):
    made = template(tmp_path, f"{HEAD}{POINT}, source: {source}}}\n")
    assert made.source_of(made.points[0]) == told


def test_without_documents_a_source_is_any_text(tmp_path):
    head = HEAD[: HEAD.index("proof")] + "points:\n"
    made = template(tmp_path, f'{head}{POINT}, source: "my own list, row 3"}}\n')
    assert made.source_of(made.points[0]) == "my own list, row 3"
    assert made.proof_of(made.points[0]) is None


def test_a_point_may_be_proven_further_than_its_template(tmp_path):
    made = template(
        tmp_path,
        f"{HEAD}{POINT}, proof: device}}\n{SECOND}}}\n",
    )
    assert [made.proof_of(point) for point in made.points] == [Proof.DEVICE, Proof.READ]


def test_a_source_that_is_no_document_is_refused_with_the_nearest(tmp_path):
    with pytest.raises(ConfigError) as error:
        template(tmp_path, f"{HEAD}{POINT}, source: [manual 1, manuel 2]}}\n")
    [problem] = error.value.problems
    assert problem.line == 10
    assert problem.what.en == "p: the source manuel does not stand under sources"
    assert problem.fix.en == "Did you mean manual?"
