"""What can be asked of the demo on the command line."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from gateway.core.text import Language

DEFAULT_BASE_PORT = 8600


def default_state() -> Path:
    """Where a demo keeps its state: the XDG state folder."""
    home = os.environ.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "werkverbund" / "demo"


@dataclass(frozen=True, slots=True)
class Options:
    """Options of ``werkverbund demo``; ``folder`` holds the scenario and the firms' files."""

    base_port: int = DEFAULT_BASE_PORT
    browser: bool = True
    seed: int = 1987
    duration: timedelta | None = None
    lan: bool = False
    fresh: bool = False
    json: bool = False
    language: Language = "de"
    folder: Path | None = None
    state: Path | None = None
