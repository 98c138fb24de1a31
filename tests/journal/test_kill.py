"""kill -9 at random instants: what was acknowledged is there, once, and the state fits it."""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

import orjson
import pytest

from gateway.core.batches import BOOT_SPAN


async def _child(folder: Path, what: str) -> asyncio.subprocess.Process:
    script = Path(__file__).with_name("child.py")
    return await asyncio.create_subprocess_exec(
        sys.executable, script, folder, what, stdout=asyncio.subprocess.PIPE, limit=2**26
    )


@pytest.mark.size(kills=(20, 100))
async def test_kills_lose_and_double_nothing_that_was_acknowledged(tmp_path, kills):
    chance = random.Random(17)
    acknowledged: list[int] = []
    booked = 0
    boots: list[int] = []
    for _ in range(kills):
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
    assert boots == list(range(1, kills + 1))
    assert start["boot"] == kills + 1

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
    assert booked <= state["booked"] <= booked + kills
    assert found["cursor"] <= seqs[-1] + 3
