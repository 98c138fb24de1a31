"""How large a fault test is: small in the suite, as large as promised in ``make faults-full``.

A test that draws says both numbers: ``@pytest.mark.size(kills=(20, 100))`` hands it ``kills``, and
``@pytest.mark.seeds(3, 30)`` runs it once for each ``seed``. What hypothesis draws is multiplied
without a word. This is the only place that knows which of the two is meant: ``FAULTS`` says it,
``suite`` (the default), ``full``, or a share of full (``0.1``). In full only these tests run, and
each tells on a JSON line how much of what it did.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import hypothesis
import pytest

ASKED = os.environ.get("FAULTS", "suite")
FULL = ASKED != "suite"
SHARE = 1.0 if ASKED in ("suite", "full") else float(ASKED)
TIMES = 20
"""So many times the examples of the suite hypothesis draws in full."""
PATIENCE = 20 if FULL else 1
"""So many times longer than in the suite a test may take before it counts as hanging."""


def of(suite: int, full: int) -> int:
    """The number that is meant now; never less than in the suite."""
    return max(suite, round(SHARE * full)) if FULL else suite


def configure(config: pytest.Config) -> None:
    """Make the marks known, and no test of hypothesis depend on the clock."""
    config.addinivalue_line("markers", "size(**names): numbers (in the suite, in full) it is given")
    config.addinivalue_line("markers", "seeds(suite, full): run once for each seed")
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")
    config.pluginmanager.register(Sizes())


class Sizes:
    """Hands out the numbers, and tells what ran."""

    def __init__(self) -> None:
        self._ran: dict[str, Counter[str]] = {}

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        for name, numbers in _sizes(metafunc.definition).items():
            metafunc.parametrize(name, [of(*numbers)], ids=lambda n, what=name: f"{n} {what}")
        for mark in metafunc.definition.iter_markers("seeds"):
            metafunc.parametrize("seed", range(of(*mark.args)))

    @pytest.hookimpl(trylast=True)  # hypothesis has marked its own
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        if not FULL:
            return
        others = [item for item in items if not _draws(item)]
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if _draws(item)]
        multiplied: set[object] = set()
        for item in items:
            if item.get_closest_marker("hypothesis"):
                multiply(item, multiplied)

    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        if FULL:
            item.user_properties += [("ran", amount) for amount in _did(item).items()]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ran = self._ran.setdefault(report.nodeid.split("[", 1)[0], Counter())
        ran["seconds"] += report.duration  # type: ignore[assignment]
        if report.when == "call" or report.outcome != "passed":
            ran[report.outcome] += 1
        if report.when == "teardown":
            for name, (what, amount) in report.user_properties:
                ran[what] += amount if name == "ran" else 0

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not FULL:
            return
        when = {"date": datetime.now(UTC).date().isoformat(), "asked": ASKED}
        for test, ran in sorted(self._ran.items()):
            told: dict[str, Any] = {**when, "fault test": test, **ran}
            terminalreporter.write_line(json.dumps(told | {"seconds": round(ran["seconds"], 1)}))


def _sizes(item: Any) -> dict[str, tuple[int, int]]:
    return {n: pair for mark in item.iter_markers("size") for n, pair in mark.kwargs.items()}


def _draws(item: pytest.Item) -> bool:
    return any(item.get_closest_marker(name) for name in ("hypothesis", "size", "seeds"))


def _did(item: pytest.Item) -> dict[str, int]:
    """What a test has done, by what it was asked to do and by what hypothesis says."""
    did = {what: of(*numbers) for what, numbers in _sizes(item).items()}
    drawn = re.findall(r"(\d+) passing,", getattr(item, "hypothesis_statistics", ""))
    return did | ({"examples": sum(map(int, drawn))} if drawn else {})


def multiply(item: pytest.Item, done: set[object]) -> None:
    """Let hypothesis draw more examples for a test; for its function, or its state machine, once.

    Hypothesis has no public way to change what a decorator has said; its own plugin does the same.
    """
    function = getattr(item.obj, "__func__", item.obj)  # type: ignore[attr-defined]
    machine = hasattr(function, "_hypothesis_state_machine_class")
    holder, name = (
        (item.cls, "settings")  # type: ignore[attr-defined]
        if machine
        else (function, "_hypothesis_internal_use_settings")
    )
    if holder not in done:
        done.add(holder)
        told = getattr(holder, name)
        more = of(told.max_examples, TIMES * told.max_examples)
        setattr(holder, name, hypothesis.settings(told, max_examples=more))
