"""Every script of ``make bench`` prints figures with name, value and unit, and has a quick run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
