"""SQLite files: schema steps, readers beside the writer, errors as ours."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest

from gateway.core.errors import JournalError
from gateway.database import Corrupt, FolderLock, TooNew, open_reader, open_writer, transaction


@pytest.fixture
def schema(tmp_path: Path, monkeypatch):
    """A package with schema files of its own."""
    package = tmp_path / "packages" / "shelf_schema"
    (package / "schema").mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(package.parent))

    def write(**steps: str) -> str:
        for name, sql in steps.items():
            (package / "schema" / f"{name.removeprefix('step')}.sql").write_text(sql)
        return "shelf_schema"

    yield write
    sys.modules.pop("shelf_schema", None)


def _open(path: Path, package: str) -> sqlite3.Connection:
    return open_writer(path, package, synchronous="FULL", check_up_to=10**9)


def test_an_older_file_is_brought_to_the_newest_schema_with_its_content(schema, tmp_path):
    path = tmp_path / "shelf.db"
    package = schema(step1="CREATE TABLE tools (name TEXT);")
    first = _open(path, package)
    first.execute("INSERT INTO tools VALUES ('hammer')")
    first.close()
    schema(step2="ALTER TABLE tools ADD COLUMN place TEXT; UPDATE tools SET place = 'wall';")
    second = _open(path, package)
    assert second.execute("SELECT * FROM tools").fetchall() == [("hammer", "wall")]
    assert second.execute("PRAGMA user_version").fetchone() == (2,)
    second.close()


def test_a_step_that_fails_half_way_leaves_the_old_file(schema, tmp_path):
    path = tmp_path / "shelf.db"
    package = schema(step1="CREATE TABLE tools (name TEXT);")
    _open(path, package).close()
    schema(step2="ALTER TABLE tools ADD COLUMN place TEXT; INSERT INTO nowhere VALUES (1);")
    with pytest.raises(Corrupt):
        _open(path, package)
    beside = sqlite3.connect(path)
    assert beside.execute("PRAGMA user_version").fetchone() == (1,)
    assert [row[1] for row in beside.execute("PRAGMA table_info(tools)")] == ["name"]
    beside.close()


def test_a_newer_file_is_refused_with_the_way_out(schema, tmp_path):
    path = tmp_path / "shelf.db"
    package = schema(step1="CREATE TABLE tools (name TEXT);")
    connection = _open(path, package)
    connection.execute("PRAGMA user_version=7")
    connection.close()
    with pytest.raises(TooNew, match="schema 7, this version knows up to 1"):
        _open(path, package)


def test_a_reader_cannot_write_and_sees_what_is_committed(schema, tmp_path):
    path = tmp_path / "shelf.db"
    writer = _open(path, schema(step1="CREATE TABLE tools (name TEXT);"))
    reader = open_reader(path)
    with transaction(writer, path):
        writer.execute("INSERT INTO tools VALUES ('saw')")
        assert reader.execute("SELECT * FROM tools").fetchall() == []
    assert reader.execute("SELECT * FROM tools").fetchall() == [("saw",)]
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("DELETE FROM tools")
    reader.close()
    writer.close()


def _fail_inside(writer: sqlite3.Connection, path: Path) -> None:
    with transaction(writer, path):
        writer.execute("INSERT INTO tools VALUES ('saw')")
        raise ZeroDivisionError


def test_a_transaction_that_fails_leaves_nothing(schema, tmp_path):
    path = tmp_path / "shelf.db"
    writer = _open(path, schema(step1="CREATE TABLE tools (name TEXT);"))
    with pytest.raises(ZeroDivisionError):
        _fail_inside(writer, path)
    assert writer.execute("SELECT count(*) FROM tools").fetchone() == (0,)
    writer.close()


def test_a_folder_has_one_owner(tmp_path):
    first, second = FolderLock(tmp_path, "shelf"), FolderLock(tmp_path, "shelf")
    first.take()
    with pytest.raises(JournalError, match="stop it first"):
        second.take()
    first.release()
    second.take()
    second.release()
    second.release()


@pytest.mark.parametrize(
    "package", ["gateway.journal", "gateway.history", "gateway.partners.store"]
)
def test_a_file_that_lacks_any_column_is_damaged_when_it_is_opened(package, tmp_path):
    """A bit flips in the name of a column: nothing but its use would show it."""
    path = tmp_path / "whole.db"
    _open(path, package).close()
    whole = path.read_bytes()
    connection = sqlite3.connect(path)
    columns = connection.execute(
        "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%'"
    ).fetchall()
    connection.close()
    assert len(columns) > 10
    for table, column in columns:
        path.write_bytes(whole)
        other = sqlite3.connect(path)
        other.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{column}_"')
        other.close()
        with pytest.raises(Corrupt, match=f"lacks {table}.{column}"):
            _open(path, package)


def test_a_connection_keeps_at_most_a_quarter_of_a_megabyte_of_its_file(schema, tmp_path):
    path = tmp_path / "shelf.db"
    writer = _open(path, schema(step1="CREATE TABLE tools (name TEXT);"))
    reader = open_reader(path)
    assert [one.execute("PRAGMA cache_size").fetchone() for one in (writer, reader)] == [
        (-256,)
    ] * 2
    writer.close()
    reader.close()
