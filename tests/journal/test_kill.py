"""kill -9 at random instants: what was acknowledged is there, once, and the state fits it."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import orjson

from gateway.core.batches import BOOT_SPAN

CHILD = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import orjson
from gateway.core.batches import BOOT_SPAN, Batch, Clock, Judged
from gateway.core.events import Event, EventKind
from gateway.core.signals import SignalId
from gateway.journal import Journal

NAMES = tuple(SignalId(f"m/{n}") for n in "abcd")


class Tracker:
    def initial(self):
        return {"total": 0, "batches": 0, "booked": 0, "last": 0}

    def advance(self, state, batch):
        number = batch.batch.values[0]
        after = dict(state, total=state["total"] + number, batches=state["batches"] + 1,
                     last=batch.last_seq)
        event = Event(EventKind.COUNTED, "m", batch.at, None, {"good": number})
        return after, ((event,) if number % 7 == 0 else ())

    def command(self, state, command):
        if command == "book":
            return dict(state, booked=state["booked"] + 1), (Event(EventKind.BOOKED, "m", NOW()),)
        return state, ()

    def dump(self, state):
        return orjson.dumps(state)

    def load(self, kept):
        return orjson.loads(kept)


def NOW():
    return datetime.now(UTC)


def say(**words):
    sys.stdout.write(orjson.dumps(words).decode() + "\\n")
    sys.stdout.flush()


async def main():
    journal = Journal(Path(sys.argv[2]), Tracker(), commit_every=timedelta(milliseconds=5))
    await journal.open()
    say(boot=journal.boot, state=journal.state)
    if sys.argv[3] == "look":
        batches, after = [], 0
        while part := await journal.read(after, 1000):
            batches += [(j.seq0, j.batch.values[0]) for j in part]
            after = part[-1].last_seq
        events = await journal.events(limit=10**6)
        say(batches=batches, events=[(e.id, e.event.kind) for e in events],
            cursor=await journal.cursor("sink"))
        await journal.close()
        return

    async def acknowledge():
        async for commit in journal.commits():
            say(seq=commit.seq)
            await journal.move_cursor("sink", commit.seq)

    async def book():
        while True:
            await journal.apply("book")
            say(booked=1)

    async def produce():
        number = 0
        while True:
            for _ in range(3):
                number += 1
                batch = Batch("m", NOW(), 0.0, Clock.SYNCED, NAMES, (number, 1.5, True, None))
                journal.offer(Judged(batch, journal.boot * BOOT_SPAN + 4 * number, {}))
            await asyncio.sleep(0.001)

    await asyncio.gather(acknowledge(), book(), produce())


asyncio.run(main())
"""

KILLS = 20


async def _child(folder: Path, what: str) -> asyncio.subprocess.Process:
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CHILD,
        str(root),
        str(folder),
        what,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
    )


async def test_twenty_kills_lose_and_double_nothing_that_was_acknowledged(tmp_path):
    chance = random.Random(17)
    acknowledged: list[int] = []
    booked = 0
    boots: list[int] = []
    for _ in range(KILLS):
        child = await _child(tmp_path, "work")
        first = orjson.loads(await asyncio.wait_for(child.stdout.readline(), 20))
        boots.append(first["boot"])
        lines = chance.randrange(1, 60)
        for _ in range(lines):  # a random instant, without sleeping
            line = orjson.loads(await asyncio.wait_for(child.stdout.readline(), 20))
            acknowledged += [line["seq"]] if "seq" in line else []
            booked += line.get("booked", 0)
        child.kill()
        rest = await child.stdout.read()
        await child.wait()
        for text in rest.splitlines(keepends=True):
            if text.endswith(b"\n"):
                line = orjson.loads(text)
                acknowledged += [line["seq"]] if "seq" in line else []
                booked += line.get("booked", 0)

    child = await _child(tmp_path, "look")
    out, _ = await asyncio.wait_for(child.communicate(), 60)
    assert child.returncode == 0
    start, found = (orjson.loads(line) for line in out.splitlines())
    assert boots == list(range(1, KILLS + 1))
    assert start["boot"] == KILLS + 1

    seqs = [seq for seq, _ in found["batches"]]
    assert seqs == sorted(set(seqs)), "no number twice, order kept"
    last = {seq // BOOT_SPAN: seq + 3 for seq in seqs}
    for seq in acknowledged:
        assert seq <= last[seq // BOOT_SPAN], "acknowledged, but gone"
    for boot in boots:  # within a boot nothing is missing in between
        numbers = [value for seq, value in found["batches"] if seq // BOOT_SPAN == boot]
        assert numbers == list(range(1, len(numbers) + 1))

    state = start["state"]
    assert state["batches"] == len(seqs)
    assert state["total"] == sum(value for _, value in found["batches"])
    kinds = [kind for _, kind in found["events"]]
    assert kinds.count("counted") == sum(value % 7 == 0 for _, value in found["batches"])
    assert kinds.count("booked") == state["booked"]
    assert booked <= state["booked"] <= booked + KILLS
    assert found["cursor"] <= seqs[-1] + 3
