"""One line, one who asks: the assistant and the gateway keep out of each other's way.

Two that ask at once on a serial line take each other's answers. Everything here happens on the
gateway's one loop, and nothing in it waits: what was looked at still holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Asking:
    """Where the assistant asks (every name and address of its ``lines``), and when files are read.

    ``readings`` counts how often the gateway's own lines may have become others.
    """

    lines: frozenset[str] = frozenset()
    readings: int = 0
    _reading: bool = False

    def begin(self, lines: Collection[str], readings: int) -> bool:
        """Let the assistant ask there, if nothing has changed since ``readings`` was looked at."""
        if self._reading or readings != self.readings:
            return False
        self.lines = frozenset(lines)
        return True

    def end(self) -> None:
        """The assistant has hung up."""
        self.lines = frozenset()

    @contextmanager
    def files_are_read(self) -> Iterator[None]:
        """Meanwhile the assistant begins nowhere."""
        self._reading = True
        self.readings += 1
        try:
            yield
        finally:
            self._reading = False
            self.readings += 1
