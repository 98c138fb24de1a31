"""A gateway whose event loop is looked at: ``python -m tests.system.looked_at FILE run SITE``.

Every callback's CPU time, as its own thread spends it, is noted; what others on the computer do
does not count. FILE gets JSON lines: one per callback above ``LONG``, and at the end the loop's lag
in wall time at the start and at rest, for figures that are printed.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from asyncio import events
from pathlib import Path
from typing import Any

from gateway.__main__ import main as gateway

LONG = 0.005
"""Seconds of CPU from which a callback is noted."""
START = 5.0
"""Seconds that belong to the start."""


class Look:
    """Times each callback of the loop; ``began`` is the first one's time."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("w", encoding="utf-8", buffering=1)
        self._began: float | None = None
        self._lag = {"start": 0.0, "rest": 0.0}

    def install(self) -> None:
        run = events.Handle._run

        def timed(handle: Any) -> None:
            if self._began is None:
                self._began = time.monotonic()
                asyncio.get_running_loop().create_task(self._beat())
            before = time.thread_time()
            run(handle)
            spent = time.thread_time() - before
            if spent > LONG:
                at = time.monotonic() - self._began
                self._note(at=at, cpu=spent, what=repr(handle)[:300])

        events.Handle._run = timed  # type: ignore[method-assign]

    async def _beat(self) -> None:
        """The lag of a timer that should come every 10 ms."""
        assert self._began is not None
        while True:
            due = time.monotonic() + 0.01
            await asyncio.sleep(0.01)
            now = time.monotonic()
            part = "start" if now - self._began < START else "rest"
            if now - due > self._lag[part]:
                self._lag[part] = now - due
                self._note(lag=now - due, part=part)

    def _note(self, **what: Any) -> None:
        self._file.write(json.dumps(what) + "\n")


def main() -> None:
    Look(Path(sys.argv[1])).install()
    sys.argv[1:] = sys.argv[2:]
    gateway()


if __name__ == "__main__":
    main()
