"""What is allowed in a template and yet looks like a mistake is said, and refuses nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

HEAD = """\
schema: 2
template: mine
title: {de: Meins, en: Mine}
identification: {manufacturer: Acme, model: M1}
"""
POINT = "  - {name: %s, means: {de: P, en: P}, table: %s, address: %s, encoding: int16, unit: %s}"


def checked(werkverbund, tmp_path: Path, points, *options, more=""):
    file = tmp_path / "mine.yaml"
    lines = "\n".join(POINT % point for point in points)
    file.write_text(f"{HEAD}{more}points:\n{lines}\n", encoding="utf-8")
    return werkverbund("--lang", "en", "check", *options, file)


@pytest.mark.parametrize(
    ("unit", "fix"),
    [
        ("kWh", "Write unit: kW.h"),
        ("rpm", 'Write unit: "{rev}/min"'),
        ("°C", "Write unit: Cel"),
        ("cos phi", 'Write unit: "1"'),
        ("Std", "Write unit: h"),
        ("Furlong", "Possible are: V"),
    ],
)
def test_an_unknown_unit_is_no_mistake(werkverbund, tmp_path, unit, fix):
    said = checked(werkverbund, tmp_path, [("p", "holding-registers", 0, unit)])
    assert said.code == 0
    assert f"the unit {unit} is unknown" in said.out
    assert fix in said.out
    assert "all well" in said.out


def test_a_known_unit_is_passed_over(werkverbund, tmp_path):
    said = checked(werkverbund, tmp_path, [("p", "holding-registers", 0, "kW.h")])
    assert said.out.startswith("Checked: 1, all well.")


@pytest.mark.parametrize(
    ("table", "numbers", "numbering"),
    [
        ("holding-registers", (40001, 40010), "40001"),
        ("input-registers", (30001, 30002), "40001"),
        ("holding-registers", (400001,), None),
        ("holding-registers", (40001, 12), None),
        ("holding-registers", (30001, 30002), None),
    ],
)
def test_numbers_like_those_of_a_manual_are_asked_about(
    werkverbund, tmp_path, table, numbers, numbering
):
    said = checked(werkverbund, tmp_path, [(f"p{n}", table, n, "V") for n in numbers])
    assert (f"write: numbering: {numbering}" in said.out) == (numbering is not None)


def test_with_the_numbering_said_nothing_is_asked(werkverbund, tmp_path):
    points = [("p", "holding-registers", 40001, "V")]
    assert (
        "look once more"
        not in checked(werkverbund, tmp_path, points, more="numbering: 40001\n").out
    )


def test_programs_can_tell_a_notice_from_a_mistake(werkverbund, tmp_path):
    said = checked(werkverbund, tmp_path, [("p", "holding-registers", 0, "Watt")], "--json")
    [line] = [json.loads(line) for line in said.out.splitlines()]
    assert line["notice"] is True
    assert line["line"] == 6


FIRM = """\
schema: 1
firm: werkstatt
name: Werkstatt
state: state
machines:
  - name: m1
    title: {de: M, en: M}
    template: mine.yaml
    connect: {type: modbus-tcp, host: 127.0.0.1, unit: 1}
  - name: m2
    title: {de: M, en: M}
    devices:
      - {template: mine.yaml, connect: {type: modbus-tcp, host: %s, unit: 2}}
"""


def test_a_template_that_a_firm_names_is_looked_at_with_its_file_and_once(werkverbund, tmp_path):
    checked(werkverbund, tmp_path, [("p", "holding-registers", 0, "kWh")])
    firm = tmp_path / "firm.yaml"
    firm.write_text(FIRM % "127.0.0.1", encoding="utf-8")
    said = werkverbund("--lang", "en", "check", firm)
    assert said.code == 0
    assert said.out.count("the unit kWh is unknown") == 1
    both = werkverbund("--lang", "en", "check", firm, tmp_path / "mine.yaml")
    assert both.out.count("the unit kWh is unknown") == 1


def test_one_device_under_two_names_is_refused_with_the_place_and_the_cure(werkverbund, tmp_path):
    checked(werkverbund, tmp_path, [("p", "holding-registers", 0, "kW.h")])
    firm = tmp_path / "firm.yaml"
    firm.write_text(FIRM % "localhost", encoding="utf-8")
    english = werkverbund("--lang", "en", "check", firm)
    assert english.code == 78
    assert "firm.yaml:13:" in english.out
    assert "localhost is the same as 127.0.0.1 (port 502)" in english.out
    assert "Write host: 127.0.0.1 everywhere" in english.out
    german = werkverbund("--lang", "de", "check", firm)
    assert "Schreiben Sie überall host: 127.0.0.1" in german.out
    firm.write_text(FIRM % "LOCALHOST", encoding="utf-8")
    assert werkverbund("check", firm).code == 78
    firm.write_text(FIRM % "not-there.invalid", encoding="utf-8")
    assert werkverbund("check", firm).code == 0, "a name that cannot be found now is no mistake"
