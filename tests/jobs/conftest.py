"""Fixtures of the job logic: one machine of each kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.config import Variant
from tests.jobs.one_machine import Line, furnace_evidence, mill_evidence, press_evidence


@pytest.fixture
def mill() -> Line:
    return Line(mill_evidence())


@pytest.fixture
def press() -> Line:
    return Line(press_evidence())


@pytest.fixture
def furnace() -> Line:
    return Line(furnace_evidence())


@pytest.fixture
def new_line() -> Callable[[Variant, int], Line]:
    """For properties, which need a fresh line per example."""

    def make(evidence: Variant, lapse: int = 144) -> Line:
        return Line(evidence, lapse)

    return make
