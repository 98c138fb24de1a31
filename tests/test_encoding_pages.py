"""The pages of encodings say what the tables say.

``WRITE_GOLDEN=1 pytest tests/test_encoding_pages.py`` writes them anew; read the difference.
"""

from __future__ import annotations

import os

import pytest

from tests.encoding_pages import LANGUAGES, page, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_of_encodings_is_the_present_one(language):
    if os.environ.get("WRITE_GOLDEN"):
        page(language).write_text(text(language), "utf-8")
    assert page(language).read_text("utf-8") == text(language)
