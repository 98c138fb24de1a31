"""The disk says "input/output error" when asked to keep what was written (fsync)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import orjson

from gateway.core.batches import BOOT_SPAN
from tests.peers import lacking, need


async def test_nothing_is_acknowledged_on_a_failed_sync_and_it_goes_on_afterwards(tmp_path):
    strace = need("strace")
    script = Path(__file__).with_name("child.py")
    inject = "inject=fsync,fdatasync:error=EIO:when=40..48"
    child = await asyncio.create_subprocess_exec(
        *(strace, "-f", "-qq", "-o", str(tmp_path / "trace"), "-e", "trace=fsync,fdatasync"),
        *("-e", inject, sys.executable, script, tmp_path / "state", "work"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=2**26,
        start_new_session=True,
    )
    refused = booked = after = 0
    acknowledged: list[int] = []
    try:
        first = await asyncio.wait_for(child.stdout.readline(), 20)
        if not first:
            lacking("strace may not trace here: run this test where ptrace is allowed")
        async with asyncio.timeout(60):
            while after < 30:
                line = orjson.loads(await child.stdout.readline())
                refused += line.get("refused", 0)
                booked += line.get("booked", 0)
                after += refused > 0 and "booked" in line
                acknowledged += [line["seq"]] if "seq" in line else []
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # strace and what it traces
        rest = await child.stdout.read()
        await child.wait()
    for text in rest.splitlines(keepends=True):
        booked += text.endswith(b"\n") and orjson.loads(text).get("booked", 0)
    assert refused > 0, "the error never reached the journal"

    await _ended(tmp_path / "state")
    looking = await asyncio.create_subprocess_exec(
        sys.executable, script, tmp_path / "state", "look", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(looking.communicate(), 60)
    start, found = (orjson.loads(line) for line in out.splitlines())
    numbers = [value for seq, value in found["batches"] if seq // BOOT_SPAN == 1]
    assert numbers == list(range(1, len(numbers) + 1)), "none lost, none twice, in order"
    assert max(acknowledged) <= found["batches"][-1][0] + 3
    assert start["state"]["batches"] == len(numbers)
    assert start["state"]["total"] == sum(numbers)
    assert booked <= start["state"]["booked"] <= booked + 1
    kinds = [kind for _, kind in found["events"]]
    assert kinds.count("booked") == start["state"]["booked"]
    assert kinds.count("counted") == len(numbers) // 7


async def _ended(folder: Path) -> None:
    """Wait until the traced process has let go of its folder: it dies after its tracer."""
    async with asyncio.timeout(10):
        while True:
            probe = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c"),
                "import fcntl, sys; f = open(sys.argv[1]); fcntl.flock(f, fcntl.LOCK_EX | 4)",
                str(folder / "journal.lock"),
                stderr=asyncio.subprocess.DEVNULL,
            )
            if await probe.wait() == 0:
                return
