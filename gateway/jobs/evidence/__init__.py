"""Evidence: what shows that a machine works, and what it has made. One folder each, found there.

A kind of evidence knows ``findings`` (what may be found) and ``contract`` (what it must answer), no
other kind, and nothing of jobs.
"""

from __future__ import annotations

from functools import cache

from gateway.config import Variant, scan


@cache
def variants() -> dict[str, type[Variant]]:
    """Every kind of evidence that a site's file may name, by ``type``."""
    return scan(__name__)
