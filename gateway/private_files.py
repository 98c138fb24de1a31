"""Small files for their owner alone: keys, passwords, secrets; and the folder that holds them."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from gateway.core.errors import Unwritable

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def write(path: Path, content: bytes, *, new: bool = False) -> None:
    """Write ``path`` with mode 0600, durably; a power cut leaves the old file or the new one.

    ``new``: there must be none yet. Raises OSError; FileExistsError where somebody was quicker.
    """
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if new:
            os.link(fresh, path)
        else:
            fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def usable(folder: Path) -> None:
    """Make ``folder`` for its owner alone and try to write in it. Raises Unwritable.

    A full disk is no reason: a gateway lives on one, and says so.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        if error.errno not in _FULL:
            raise Unwritable(folder, error) from error
