"""Chance that is the same in every run: drawn from a seed and a name, never from a generator."""

from __future__ import annotations

from hashlib import blake2b


def uniform(seed: int, *name: str | int) -> float:
    """A number in [0, 1) that belongs to ``name``; other names, other numbers."""
    digest = blake2b(repr((seed, name)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def noisy(value: float, share: float, seed: int, *name: str | int) -> float:
    """``value`` with an error of at most ``share`` of it in either direction."""
    return value * (1 + share * (2 * uniform(seed, *name) - 1))
