"""A process that feeds a journal until it is killed: ``child.py FOLDER work|look``.

It says on its standard output, one JSON object per line, what has been acknowledged to it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Container, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import orjson

from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.errors import JournalError
from gateway.core.events import Event, EventKind
from gateway.core.signals import SignalId
from gateway.journal import Journal

NAMES = tuple(SignalId(f"m/{name}") for name in "abcd")
Counts = dict[str, int]


class Tracker:
    """Sums what it sees; every seventh batch is an event."""

    def initial(self) -> Counts:
        return {"total": 0, "batches": 0, "booked": 0}

    def advance(self, state: Counts, batch: Judged) -> tuple[Counts, Sequence[Event]]:
        number = batch.batch.values[0]
        assert isinstance(number, int)
        after = {**state, "total": state["total"] + number, "batches": state["batches"] + 1}
        event = Event(EventKind.COUNTED, "m", batch.at, None, {"good": number})
        return after, ((event,) if number % 7 == 0 else ())

    def command(self, state: Counts, command: object) -> tuple[Counts, Sequence[Event]]:
        if command == "book":
            return {**state, "booked": state["booked"] + 1}, (Event(EventKind.BOOKED, "m", now()),)
        return state, ()

    def dump(self, state: Counts) -> bytes:
        return orjson.dumps(state)

    def fixed(self, _: Counts, __: Container[str]) -> dict[str, bytes | None]:
        return {}

    def load(self, kept: bytes, _: Mapping[str, bytes]) -> Counts:
        found: Counts = orjson.loads(kept)
        return found


def now() -> datetime:
    return datetime.now(UTC)


def say(**words: object) -> None:
    sys.stdout.write(orjson.dumps(words).decode() + "\n")
    sys.stdout.flush()


async def look(journal: Journal[Counts]) -> None:
    """Everything that is there."""
    batches: list[tuple[int, object]] = []
    after = 0
    while part := await journal.read(after, 1000):
        batches += [(judged.seq0, judged.batch.values[0]) for judged in part]
        after = part[-1].last_seq
    events = await journal.events(limit=10**6)
    say(
        batches=batches,
        events=[(kept.id, kept.event.kind) for kept in events],
        cursor=await journal.cursor("sink"),
    )


async def work(journal: Journal[Counts]) -> None:
    """Offer, book and acknowledge without end."""

    async def acknowledge() -> None:
        async for commit in journal.commits():
            say(seq=commit.seq)
            await journal.move_cursor("sink", commit.seq)

    async def book() -> None:
        while True:
            try:
                await journal.apply("book")
            except JournalError:
                say(refused=1)
            else:
                say(booked=1)

    async def produce() -> None:
        number = 0
        while True:
            for _ in range(3):
                number += 1
                batch = Batch("m", now(), 0.0, Clock.SYNCED, NAMES, (number, 1.5, True, None))
                journal.offer(Judged(batch, journal.boot * BOOT_SPAN + 4 * number, {}))
            await asyncio.sleep(0.001)

    await asyncio.gather(acknowledge(), book(), produce())


async def main() -> None:
    journal = Journal(Path(sys.argv[1]), Tracker(), commit_every=timedelta(milliseconds=5))
    await journal.open()
    say(boot=journal.boot, state=journal.state)
    if sys.argv[2] == "work":
        await work(journal)
    await look(journal)
    await journal.close()


asyncio.run(main())
