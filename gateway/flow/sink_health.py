"""How a sink fares, for the health page and for one log line per change."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gateway.core.sayings import text_of
from gateway.core.text import Text
from gateway.flow.line_log import LineLog

log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SinkHealth:
    """One sink, now.

    ``since`` is when it was last connected or lost (None: it was never reached); ``cause`` says
    in the driver's words why it is away, and ``next_try`` when it is tried again. ``delivered``
    and ``refused`` count batches since the start; ``parked`` is how many lie aside now, and
    ``refusal`` what the peer said last when it refused one. ``refusing``: it takes nothing at all,
    so nothing more is parked; it is tried again. ``waits_for_clock``: what comes next carries a
    time that cannot be right, and waits until it is known. ``connects`` counts connections made,
    ``missed`` batches that a live sink has not sent because its peer was away or slow.
    ``note`` is what a person should know although it is connected.
    """

    name: str
    connected: bool
    since: datetime | None
    cause: str | None
    next_try: datetime | None
    delivered: int
    refused: int
    parked: int = 0
    refusal: str | None = None
    refusing: bool = False
    waits_for_clock: bool = False
    connects: int = 0
    missed: int = 0
    note: Text | None = None


class SinkWatch:
    """Follows one sink's connection and writes its log lines."""

    def __init__(self, name: str, clock: Callable[[], datetime] = _now) -> None:
        self._name = name
        self._clock = clock
        self._lines = LineLog(log)
        self._connected = False
        self._since: datetime | None = None
        self._cause: str | None = None
        self._next_try: datetime | None = None
        self.delivered = 0
        self.refused = 0
        self.connects = 0
        self.missed = 0
        self.parked = 0
        self.waits_for_clock = False
        self._refusal: str | None = None
        self._refusing = False

    def connected(self) -> None:
        """It is there."""
        now = self._clock()
        if self._cause is not None:
            again = Text(f"{self._name} wieder verbunden", f"{self._name} connected again")
            self._lines.line(self._name, again)
        else:
            log.info("%s connected", self._name)
        self.connects += 1
        self._connected, self._since = True, now
        self._cause, self._next_try = None, None

    def lost(self, cause: Exception, wait: float) -> None:
        """It is away, or could not be reached; the next try is in ``wait`` seconds."""
        now = self._clock()
        if self._connected or self._cause is None:
            self._since = now
            self._lines.line(self._name, self._away(text_of(cause), wait))
        self._connected = False
        self._cause, self._next_try = str(cause), now + timedelta(seconds=wait)

    def refuses(self, cause: Exception, batches: int) -> None:
        """It refuses batches for good."""
        self.refused += batches
        self._refusal = str(cause)
        why, count = text_of(cause), self.refused
        line = Text(
            f"{self._name} lehnt Werte ab, bisher {count} Pakete: {why.de}",
            f"{self._name} refuses values, {count} batches so far: {why.en}",
        )
        self._lines.line(f"{self._name} refused", line)

    def refuses_everything(self, cause: Exception, wait: float) -> None:
        """It refuses one batch after the other: nothing more is parked until it takes one."""
        if not self._refusing:
            why = text_of(cause)
            line = Text(
                f"{self._name} nimmt nichts an, was folgt, wartet: {why.de}",
                f"{self._name} takes nothing, what follows waits: {why.en}",
            )
            self._lines.line(f"{self._name} refusing", line)
        self._refusing, self._refusal = True, str(cause)
        self._next_try = self._clock() + timedelta(seconds=wait)

    def took(self, batches: int) -> None:
        """It has taken batches."""
        self.delivered += batches
        if self._refusing:
            self._refusing, self._next_try = False, None
            again = Text(
                f"{self._name} nimmt wieder Pakete an", f"{self._name} takes batches again"
            )
            self._lines.line(f"{self._name} refusing", again)

    def _away(self, why: Text, wait: float) -> Text:
        if self._connected:
            what = Text("verloren", "lost")
        else:
            what = Text("ist nicht erreichbar", "cannot be reached")
        return Text(
            f"{self._name} {what.de}: {why.de}, nächster Versuch in {wait:.0f} s",
            f"{self._name} {what.en}: {why.en}, next try in {wait:.0f} s",
        )

    @property
    def health(self) -> SinkHealth:
        """How it fares now."""
        return SinkHealth(
            self._name,
            self._connected,
            self._since,
            self._cause,
            self._next_try,
            self.delivered,
            self.refused,
            self.parked,
            self._refusal,
            self._refusing,
            self.waits_for_clock,
            self.connects,
            self.missed,
        )
