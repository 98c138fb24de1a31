"""What the rooms ask of each other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from gateway.core.batches import Batch, Judged
from gateway.core.events import Event
from gateway.core.signals import Quality, SignalId, Value
from gateway.core.work import Job, MachineStatus

State = TypeVar("State")


@dataclass(frozen=True, slots=True)
class Words:
    """The raw register words (or bits) behind one value, for following a number back.

    ``function`` is the Modbus function code, ``address`` counts from 0.
    """

    function: int
    address: int
    words: tuple[int, ...]
    at: datetime


@dataclass(slots=True)
class LineCounts:
    """What has happened on one line since the start.

    ``connects`` connections made; ``silences`` questions without an answer in time; ``desyncs``
    answers that belonged to another question; ``refusals`` answers that said no.
    """

    connects: int = 0
    silences: int = 0
    desyncs: int = 0
    refusals: int = 0


class Source(Protocol):
    """Reads the machines of one physical link. Construction does no I/O."""

    async def connect(self) -> None:
        """Open the link. Raises SourceError."""

    async def read(self, due: Sequence[SignalId]) -> Sequence[Batch]:
        """One batch per machine that has due signals, one entry per signal asked."""

    def words(self, signal: SignalId) -> Words | None:
        """The raw words of the last answer for ``signal``."""

    async def close(self) -> None:
        """Close the link; safe twice and before ``connect``."""


class Sink(Protocol):
    """Hands judged batches to one peer. It only speaks its protocol; runners retry."""

    async def connect(self) -> None:
        """Connect. Raises NotConnected."""

    async def write(self, batches: Sequence[Judged]) -> None:
        """Deliver all, or raise NotConnected (nothing lost) or Rejected (which ones)."""

    async def show(self, machines: Sequence[MachineStatus], jobs: Sequence[Job]) -> None:
        """Publish the present machine states and jobs, called after each change. Same errors."""

    async def close(self) -> None:
        """Flush and close; safe twice and before ``connect``."""


Change = Callable[[], Awaitable[None]]
"""Tells a sink that the firm has other machines now; what it does not know yet it passes over."""

Ask = Callable[[str, Any, float], Awaitable[Any]]
"""Asks the gateway, or tells it to do something: kind, content (JSON), seconds to wait at most.

Raises Unanswered, also for every kind that the gateway does not know.
"""


@runtime_checkable
class Asking(Protocol):
    """A sink in a process of its own that has questions."""

    def asking(self, ask: Ask) -> None:
        """Take the way to ask, before ``connect``."""


@runtime_checkable
class Paced(Protocol):
    """A sink in a process of its own that knows how soon values are wanted."""

    def pacing(self, tell: Callable[[float], None]) -> None:
        """Take the way to say so, in seconds between two writes; before ``connect``."""


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a chart: the extremes stay visible however coarse it is.

    ``at`` is the time of the last value in the bucket; ``low``, ``high`` and ``last`` are None
    where the bucket holds no trustworthy number; ``quality`` is the worst in the bucket.
    """

    at: datetime
    low: float | None
    high: float | None
    last: Value | None
    quality: Quality


class SeriesStore(Protocol):
    """Time series for charts."""

    def oldest(self) -> datetime | None:
        """How far back charts reach; None where nothing is kept."""

    def append(self, batches: Sequence[Judged]) -> None:
        """Add judged batches; the same sequence numbers again change nothing."""

    def history(
        self, signal: SignalId, start: datetime, end: datetime, points: int
    ) -> Sequence[Point]:
        """At most ``points`` buckets of ``[start, end)``, in time order."""

    def prune(self, before: datetime) -> None:
        """Forget what is older."""


class Tracker(Protocol[State]):
    """Pure job logic that the journal applies inside its commit."""

    def initial(self) -> State:
        """The state of a gateway that has seen nothing."""

    def advance(self, state: State, batch: Judged) -> tuple[State, Sequence[Event]]:
        """What a batch changes."""

    def command(self, state: State, command: object) -> tuple[State, Sequence[Event]]:
        """What a person's (or the order network's) command changes."""

    def dump(self, state: State) -> bytes:
        """The state as it is kept, without what is fixed."""

    def fixed(self, state: State, known: Container[str]) -> Mapping[str, bytes | None]:
        """The parts of the state that never change again, by name; None for one that is known."""

    def load(self, kept: bytes, fixed: Mapping[str, bytes]) -> State:
        """The state from what was kept."""
