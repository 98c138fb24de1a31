"""Files that are not Python: the configs and the built pages, in a checkout or in the wheel."""

from __future__ import annotations

from functools import cache
from importlib import metadata
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_CHECKOUT = _PACKAGE.parent
_SHIPPED = _PACKAGE / "_shipped"


def code() -> Path:
    """The folder from which this very code is imported."""
    return _CHECKOUT


@cache
def root() -> Path:
    """The folder that holds ``configs``: the checkout's root, or the data inside the wheel."""
    return _CHECKOUT if (_CHECKOUT / "pyproject.toml").is_file() else _SHIPPED


def configs() -> Path:
    """The folder of the examples, the demo and the machine templates."""
    return root() / "configs"


def templates() -> Path:
    """The folder of the machine templates."""
    return configs() / "machines"


def demo() -> Path:
    """The folder of the demo's files: consortium, order, simulation, ``firms/``."""
    return configs() / "demo"


def mini() -> Path:
    """The folder of the mini order, shaped like the demo, over within a minute."""
    return configs() / "mini"


def pages() -> Path | None:
    """The folder of the built pages, or None where they have not been built."""
    built = root() / ("dashboards/static" if root() == _CHECKOUT else "static")
    return built if (built / "index.html").is_file() else None


def version() -> str:
    """The installed version; ``0+checkout`` where nothing is installed."""
    try:
        return metadata.version("werkverbund")
    except metadata.PackageNotFoundError:
        return "0+checkout"
