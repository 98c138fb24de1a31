"""What the API needs of the rest of the gateway, handed over once by ``gateway.run``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from gateway.api.live import Hub, Latest
from gateway.config import SiteConfig
from gateway.core.ports import SeriesStore, Words
from gateway.core.signals import Signal, SignalId
from gateway.core.text import Text
from gateway.core.work import Job, MachineStatus
from gateway.exchange import Exchange
from gateway.jobs.state import TrackerState
from gateway.jobs.tracker import JobTracker
from gateway.journal import Journal


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the gateway and how it does: ``state`` is ok, waiting, failed or absent."""

    name: str
    state: str
    text: Text


class Addresses(Protocol):
    """Where a signal can be found besides the web."""

    def opcua(self, signal: SignalId) -> Mapping[str, str] | None:
        """``endpoint`` and ``node``."""

    def mqtt(self, signal: SignalId) -> Mapping[str, str] | None:
        """``broker`` and ``topic``."""


@dataclass(frozen=True, slots=True)
class Rooms:
    """The rooms of one gateway, as far as the API may enter them."""

    site: SiteConfig
    version: str
    started: datetime
    signals: Mapping[SignalId, Signal]
    journal: Journal[TrackerState]
    series: SeriesStore
    tracker: JobTracker
    latest: Latest
    hub: Hub
    exchange: Exchange | None
    addresses: Addresses
    words: Callable[[SignalId], Words | None]
    parts: Callable[[], Sequence[Part]]
    now: Callable[[], datetime]

    def machines(self) -> tuple[MachineStatus, ...]:
        """The machines' states after the last commit."""
        return self.tracker.machines(self.journal.state, self.now())

    def jobs(self) -> tuple[Job, ...]:
        """The jobs after the last commit."""
        return self.tracker.jobs(self.journal.state)
