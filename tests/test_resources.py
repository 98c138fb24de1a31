"""Where the files that are not Python are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway import resources


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As in a wheel: no checkout around the package."""
    shipped = tmp_path / "gateway" / "_shipped"
    (shipped / "configs" / "machines").mkdir(parents=True)
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(resources, "_SHIPPED", shipped)
    resources.root.cache_clear()
    yield shipped
    resources.root.cache_clear()


def test_in_a_checkout_the_configs_stand_beside_the_package():
    assert (resources.templates() / "sdm630.yaml").is_file()
    assert (resources.demo() / "order.yaml").is_file()
    assert (resources.mini() / "order.yaml").is_file()


def test_in_the_wheel_they_are_shipped_data(installed: Path):
    assert resources.templates() == installed / "configs" / "machines"


def test_pages_that_were_not_built_are_absent(installed: Path):
    assert resources.pages() is None


def test_built_pages_are_found(installed: Path):
    (installed / "static").mkdir()
    (installed / "static" / "index.html").write_text("<!doctype html>", "utf-8")
    assert resources.pages() == installed / "static"
