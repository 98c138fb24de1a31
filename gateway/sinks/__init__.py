"""Sinks: where the values of a firm's machines go. One file or folder each, found by its file."""

from __future__ import annotations

from functools import cache

from gateway.config import Variant, scan


@cache
def variants() -> dict[str, type[Variant]]:
    """Every sink that a site's file may name, by ``type``."""
    return scan(__name__)
