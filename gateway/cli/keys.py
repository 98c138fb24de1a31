"""``werkverbund identity``: a firm's public keys."""

from __future__ import annotations

from pathlib import Path

from gateway import private_files


def public_keys(file: Path) -> dict[str, str]:
    """A firm's entry in the consortium's file: id and public keys, made where there are none."""
    from gateway.cli.rooms import site  # noqa: PLC0415
    from gateway.partners.identity import public  # noqa: PLC0415

    config = site(file, with_files=False)
    private_files.usable(config.state)
    return public(config.state, config.firm)
