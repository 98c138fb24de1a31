"""The files that were read at the start, and which of them have changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

Stamp = tuple[int, int] | None
"""When a file was last written (ns since 1970) and its bytes; None where there is none."""


@dataclass(frozen=True, slots=True)
class FilesRead:
    """Files with their stamps at the moment at which they were read."""

    stamps: Mapping[Path, Stamp]

    @classmethod
    def now(cls, files: Iterable[Path | None]) -> FilesRead:
        """These files as they stand now; None is no file."""
        return cls({file: _stamp(file) for file in files if file is not None})

    def changed(self) -> list[str]:
        """The names of those that are not as they were read."""
        return [file.name for file, stamp in self.stamps.items() if _stamp(file) != stamp]


def _stamp(file: Path) -> Stamp:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
