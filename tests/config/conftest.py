"""A site's file in a folder of its own, and the real rooms to read it with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.cli.rooms import variants
from gateway.config import SiteConfig, load
from gateway.core.errors import ConfigError, Problem

SITE = """\
schema: 1
firm: werkstatt
name: Unsere Werkstatt
state: state
machines:
  - name: mill-1
    title: {de: Fräse, en: Mill}
    template: sdm630
    connect: {type: modbus-tcp, host: 192.168.10.21, unit: 1}
    every: 100ms
"""


@pytest.fixture
def site_text() -> str:
    """The smallest useful file of a firm."""
    return SITE


LoadText = Callable[..., SiteConfig]
Problems = Callable[..., tuple[Problem, ...]]


@pytest.fixture
def load_text(tmp_path: Path) -> LoadText:
    """Load a text as a firm's file; keyword arguments are environment variables."""

    def load_it(text: str, **env: str) -> SiteConfig:
        file = tmp_path / "firm.yaml"
        file.write_text(text, "utf-8")
        return load(file, variants(), env)

    return load_it


@pytest.fixture
def problems(load_text: LoadText) -> Problems:
    """The problems of a text."""

    def of(text: str, **env: str) -> tuple[Problem, ...]:
        with pytest.raises(ConfigError) as raised:
            load_text(text, **env)
        return raised.value.problems

    return of
