"""Variants are found because their file exists."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest

from gateway.config import Variant, Variants, load, scan
from gateway.core.errors import ConfigError


class Wire(Variant):
    type: Literal["wire"]


class Screen(Variant):
    type: Literal["screen"]


class Paper(Variant):
    type: Literal["paper"]
    sheets: int


def test_a_new_file_in_a_room_is_a_new_variant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    room = tmp_path / "a_room"
    room.mkdir()
    (room / "__init__.py").write_text("", "utf-8")
    (room / "bell.py").write_text(
        "from typing import Literal\n"
        "from gateway.config import Variant\n"
        "class Bell(Variant):\n"
        "    type: Literal['bell']\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert list(scan("a_room")) == ["bell"]
    for name in ("a_room", "a_room.bell"):
        sys.modules.pop(name)


def test_a_sink_without_type_is_told_which_there_are(tmp_path: Path, site_text: str):
    file = tmp_path / "firm.yaml"
    text = site_text.replace("modbus-tcp, host: 192.168.10.21, unit: 1", "wire")
    file.write_text(text + "sinks:\n  - {sheets: 3}\n", "utf-8")
    rooms = Variants({"wire": Wire}, {"paper": Paper, "screen": Screen}, {})
    with pytest.raises(ConfigError) as raised:
        load(file, rooms, {})
    [problem] = raised.value.problems
    assert (problem.line, problem.column) == (12, 5)
    assert problem.fix.de == "Ergänzen Sie type; möglich sind: paper, screen"


def test_a_variant_of_the_file_is_the_model_of_its_room(tmp_path: Path, site_text: str):
    file = tmp_path / "firm.yaml"
    text = site_text.replace("modbus-tcp, host: 192.168.10.21, unit: 1", "wire")
    file.write_text(text + "sinks:\n  - {type: paper, sheets: 3}\n", "utf-8")
    site = load(file, Variants({"wire": Wire}, {"paper": Paper, "screen": Screen}, {}), {})
    assert site.machines[0].devices[0].connect == Wire(type="wire")
    assert site.sinks == (Paper(type="paper", sheets=3),)
