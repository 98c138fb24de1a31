"""Whatever happens to the bytes of a journal: it opens, it stores, no number is issued twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.core.batches import BOOT_SPAN

BATCHES = 50


def flip(content: bytearray, dice: random.Random) -> None:
    """A few bits, as ageing memory has it."""
    for _ in range(dice.randint(1, 40)):
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)


def lose(content: bytearray, dice: random.Random) -> None:
    """Everything from some byte on."""
    del content[dice.randrange(len(content)) :]


def blank(content: bytearray, dice: random.Random) -> None:
    """A stretch that was never written."""
    first = dice.randrange(len(content))
    length = min(dice.choice((512, 4096, 20_000)), len(content) - first)
    content[first : first + length] = bytes(length)


def swap(content: bytearray, dice: random.Random) -> None:
    """A stretch in the place of another."""
    here, there = (512 * dice.randrange(len(content) // 512) for _ in range(2))
    content[here : here + 512] = content[there : there + 512]


DAMAGE: tuple[Callable[[bytearray, random.Random], None], ...] = (flip, lose, blank, swap)


@pytest.mark.seeds(8, 400)
async def test_a_journal_with_any_damage_opens_stores_and_issues_no_number_twice(
    make, batch, committed, tmp_path: Path, seed: int
):
    dice = random.Random(seed)
    before = make()
    await before.open()
    for number in range(1, BATCHES + 1):
        before.offer(batch(before.boot, number))
    await committed(before, before.boot * BOOT_SPAN + BATCHES)
    await before.close()
    path = tmp_path / "journal.db"
    content = bytearray(path.read_bytes())
    DAMAGE[seed % len(DAMAGE)](content, dice)
    path.write_bytes(content)
    first = make()
    await first.open()
    assert first.boot > before.boot
    for number in range(1, BATCHES + 1):
        first.offer(batch(first.boot, number))
    await committed(first, first.boot * BOOT_SPAN + BATCHES)
    await first.close()
    second = make()
    await second.open()
    assert second.boot > first.boot
    found = [judged.seq0 for judged in await second.read(first.boot * BOOT_SPAN, 1000)]
    assert found == [first.boot * BOOT_SPAN + number for number in range(1, BATCHES + 1)]
