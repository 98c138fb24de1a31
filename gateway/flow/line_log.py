"""Log lines about a peer, bounded: a flapping device must not fill the SD card."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

from gateway.core.text import Text

FREE = 5
"""Lines about one peer that are always written, per window."""

PER_MINUTE = 2
_WINDOW = 600.0
_MINUTE = 60.0


class LineLog:
    """Writes lines about peers; of a flapping one, ``PER_MINUTE`` after the first ``FREE``.

    ``clock`` counts seconds and is never set: a step of the wall clock must hold no line back.
    """

    def __init__(self, logger: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        self._logger = logger
        self._clock = clock
        self._written: dict[str, deque[float]] = {}
        self._held: dict[str, int] = {}

    def line(self, peer: str, text: Text) -> None:
        """Write one line, or count it as held back."""
        at = self._clock()
        written = self._written.setdefault(peer, deque(maxlen=FREE + PER_MINUTE))
        while written and at - written[0] > _WINDOW:
            written.popleft()
        recent = sum(1 for moment in written if at - moment < _MINUTE)
        if len(written) >= FREE and recent >= PER_MINUTE:
            self._held[peer] = self._held.get(peer, 0) + 1
            return
        written.append(at)
        held = self._held.pop(peer, 0)
        if held:
            text = Text(
                f"{text.de} ({held} Änderungen nicht gezeigt)",
                f"{text.en} ({held} changes not shown)",
            )
        self._logger.warning("%s", text)
