"""A marked register becomes a point of a template that stands every check."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.assistant.drafting import Mark, NotAMark, draft, mark
from gateway.config import read_model
from gateway.machines.encodings import Encoding, Shape
from gateway.machines.numbering import Table
from gateway.machines.orders import Order
from gateway.machines.template import Template


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("power=262 float32 CDAB W", Mark("power", 262, Encoding.FLOAT32, Order.CDAB, unit="W")),
        ("parts=12", Mark("parts", 12, Encoding.UINT16)),
        ("on=256,bit3", Mark("on", 256, Encoding.BIT, bit=3)),
        ("voltage=2 uint16 V x0.1", Mark("voltage", 2, Encoding.UINT16, scale=0.1, unit="V")),
        (
            "energy=8 uint32 kW.h counter",
            Mark("energy", 8, Encoding.UINT32, Order.HIGH_FIRST, unit="kW.h", counter=True),
        ),
    ],
)
def test_a_mark_says_what_is_known(said: str, found: Mark) -> None:
    assert mark(said) == found


@pytest.mark.parametrize("said", ["", "power", "=3", "Power=3", "power=", "power=x", "p=65536"])
def test_what_is_no_mark_is_said_in_both_languages(said: str) -> None:
    with pytest.raises(NotAMark) as refused:
        mark(said)
    assert refused.value.text.de != refused.value.text.en
    assert "262" in refused.value.text.de or "65535" in refused.value.text.de


@pytest.mark.parametrize("word", ["x0", "x-0.0", "xnan", "xinf", "x1e999", "bit16", "bit99", "x."])
def test_a_bit_or_factor_that_cannot_be_is_no_unit(word: str) -> None:
    with pytest.raises(NotAMark) as refused:
        mark(f"power=3 {word}")
    assert word in refused.value.text.de


@pytest.mark.parametrize("scale", [1e-5, 0.1234567, 123456789.0, -0.1, 3e-12])
def test_a_factor_stands_in_the_draft_as_it_was_said(scale: float, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    marks = [mark(f"power=3 float32 W x{scale!r}")]
    file.write_text(draft("mine", "mine", Table.HOLDING_REGISTERS, marks), "utf-8")
    assert read_model(file, Template).points[0].scale == scale


@given(st.text())
def test_whatever_is_marked_is_a_mark_or_told(said: str) -> None:
    with suppress(NotAMark):
        assert mark(said).name


@pytest.mark.parametrize("encoding", [e for e in Encoding if e.shape is not Shape.TEXT])
def test_a_draft_stands_every_check(encoding: Encoding, tmp_path: Path) -> None:
    marks = [mark(f"power=10 {encoding.value}{' bit2' if encoding is Encoding.BIT else ''} W")]
    if encoding.shape is Shape.BIT:
        marks = [mark(f"running=10 {encoding.value}{' bit2' if encoding is Encoding.BIT else ''}")]
    text = draft("mine", "Meine »Maschine«: 3", Table.HOLDING_REGISTERS, marks)
    file = tmp_path / "mine.yaml"
    file.write_text(text, "utf-8")
    template = read_model(file, Template)
    assert template.points[0].encoding is encoding
    assert template.points[0].role == marks[0].name
    assert template.title.de == "Meine »Maschine«: 3"
