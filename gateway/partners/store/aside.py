"""Ledgers that were put aside when a person began anew: kept for a while, then erased.

They hold what was exchanged before, also what has been withdrawn since. So they stay for a month,
for a person to look at, and no longer; whoever has looked may erase them at once.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.core.text import Text

KEPT_ASIDE = timedelta(days=30)
"""So long what was put aside stays."""
_NAME = re.compile(r"exchange-(\d{8}T\d{6}Z)(-\d+)?\.broken\.db")
_BLOCK = 2**20


@dataclass(frozen=True, slots=True)
class Aside:
    """A ledger that was put aside at ``since``, with its log."""

    path: Path
    since: datetime

    @property
    def until(self) -> datetime:
        """When it is erased by itself."""
        return self.since + KEPT_ASIDE

    def erase(self) -> None:
        """Overwrite and remove it; safe twice. A folder is left: whose it is, we do not know.

        Raises OSError.
        """
        for suffix in ("-wal", "-shm", ""):
            part = self.path.with_name(self.path.name + suffix)
            if part.is_file():
                _overwrite(part)
                part.unlink(missing_ok=True)


def put_aside_in(folder: Path) -> list[Aside]:
    """The ledgers that were put aside in a gateway's folder, the oldest first."""
    found = [
        Aside(path, datetime.strptime(name[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC))
        for path in folder.glob("exchange-*.broken.db")
        if (name := _NAME.fullmatch(path.name)) is not None and path.is_file()
    ]
    return sorted(found, key=lambda aside: (aside.since, aside.path.name))


def told(aside: list[Aside]) -> Text:
    """What lies there, and up to when."""
    names, until = ", ".join(each.path.name for each in aside), aside[-1].until
    return Text(
        f"Beiseite liegt, was vor einem Neubeginn ausgetauscht war, auch Zurückgezogenes: {names}. "
        f"Am {until:%d.%m.%Y} ist es von selbst gelöscht.",
        f"What was exchanged before a new beginning lies aside, also what was withdrawn: {names}. "
        f"By {until:%Y-%m-%d} it is erased by itself.",
    )


def _overwrite(path: Path) -> None:
    left = path.stat().st_size
    with path.open("r+b") as file:
        while left > 0:
            left -= file.write(bytes(min(left, _BLOCK)))
        file.flush()
        os.fsync(file.fileno())
