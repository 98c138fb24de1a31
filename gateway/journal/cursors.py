"""How far each sink has got: in memory at once, in the file now and then."""

from __future__ import annotations

import time
from collections.abc import Mapping

_WRITE_EVERY = 5.0
"""Seconds between two writings: each costs the card a page, and a repeat is only a repeat."""


class Cursors:
    """Moved by the event loop's thread, written by the writer's."""

    def __init__(self) -> None:
        self._now: dict[str, int] = {}
        self._kept: Mapping[str, int] = {}
        self._due = 0.0
        self._asked: set[str] = set()

    def start(self, kept: Mapping[str, int]) -> None:
        """Begin with what a file knew."""
        self._now, self._kept = dict(kept), {}

    def get(self, name: str) -> int:
        """How far ``name`` has got; whoever asks is alive, and retention says what it missed."""
        self._asked.add(name)
        return self._now.get(name, 0)

    def move(self, name: str, seq: int) -> None:
        """``name`` has everything up to ``seq``."""
        self._asked.add(name)
        self._now[name] = seq

    def alive(self) -> Mapping[str, int]:
        """The cursors of everyone who has asked since the start."""
        return {name: self._now.get(name, 0) for name in sorted(self._asked)}

    def to_write(self, *, everything: bool, hurry: bool = False) -> dict[str, int]:
        """What the next commit should write."""
        moment = time.monotonic()
        if not (everything or hurry) and moment < self._due:
            return {}
        self._due = moment + _WRITE_EVERY
        kept = {} if everything else self._kept
        return {name: seq for name, seq in dict(self._now).items() if kept.get(name) != seq}

    def written(self, cursors: Mapping[str, int]) -> None:
        """The commit is done."""
        self._kept = {**self._kept, **cursors}
