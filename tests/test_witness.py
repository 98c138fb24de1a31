"""The witness: what it was told survives full disks, torn writes and flipped bits."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.witness import Seen, Witness
from tests.disks import fill_up, small_disk


def _flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 0x01
    path.write_bytes(content)


def _told(folder: Path) -> Witness:
    witness = Witness(folder)
    for boot in range(1, 8):
        witness.keep_boot(boot)
    for number in range(1, 42):
        witness.keep_number("a1b2", number)
    witness.note({"narrowed": ["GA-17", "mill", "lead", "L0"]})
    witness.note({"narrowed": ["GA-17", "mill", "press", "L1"]})
    return witness


def test_it_says_what_it_was_told_and_nothing_where_it_is_not_there(tmp_path: Path):
    assert Witness(tmp_path).read() == Seen()
    seen = _told(tmp_path).read()
    assert (seen.boot, seen.ledger, seen.number) == (7, "a1b2", 41)
    assert [note["narrowed"][2] for note in seen.notes] == ["lead", "press"]
    assert (tmp_path / "witness").stat().st_mode & 0o777 == 0o600


def test_a_bit_that_flips_anywhere_costs_at_most_one_step_or_one_note(tmp_path: Path):
    witness = _told(tmp_path)
    whole = witness.path.read_bytes()
    for at in range(len(whole)):
        witness.path.write_bytes(whole)
        _flip(witness.path, at)
        seen = witness.read()
        assert seen.boot in (6, 7)
        assert (seen.ledger, seen.number) in (("a1b2", 40), ("a1b2", 41))
        assert len(seen.notes) >= 1


@pytest.mark.parametrize("left", [0, 1, 600, 1500, 2559, 2570])
def test_what_is_cut_off_or_garbage_says_less_and_is_written_on(tmp_path: Path, left: int):
    witness = _told(tmp_path)
    witness.path.write_bytes(witness.path.read_bytes()[:left])
    assert witness.read().number <= 41
    witness.keep_number("a1b2", 42)
    witness.note({"narrowed": ["GA-18", "mill", "lead", "L0"]})
    seen = witness.read()
    assert seen.number == 42
    assert seen.notes[-1]["narrowed"][0] == "GA-18"


def test_numbers_are_kept_on_a_full_disk(tmp_path: Path):
    with small_disk(tmp_path / "disk") as disk:
        witness = _told(disk)
        fill_up(disk / "ballast")
        witness.keep_number("a1b2", 42)
        witness.keep_boot(8)
        assert (witness.read().number, witness.read().boot) == (42, 8)
