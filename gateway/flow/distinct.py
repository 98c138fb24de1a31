"""No two batches of a machine carry one millisecond: at a sink the second would replace the first.

Times are handed on as they are, unless one follows its predecessor within the same millisecond;
then it is one later. A clock that is set back is left alone: its times are its own.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.core.batches import Judged
from gateway.core.clock import from_ms, to_ms

_JITTER = 1000
"""Milliseconds: further back, the clock was set."""


class Distinct:
    """Remembers the newest time of each machine."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}

    def __call__(self, judged: Judged) -> Judged:
        """The batch, with a millisecond of its own."""
        at, newest = to_ms(judged.at), self._newest.get(judged.machine)
        if newest is not None and newest - _JITTER < at <= newest:
            at = newest + 1
            judged = replace(judged, batch=replace(judged.batch, at=from_ms(at)))
        self._newest[judged.machine] = at
        return judged
