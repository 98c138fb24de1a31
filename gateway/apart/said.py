"""What the process of a sink says, read with care: it hears strangers.

Each message is JSON, ``[kind, content]``:

    connected  null                     the sink has its peer
    lost       [why, seconds]           it has not; the next try is in so many seconds
    refused    [why, batches]           the peer refuses so many for good
    pace       seconds                  values are wanted so often; in a hurry where it is less
    beat       batches                  it lives, and has delivered so many
    log        [level, logger, text]    a line for the log
    ask        [number, kind, content, seconds]   a question or command, with its deadline
    goodbye    why                      it ends itself
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from gateway.core.errors import NotConnected, Rejected
from gateway.flow.sink_health import SinkWatch

if TYPE_CHECKING:
    from gateway.apart.answers import Answers

log = logging.getLogger(__name__)

PACE, FASTEST, SLOWEST = 0.1, 0.05, 5.0
"""Seconds between two messages to a sink: where it says nothing of it; at least; at most."""
LINES = 30
"""Lines of log that a process may write in a minute."""
_MINUTE = 60.0
_LINE = 8000
"""Characters of a line, of which a traceback is one."""


class Said:
    """Takes the messages of one process; ``answers`` gets its questions.

    It is ``alive`` once its sink has tried to connect: until then it loads and builds. ``pace`` is
    how often it wants values (seconds); it is in a ``hurry`` when that is more often than before.
    """

    def __init__(self, name: str, watch: SinkWatch) -> None:
        self.alive = False
        self.pace = PACE
        self.hurry = asyncio.Event()
        self.goodbye: str | None = None
        self.answers: Answers | None = None
        self._name = name
        self._watch = watch
        self._delivered = watch.delivered
        self._minute, self._lines = time.monotonic(), 0
        self._kinds: Mapping[str, Callable[[Any], None]] = {
            "connected": self._connected,
            "lost": self._lost,
            "refused": self._refused,
            "pace": self._pace,
            "beat": self._beat,
            "log": self._log,
            "ask": self._ask,
            "goodbye": self._goodbye,
        }

    def take(self, message: bytes) -> None:
        """One message. Raises ValueError: it makes no sense."""
        try:
            kind, content = orjson.loads(message)
            self._kinds[kind](content)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise ValueError("its process says what makes no sense") from error

    def _connected(self, _: None) -> None:
        self.alive = True
        self._watch.connected()

    def _lost(self, content: Any) -> None:
        why, wait = content
        self.alive = True
        self._watch.lost(NotConnected(_text(why)), min(float(wait), 3600.0))

    def _refused(self, content: Any) -> None:
        why, batches = content
        self._watch.refuses(Rejected(_text(why), ()), int(batches))

    def _pace(self, content: Any) -> None:
        pace = min(max(float(content), FASTEST), SLOWEST)
        if pace < self.pace:
            self.hurry.set()
        self.pace = pace

    def _beat(self, content: Any) -> None:
        self._watch.delivered = self._delivered + int(content)

    def _log(self, content: Any) -> None:
        level, logger, text = content
        now = time.monotonic()
        if now - self._minute >= _MINUTE:
            if self._lines > LINES:
                log.warning("%s: %d lines not shown", self._name, self._lines - LINES)
            self._minute, self._lines = now, 0
        self._lines += 1
        if self._lines <= LINES:
            logging.getLogger(_text(logger)).log(int(level), "%s", _text(text))

    def _ask(self, content: Any) -> None:
        number, kind, body, within = content
        if self.answers is None:
            raise AttributeError("asked before it was started")
        self.answers.ask(int(number), _text(kind), body, float(within))

    def _goodbye(self, content: Any) -> None:
        self.goodbye = _text(content)


def _text(content: Any) -> str:
    if not isinstance(content, str):
        raise TypeError("a text is expected")
    return content[:_LINE]
