from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.commands import Restarted
from gateway.core.errors import WerkverbundError
from gateway.core.events import Event, EventKind
from gateway.core.signals import SignalId
from gateway.journal import Journal

NOON = datetime(2026, 8, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Sum:
    total: int = 0
    batches: int = 0
    booked: int = 0
    restarts: int = 0


@dataclass(frozen=True)
class Booking:
    pieces: int


class NotAllowed(WerkverbundError):
    pass


class SumTracker:
    """Adds up every value of ``m/count``: small, pure, and its state shows any loss or doubling."""

    def initial(self) -> Sum:
        return Sum()

    def advance(self, state: Sum, batch: Judged) -> tuple[Sum, Sequence[Event]]:
        count = sum(value for value in batch.batch.values if isinstance(value, int))
        after = replace(state, total=state.total + count, batches=state.batches + 1)
        return after, (Event(EventKind.COUNTED, batch.machine, batch.at, None, {"good": count}),)

    def command(self, state: Sum, command: object) -> tuple[Sum, Sequence[Event]]:
        match command:
            case Restarted(last, now):
                events = () if last is None else (Event(EventKind.GAP, "m", now),)
                return replace(state, restarts=state.restarts + 1), events
            case Booking(pieces) if pieces > 0:
                event = Event(EventKind.BOOKED, "m", NOON, "J-1", {"good": pieces})
                return replace(state, booked=state.booked + pieces), (event,)
        raise NotAllowed(f"{command}")

    def dump(self, state: Sum) -> bytes:
        return orjson.dumps(state)

    def fixed(self, _: Sum, __: Container[str]) -> dict[str, bytes | None]:
        return {}

    def load(self, kept: bytes, _: Mapping[str, bytes]) -> Sum:
        return Sum(**orjson.loads(kept))


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def hands() -> Hands:
    return Hands()


Make = Callable[..., Journal[Sum]]


@pytest.fixture
async def make(tmp_path: Path, hands: Hands):
    """Builds journals in one folder and closes them all."""
    made: list[Journal[Sum]] = []

    def build(**options: object) -> Journal[Sum]:
        options.setdefault("commit_every", timedelta(milliseconds=20))
        options.setdefault("clock", hands)
        folder = options.pop("folder", tmp_path)
        journal = Journal(folder, SumTracker(), **options)  # type: ignore[arg-type]
        made.append(journal)
        return journal

    yield build
    for journal in made:
        await journal.close()


def counted(journal_boot: int, number: int, value: int | None = None) -> Judged:
    """Batch ``number`` of a boot: one value, one sequence number, one second after the other."""
    batch = Batch(
        "m",
        NOON + timedelta(seconds=number),
        float(number),
        Clock.SYNCED,
        (SignalId("m/count"),),
        (number if value is None else value,),
    )
    return Judged(batch, journal_boot * BOOT_SPAN + number, {})


async def until_committed(journal: Journal[Sum], seq: int) -> None:
    """Wait for the commit of ``seq``."""
    feed = journal.commits()
    async with asyncio.timeout(10):
        while journal.committed_seq < seq:
            await anext(feed)
    feed.close()


@pytest.fixture
def batch() -> Callable[..., Judged]:
    return counted


@pytest.fixture
def committed():
    return until_committed


@pytest.fixture
def booking() -> type[Booking]:
    return Booking


@pytest.fixture
def not_allowed() -> type[NotAllowed]:
    return NotAllowed
