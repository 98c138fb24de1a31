"""A small disk of its own, and how to fill it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers import lacking


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int = 1) -> Iterator[Path]:
    """A file system of few MB at ``place``, where we may mount one."""
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        lacking("mounting a small tmpfs needs root: sudo make test")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill_up(ballast: Path) -> None:
    """Leave no room on the disk of ``ballast``, which holds what takes it."""
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass
    with pytest.raises(OSError, match="No space"):
        ballast.with_name("more").write_bytes(b"x" * 8192)
