"""Recordings as files: JSON lines, packed with gzip, that may end anywhere.

What is written goes out every second as something that can be read, so a kill costs a second at
most. Whoever reads does not mind a missing end.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Self

from gateway.core.errors import reason
from gateway.core.text import Text
from gateway.machines.recording import Head, NotARecording, Recording, parse, parse_head

MOST = 64_000_000
"""Bytes of text in a recording at most; packed they are about a tenth."""
LONGEST = 100_000
"""Bytes of one line at most."""
FLUSH_EVERY = 1.0
_GZIP = 31  # zlib: with the head and the end of a gzip file
_PIECE = 16384  # packed: unpacked it is at most a thousand times as long


class Writer:
    """Writes one recording into a new file; ``room`` are the bytes of text it may still take."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self.room = min(most, MOST)
        self._file = path.open("xb")
        self._pack = zlib.compressobj(wbits=_GZIP)
        self._flushed = -FLUSH_EVERY

    def write(self, line: str, at: float) -> bool:
        """Append a line, at so many seconds; False where there is no room for it."""
        text = line.encode()
        if len(text) > self.room:
            return False
        self.room -= len(text)
        self._file.write(self._pack.compress(text))
        if at - self._flushed >= FLUSH_EVERY:
            self._flushed = at
            self.flush()
        return True

    def flush(self) -> None:
        """Put everything into the file so that it can be read."""
        self._file.write(self._pack.flush(zlib.Z_SYNC_FLUSH))
        self._file.flush()

    def close(self) -> None:
        """End the file."""
        self._file.write(self._pack.flush())
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(path: Path) -> Recording:
    """A whole recording, as far as it goes. Raises NotARecording."""
    return _read(path, *_version(path))


def read_head(path: Path) -> Head:
    """How a recording was made. Raises NotARecording."""
    return _read_head(path, *_version(path))


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Recording:  # noqa: ARG001 - they tell versions apart
    return parse(_lines(path))


@lru_cache(maxsize=64)
def _read_head(path: Path, changed: int, size: int) -> Head:  # noqa: ARG001
    return parse_head(next(_lines(path), ""))


def _version(path: Path) -> tuple[int, int]:
    try:
        there = path.stat()
    except OSError as error:
        raise _unreadable(error) from error
    return there.st_mtime_ns, there.st_size


def _unreadable(error: OSError) -> NotARecording:
    why = reason(error)
    return NotARecording(
        Text(f"sie lässt sich nicht lesen: {why.de}", f"it cannot be read: {why.en}")
    )


def _lines(path: Path) -> Iterator[str]:
    """The whole lines of a file, packed or not; a last one that is not whole is left out."""
    rest, room = b"", MOST
    for piece in _unpacked(path):
        room -= len(piece)
        *whole, rest = (rest + piece).split(b"\n")
        if room < 0 or len(rest) > LONGEST:
            raise NotARecording(
                Text("sie ist zu groß für eine Aufnahme", "it is too large for a recording")
            )
        for line in whole:
            yield line.decode(errors="replace")


def _unpacked(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            piece = file.read(_PIECE)
            if piece[:2] != b"\x1f\x8b":  # somebody has unpacked it, to look at it
                while piece:
                    yield piece
                    piece = file.read(_PIECE)
                return
            pack = zlib.decompressobj(_GZIP)
            while piece and not pack.eof:
                yield pack.decompress(piece)
                piece = file.read(_PIECE)
    except OSError as error:
        raise _unreadable(error) from error
    except zlib.error:
        return  # the rest is damaged; what was before it is good
