"""A device that answers with noise, or comes and goes: no wrong value, nothing left behind."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from tests.sources.fault_line import frame_of, told
from tests.sources.line_reading import unit


def noise(asked, right: bytes, dice: random.Random) -> bytes:
    """The right answer, or one that was damaged on its way, or anything at all."""
    match dice.randrange(6):
        case 0:
            return dice.randbytes(dice.randint(1, 300))
        case 1:
            return right[: dice.randint(1, 6)] + dice.randbytes(8)  # Modbus TCP has no checksum
        case 2:
            return dice.randbytes(dice.randint(1, 9)) + right
        case 3:
            return frame_of(asked, bytes([asked.function | 0x80, dice.randint(0, 255)]))
        case 4:
            return frame_of(asked, right[7:], tid=dice.randrange(65536), unit=dice.randrange(256))
    return right


async def nothing_more_is_left(before: tuple[int, int]) -> None:
    async with asyncio.timeout(10):
        while any(now > then for now, then in zip(left(), before, strict=True)):
            await asyncio.sleep(0.01)  # a side hears of a closed connection a little later


def left() -> tuple[int, int]:
    """Open files and tasks."""
    return len(list(Path("/proc/self/fd").iterdir())), len(asyncio.all_tasks())


@pytest.mark.size(answers=(150, 20_000))
async def test_noise_is_never_a_value_and_leaves_nothing_behind(line, reading, clock, answers):
    dice = random.Random(4)
    line.misbehave = lambda asked: noise(asked, line.answer(asked), dice)
    source = reading(unit(1, 10, 11, 12, within=0.02))
    await source.read(source.signals)
    before, good = left(), 0
    while line.count() < answers:
        [batch] = await source.read(source.signals)
        for signal, value in zip(batch.signals, batch.values, strict=True):
            assert value in (None, told(1, int(signal.partition("/w")[2])))
            good += value is not None
        clock.mono += 100
    assert good > 0
    line.misbehave = None
    clock.mono += 100
    [batch] = await source.read(source.signals)
    assert batch.faults is None, "it is well again"
    await nothing_more_is_left(before)


@pytest.mark.size(flaps=(10, 100))
async def test_a_device_that_comes_and_goes_leaves_nothing_behind(line, reading, clock, flaps):
    source = reading(unit(1, within=0.05))
    await source.read(source.signals)
    before = left()
    for _ in range(flaps):
        await line.stop()
        [batch] = await source.read(source.signals)
        assert batch.values == (None, None, None)
        await line.start()
        clock.mono += 100
        [batch] = await source.read(source.signals)
        assert batch.faults is None
        clock.mono += 1
    await nothing_more_is_left(before)
