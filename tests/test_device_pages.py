"""The pages of devices are the present ones: made from the templates as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.device_pages import ROOT, pages

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_is_the_present_one(page: Path) -> None:
    if os.environ.get("WRITE_GOLDEN"):
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(PAGES[page], "utf-8")
    assert page.read_text("utf-8") == PAGES[page]
