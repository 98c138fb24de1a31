"""What the rooms offer to a site's file, gathered for the commands."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import SiteConfig, Variants


@lru_cache(maxsize=1)
def variants() -> Variants:
    """The catalogue of connections, sinks, evidence and templates: always the same one.

    The models made for it are kept; made anew for each file they are megabytes of garbage.
    """
    from gateway import sinks  # noqa: PLC0415 - only commands that read files need it
    from gateway.config import Variants as Catalogue  # noqa: PLC0415
    from gateway.jobs import evidence  # noqa: PLC0415
    from gateway.machines.catalog import Catalog  # noqa: PLC0415
    from gateway.sources import line  # noqa: PLC0415
    from gateway.sources.line_load import too_much  # noqa: PLC0415

    return Catalogue(
        connect=line.variants(),
        sinks=sinks.variants(),
        evidence=evidence.variants(),
        templates=Catalog(),
        too_much=too_much,
    )


def site(file: Path, *, with_files: bool = True, make: bool = False) -> SiteConfig:
    """A firm's file, or ConfigError with every mistake."""
    from gateway.config import load  # noqa: PLC0415

    return load(file, variants(), with_files=with_files, make=make)
