"""The page of simulated devices is the present one, and what it names is understood."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from simulators.modbus.fault_words import read_faults
from tests.simulators.simulate_page import ROOT, pages

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_is_the_present_one(page: Path) -> None:
    if os.environ.get("WRITE_GOLDEN"):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PAGES[page], "utf-8")
    assert page.read_text("utf-8") == PAGES[page]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_fault_on_the_page_is_understood(page: Path) -> None:
    told = re.findall(r"^\| `([^`]+)`", PAGES[page], re.MULTILINE)
    assert len(told) > 25
    for words in told:
        read_faults(words)
