"""A socket in the state folder, by which commands on this computer reach the running gateway.

Whoever may open it owns the folder, and could do as much by hand. One line is asked, one line of
JSON answered.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from gateway.core.errors import WerkverbundError, reason
from gateway.core.reloads import Outcome
from gateway.jobs.commands import Exchanged

log = logging.getLogger(__name__)

NAME = "control.sock"
RELOAD = "reload"
EXCHANGE = "exchange"
"""Followed by a machine, and what its device is now."""
_LONGEST = 100
"""Bytes of a path that the kernel takes for a socket, with some room."""
_PATIENCE = 10.0
"""Seconds that whoever has opened the socket has for saying what he wants."""
_ANSWER = 16 * 2**20


class NobodyThere(WerkverbundError):
    """No gateway listens in this state folder."""


class Asked(Protocol):
    """Who has the files read again."""

    async def ask(self, exchanged: Exchanged | None = None) -> Outcome:
        """Have them read; a device may be another one from then on."""


async def serve(state: Path, reloading: Asked) -> None:
    """Answer until cancelled. Without the socket all else works, and a line of the log says so."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, ValueError):
            async with asyncio.timeout(_PATIENCE):
                asked = await reader.readline()
            wanted, *rest = asked.decode("utf-8", "replace").strip().split(" ", 2)
            if wanted == RELOAD or (wanted == EXCHANGE and len(rest) == 2):
                told = Exchanged(rest[0], rest[1], datetime.now(UTC)) if rest else None
                outcome = await reloading.ask(told)
                writer.write(json.dumps(outcome.as_json()).encode() + b"\n")
                await writer.drain()
        writer.close()

    try:
        with _place(state) as place:
            server = await asyncio.start_unix_server(answer, place)
            (state / NAME).chmod(0o600)
    except OSError as error:
        log.warning("The command reload cannot reach this gateway: %s", reason(error).en)
        return
    try:
        await server.serve_forever()
    finally:
        server.close()
        (state / NAME).unlink(missing_ok=True)


def ask(state: Path, what: str, patience: float = 60.0) -> dict[str, Any]:
    """The answer of the gateway that works in ``state``. Raises NobodyThere."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(patience)
        try:
            with _place(state) as place:
                line.connect(place)
            line.sendall(f"{what}\n".encode())
            with line.makefile("rb") as stream:
                said = stream.readline(_ANSWER)
        except OSError as error:
            raise NobodyThere(reason(error).en) from error
    if not said:
        raise NobodyThere("it has ended meanwhile")
    answer: dict[str, Any] = json.loads(said)
    return answer


@contextmanager
def _place(state: Path) -> Iterator[str]:
    """The path of the socket; one that is too long for the kernel by way of its folder."""
    path = str((state / NAME).absolute())
    if len(os.fsencode(path)) <= _LONGEST:
        yield path
        return
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{NAME}"
    finally:
        os.close(folder)
