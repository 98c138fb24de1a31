"""A kind of evidence is found because its folder is there, and needs nothing outside of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from gateway.jobs.evidence import variants

ADDED = Path(__file__).parent / "added"
ROOT = Path(__file__).parents[3]

RUN = """
import json, sys
from datetime import timedelta
from gateway.jobs import evidence
evidence.__path__.append(sys.argv[1])
from tests.jobs import one_machine
kind = evidence.variants()["strokes"]
one_machine.ROLES["strokes"] = ("running",)
line = one_machine.Line(kind(idle_after=timedelta(minutes=2)), reload=True)
line.add(planned=5, lot=5, per_run=1, per_piece=30)
for step in range(12):
    line.see(step / 4, running=step % 2)
print(json.dumps([sorted(evidence.variants()), line.job.good, line.job.state,
    line.status(3).because.en]))
"""


def test_the_kinds_of_the_product_are_these() -> None:
    assert sorted(variants()) == ["charges", "counters", "power-runs"]


def test_a_kind_that_is_added_is_found_counts_and_is_kept_over_a_restart() -> None:
    """In a process of its own: what is found once is found for good."""
    told = subprocess.run(
        [sys.executable, "-c", RUN, str(ADDED)],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    kinds, good, state, why = json.loads(told.stdout)
    assert kinds == ["charges", "counters", "power-runs", "strokes"]
    assert (good, state) == (5, "ended")
    assert why == "Last stroke 36 s ago."
