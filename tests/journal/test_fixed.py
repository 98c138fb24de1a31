"""What of the state never changes again is written once, and is there after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import Container, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from gateway.journal import Journal
from tests.journal.conftest import NOON, SumTracker


@dataclass(frozen=True)
class Pages:
    """A state of pages of ten numbers; a page that is full never changes."""

    numbers: tuple[int, ...] = ()
    read: tuple[str, ...] = field(default=(), compare=False)


class Scribe(SumTracker):
    def initial(self) -> Pages:
        return Pages()

    def command(self, state: Pages, command: object):
        match command:
            case int(more):
                return Pages((*state.numbers, *range(more))), ()
            case "begin anew":
                return Pages(), ()
        return state, ()

    def dump(self, state: Pages) -> bytes:
        full = len(state.numbers) // 10
        return orjson.dumps([full, state.numbers[full * 10 :]])

    def fixed(self, state: Pages, known: Container[str]) -> dict[str, bytes | None]:
        return {
            f"page {at}": None
            if f"page {at}" in known
            else orjson.dumps(state.numbers[at : at + 10])
            for at in range(0, len(state.numbers) - 9, 10)
        }

    def load(self, kept: bytes, fixed: Mapping[str, bytes]) -> Pages:
        full, rest = orjson.loads(kept)
        pages = [orjson.loads(fixed[f"page {10 * at}"]) for at in range(full)]
        return Pages((*(one for page in pages for one in page), *rest), tuple(sorted(fixed)))


def rows(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "journal.db")) as file:
        return {name for (name,) in file.execute("SELECT name FROM fixed")}


def journal(folder: Path) -> Journal:
    return Journal(folder, Scribe(), clock=lambda: NOON)


async def test_parts_are_there_after_a_restart_and_go_when_nothing_names_them(
    tmp_path: Path,
) -> None:
    first = journal(tmp_path)
    await first.open()
    await first.apply(25)
    await first.apply(8)
    await first.close()
    assert sorted(rows(tmp_path)) == ["page 0", "page 10", "page 20"]

    second = journal(tmp_path)
    await second.open()
    assert second.state.numbers == (*range(25), *range(8))
    await second.apply("begin anew")
    await second.close()
    assert rows(tmp_path) == set()

    third = journal(tmp_path)
    await third.open()
    assert third.state == Pages()
    await third.close()


async def test_a_new_file_in_the_place_of_a_damaged_one_gets_every_part(tmp_path: Path) -> None:
    first = journal(tmp_path)
    await first.open()
    await first.apply(25)
    await first.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file:
        file.execute("DROP TABLE cursors")
    second = journal(tmp_path)
    await second.open()
    assert second.state.numbers == tuple(range(25))
    await second.close()
    assert len(list(tmp_path.glob("*.broken.db"))) == 1
    assert sorted(rows(tmp_path)) == ["page 0", "page 10"]


async def test_a_file_of_the_first_schema_is_read(tmp_path: Path) -> None:
    first = journal(tmp_path)
    await first.open()
    await first.apply(5)
    await first.close()
    with closing(sqlite3.connect(tmp_path / "journal.db")) as file:
        file.execute("DROP TABLE fixed")
        file.execute("PRAGMA user_version=1")
    second = journal(tmp_path)
    await second.open()
    await second.apply(10)
    await second.close()
    assert sorted(rows(tmp_path)) == ["page 0"]
