"""The fault tests are small in the suite and large on demand, by one switch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, rule

from tests import sizes

ROOT = Path(__file__).parent.parent


def pytest_says(faults: str, *arguments: str) -> str:
    """What pytest prints when so much is asked for."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    environment = {**os.environ, "FAULTS": faults}
    environment.pop("PYTEST_XDIST_WORKER", None)
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_in_the_suite_the_kills_are_twenty_and_in_full_a_hundred() -> None:
    look = ("--collect-only", "tests/journal")
    suite, full = pytest_says("suite", *look), pytest_says("full", *look)
    assert "[20 kills]" in suite
    assert "[100 kills]" in full
    assert "test_a_truncated_log_leaves" in suite
    assert "test_a_truncated_log_leaves" not in full, "what draws nothing runs in the suite"
    seeds = "issues_no_number_twice["
    assert (suite.count(seeds), full.count(seeds)) == (8, 400)


def test_what_hypothesis_draws_is_multiplied_and_told_with_its_date() -> None:
    said = pytest_says("0.1", "tests/sources/test_link_frames.py", "-k", "whole_and_in_every")
    [line] = [json.loads(text) for text in said.splitlines() if text.startswith("{")]
    assert line["examples"] == 200, "twice the hundred of the suite"
    assert (line["passed"], line["asked"]) == (1, "0.1")
    assert line["fault test"].startswith("tests/sources/test_link_frames.py::")
    assert {"date", "seconds"} < set(line)


def test_a_state_machine_is_multiplied_once_however_often_it_is_collected(monkeypatch) -> None:
    class Machine(RuleBasedStateMachine):
        @rule()
        def go(self) -> None:
            pass

    case = Machine.TestCase
    case.settings = settings(max_examples=15, stateful_step_count=7)
    monkeypatch.setattr(sizes, "FULL", True)
    done: set[object] = set()
    for _ in range(2):
        sizes.multiply(SimpleNamespace(obj=case("runTest").runTest, cls=case), done)
    assert case.settings.max_examples == 300
    assert case.settings.stateful_step_count == 7
