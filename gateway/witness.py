"""The witness: a small file that knows how far the databases beside it had got.

A database that was emptied, lost, or replaced by an older copy cannot say so itself. The witness
holds the journal's boot counter, the ledger's name and number, and notes that nothing removes.

The numbers are written over in place, which takes no room and one flush: a gateway works on a full
disk as well. Each has two places that take turns, so a write that was torn leaves the one before.
Notes are lines at the end. Every line carries its checksum; one that does not fit is passed over.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

FILE = "witness"
_PLACE = 512
"""Bytes of one place: what a disk writes as a whole."""
_BOOTS, _NUMBERS = 1, 3
"""The first of two places each; place 0 is for people."""
_HEAD = 5 * _PLACE
_TITLE = b"Werkverbund: what guards journal.db and exchange.db; do not copy it, do not remove it\n"
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the witness says: 0 and empty where it says nothing."""

    boot: int = 0
    ledger: str = ""
    number: int = 0
    notes: tuple[Json, ...] = ()


class Witness:
    """The file ``witness`` in ``folder``. Whatever it raises is an OSError."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    def read(self) -> Seen:
        """What it says; nothing where it is not there."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return Seen()
        boots = [_line(_place(content, _BOOTS + turn)) for turn in (0, 1)]
        numbers = [_line(_place(content, _NUMBERS + turn)) for turn in (0, 1)]
        newest = max(numbers, key=lambda line: int(line.get("number", -1)))
        return Seen(
            max(int(line.get("boot", 0)) for line in boots),
            str(newest.get("ledger", "")),
            int(newest.get("number", 0)),
            tuple(line for raw in content[_HEAD:].split(b"\n") if (line := _line(raw))),
        )

    def keep_boot(self, boot: int) -> None:
        """The boot counter, durably."""
        self._write(_BOOTS + boot % 2, {"boot": boot})

    def keep_number(self, ledger: str, number: int) -> None:
        """How far the ledger of this name has got, durably; numbers only ever rise."""
        self._write(_NUMBERS + number % 2, {"ledger": ledger, "number": number})

    def note(self, note: Json) -> None:
        """Something that nothing removes, durably."""
        with _opened(self.path) as file:
            os.pwrite(file, b"\n" + _text(note) + b"\n", os.fstat(file).st_size)

    def _write(self, place: int, line: Json) -> None:
        with _opened(self.path) as file:
            os.pwrite(file, _text(line).ljust(_PLACE - 1) + b"\n", place * _PLACE)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """The file, open for writing with its head in place; flushed to the disk at the end."""
    new = not path.exists()
    file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if os.fstat(file).st_size < _HEAD:
            os.ftruncate(file, _HEAD)
            os.pwrite(file, _TITLE, 0)
        yield file
        os.fsync(file)
    finally:
        os.close(file)
    if new:
        entry = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def _place(content: bytes, number: int) -> bytes:
    return content[number * _PLACE : (number + 1) * _PLACE].strip()


def _text(line: Json) -> bytes:
    body = orjson.dumps(line)
    return f"{zlib.crc32(body):08x} ".encode() + body


def _line(raw: bytes) -> Json:
    """What a line says; nothing where its checksum does not fit."""
    checksum, _, body = raw.strip().partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(body):
            return {}
        found = orjson.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
