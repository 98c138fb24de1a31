"""What the rooms offer to a site's file, gathered for the commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.config import SiteConfig, Variants


def variants() -> Variants:
    """The catalogue of connections, sinks, evidence and templates."""
    from gateway import jobs, sinks, sources  # noqa: PLC0415: only commands that read files
    from gateway.config import Variants as Catalogue  # noqa: PLC0415
    from gateway.machines.catalog import Catalog  # noqa: PLC0415

    return Catalogue(
        connect=sources.variants(),
        sinks=sinks.variants(),
        evidence=jobs.variants(),
        templates=Catalog(),
    )


def site(file: Path) -> SiteConfig:
    """A firm's file, or ConfigError with every mistake."""
    from gateway.config import load  # noqa: PLC0415

    return load(file, variants())
