import asyncio
import logging

from simulators.stage import parts
from simulators.stage.parts import end, kept


async def test_a_part_that_fails_begins_again_and_says_why(monkeypatch, caplog):
    monkeypatch.setattr(parts, "PAUSE", 0.0)
    again = asyncio.Event()
    tries = 0

    async def run() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise KeyError("what nobody thought of")
        again.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(kept(run, "scenario"))
    async with asyncio.timeout(5):
        with caplog.at_level(logging.ERROR):
            await again.wait()
        await end([task])
    assert task.cancelled()
    assert "scenario failed" in caplog.text
    assert "what nobody thought of" in caplog.text
