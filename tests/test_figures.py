"""Every script of ``make bench`` prints figures with name, value and unit, and has a quick run."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers import need
from tests.yard import farm
from tests.yard.measuring import share
from tests.yard.meter import Heard

ROOT = Path(__file__).parent.parent
SCRIPTS = sorted((ROOT / "tests" / "bench").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_has_a_quick_run_and_one_way_to_print(script: Path) -> None:
    text = script.read_text("utf-8")
    assert "--quick" in text
    assert "from tests.figures import tell" in text
    assert "json.dumps" not in text


def test_figures_are_lines_with_name_value_and_unit_and_times_have_a_spread() -> None:
    command = [sys.executable, str(ROOT / "tests" / "bench" / "plan.py"), "--quick"]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(lines) >= 6
    for line in lines:
        assert {"figure", "value", "unit", "least", "most", "of"} <= set(line)
        assert line["least"] <= line["value"] <= line["most"]


def test_the_first_value_is_timed_beside_a_naive_gateway() -> None:
    need("mosquitto")
    command = [sys.executable, str(ROOT / "tests" / "bench" / "start.py"), "--quick"]
    ran = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert {(line["who"], line["unit"]) for line in lines} == {
        ("werkverbund", "s"),
        ("naive", "s"),
    }
    assert all(line["value"] > 0 for line in lines)


def test_a_simulated_value_says_when_it_has_changed() -> None:
    question = bytes([0, 7, 0, 0, 0, 6, 3, 3, 0, 10, 0, 4])
    before = farm.moment()
    frame = farm.answer(question, phase=20)
    assert frame[:9] == bytes([0, 7, 0, 0, 0, 11, 3, 3, 8])
    first, second = struct.unpack(">2f", frame[9:])
    assert first == second
    assert (first - 20) % farm.CHANGES == 0
    assert 0 <= before - first < farm.CHANGES + 1


def test_the_meter_counts_values_of_both_kinds_and_sees_gaps() -> None:
    ours = b'{"points": {"a": {"v": 1.0}, "b": {"v": 2.0}, "c": {"v": null}}}'
    topic = "wv/v1/yard/yard/main/m1/readings"
    messages = [
        (1.0, topic, ours),
        (1.1, topic, ours),
        (1.4, topic, ours),
        (1.2, "naive/m2/p3", b'{"value": 1000.0}'),
        (1.3, topic, b'{"points": {"a": {"v": null}}}'),
    ]
    heard = Heard.of(messages)
    assert heard.values == 7
    assert heard.by_machine == {"m1": 6, "m2": 1}
    assert heard.gaps(0.5, 1.5)["m1"] == pytest.approx(0.5)
    assert 200 in [round(age) for age in heard.ages]
    assert share(heard.times["m1"], 0.6, 0.2) == pytest.approx(1.0)
    assert share(heard.times["m1"], 6.0, 0.2) == pytest.approx(0.8 / 6)  # then it fell silent
