"""Lets connections in before they are encrypted, so that strangers who only knock keep no place."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import cast

from gateway.api.callers import caller, local
from gateway.api.door import PATIENCE, Door, Line

log = logging.getLogger(__name__)

FULL = 0.5
"""Seconds without a new connection while this computer has no room for one."""


class Knock:
    """A connection that is being encrypted: it holds a place at the door as one that waits."""

    def __init__(self, host: str, task: asyncio.Task[None]) -> None:
        self.address, self.here = caller(host), local(host) is not False
        self.entered = False
        self._task = task

    def end(self) -> None:
        """End it at once."""
        self._task.cancel()


async def accept(
    listening: socket.socket,
    context: ssl.SSLContext,
    door: Door,
    line: Callable[[], Line],
) -> None:
    """Take connections until cancelled; each becomes a ``line`` once it is encrypted."""
    loop = asyncio.get_running_loop()
    listening.setblocking(False)
    knocking: set[asyncio.Task[None]] = set()
    try:
        while True:
            try:
                connection, peer = await loop.sock_accept(listening)
            except OSError as error:  # no room for one more file
                log.warning("no connection can be taken now: %s", error)
                await asyncio.sleep(FULL)
                continue
            task = asyncio.create_task(
                _encrypt(connection, str(peer[0]), context, door, line), name="handshake"
            )
            knocking.add(task)
            task.add_done_callback(knocking.discard)
            await asyncio.sleep(0)  # a crowd that is there at once is counted one by one
    finally:
        for task in knocking:
            task.cancel()
        await asyncio.gather(*knocking, return_exceptions=True)


async def _encrypt(
    connection: socket.socket,
    host: str,
    context: ssl.SSLContext,
    door: Door,
    line: Callable[[], Line],
) -> None:
    knock = Knock(host, cast("asyncio.Task[None]", asyncio.current_task()))
    handed_over = False

    def encrypted() -> Line:
        made = line()
        made.knock = knock
        return made

    try:
        if not door.enter(knock):
            return
        handed_over = True
        await asyncio.get_running_loop().connect_accepted_socket(
            encrypted, connection, ssl=context, ssl_handshake_timeout=PATIENCE
        )
    except OSError:
        pass  # whoever speaks no TLS is no caller
    finally:
        door.leave(knock)
        if not handed_over:
            connection.close()
