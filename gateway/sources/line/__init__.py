"""Lines: what carries the questions, one file for each kind, found by its file.

Here alone is pymodbus imported, which connects and frames; what it brings is checked before.
"""

from __future__ import annotations

from functools import cache

from gateway.config import Variant, scan


@cache
def variants() -> dict[str, type[Variant]]:
    """Every kind of line that a site's file may name, by ``type``."""
    return scan(__name__)
