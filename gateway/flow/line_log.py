"""Log lines about a peer, bounded: a flapping device must not fill the SD card."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime, timedelta

FREE = 5
"""Lines about one peer that are always written, per window."""

PER_MINUTE = 2
_WINDOW = timedelta(minutes=10)
_MINUTE = timedelta(minutes=1)


class LineLog:
    """Writes lines about peers; of a flapping one, ``PER_MINUTE`` after the first ``FREE``."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._written: dict[str, deque[datetime]] = {}
        self._held: dict[str, int] = {}

    def line(self, peer: str, at: datetime, text: str) -> None:
        """Write one line, or count it as held back."""
        written = self._written.setdefault(peer, deque(maxlen=FREE + PER_MINUTE))
        while written and at - written[0] > _WINDOW:
            written.popleft()
        recent = sum(1 for moment in written if at - moment < _MINUTE)
        if len(written) >= FREE and recent >= PER_MINUTE:
            self._held[peer] = self._held.get(peer, 0) + 1
            return
        written.append(at)
        held = self._held.pop(peer, 0)
        self._logger.warning("%s", text if not held else f"{text} ({held} changes not shown)")
