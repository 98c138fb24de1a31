"""Starts and ends the process of a sink. It is gone before its gateway is, however that ends."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from gateway import resources
from gateway.apart.frames import Frames
from gateway.apart.order import Order
from gateway.core.errors import NotConnected, reason

LONGEST = 256 * 1024
"""Bytes of a message from the process: it hears strangers."""
GOODBYE = 1.0
"""Seconds that it has to close in order."""
_LOOK = 0.02
"""Seconds between two looks whether it is gone."""


class Process:
    """A sink's process and the stream to it; made by ``started``."""

    def __init__(self, process: subprocess.Popen[bytes], frames: Frames) -> None:
        self._process = process
        self.frames = frames

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    async def gone(self) -> str:
        """Let it close in order, else kill it; returns how it ended."""
        self.frames.close()
        if not await self._over():
            self.kill()
            await self._over()
        code = self._process.poll()
        if code is None:
            return "its process cannot be ended"
        if code < 0:
            return f"{signal.Signals(-code).name}: its process was ended"
        return f"code {code}: its process has ended"

    async def _over(self) -> bool:
        until = asyncio.get_running_loop().time() + GOODBYE
        while self._process.poll() is None:
            if asyncio.get_running_loop().time() > until:
                return False
            await asyncio.sleep(_LOOK)
        return True


@asynccontextmanager
async def started(
    order: Order, memory: int, take: Callable[[bytes], None]
) -> AsyncIterator[Process]:
    """The process, working on its order. Raises NotConnected where the computer gives none.

    ``memory`` is its bound in megabytes; ``take`` gets what it says. Secrets reach it on the
    stream alone: command lines can be read by everybody.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    command = (sys.executable, "-P", "-m", "gateway.apart", order.name, str(memory))
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: ASYNC220, S603 - it returns at once; no shell
                command, stdin=theirs.fileno(), env=_environment()
            )
    except OSError as error:
        ours.close()
        raise NotConnected(f"no process for it: {reason(error).en}") from error
    loop = asyncio.get_running_loop()
    _, frames = await loop.create_unix_connection(lambda: Frames(take, LONGEST), sock=ours)
    running = Process(process, frames)
    try:
        frames.send(pickle.dumps(order))
        yield running
    finally:
        await running.gone()


def _environment() -> dict[str, str]:
    """What Python needs of ours, and the way to this very code; secrets may stand in the rest.

    A folder that we happen to work in is nobody's to import from.
    """
    kept = {key: value for key, value in os.environ.items() if key.startswith(_NEEDED)}
    ways = [str(resources.code()), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(ways)}


_NEEDED = ("HOME", "LANG", "LC_", "LD_LIBRARY_PATH", "PATH", "PYTHON", "TMPDIR", "TZ")
