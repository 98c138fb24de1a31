"""``werkverbund identity``: a firm's public keys."""

from __future__ import annotations

from pathlib import Path


def public_keys(file: Path) -> tuple[str, str, str]:
    """Firm, public key for signatures, public key for sealing; made where there are none."""
    from gateway.cli.rooms import site  # noqa: PLC0415
    from gateway.exchange.identity import Identity  # noqa: PLC0415

    config = site(file, with_files=False)
    identity = Identity.open(config.state)
    return config.firm, identity.sign_public, identity.seal_public
